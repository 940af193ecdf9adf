"""A shelf of small pictures that can be opened by click or key. It is our own component: `st.image` cannot be clicked,
and a hundred `st.button` cost a hundred widgets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from pages.parts.component import component
from pages.parts.pictures import data_url

_tiles = component("tiles", Path(__file__).parent, "tiles")

# (sign, word, colour): colour is never the only mark.
OUTCOMES = {
    "caught": ("✓", "caught: an anomaly, flagged", "good"),
    "missed": ("✗", "missed: an anomaly that passed", "bad"),
    "false-alarm": ("!", "false alarm: a normal image, flagged", "warn"),
    "passed": ("○", "passed: a normal image, not flagged", "plain"),
}


@dataclass(frozen=True)
class Tile:
    """One picture: its number in the test split, its pixels uint8 [H, W, C], its score, its outcome, a class name, and
    a note below. The outcome is "" for an image that is neither normal nor an anomaly. `second` is a picture beside the
    first, uint8 [H, W, 3]; `does` says what a click does, if it does not open the image."""

    number: int
    image: np.ndarray
    score: float
    outcome: str
    class_name: str
    note: str = ""
    second: np.ndarray | None = None
    does: str = ""


def show(
    tiles: Sequence[Tile], key: str, on_open: Callable[[int], None], label: str = "Images", cards: bool = False
) -> None:
    """Draw the tiles, with `cards` as cards for notes of a sentence. `on_open` is called with an opened tile's number.

    `label` is what a screen reader calls the shelf.
    """

    def opened() -> None:
        number = st.session_state[key].get("open")
        if isinstance(number, int) and any(tile.number == number for tile in tiles):
            on_open(number)

    content = [_sent(tile, cards) for tile in tiles]
    data = {"tiles": content, "label": f"{label}; arrow keys move, Enter opens", "cards": cards}
    _tiles(key=key, data=data, on_open_change=opened)


def _sent(tile: Tile, cards: bool) -> dict[str, Any]:
    """Return the data of a tile for the browser."""
    mark, meaning, tone = sign(tile.outcome) if not tile.does else ("", "", "")
    parts = [f"{tile.class_name}, {'mean ' if tile.does else ''}score {tile.score:.3f}{', ' * bool(meaning)}{meaning}"]
    parts += [tile.note.rstrip(".")] if tile.note else []
    does = (tile.does or f"Open image {tile.number}").rstrip(".")
    parts += [does]
    return {
        "number": tile.number,
        "src": data_url(tile.image),
        "second": None if tile.second is None else data_url(tile.second),
        "score": f"{tile.class_name} · {tile.score:.3f}" if cards else f"{tile.score:.3f}",
        "sign": mark,
        "tone": tone,
        "name": ". ".join(parts) + ".",
        "note": tile.note,
        "more": f"{'Mean score' if tile.does else 'Score'} {tile.score:.3f}. {meaning}{'. ' * bool(meaning)}{does}."
        if cards
        else "",
    }


def sign(outcome: str) -> tuple[str, str, str]:
    """Return (sign, words, tone) of an outcome."""
    return OUTCOMES.get(outcome, ("–", "neither normal nor an anomaly of this test", "none"))
