"""Operating points as buttons, the stakes they are weighed with, and what each does on validation and on test."""

from collections.abc import Callable
from html import escape

import numpy as np
import streamlit as st

from core.basics.errors import MisfitError
from core.metrics import costs, evaluation
from core.metrics.costs import Stakes
from pages.parts import link
from pages.parts.models import Chosen

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


def stakes() -> tuple[Stakes | None, str]:
    """What the inputs say, or None and a line that tells what is wrong with it."""
    state = st.session_state
    try:
        return Stakes(float(state["cost_missed"]), float(state["cost_alarm"]), float(state["rarity"]) / 100), ""
    except MisfitError as error:
        return None, str(error)


def ask_stakes(problem: str) -> None:
    """The three inputs. No bounds in the browser: what is wrong is said in words, and the rest of the page goes on."""
    rare, missed, alarm = st.columns(3)
    with rare:
        st.number_input(
            "Share of anomalies π, %",
            key="rarity",
            format="%g",
            step=1.0,
            persist_state="session",
            on_change=link.push,
            help="How many of all items really are anomalies, above 0 and below 100 %. The test set has 90 % (unseen: "
            "50 %), a factory far fewer. Precision and cost are computed for this share.",
        )
    for column, key, label, meaning in (
        (missed, "cost_missed", "Cost of a missed anomaly", "What it costs when an anomaly passes, c_miss."),
        (alarm, "cost_alarm", "Cost of a false alarm", "What it costs to flag a normal item, c_alarm."),
    ):
        with column:
            st.number_input(
                label,
                key=key,
                format="%g",
                step=1.0,
                persist_state="session",
                on_change=link.push,
                help=f"{meaning} Above 0, in any unit, the same for both costs: only their ratio moves the cheapest threshold.",
            )
    if problem:
        st.error(f"{problem} Until then there is no precision, no cost and no cheapest point.", icon=":material/error:")


@st.cache_data(max_entries=64, show_spinner=False)
def _thresholds(mark: str, stakes: Stakes | None, _one: Chosen) -> dict[str, float]:
    scores = _one.scores
    return costs.operating_points(scores.validation_normal, scores.validation_anomaly, stakes)


def thresholds(one: Chosen, at: Stakes | None) -> dict[str, float]:
    """The operating points of this model, chosen on its validation scores."""
    return _thresholds(one.checkpoint.card.scores_sha256, at, one)


def show(one: Chosen, limit: float, at: Stakes | None, choose: Callable[[float], None]) -> None:
    """The buttons, and the table of what each point promised on validation and does on test."""
    points = thresholds(one, at)
    with st.container(horizontal=True):
        for name, (label, meaning) in POINTS.items():
            st.button(
                label,
                key=f"point_{name}",
                on_click=choose,
                args=(points.get(name),),
                disabled=name not in points,
                type="primary" if points.get(name) == limit else "secondary",
                help=f"{meaning} Chosen on validation images, never on test"
                + (f": {points[name]:.4f}." if name in points else "."),
            )
    if one.checkpoint.task.regime == "one-class":
        st.caption(
            "This model was shown no labelled anomaly, so it starts at false alarms ≤ 5 %, which needs none. Largest Youden J, misses and "
            "cheapest rest on labelled validation anomalies: they say what labels would choose."
        )
    st.html(_STYLE + table(one, points, limit, at))


def table(one: Chosen, points: dict[str, float], limit: float, at: Stakes | None) -> str:
    """Each point, and the threshold in force, on validation and on test, as an HTML table."""
    test, validation = one.scores.test, (one.scores.validation_normal, one.scores.validation_anomaly)
    held = next((name for name, value in points.items() if value == limit), None)
    rows = [(POINTS[name][0], value, name == held) for name, value in points.items()]
    if held is None:
        rows.append(("In force", limit, True))
    lines = []
    for label, value, current in rows:
        before = evaluation.confusion(*validation, value)
        after = evaluation.confusion(test[one.normal], test[one.anomaly], value)
        weighed = ["–", "–"]
        if at is not None:
            share = float(costs.precision(after.fpr, after.tpr, at.prevalence))
            weighed = ["–" if np.isnan(share) else f"{share:.1%}", f"{at.cost(after.fpr, after.tpr):.3g}"]
        cells = [
            f"{value:.4f}",
            *(f"{rate:.1%}" for rate in (before.fpr, 1 - before.tpr, after.fpr, 1 - after.tpr)),
            *weighed,
        ]
        mark = ' aria-current="true"' if current else ""
        lines.append(
            f'<tr{mark}><th scope="row">{"● " if current else ""}{escape(label)}</th>'
            + "".join(f"<td>{cell}</td>" for cell in cells)
            + "</tr>"
        )
    return (
        '<div class="mf-scroll" tabindex="0" role="region" aria-label="Operating points"><table class="mf-table mf-points">'
        '<tr><td></td><td></td><th colspan="2" scope="colgroup">Validation chose</th>'
        '<th colspan="4" scope="colgroup">Test shows</th></tr>'
        '<tr><th scope="col">Point</th><th scope="col">Threshold</th><th scope="col">False alarms</th>'
        '<th scope="col">Missed</th><th scope="col">False alarms</th><th scope="col">Missed</th>'
        f'<th scope="col">Precision</th><th scope="col">Cost an item</th></tr>{"".join(lines)}</table></div>'
    )
