"""The pad: draw on the model's own grid of pixels, grey or in colour (pad_drawing.js, pad.js).

It is our own component, because streamlit-drawable-canvas fails in three ways: the keyboard cannot draw on it; it
resamples an image to be edited, so that an untouched test image would not get its stored score; and it sends each
stroke before the last has been answered. Python keeps the drawing, so that it is still on the pad after a visit to
another page.
"""

import base64
import binascii
import secrets
from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st

from core.data.dataset import Description
from core.data.fashion_mnist import FASHION_MNIST
from pages.parts import link
from pages.parts.component import component
from pages.parts.pictures import data_url
from pages.try_it import sketches

_pad = component("pad", Path(__file__).parent, "pad", "slider.css", "pad_drawing.js", html=True)
KEY = "pad"


def drawing(data: Description, test: np.ndarray, damaged: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the drawing on the pad: uint8 [H, W, C] of the data set's shape.

    A newly requested test image (`edit`) is put on the pad first, `damaged` as the link says. A drawing for a data set of
    another shape is replaced by a blank pad.
    """
    state = st.session_state
    edit = state.get("edit")
    if edit is not None and not 0 <= edit < len(test):  # the number can come from elsewhere than the widget
        edit = state["edit"] = None
    if edit is None:
        state["damage"] = None  # a link names the damage of a test image only
    elif (edit, state.get("damage")) != state.get("_pad_of") or state.get("_pad_data") != data.key:
        put(damaged(test[edit]))
    if "_pad_drawing" not in state or state["_pad_drawing"].shape != data.shape:
        state["_damaged"] = None
        put(np.zeros(data.shape, np.uint8))
    state["_pad_data"] = data.key
    settle()
    return state["_pad_drawing"]


def put(image: np.ndarray) -> None:
    """Replace the drawing on the pad; in the browser this can be undone."""
    state = st.session_state
    state["_pad_drawing"] = image.copy()
    state["_pad_start"] = state.get("_pad_start", 0) + 1
    state["_pad_base"] = _base()


def settle() -> None:
    """Note that what the link asks for is on the pad."""
    state = st.session_state
    state["_pad_of"] = state.get("edit"), state.get("damage")


def _base() -> str:
    """Name the test image that the drawing began as, or ""."""
    edit = st.session_state.get("edit")
    return "" if edit is None else str(edit)


def show(data: Description, says: str) -> None:
    """Draw the pad with the current drawing; `says` is the score in a line. Call it when the score is known.

    The pad takes this call as the answer to its last message, and sends the next message only afterwards.
    """
    state = st.session_state
    names = sketches.NAMES if data == FASHION_MNIST.description else ()
    _pad(
        key=KEY,
        data={
            "session": state.setdefault("_pad_session", secrets.token_hex(8)),
            "start": state["_pad_start"],
            "base": _base(),
            "side": data.side,
            "channels": data.channels,
            "photo": data.photos,
            "pixels": _packed(state["_pad_drawing"]),
            "heard": state.get("_pad_heard", 0),
            "says": says,
            "sketches": [
                {"name": name, "src": data_url(sketches.sketch(name)), "pixels": _packed(sketches.sketch(name))}
                for name in names
            ],
        },
        on_drawing_change=_drawn,
    )


def _drawn() -> None:
    """Take the drawing from the browser, unless it is malformed or belongs to a drawing that has been replaced."""
    state = st.session_state
    sent = state[KEY].get("drawing")
    if not isinstance(sent, dict) or not isinstance(sent.get("serial"), int):
        return
    state["_pad_heard"] = sent["serial"]  # even if the rest is malformed: a pad without an answer stops sending
    try:
        content = base64.b64decode(sent.get("pixels", ""), validate=True)
    except (binascii.Error, TypeError, ValueError):
        return
    before = state["_pad_drawing"]
    if len(content) != before.size or sent.get("start") != state.get("_pad_start", 0):
        return
    state["_pad_drawing"] = np.frombuffer(content, np.uint8).reshape(before.shape)
    if sent.get("base") != state.get("_pad_base") or not state["_pad_drawing"].any():  # a sketch, or cleared
        state["_pad_base"], state["_damaged"] = sent.get("base"), None
    if state.get("edit") is not None and sent.get("base") != str(state["edit"]):
        state["edit"] = state["damage"] = None  # no longer that test image
        settle()
        link.push()


def _packed(image: np.ndarray) -> str:
    return base64.b64encode(image.tobytes()).decode()
