"""Try it: draw, upload, paste, photograph, edit or damage an item, see its verdict and what is odd in it."""

from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.basics.errors import MisfitError
from core.basics.text import plain
from core.data import decoding
from core.data.fashion_mnist import FASHION_MNIST
from core.judging import intake
from core.judging.intake import FAINT, Steps, Taken
from core.judging.judgement import Judgement
from pages.parts import link, models, trouble, verdict
from pages.parts.pictures import enlarged, picture
from pages.parts.vocabulary import article
from pages.try_it import damages, explain, found, many, pad, pictures_in
from pages.try_it.pictures_in import Named

DRAW, UPLOAD, CAMERA = "Draw", "Upload or paste", "Camera"
SHOWN = 280  # pixels; the largest side of the original as shown
state = st.session_state

chosen = models.chosen()
data = chosen.data
ways = [DRAW, UPLOAD, CAMERA]
st.markdown(
    f"{'Draw on' if data.photos else 'Draw'} or bring {article(data.noun)} and see how far it is from "
    f"{'those of the normal class,' if data.photos else 'a normal'} **{chosen.normal_name}**. "
    + (
        "The models have only ever seen small grey product photos, light on black: that is what yours is turned into."
        if data.intake == "garment"
        else f"The models have only ever seen {'grey' if data.channels == 1 else 'colour'} images of {data.side}×{data.side} "
        "pixels: that is what yours is turned into."
    )
)


def judge(image: np.ndarray) -> Judgement | None:
    """Judge an image, uint8 [H, W, C], by the chosen model; if that fails, show the error and return None."""
    with trouble.told():
        return models.judge(chosen, image[None])[0]
    return None


def draw() -> tuple[np.ndarray, Judgement] | None:
    """Draw the pad with its score; return the image and its judgement, or None while the pad is blank."""
    if data.photos and state.get("edit") is None and state.get("_pad_data") != data.key and chosen.normal.any():
        state["edit"] = int(np.flatnonzero(chosen.normal)[0])  # nobody draws a photo from nothing
    image = pad.drawing(data, models.test_images().images, damages.linked)
    if state.get("try_fit") and data.intake == "garment":
        image = _fitted(image)
    # Scored before the pad is drawn: the pad takes a redraw as the answer.
    judged = judge(image) if image.max() >= FAINT else None
    says = f"Score {judged.score:.4f}: {judged.verdict}" if judged else "Draw with mouse, pen, finger or keys."
    pad.show(data, says)
    damages.on_pad(data)
    _start_from()
    if data.intake == "garment":
        st.toggle(
            "Fit to the frame",
            key="try_fit",
            persist_state="session",
            help=f"Centre what is drawn and fit its longest edge to the frame, as every {data.noun} in the data set lies. Else the "
            "model sees the pad as it is, pixel by pixel.",
        )
    return (image, judged) if judged else None


def _start_from() -> None:
    """Offer test images to start from."""
    last = len(chosen.normal) - 1
    st.number_input(
        "Start from test image",
        value=None,
        step=1,
        key="edit",
        persist_state="session",
        on_change=_asked,
        placeholder=f"0 to {last}",
        help="Puts a copy of a test image on the pad, to be changed. “Edit this one” on the Browse page leads here too.",
    )
    if state["edit"] is None and (wrong := state.get("_edit_wrong")) is not None:
        st.error(
            f"There is no test image {wrong:,}: they are numbered from 0 to {last}.",
            icon=":material/image_not_supported:",
        )
    with st.container(horizontal=True):
        for word, icon, members in (
            ("normal", "check_circle", chosen.normal),
            ("anomaly", "flag", chosen.anomaly),
        ):
            kind = "normal" if word == "normal" else "an anomaly"
            st.button(
                f"Random {word}",
                key=f"try_random_{word}",
                icon=f":material/{icon}:",
                on_click=_random,
                args=(members,),
                disabled=not members.any(),
                help=f"A random test image that is {kind}, to start from."
                if members.any()
                else f"The test has no image that is {kind}.",
            )


def _asked() -> None:
    """Check the typed number. A wrong number is named in words; limits in the browser would only turn the field red."""
    number = state["edit"]
    fits = number is None or 0 <= number < len(chosen.normal)
    state["_edit_wrong"], state["damage"] = None if fits else number, None
    if not fits:
        state["edit"] = None
    link.push()


