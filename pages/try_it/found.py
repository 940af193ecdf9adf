"""What was found in a picture: the garment outlined, the box that was set, and a choice where there are several garments."""

import numpy as np
import streamlit as st
from PIL import Image

from core.data.dataset import Description
from core.judging import outlining
from core.judging.intake import Steps, Taken
from pages.parts.pictures import data_url
from pages.parts.vocabulary import article

SHOWN = 340  # pixels; the largest side of a picture as shown
state = st.session_state


def show(prepared: Taken, steps: Steps, data: Description) -> None:
    """Show where the garment was found in the picture that was taken in, and offer the others."""
    stages = dict(prepared.stages)
    outlined = stages.get("Garment, outlined")
    count = len(prepared.items)
    if steps.box is not None:
        whole = original(prepared.original, SHOWN)
        _picture("Your box", outlining.boxed(whole, (steps.box,), 0))
    if outlined is not None:
        name = f"Found: {count} {data.noun}s" if count > 1 else f"Found: {article(data.noun)}, outlined"
        _picture(name, small(outlined))
    elif data.intake == "garment":
        st.caption(
            f":material/search_off: No {data.noun} was told from a background, so the picture is taken whole. If there is one, "
            "switch *Box* on and set the box around it."
        )
    if count > 1:
        if state["try_item"] >= count:  # there were more of them before the box was moved
            state["try_item"] = count - 1
        st.segmented_control(
            f"Which {data.noun}",
            range(count),
            format_func=lambda number: f"{number + 1}, the largest" if number == 0 else str(number + 1),
            required=True,
            key="try_item",
            help=f"Several {data.noun}s were found, numbered from the largest on. One at a time is scored.",
        )


def _picture(caption: str, picture: np.ndarray) -> None:
    """Draw a picture with its caption, as large as the column allows."""
    st.html(
        f'<figure style="margin:0"><img src="{data_url(picture)}" alt="{caption}" '
        f'style="display:block;width:100%;max-width:{SHOWN}px;border-radius:6px">'
        f'<figcaption style="font-size:.85rem;padding-top:4px">{caption}</figcaption></figure>'
    )


def forget_choice(of: object) -> None:
    """Begin with the largest garment again where the pictures, or the box in them, are others than before."""
    if state.get("_item_of") != of:
        state["_item_of"] = of
        state["try_item"] = 0  # set, not dropped: the browser would go on showing the number that it had


def original(whole: Image.Image, side: int) -> np.ndarray:
    """Return a picture as a person sees it, reduced to `side` pixels; transparent parts are grey."""
    reduced = whole.copy()
    reduced.thumbnail((side, side))
    shown = Image.new("RGB", reduced.size, "#808080")
    shown.paste(reduced, mask=reduced.getchannel("A") if reduced.mode == "RGBA" else None)
    return np.asarray(shown)


def small(stage: np.ndarray) -> np.ndarray:
    """Reduce a stage of the intake, uint8 [H, W] or [H, W, 3], to SHOWN pixels."""
    picture = Image.fromarray(stage)
    picture.thumbnail((SHOWN, SHOWN))
    return np.asarray(picture)
