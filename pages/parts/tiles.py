"""A shelf of small pictures that can be opened by click or key: a component of ours, because `st.image` cannot be
clicked and a hundred `st.button` cost a hundred widgets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from pages.parts.pictures import data_url

_HERE = Path(__file__).parent
_tiles = st.components.v2.component(
    "misfit_tiles",
    css=(_HERE / "tiles.css").read_text("utf-8"),
    js=(_HERE / "tiles.js").read_text("utf-8"),
)

# (sign, word, colour): colour never stands alone.
OUTCOMES = {
    "caught": ("✓", "caught: an anomaly, flagged", "good"),
    "missed": ("✗", "missed: an anomaly that passed", "bad"),
    "false-alarm": ("!", "false alarm: a normal image, flagged", "warn"),
    "passed": ("○", "passed: a normal image, not flagged", "plain"),
}


@dataclass(frozen=True)
class Tile:
    """One picture: its number in the test split, its pixels uint8 [28, 28], its score, an outcome and a class name."""

    number: int
    image: np.ndarray
    score: float
    outcome: str
    class_name: str


def show(tiles: Sequence[Tile], key: str, on_open: Callable[[int], None]) -> None:
    """Draw the tiles; `on_open` is called with the number of the one that is opened."""

    def opened() -> None:
        number = st.session_state[key].get("open")
        if isinstance(number, int) and any(tile.number == number for tile in tiles):
            on_open(number)

    content = [
        {
            "number": tile.number,
            "src": data_url(tile.image),
            "score": f"{tile.score:.3f}",
            "sign": OUTCOMES[tile.outcome][0],
            "tone": OUTCOMES[tile.outcome][2],
            "name": f"{tile.class_name}, score {tile.score:.3f}, {OUTCOMES[tile.outcome][1]}. Open image {tile.number}.",
        }
        for tile in tiles
    ]
    _tiles(key=key, data=content, on_open_change=opened)
