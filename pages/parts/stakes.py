"""The stakes: how rare anomalies are and what the mistakes cost, asked in words, and the thresholds that follow from them."""

import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import percent
from core.metrics import costs
from core.metrics.costs import Stakes
from pages.parts import link
from pages.parts.chosen import Chosen


def stated() -> tuple[Stakes | None, str]:
    """Return the stakes from the inputs and "", or None and a message that names what is wrong."""
    state = st.session_state
    try:
        return Stakes(float(state["cost_missed"]), float(state["cost_alarm"]), float(state["rarity"]) / 100), ""
    except MisfitError as error:
        return None, str(error)


def ask(chosen: Chosen, problem: str) -> None:
    """Ask for the stakes. The browser sets no bounds: an error is named in words, and the rest of the page works."""
    rare, missed, alarm = st.columns(3)
    with rare:
        st.number_input(
            "Share of anomalies π, %",
            key="rarity",
            format="%g",
            step=1.0,
            persist_state="session",
            on_change=link.push,
            help=f"How many of all items really are anomalies, above 0 and below 100 %. This model's test has {percent(chosen.prevalence, 0)}, "
            "a factory far fewer. Precision and cost are computed for this share.",
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
def _thresholds(mark: str, stakes: Stakes | None, _chosen: Chosen) -> dict[str, float]:
    scores = _chosen.scores
    return costs.operating_points(scores.validation_normal, scores.validation_anomaly, stakes)


def thresholds(chosen: Chosen, stakes: Stakes | None) -> dict[str, float]:
    """Return the operating points, chosen on validation scores; from normals alone if there are no anomalies."""
    return _thresholds(chosen.checkpoint.card.scores_sha256, stakes, chosen)
