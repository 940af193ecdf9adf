"""The gallery: the images that the filters leave, 48 to a shelf, and the list as CSV."""

import numpy as np
import streamlit as st

from core.basics.text import as_csv, shortest
from core.metrics import evaluation
from core.metrics.outcomes import OUTCOMES
from pages.browse import filters
from pages.browse.look import Look
from pages.browse.opened import open_image
from pages.parts import models, tiles

ON_A_SHELF = 48


def show(look: Look) -> np.ndarray:
    """Draw the gallery and return the numbers of the images that the filters leave, in order."""
    state = st.session_state
    order, by = filters.show(look)
    if not len(order):
        filters.nothing_left(look)
        return order
    shelves = -(-len(order) // ON_A_SHELF)
    if state["shelf"] > shelves:  # from a link, or from before the threshold moved
        state["_shelf_wrong"] = (state["shelf"], shelves)
        state["shelf"] = shelves
    wanted, last = state.get("_shelf_wrong", (0, 0))
    if last == shelves == state["shelf"]:
        st.info(
            f"There is no shelf {wanted:,}: these {len(order):,} images fill {shelves:,}, and this is the last one.",
            icon=":material/shelves:",
        )

    def turn(by: int) -> None:
        state["shelf"] += by
        state.pop("_shelf_wrong", None)

    start = (state["shelf"] - 1) * ON_A_SHELF
    shown = order[start : start + ON_A_SHELF]
    closed = state.get("image") is None  # while an image is open, the arrow keys move between images
    with st.container(horizontal=True, vertical_alignment="center"):
        for name, icon, step, end in (("Previous", "chevron_left", -1, 1), ("Next", "chevron_right", 1, shelves)):
            st.button(
                name,
                icon=f":material/{icon}:",
                disabled=state["shelf"] == end,
                on_click=turn,
                args=(step,),
                shortcut={-1: "Left", 1: "Right"}[step] if closed else None,
            )
        st.markdown(
            f"Images {start + 1:,}–{start + len(shown):,} of {len(order):,} at threshold **{look.limit:.4f}**",
            help=f"Scores of the {look.chosen.title}, normal class {look.chosen.normal_name}. The threshold "
            "is set on the ROC page, or in an opened image.",
        )
        st.space("stretch")
        take_away(look, order)
    tiles.show(
        [look.tile(number, filters.note(look, number, by)) for number in shown],
        key="shelf_tiles",
        on_open=open_image,
        label=f"Images {start + 1} to {start + len(shown)}",
    )
    st.caption(
        "Each tile: the score and the outcome. "
        + "; ".join(f"{sign} {meaning}" for sign, meaning, _ in tiles.OUTCOMES.values())
        + "."
        + (
            f" Below: the percentile among validation normals, {look.rivals[0].title} ↔ {look.rivals[1].title}."
            if filters.note(look, 0, by)
            else ""
        )
    )
    return order


def take_away(look: Look, order: np.ndarray) -> None:
    """Draw the buttons that download the list and clear the filters."""
    st.download_button(
        "CSV",
        lambda: listed(look, order),
        f"misfit-{look.chosen.checkpoint.card.model}-{look.chosen.checkpoint.task.normal}-images.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="list_csv",
        help="A file of every image that the filters leave, in this order: number, class, role, score, percentile among validation "
        "normals, threshold and outcome, and the other GAN's score.",
    )
    if filters.is_set():
        st.button(
            "Clear filters", on_click=filters.clear, icon=":material/filter_alt_off:", help="Show all images again."
        )


def listed(look: Look, order: np.ndarray) -> bytes:
    """Return the images of `order` as CSV, scores with the fewest digits that give the same float32 back."""
    import pandas as pd

    columns = {
        "image": order,
        "class": np.array(look.data.classes)[look.test.labels[order]],
        "role": np.where(look.chosen.normal[order], "normal", "anomaly"),
        "score": shortest(look.scores[order]),
        "percentile": np.round(evaluation.percentile(look.scores[order], look.chosen.scores.validation_normal), 4),
        "threshold": look.limit,
        "outcome": np.array(OUTCOMES)[look.outcome[order]],
    }
    for rival in look.rivals[1:]:
        columns[f"score_{rival.checkpoint.card.model}"] = shortest(rival.scores.test[order])
    return as_csv(pd.DataFrame(columns | models.origin(look.chosen)))
