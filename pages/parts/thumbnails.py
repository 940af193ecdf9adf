"""Small pictures in rows that wrap, each with its name: to look at, not to press (pages/parts/tiles.py has those)."""

from collections.abc import Iterable
from html import escape

import numpy as np
import streamlit as st

from pages.parts.pictures import data_url


def show(pictures: Iterable[tuple[str, np.ndarray]], label: str, named: bool = True) -> None:
    """Draw (name, uint8 [H, W, C] or [H, W]) pairs. `label` is what a screen reader calls the row; without `named`, no name is shown."""
    figures = "".join(
        f'<figure><img src="{data_url(np.ascontiguousarray(image))}" alt="{escape(name)}">'
        + (f'<figcaption title="{escape(name)}">{escape(name)}</figcaption>' if named else "")
        + "</figure>"
        for name, image in pictures
    )
    st.html(f'<div class="mf-thumbnails" role="group" aria-label="{escape(label)}">{figures}</div>')