def _random(members: np.ndarray) -> None:
    state["edit"], state["_edit_wrong"] = int(np.random.default_rng().choice(np.flatnonzero(members))), None
    state["damage"] = None
    link.push()


def _fitted(image: np.ndarray) -> np.ndarray:
    try:
        return intake.take(picture(image), data, "The drawing", Steps(invert=False, tilt=0.0)).image
    except MisfitError:  # a blank drawing has nothing to fit
        return image


def take(named: Named, steps: Steps) -> Taken | None:
    """Read one picture; if that fails, show the error and return None."""
    name, content = named
    try:
        return intake.take(decoding.read(content, name), data, name, steps)
    except MisfitError as error:
        st.error(plain(error), icon=":material/broken_image:")
        return None


def bring(way: str) -> tuple[list[Named], Steps]:
    """Ask for pictures from outside, and for the steps of the intake; return both."""
    files = pictures_in.uploaded(data) if way == UPLOAD else pictures_in.photographed(data)
    sizes = tuple((name, len(content)) for name, content in files)
    found.forget_choice((sizes, state.get("try_turn") or 0, bool(state.get("try_box"))))
    return files, pictures_in.steps(data) if files else Steps()


def one_of(files: list[Named], steps: Steps, below: DeltaGenerator) -> tuple[np.ndarray, Judgement, Taken] | None:
    """Return the picture to explain, judged: the only picture, or the one selected in the table of many; else None.

    The damages to put on it are offered in the container `below`.
    """
    named = many.show(files, chosen, replace(steps, item=0)) if len(files) > 1 else files[0]
    prepared = take(named, steps) if named else None
    if prepared is None:
        return None
    with below:
        found.show(prepared, steps, data)
        image = damages.on_brought(data, prepared.image)
    judged = judge(image)
    return (image, judged, prepared) if judged else None


def explained(image: np.ndarray, judged: Judgement, prepared: Taken | None = None) -> None:
    """Show an image's verdict and reasons. `prepared` holds the steps of the intake; None for a drawing."""
    yours = [("Yours", found.original(prepared.original, SHOWN))] if prepared else []
    both = state.get("try_both", False)
    advice = partial(explain.stranger, data, drawn=prepared is None)
    if both and yours:
        verdict.row(yours)
    rivals = models.rivals() if both else [chosen]
    for place, (column, rival) in enumerate(zip(st.columns(len(rivals)), rivals, strict=True)):
        with column, trouble.told():
            result = models.judge(rival, image[None])[0] if place else judged
            explain.show(image, result, rival, () if both else yours, *(() if place else (advice,)))
    st.toggle(
        "Both GANs side by side", key="try_both", persist_state="session", help="Ask the other GAN of this class, too."
    )
    if prepared:
        with st.expander("Step by step: from your picture to the model's", icon=":material/steps:"):
            stages = [(name, found.small(stage)) for name, stage in prepared.stages]
            verdict.row([*stages, ("As the model sees it", enlarged(prepared.image))])
    explain.nearest(image, chosen)


@st.fragment
@trouble.told()
def studio() -> None:
    """Draw the source on the left, the score and its reasons on the right; a table of many over the whole width.

    This is a fragment, so that a stroke reruns nothing else.
    """
    left, right = st.columns([5, 7], gap="large")
    drawn, steps = None, Steps()
    files: list[Named] = []
    with left:
        if state.get("try_way") not in ways:
            state["try_way"] = ways[0]
        way = (
            st.segmented_control(
                "Where from",
                ways,
                required=True,
                key="try_way",
                persist_state="session",
                help="A pad to draw on, picture files or the clipboard, or this machine's camera.",
            )
            or ways[0]
        )
        if way != UPLOAD:
            pictures_in.away()
        if way == DRAW:
            drawn = draw()
        else:
            files, steps = bring(way)
    if drawn:
        with right:
            explained(*drawn)
    elif way == DRAW and state["_pad_drawing"].max() < FAINT:
        with right:
            start = "a sketch or a test image" if data == FASHION_MNIST.description else "a test image"
            st.info(
                f"Draw {article(data.noun)}, or take {start} from below the pad, and put a damage on it. Its verdict, how it would be "
                "if it were normal, and what is odd in it will stand here.",
                icon=":material/draw:",
            )
            judge(np.zeros(data.shape, np.uint8))  # loads the model now, so that the first stroke need not wait
    elif files:
        alone = len(files) == 1
        with right if alone else st.container():
            if shown := one_of(files, steps, left if alone else st.container()):
                explained(*shown)


studio()
