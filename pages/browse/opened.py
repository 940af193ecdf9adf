"""One image, opened: as it is, as it would be if it were normal, and the heat map, through both GANs; and ways on."""

import math
from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.gans import maps
from core.gans.maps import to_grey
from pages.browse.look import Look
from pages.parts import before_after, datasets, link, models, tiles, trouble, verdict
from pages.parts.chosen import Chosen


def open_image(number: int | None) -> None:
    """Open a test image, or close the one that is open."""
    st.session_state["image"] = number
    link.push()


@st.dialog("Test image", width="large", icon=":material/image_search:", on_dismiss=lambda: open_image(None))
def show(look: Look, order: np.ndarray, of: str) -> None:
    """Draw the image named in the link, with buttons to its neighbours in `order`; `of` names that list on the page."""
    number = st.session_state["image"]
    heading(f"Image {number}: {look.name(number)}", number, order, of)
    with st.container(horizontal=True):
        _ways_on(look, number)
    if look.outcome[number] >= 0:
        sign, meaning, _ = tiles.OUTCOMES[look.outcome_name(number)]
        st.caption(f"{look.chosen.title}: {sign} {meaning}. True class: {look.name(number)}.")
    else:
        st.caption(f"{look.name(number)} is neither normal nor an anomaly in the test of the {look.chosen.title}.")
    mask = marked(number)
    through(look, look.test.images[number], [float(rival.scores.test[number]) for rival in look.rivals], mask)


def marked(number: int) -> np.ndarray | None:
    """Return where the defect of a test image is, bool [H, W]; None where it has none, or nobody has marked it."""
    known = None
    with trouble.told():
        known = datasets.test_masks()
    if known is None or not known.known[number] or not known.masks[number].any():
        return None
    return known.masks[number]


def heading(title: str, number: int, order: np.ndarray, of: str) -> None:
    """Draw the title, and buttons to the image's neighbours in `order`."""
    where = np.flatnonzero(order == number)
    at = int(where[0]) if len(where) else None
    with st.container(horizontal=True, vertical_alignment="center", key="image_heading"):
        st.subheader(title, anchor=False)
        for name, icon, step, key in (("Previous", "chevron_left", -1, "Left"), ("Next", "chevron_right", 1, "Right")):
            exists = at is not None and 0 <= at + step < len(order)
            st.button(
                name,
                key=f"image_{name}",
                icon=f":material/{icon}:",
                disabled=not exists,
                on_click=open_image,
                args=(int(order[at + step]) if exists and at is not None else None,),
                shortcut=key,
                help=f"Among {of}, in their order.",
            )
        if at is None:
            st.caption(f"Not among {of}.")
        else:
            st.caption(f"{at + 1:,} of {len(order):,}")


def through(look: Look, image: np.ndarray, scores: Sequence[float | None], mask: np.ndarray | None = None) -> None:
    """Draw an image uint8 [H, W, C] through each GAN of `look.rivals`, with score and verdict.

    `scores` are the stored ones; None for an image that has none. `mask` bool [H, W] is the image's defect, if it has one.
    """
    columns, slots = st.columns(2, gap="medium"), []
    for column, rival in zip(columns, look.rivals, strict=False):
        with column:
            st.markdown(f"##### {rival.title}")
            slots.append((st.container(), st.container()))
    if len(look.rivals) == 1:
        with columns[1]:
            st.caption(f"There is no other GAN of {look.chosen.normal_name} to hold beside it.")
    st.caption("The address bar holds a link to this image.")
    for (words, _), rival, score in zip(slots, look.rivals, scores, strict=True):
        if score is not None:
            with words:
                verdict.words(score, rival)
    # Last, because the first reconstruction waits seconds for torch; everything else is drawn by then.
    for (words, pictures), rival, score in zip(slots, look.rivals, scores, strict=True):
        with pictures, trouble.told():
            made = _pictures(image, rival, mask)
            if score is None:
                with words:
                    verdict.words(made, rival, bool(models.known().farness(image[None])[0] <= 1))


def _pictures(image: np.ndarray, gan: Chosen, mask: np.ndarray | None) -> float:
    """Draw an image with its repair and its heat map, and the slider; return the image's score. Raises CheckpointError."""
    of, slot = f", {gan.title}", st.empty()
    with slot.container():
        verdict.row([("Image", image)], of)
        with st.spinner("Reconstructing…"):
            reconstructions = models.reconstruct(gan, image[None])
    heated, scoring = maps.heat(image[None], reconstructions)[0], gan.checkpoint.card.scoring
    with slot.container():
        verdict.repair(image, reconstructions[0], heated, scoring.mark, of, mask)
        if mask is not None:
            st.caption(hit(heated, mask))
        before_after.show(image, to_grey(reconstructions[0]), f"before_after_{gan.checkpoint.card.model}", of)
    return float(maps.score_reconstructions(image[None], reconstructions, scoring.share)[0])


def hit(heated: np.ndarray, mask: np.ndarray) -> str:
    """Say whether the brightest pixel of a heat map [H, W] is on the defect, bool [H, W]."""
    on_it = bool(mask.flat[heated.argmax()])
    return "✓ Hit: the brightest spot is on the defect." if on_it else "✗ No hit: the brightest spot is elsewhere."


def _ways_on(look: Look, number: int) -> None:
    """Draw the buttons to Try it and to ROC. Both close the dialog; the browser's Back opens it again from the link."""
    state = st.session_state
    score = float(look.scores[number])
    if st.button(
        "Edit this one",
        key="edit_image",
        icon=":material/edit:",
        help="Draw on a copy of it on the Try it page and watch the score follow.",
    ):
        link.edit(number)
    if st.button(
        "Set the threshold here",
        key="threshold_here",
        icon=":material/vertical_align_center:",
        disabled=look.fallen_back,
        help=f"Make this image's score, {score:.4f}, the threshold of the {look.chosen.title}: the image is then just flagged. "
        "The ROC page shows what that does to all the others.",
    ):
        state["threshold"] = math.floor(score * 1e6) / 1e6  # rounded down, so that the image is still flagged
        state["image"] = None
        link.go("roc")
