"""ROC: a threshold that moves under the finger, what it does and costs, and what the models are worth beside each other.

The lab, the stakes, the operating points and the border images are one fragment: when the threshold is let go, only they
run again. Everything is in rooms of its own beside this file.
"""

import streamlit as st

from core.metrics import evaluation
from pages.parts import link, models, trouble
from pages.parts.link import class_name
from pages.roc import border, compare, lab, points, takeaway

one = models.chosen()
state = st.session_state
test = one.scores.test
card = one.checkpoint.card


def set_threshold(value: float | None) -> None:
    if value is not None:
        state["threshold"] = value
        link.push()


@st.cache_data(max_entries=32, show_spinner=False)
def auroc(mark: str, _one: models.Chosen) -> float:
    return evaluation.auroc(_one.scores.test[_one.normal], _one.scores.test[_one.anomaly])


@st.fragment
@trouble.told()
def decide() -> None:
    """The lab and what follows from its threshold."""
    limit = models.threshold(one)
    at, problem = points.stakes()
    if state["_stakes_drawn"] != at:
        st.rerun()  # the comparison below counts with them, too
    lab.show(one, auroc(card.scores_sha256, one), limit, at, set_threshold)

    st.subheader(
        "Choose an operating point",
        anchor=False,
        help="An operating point is a threshold with a reason. Each is chosen on validation images, which were carved out of the "
        "training split; what it does on test images is shown beside it, and chose nothing.",
    )
    points.ask_stakes(problem)
    points.show(one, limit, at, set_threshold)

    st.subheader(
        "At the border",
        anchor=False,
        help="The images that a slightly other threshold would treat otherwise. Open one to see its reconstruction on Browse.",
    )
    border.show(one, limit)
    st.page_link("pages/browse/page.py", label="See the images at this threshold", icon=":material/grid_view:")
    takeaway.show(one, limit, at)


st.markdown(
    f"**{one.title}**, normal class **{class_name(one.checkpoint.task.normal)}**, {one.regime} regime. An image is flagged as an "
    f"anomaly when its score reaches the threshold. Move it, and watch what it does to the "
    f"{int(one.normal.sum() + one.anomaly.sum()):,} test images; nothing is trained again.",
    help="ROC, receiver operating characteristic: the share of anomalies caught (TPR) against the share of normal images flagged "
    "(FPR), over all thresholds. AUROC, the area under it, is the chance that a random anomaly scores higher than a "
    "random normal image: P(s_anomaly > s_normal) + ½ P(equal).",
)
state["_stakes_drawn"] = points.stakes()[0]
decide()
compare.show(one, points.stakes()[0])
