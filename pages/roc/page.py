"""ROC: a movable threshold, its effect and cost, and a comparison of the models.

The lab, the stakes, the operating points and the border images are one fragment: when the threshold is released, only
they rerun. Each part is in a file of its own beside this file.
"""

import numpy as np
import streamlit as st

from core.basics.text import plain
from core.metrics import evaluation
from pages.parts import link, models, trouble
from pages.parts import stakes as stakes_part
from pages.parts.chosen import Chosen, on_synthetic
from pages.roc import border, compare, lab, points, synthetic, takeaway

chosen = on_synthetic(models.chosen())
state = st.session_state


def set_threshold(value: float | None) -> None:
    """Set the threshold in force; do nothing for None."""
    if value is not None:
        state["threshold"] = value
        link.push()


@st.cache_data(max_entries=32, show_spinner=False)
def auroc(mark: str, _chosen: Chosen) -> float | None:
    """Return the test AUROC, or None if no test image is an anomaly."""
    normal, anomaly = _chosen.scores.test[_chosen.normal], _chosen.scores.test[_chosen.anomaly]
    return evaluation.auroc(normal, anomaly) if len(anomaly) else None


@st.fragment
@trouble.told()
def decide() -> None:
    """Draw the lab, and the stakes, points and images that depend on its threshold."""
    limit = models.threshold(chosen)
    stakes, problem = stakes_part.stated()
    if state["_stakes_drawn"] != stakes:
        st.rerun()  # the comparison below uses the stakes, too
    area = auroc(chosen.mark, chosen)
    if area is None:
        st.info(
            f"None of the test images of {plain(chosen.data.name)} is an anomaly of this model. A ROC curve, its AUROC, precision "
            "and costs all need some. What can be shown is how the normal images score, and how many of them a threshold flags.",
            icon=":material/rule:",
        )
    lab.show(chosen, area, limit, stakes, set_threshold)

    st.subheader(
        "Choose an operating point",
        anchor=False,
        help="An operating point is a threshold with a reason. Each is chosen on validation images, which were carved out of the "
        "training split; what it does on test images is shown beside it, and chose nothing.",
    )
    if area is not None:
        stakes_part.ask(chosen, problem)
    points.show(chosen, limit, stakes, set_threshold)

    st.subheader(
        "At the border",
        anchor=False,
        help="The images that a slightly other threshold would treat otherwise. Open one to see its reconstruction on Browse.",
    )
    border.show(chosen, limit)
    st.page_link("pages/browse/page.py", label="See the images at this threshold", icon=":material/grid_view:")
    takeaway.show(chosen, limit, stakes)


def tested() -> str:
    """Say what the curve is measured on."""
    if chosen.copies is None:
        return f"{int(chosen.normal.sum() + chosen.anomaly.sum()):,} test images; nothing is trained again."
    noun = plain(chosen.data.noun)
    return (
        f"{int(chosen.normal.sum()):,} good test {noun}s and to {len(chosen.copies.of):,} damaged copies of "
        f"{len(np.unique(chosen.copies.of)):,} of them; nothing is trained again. No real anomaly is in the test: these defects are drawn by "
        f"code that training never uses, and they chose nothing. The threshold starts where at most 5 % of the validation {noun}s are flagged."
    )


if chosen.copies is not None:
    st.subheader(f"On synthetic defects put on held-out good {plain(chosen.data.noun)}s", anchor=False)
st.markdown(
    f"**{chosen.title}**, normal class **{plain(chosen.normal_name)}**, {plain(chosen.regime)} regime. An image is flagged as an "
    f"anomaly when its score reaches the threshold. Move it, and watch what it does to the {tested()}",
    help="ROC, receiver operating characteristic: the share of anomalies caught (TPR) against the share of normal images flagged "
    "(FPR), over all thresholds. AUROC, the area under it, is the chance that a random anomaly scores higher than a "
    "random normal image: P(s_anomaly > s_normal) + ½ P(equal).",
)
state["_stakes_drawn"] = stakes_part.stated()[0]
decide()
if chosen.copies is not None:
    synthetic.show(chosen)
if chosen.anomaly.any():
    compare.show(chosen, stakes_part.stated()[0])
