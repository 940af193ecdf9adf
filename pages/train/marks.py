"""Each field of the form in a box of its own: what is wrong with its value is said there, in its own label's words."""

import re

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.basics.errors import MisfitError
from core.basics.text import plain
from core.gans.config import TrainingConfig
from pages.train.fields import field

Boxes = dict[str, DeltaGenerator]
LABELS = {
    "epochs": "Epochs",
    "seed": "Seed",
    "folds": "Leave-out folds",
    "anomalies": "Labelled anomalies (images)",
}


def box(boxes: Boxes, name: str) -> DeltaGenerator:
    """Make and note the box of the field `name`; draw the field in it."""
    boxes[name] = st.container(key=f"field_{name}")
    return boxes[name]


def say(boxes: Boxes, error: MisfitError, config: TrainingConfig) -> None:
    """Say what is wrong: below the form, and in the field that has the value, if it is one field's."""
    name, text = in_words(error)
    if name in boxes:
        with boxes[name], st.container(key="odd_value"):
            st.markdown(f":material/error: {plain(text)}")
    place = ""
    if name in boxes and name not in LABELS:
        place = f" It is under {'Losses' if name in config.loss_names else 'More'}."
    st.error(plain(text + place), icon=":material/error:")


def in_words(error: MisfitError) -> tuple[str, str]:
    """Return (the name of the field that the error is about, or "", the error with the field's label for its name)."""
    text = str(error)
    if "labelled anomalies were asked for" in text:
        return "anomalies", text
    match = re.match(r"([a-z][a-z0-9_]*) is ", text)
    if not match:
        return "", text
    name = match[1]
    return name, (LABELS.get(name) or field(name, 0).label) + text[len(name) :]
