"""The pad: draw on the model's own 28×28 grid (pad.js).

A component of ours and not streamlit-drawable-canvas, which fails three needs: it cannot be drawn on from the keyboard;
what it returns of an image that is to be edited is resampled, so that an untouched test image would not get its stored
score; and it sends each stroke whether or not the last one has been answered. Python keeps the drawing, so that it is still
there when one comes back from another page.
"""

import base64
import binascii
import secrets
from pathlib import Path

import numpy as np
import streamlit as st

from core.data.fashion_mnist import SIZE
from pages.parts import link
from pages.parts.pictures import data_url
from pages.try_it import sketches

_HERE = Path(__file__).parent
_pad = st.components.v2.component(
    "misfit_pad",
    html=(_HERE / "pad.html").read_text("utf-8"),
    css=(_HERE / "pad.css").read_text("utf-8"),
    js=(_HERE / "pad.js").read_text("utf-8"),
)
KEY = "pad"


def drawing(test: np.ndarray) -> np.ndarray:
    """What is on the pad: uint8 [28, 28]. A test image that has newly been asked for (`edit`) is put on it first."""
    state = st.session_state
    edit = state.get("edit")
    if edit is not None and not 0 <= edit < len(test):  # the widget's limits hold in browsers only
        edit = state["edit"] = None
    if edit is not None and edit != state.get("_pad_of"):
        put(test[edit])
    state["_pad_of"] = edit
    return state.setdefault("_pad_drawing", np.zeros((SIZE, SIZE), np.uint8))


def put(image: np.ndarray) -> None:
    """Replace what is on the pad; in the browser it can be undone."""
    state = st.session_state
    state["_pad_drawing"] = image.copy()
    state["_pad_start"] = state.get("_pad_start", 0) + 1


def show(says: str) -> None:
    """Draw the pad with what `drawing` gave; `says` is what came of it, in a line. Call it when the score is known.

    The pad takes that for the answer to its last message and sends the next one only then.
    """
    state = st.session_state
    _pad(
        key=KEY,
        data={
            "session": state.setdefault("_pad_session", secrets.token_hex(8)),
            "start": state.get("_pad_start", 0),
            "base": "" if state.get("edit") is None else str(state["edit"]),
            "pixels": _packed(state["_pad_drawing"]),
            "heard": state.get("_pad_heard", 0),
            "says": says,
            "sketches": [
                {"name": name, "src": data_url(sketches.sketch(name)), "pixels": _packed(sketches.sketch(name))}
                for name in sketches.NAMES
            ],
        },
        on_drawing_change=_drawn,
    )


def _drawn() -> None:
    state = st.session_state
    said = state[KEY].get("drawing")
    if not isinstance(said, dict) or not isinstance(said.get("serial"), int):
        return
    state["_pad_heard"] = said["serial"]  # whatever else it says: an unanswered pad would fall silent
    try:
        content = base64.b64decode(said.get("pixels", ""), validate=True)
    except (binascii.Error, TypeError, ValueError):
        return
    if len(content) != SIZE * SIZE or said.get("start") != state.get("_pad_start", 0):
        return  # the latter was drawn on what has just been replaced
    state["_pad_drawing"] = np.frombuffer(content, np.uint8).reshape(SIZE, SIZE)
    if state.get("edit") is not None and said.get("base") != str(state["edit"]):
        state["edit"] = state["_pad_of"] = None  # cleared, or a sketch: it is that test image no more
        link.push()


def _packed(image: np.ndarray) -> str:
    return base64.b64encode(image.tobytes()).decode()
