"""Browse: test images with their scores and outcomes; open one to see its reconstruction and residual."""

import numpy as np
import streamlit as st

from core import evaluation
from core.data import CLASSES
from pages.parts import link, models, tiles, verdict
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


def open_image(number: int | None) -> None:
    state["image"] = number
    link.push()


def first_shelf() -> None:
    state["shelf"] = 1


@st.dialog("Test image", width="large", icon=":material/image_search:", on_dismiss=lambda: open_image(None))
def one_image(order: np.ndarray) -> None:
    """The opened image through both GANs, and the way to its neighbours among the images the filters leave."""
    number = state["image"]
    image = test.images[number]
    label = class_name(CLASSES[test.labels[number]])
    where = np.flatnonzero(order == number)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Image {number}: {label}", anchor=False)
        for name, icon, step in (("Previous", "chevron_left", -1), ("Next", "chevron_right", 1)):
            there = len(where) and 0 <= where[0] + step < len(order)
            st.button(
                name,
                key=f"image_{name}",
                icon=f":material/{icon}:",
                disabled=not there,
                on_click=open_image,
                args=(int(order[where[0] + step]) if there else None,),
                help="Among the images that the filters leave, in the order of the shelf.",
            )
        if st.button(
            "Edit this image",
            key="edit_image",
            icon=":material/edit:",
            help="Draw on a copy of it on the Try it page and watch the score follow.",
        ):
            link.edit(number)
    columns = st.columns([1, 2, 2])
    with columns[0]:
        st.markdown("##### Input")
        verdict.row([("As the models see it", image)])
        if outcome[number] >= 0:
            st.caption(f"{one.title}: {tiles.OUTCOMES[OUTCOMES[outcome[number]]][1]}.")
        else:
            st.caption(f"This class is neither normal nor an anomaly of the test of the {one.title}.")
    for column, rival in zip(columns[1:], models.rivals(), strict=False):
        with column:
            verdict.show(image, rival)
    st.caption(verdict.RESIDUAL_HELP)


of_class = np.isin(test.labels, [CLASSES.index(name) for name in state["classes"] or CLASSES])
counts = [int(np.count_nonzero(of_class & (outcome == which))) for which in range(4)]
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
        help="At the threshold in force, of the classes chosen. Caught and missed are anomalies; false alarm and passed are normal images.",
    )
with right:
    st.selectbox(
        "Sort by score", SORTS, format_func=str.capitalize, key="sort", persist_state="session", on_change=first_shelf
    )

kept = of_class & (outcome >= 0)
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

if state.get("image") is not None:
    one_image(order)
