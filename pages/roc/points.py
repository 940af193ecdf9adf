"""Operating points as buttons, and the rates of each on validation and on test."""

from collections.abc import Callable
from html import escape

import numpy as np
import streamlit as st

from core.basics.text import percent
from core.metrics import costs, evaluation
from core.metrics.costs import Stakes
from pages.parts import stakes as stakes_part
from pages.parts.chosen import Chosen

NEEDS_ANOMALIES = ("youden", "miss_1", "cheapest")
POINTS = {
    "youden": ("Largest Youden J", "The largest J = TPR − FPR on validation images (Youden 1950)."),
    "fpr_5": ("False alarms ≤ 5 %", "At most 5 % of the validation normals are flagged: FPR ≤ 0.05."),
    "fpr_1": ("False alarms ≤ 1 %", "At most 1 % of the validation normals are flagged: FPR ≤ 0.01."),
    "miss_1": ("Misses ≤ 1 %", "At most 1 % of the validation anomalies pass: 1 − TPR ≤ 0.01."),
    "cheapest": (
        "Cheapest",
        "The smallest expected cost an item on validation images, at the costs and the share of anomalies stated here: "
        "π·c_miss·(1 − TPR) + (1 − π)·c_alarm·FPR.",
    ),
}
_STYLE = """<style>
.mf-points {font-size:1rem} .mf-points :is(th,td):first-child {text-align:left} .mf-points tr[aria-current] {background:color-mix(in srgb, currentColor 8%, transparent)}
</style>"""


def flagged(scores: np.ndarray, limit: float) -> float | None:
    """Return the share of the scores [N] that reach `limit`; None for no scores."""
    return float(evaluation.flagged(scores, limit).mean()) if len(scores) else None


def passed(scores: np.ndarray, limit: float) -> float | None:
    """Return the share of the scores [N] below `limit`; None for no scores."""
    share = flagged(scores, limit)
    return None if share is None else 1 - share


def show(chosen: Chosen, limit: float, stakes: Stakes | None, choose: Callable[[float], None]) -> None:
    """Draw the buttons, and the table of each point's rates on validation and on test."""
    points = stakes_part.thresholds(chosen, stakes)
    labelled = len(chosen.scores.validation_anomaly) > 0
    with st.container(horizontal=True):
        for name, (label, meaning) in POINTS.items():
            value = f": {points[name]:.4f}." if name in points else "."
            help = f"{meaning} Chosen on validation images, never on test{value}"
            if name in NEEDS_ANOMALIES and not labelled:
                help = f"{meaning} It needs labelled anomalies among the validation images; this model has none."
            st.button(
                label,
                key=f"point_{name}",
                on_click=choose,
                args=(points.get(name),),
                disabled=name not in points,
                type="primary" if points.get(name) == limit else "secondary",
                help=help,
            )
    if not labelled:
        st.caption(
            "No validation image is a labelled anomaly: only the false-alarm points can be chosen, which need none. The model starts "
            "at false alarms ≤ 5 %."
        )
    elif chosen.checkpoint.task.regime == "one-class":
        st.caption(
            "This model was shown no labelled anomaly, so it starts at false alarms ≤ 5 %, which needs none. Largest Youden J, misses and "
            "cheapest rest on labelled validation anomalies: they say what labels would choose."
        )
    st.html(_STYLE + table(chosen, points, limit, stakes))


def table(chosen: Chosen, points: dict[str, float], limit: float, stakes: Stakes | None) -> str:
    """Return an HTML table of each point, and the threshold in force, on validation and on test."""
    rows = [(POINTS[name][0], value, value == limit) for name, value in points.items()]  # several may be the same
    if limit not in points.values():
        rows.append(("In force", limit, True))
    shows = "Test shows" if chosen.copies is None else "Synthetic defects show"
    lines = []
    for label, value, in_force in rows:
        mark = ' aria-current="true"' if in_force else ""
        lines.append(
            f'<tr{mark}><th scope="row">{"● " if in_force else ""}{escape(label)}</th>'
            + "".join(f"<td>{cell}</td>" for cell in _cells(chosen, value, stakes))
            + "</tr>"
        )
    return (
        '<div class="mf-scroll" tabindex="0" role="region" aria-label="Operating points"><table class="mf-table mf-points">'
        '<tr><td></td><td></td><th colspan="2" scope="colgroup">Validation chose</th>'
        f'<th colspan="4" scope="colgroup">{shows}</th></tr>'
        '<tr><th scope="col">Point</th><th scope="col">Threshold</th><th scope="col">False alarms</th>'
        '<th scope="col">Missed</th><th scope="col">False alarms</th><th scope="col">Missed</th>'
        f'<th scope="col">Precision</th><th scope="col">Cost an item</th></tr>{"".join(lines)}</table></div>'
    )


def _cells(chosen: Chosen, limit: float, stakes: Stakes | None) -> list[str]:
    """Return threshold, rates on validation and test, precision and cost; a dash if a figure lacks anomalies."""
    test, scores = chosen.scores.test, chosen.scores
    alarms, missed = flagged(test[chosen.normal], limit), passed(test[chosen.anomaly], limit)
    rates = flagged(scores.validation_normal, limit), passed(scores.validation_anomaly, limit), alarms, missed
    precision = cost = "–"
    if stakes is not None and alarms is not None and missed is not None:
        precision = percent(float(costs.precision(alarms, 1 - missed, stakes.prevalence)))
        cost = f"{stakes.cost(alarms, 1 - missed):.3g}"
    return [f"{limit:.4f}", *map(percent, rates), precision, cost]
