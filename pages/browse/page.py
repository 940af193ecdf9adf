"""Browse: test images with their scores and outcomes; open one to see its reconstruction and residual."""

import numpy as np
import streamlit as st

from core import evaluation
from core.data import CLASSES
from pages.parts import models, tiles, verdict
from pages.parts.link import OUTCOMES, SORTS, class_name

ON_A_SHELF = 48

st.title("Browse the test images")

one = models.chosen()
limit = models.threshold(one)
test = models.test_images()
scores = one.scores.test
flagged = evaluation.flagged(scores, limit)
outcome = np.select(
    [one.anomaly & flagged, one.anomaly & ~flagged, one.normal & flagged, one.normal & ~flagged],
    [0, 1, 2, 3],
    default=-1,  # neither normal nor an anomaly of this task
)
state = st.session_state


def open_image(number: int) -> None:
    state["image"] = number


def first_shelf() -> None:
    state["shelf"] = 1


def one_image(number: int) -> None:
    """The opened image through both GANs."""
    image = test.images[number]
    label = class_name(CLASSES[test.labels[number]])
    with st.container(border=True):
        head, shut = st.columns([5, 1], vertical_alignment="center")
        head.subheader(f"Image {number}: {label}", anchor=False)
        shut.button("Close", icon=":material/close:", on_click=open_image, args=(None,), width="stretch")
        columns = st.columns([1, 2, 2])
        with columns[0]:
            st.markdown("##### Input")
            verdict.row([("As the model sees it", image)])
            if outcome[number] >= 0:
                st.caption(tiles.OUTCOMES[OUTCOMES[outcome[number]]][1].capitalize() + ".")
            else:
                st.caption("This class is neither normal nor an anomaly of this model's test.")
        for column, rival in zip(columns[1:], models.rivals(), strict=False):
            with column:
                verdict.show(image, rival)
        st.caption(verdict.RESIDUAL_HELP)


if state.get("image") is not None:
    one_image(state["image"])

counts = [int(np.count_nonzero(outcome == which)) for which in range(4)]
left, middle, right = st.columns([2, 4, 2])
with left:
    st.multiselect(
        "Classes",
        CLASSES,
        format_func=class_name,
        key="classes",
        persist_state="session",
        placeholder="All ten",
        on_change=first_shelf,
        help="Show only images of these true classes.",
    )
with middle:
    st.pills(
        "Outcomes",
        OUTCOMES,
        selection_mode="multi",
        wrap=True,
        format_func=lambda name: (
            f"{tiles.OUTCOMES[name][0]} {name.replace('-', ' ')} ({counts[OUTCOMES.index(name)]:,})"
        ),
        key="outcomes",
        persist_state="session",
        on_change=first_shelf,
        help="At the threshold in force. Caught and missed are anomalies; false alarm and passed are normal images.",
    )
with right:
    st.selectbox(
        "Sort by score", SORTS, format_func=str.capitalize, key="sort", persist_state="session", on_change=first_shelf
    )

kept = outcome >= 0
if state["classes"]:
    kept &= np.isin(test.labels, [CLASSES.index(name) for name in state["classes"]])
if state["outcomes"]:
    kept &= np.isin(outcome, [OUTCOMES.index(name) for name in state["outcomes"]])
order = np.flatnonzero(kept)
keys = {SORTS[0]: -scores, SORTS[1]: scores, SORTS[2]: np.abs(scores - limit), SORTS[3]: np.zeros_like(scores)}
order = order[np.argsort(keys[state["sort"]][order], kind="stable")]

if not len(order):
    st.info("No test image fits these filters.", icon=":material/filter_alt_off:")

    def all_images() -> None:
        state["classes"], state["outcomes"], state["shelf"] = [], [], 1

    st.button("Show all images", on_click=all_images)
else:
    shelves = -(-len(order) // ON_A_SHELF)
    state["shelf"] = min(max(1, state["shelf"]), shelves)

    def turn(by: int) -> None:
        state["shelf"] += by

    start = (state["shelf"] - 1) * ON_A_SHELF
    shown = order[start : start + ON_A_SHELF]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Previous",
            icon=":material/chevron_left:",
            disabled=state["shelf"] == 1,
            on_click=turn,
            args=(-1,),
            shortcut="Left",
        )
        st.button(
            "Next",
            icon=":material/chevron_right:",
            disabled=state["shelf"] == shelves,
            on_click=turn,
            args=(1,),
            shortcut="Right",
        )
        st.markdown(
            f"Images {start + 1:,}–{start + len(shown):,} of {len(order):,} at threshold **{limit:.4f}** · {one.title}, "
            f"normal: {class_name(one.checkpoint.task.normal)}"
        )
    tiles.show(
        [
            tiles.Tile(
                int(number),
                test.images[number],
                float(scores[number]),
                OUTCOMES[outcome[number]],
                class_name(CLASSES[test.labels[number]]),
            )
            for number in shown
        ],
        key="shelf_tiles",
        on_open=open_image,
    )
    st.caption(
        "Each tile: the score and the outcome. " + "; ".join(f"{s} {w}" for s, w, _ in tiles.OUTCOMES.values()) + "."
    )
