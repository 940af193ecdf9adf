"""Small charts of every loss, both discriminators' accuracies and the validation figures, of one run or of two over
each other. They are our own component: plotly would redraw a dozen figures each second."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from core.gans.record import Epoch
from core.runs.status import Status
from pages.parts.component import component
from pages.train.fields import LOSSES, loss_name

_curves = component("curves", Path(__file__).parent, "curves", "svg.js")
POINTS = 300  # drawn of each curve at most

Run = tuple[str, Sequence[Epoch], Status | None]  # its name, its records, its status while it is trained


def show(runs: Sequence[Run], epochs: int, key: str) -> None:
    """Draw one run, or two over each other; `epochs` is the length of the longest."""
    _curves(
        key=key, data={"legend": [name for name, _, _ in runs] if len(runs) > 1 else [], "charts": charts(runs, epochs)}
    )


def charts(runs: Sequence[Run], epochs: int) -> list[dict[str, Any]]:
    """Return the data of the component: a chart for each quantity that any of the runs has."""
    quantities: list[tuple[str, str, tuple[str, ...], int]] = [
        (
            "Validation AUROC",
            "Of the averaged generator's mean residual, after each epoch. A kept model's score adds a share of the largest heat.",
            ("validation_auroc",),
            4,
        ),
        (
            "Normals' error",
            "Mean absolute error of reconstructed validation normals, 0 to 2.",
            ("validation_error",),
            3,
        ),
    ]
    for kind in ("normal", "anomaly"):
        help = f"Share of real and reconstructed images that the {kind} discriminator tells apart."
        quantities.append((f"{kind.capitalize()} accuracy", help, ("discriminator_accuracy", kind), 3))
    names: dict[str, None] = {}
    for _, records, status in runs:
        names |= dict.fromkeys(records[-1].losses if records else ())
        names |= dict.fromkeys(status.losses if status else ())
    for name in sorted(names, key=_place):
        help = "Mean over each epoch." + ("" if "discriminator" in name else " Unweighted.")
        quantities.append((loss_name(name), help, ("losses", name), 3))
    first, last = _reach(runs, epochs)
    drawn: list[dict[str, Any]] = [
        {"title": title, "help": help, "digits": digits, "first": first, "last": last}
        | _series(title, path, runs, digits)
        for title, help, path, digits in quantities
    ]
    return [chart for chart in drawn if any(series["points"] or series["live"] for series in chart["series"])]


def _place(name: str) -> int:
    """Return the place of a loss among the charts; a custom model's own losses come last."""
    known = list(LOSSES)
    return known.index(name) if name in known else len(known)


def _reach(runs: Sequence[Run], epochs: int) -> tuple[int, int]:
    """Return the first and the last epoch on the axis. The axis grows with the training: on an axis of three hundred
    epochs, the first ten would be squeezed into a corner."""
    ends = [records[-1].epoch for _, records, _ in runs if records]
    reaching = [status.epoch + 1 for _, _, status in runs if status]
    grown = max(10, 2 ** math.ceil(math.log2(max(reaching) * 1.2))) if reaching else max(ends, default=1)
    last = min(epochs, max(grown, *ends)) if ends else min(epochs, grown)
    in_the_first = any(status and status.step and status.epoch < 1 for _, _, status in runs)
    return (0 if in_the_first or last == 1 else 1), last


def _series(title: str, path: tuple[str, ...], runs: Sequence[Run], digits: int) -> dict[str, Any]:
    """Return one quantity's points for each run, the current epoch's point apart, and a description in words."""
    words: list[str] = []
    series: list[dict[str, Any]] = []
    for name, records, status in runs:
        values = [(record.epoch, _value(msgspec.structs.asdict(record), path)) for record in records]
        points = [[epoch, round(value, 5)] for epoch, value in values if value is not None]
        stride = -(-len(points) // POINTS)
        points = points[::-stride][::-1] if stride > 1 else points  # the last point stays
        live = None
        if status and status.step:
            value = _value({"losses": status.losses, "discriminator_accuracy": status.accuracy}, path)
            live = None if value is None else [round(status.epoch + status.step / status.steps, 2), round(value, 5)]
        series.append({"points": points, "live": live})
        if points:
            (_, before), (epoch, now) = points[0], points[-1]
            words.append(f"{name}: from {before:.{digits}f} to {now:.{digits}f} after epoch {epoch}")
    return {"series": series, "alt": f"{title}. {'; '.join(words) or 'No epoch has ended yet'}."}


def _value(record: dict[str, Any], path: tuple[str, ...]) -> float | None:
    """Return the number at the end of a path of keys in a record, or None."""
    value: Any = record
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
