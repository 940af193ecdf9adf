"""Values on a scale, drawn as a line with signs: a score against its threshold, an AUROC with its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

STYLE = """<style>
.mf-gauge {margin:10px 0 6px}
.mf-gauge.roomy {margin-top:26px}
.mf-track {position:relative; height:12px; border-radius:6px; background:color-mix(in srgb, currentColor 16%, transparent)}
.mf-track b {position:absolute; top:0; height:12px; border-radius:6px; opacity:.55}
.mf-track i {position:absolute; top:50%; transform:translate(-50%,-50%); font:normal 17px/1 sans-serif}
.mf-track b.interval {top:-4px; height:20px; border-radius:3px; opacity:.9}
.mf-track i.dot {width:8px; height:8px; border-radius:50%; background:currentColor}
.mf-track i.above {top:-10px; font-size:15px}
.mf-track i.line {width:3px; height:22px; background:currentColor; border-radius:2px}
.mf-ends {display:flex; justify-content:space-between; font-size:.78rem; opacity:.85; padding-top:5px}
.mf-legend {display:flex; flex-wrap:wrap; gap:0 16px; font-size:.875rem; padding:0 !important; margin:2px 0 0 !important; list-style:none}
.mf-legend li {margin:0 !important; padding:0 !important}
</style>"""


@dataclass(frozen=True)
class Mark:
    """A value with its sign and its name (`what`). "|" is a line across the scale; `above` puts the sign over it."""

    value: float
    sign: str
    what: str
    above: bool = False
    digits: int = 3

    @property
    def words(self) -> str:
        return f"{self.what} {self.value:.{self.digits}f}"


def html(
    marks: Sequence[Mark], low: float, high: float, ends: tuple[str, str], bar: tuple[float, float, str] | None = None
) -> str:
    """Return the HTML of a scale from `low` to `high`, with `ends` as labels. `bar` is (from, to, colour).

    Values beyond the scale are drawn at its end.
    """

    def place(value: float) -> float:
        return 100.0 * min(max((value - low) / (high - low), 0.0), 1.0)

    parts = []
    if bar:
        start, end = place(bar[0]), place(bar[1])
        interval = "interval" if bar[0] > low else ""  # a piece of the scale, not everything up to a value
        parts.append(
            f'<b class="{interval}" style="left:{start:.2f}%;width:{max(end - start, 0.5):.2f}%;background:{bar[2]}"></b>'
        )
    for mark in marks:
        line = mark.sign == "|"
        kind = "line" if line else "above" if mark.above else "dot" if mark.sign == "●" else ""
        parts.append(
            f'<i class="{kind}" style="left:{place(mark.value):.2f}%">{"" if kind in ("line", "dot") else escape(mark.sign)}</i>'
        )
    spoken = escape("; ".join(mark.words for mark in marks) + f"; scale {ends[0]} to {ends[1]}")
    legend = "".join(
        f'<li><span aria-hidden="true">{escape(mark.sign)}</span> {escape(mark.what)} <strong>{mark.value:.{mark.digits}f}</strong></li>'
        for mark in marks
    )
    return (
        f'<div class="mf-gauge{" roomy" if any(m.above for m in marks) else ""}"><div class="mf-track" role="img" aria-label="{spoken}">{"".join(parts)}</div>'
        f'<div class="mf-ends" aria-hidden="true"><span>{escape(ends[0])}</span><span>{escape(ends[1])}</span></div>'
        f'<ul class="mf-legend">{legend}</ul></div>'
    )
