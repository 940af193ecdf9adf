"""One image, opened: input, reconstruction and residual of both GANs, and links to Try it and ROC."""

import math

import numpy as np
import streamlit as st

from core.basics.text import plain
from core.gans import maps
from pages.browse.look import Look
from pages.parts import link, models, tiles, trouble, verdict
from pages.parts.models import Chosen
from pages.parts.pictures import heat, to_grey


def open_image(number: int | None) -> None:
    """Open a test image, or close the one that is open."""
    st.session_state["image"] = number
    link.push()


@st.dialog("Test image", width="large", icon=":material/image_search:", on_dismiss=lambda: open_image(None))
def show(look: Look, order: np.ndarray, of: str) -> None:
    """Draw the image named in the link, with buttons to its neighbours in `order`; `of` names that list on the page."""
    number = st.session_state["image"]
    where = np.flatnonzero(order == number)
    at = int(where[0]) if len(where) else None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Image {number}: {look.name(number)}", anchor=False)
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
    columns = st.columns([1, 2, 2])
    with columns[0]:
        st.markdown("##### Input")
        verdict.row([("As the models see it", look.test.images[number])])
    with st.container(horizontal=True):
        _ways_on(look, number)
    if look.outcome[number] >= 0:
        sign, meaning, _ = tiles.OUTCOMES[look.outcome_name(number)]
        st.caption(f"{look.chosen.title}: {sign} {meaning}. True class: {look.name(number)}.")
    else:
        st.caption(f"{look.name(number)} is neither normal nor an anomaly in the test of the {look.chosen.title}.")
    st.caption(verdict.RESIDUAL_HELP + " The address bar holds a link to this image.")
    slots = []
    for column, rival in zip(columns[1:], look.rivals, strict=False):
        with column:
            st.markdown(f"##### {rival.title}")
            slots.append(st.container())
            verdict.words(float(rival.scores.test[number]), rival)
    if len(look.rivals) == 1:
        with columns[2]:
            st.caption(f"No other GAN can be read for {look.chosen.normal_name}.")
    # Last, because the first reconstruction waits seconds for torch; everything else is drawn by then.
    for slot, rival in zip(slots, look.rivals, strict=True):
        with slot, trouble.told():
            _pictures(look.test.images[number], rival)


def _pictures(image: np.ndarray, gan: Chosen) -> None:
    with st.spinner("Reconstructing…"):
        reconstruction = models.reconstruct(gan, image[None])[0]
    residual = maps.residual(image[None], reconstruction[None])[0]
    verdict.row([("Reconstruction", to_grey(reconstruction)), ("Residual", heat(residual))], f", {gan.title}")


def _ways_on(look: Look, number: int) -> None:
    """Draw the buttons to Try it and to ROC. Both close the dialog; the browser's Back opens it again from the link."""
    state = st.session_state
    score, why_not = float(look.scores[number]), link.why_no_pad(look.data)
    if st.button(
        "Edit this one",
        key="edit_image",
        icon=":material/edit:",
        disabled=bool(why_not),
        help=plain(why_not) or "Draw on a copy of it on the Try it page and watch the score follow.",
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
