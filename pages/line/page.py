"""Line: items come along a belt, each gets its verdict, and what the mistakes cost counts up."""

import streamlit as st

from core.basics.text import plain
from pages.line import belt, belt_view
from pages.parts import link, models, trouble
from pages.parts import stakes as stakes_part

chosen = models.chosen()
state = st.session_state
anomalies = bool(chosen.anomaly.any())


def set_threshold(value: float) -> None:
    """Set the threshold in force."""
    state["threshold"] = value
    link.push()


@st.fragment
@trouble.told()
def run() -> None:
    """Draw the choices and the belt; a batch of items, or a threshold that was moved, redraws only this."""
    stakes, problem = stakes_part.stated()
    if not anomalies:
        st.info(
            f"None of the test images of {plain(chosen.data.name)} is an anomaly of this model: only normal items come, and only "
            "false alarms can be counted.",
            icon=":material/rule:",
        )
    elif problem:
        state["line_choices_open"] = True  # what is wrong stands in there
    # On a phone the choices are folded, so that the belt is on the first screen (style.css).
    st.toggle("Choices", key="line_choices_open", help="Share of anomalies, costs, seed, and what happens to the line.")
    with st.container(key="line_choices"):
        _choices(problem)
    seed = int(state["line_seed"])
    if not 0 <= seed <= 10**6:
        st.error(f"Seed is {seed}; it must be from 0 to 1,000,000.", icon=":material/error:")
        return
    if anomalies and stakes is None:
        return  # the fields above say what is wrong
    points = stakes_part.thresholds(chosen, stakes)
    other = "cheapest" if "cheapest" in points else "fpr_5"
    belt_view.show(chosen, stakes, (other, points[other]), seed, state["drift"], set_threshold)


def _choices(problem: str) -> None:
    """Draw the stakes, whose `problem` is named, the seed, and what happens to the line."""
    if anomalies:
        stakes_part.ask(chosen, problem)
    first, second = st.columns([1, 3])
    first.number_input(
        "Seed", step=1, key="line_seed", persist_state="session", on_change=link.push,
        help="Of the order of the items, from 0 to 1,000,000. The same seed brings the same items.",
    )  # fmt: skip
    with second:
        st.selectbox(
            "What happens to the line", list(belt.DRIFTS), format_func=belt.DRIFTS.__getitem__, key="drift",
            persist_state="session", on_change=link.push,
            help="**As tested**: test images as they are. **Darker light**: 40 % of the light is left. **Moved camera**: everything a tenth of "
            "the frame lower and to the right. **Twice as many anomalies** as stated. The first two are scored anew by the model. "
            "It takes effect behind the items that are on the belt; what was expected stays what validation said.",
        )  # fmt: skip


test = int(chosen.normal.sum() + chosen.anomaly.sum())
st.markdown(
    f"**{chosen.title}**, normal class **{plain(chosen.normal_name)}**, {plain(chosen.regime)} regime. Test images come along a belt, "
    f"drawn at random from {test:,}, with as many anomalies among them as you state. At the gate each gets its score and its verdict. "
    "Move the threshold while the line runs, and watch what it costs.",
    help="Missed anomalies and false alarms are counted at the threshold of the moment. Beside them stands what validation images led "
    f"to expect, and what the “{'cheapest' if anomalies else 'false alarms ≤ 5 %'}” threshold, chosen on validation images, would "
    "have done with the same items. Money is missed anomalies and false alarms times the costs that you state.",
)
run()
