"""Which image the Overview shows, and what each model made of it: stored, or made when the visitor asks for it."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import plain
from core.gans import maps
from core.store import examples
from pages.parts import datasets, models
from pages.parts.chosen import Chosen

state = st.session_state


@dataclass(frozen=True)
class Example:
    """An image to show, uint8 [H, W, C], and its number in the test; `damaged` says whether a defect was put on it."""

    number: int
    image: np.ndarray
    damaged: bool


@dataclass(frozen=True)
class Made:
    """What a model made of an example: its score, and its reconstruction, float32 [H, W, C] on [-1, 1]."""

    score: float
    reconstruction: np.ndarray


def images(normal: str) -> np.ndarray:
    """Return the numbers of the example images for this normal class: int [N]."""
    return examples.chosen(datasets.description(), normal, models.test_images().labels)


def example(normal: str, gans: Sequence[Chosen]) -> Example:
    """Return the link's test image; else a normal image with a defect, if anything made of it can be shown; else the first."""
    test, number = models.test_images(), state.get("example")
    shows = state.get("_example_live") or any(stored(gan) for gan in gans)
    if number is None and shows and (first := examples.damaged(datasets.description(), normal, test)):
        return Example(*first, damaged=True)
    number = int(images(normal)[0]) if number is None else int(number)
    return Example(number, test.images[number], damaged=False)


def stored(gan: Chosen) -> examples.Stored | None:
    """Return what the GAN made of the examples, if that is stored."""
    with contextlib.suppress(MisfitError):  # its damage is reported where what it holds would stand
        return examples.stored(gan.checkpoint.card.weights_sha256)
    return None


def all_made(gans: Sequence[Chosen], shown: Example) -> list[Made | None]:
    """Return what each GAN made of the example: stored, else made if the visitor asked for it, else None."""
    made: list[Made | None] = []
    problems = {}  # one file holds the stored images of all GANs: its damage is reported once
    for gan in gans:
        try:
            made.append(_made(gan, shown))
        except MisfitError as error:
            made.append(None)
            problems[str(error)] = True
    for problem in problems:
        st.warning(plain(problem), icon=":material/warning:")
    return made


def _made(gan: Chosen, shown: Example) -> Made | None:
    live = state.get("_example_live")
    known = stored(gan) if live else examples.stored(gan.checkpoint.card.weights_sha256)
    if known is not None and shown.damaged:
        return Made(known.score, scaled(known.damaged))
    place = np.flatnonzero(images(gan.checkpoint.task.normal) == shown.number)
    if known is not None and len(place) and place[0] < len(known.images):
        return Made(float(gan.scores.test[shown.number]), scaled(known.images[place[0]]))
    if not live:
        return None
    reconstruction = models.reconstruct(gan, shown.image[None])
    if shown.damaged:
        share = gan.checkpoint.card.scoring.share
        score = float(maps.score_reconstructions(shown.image[None], reconstruction, share)[0])
    else:
        score = float(gan.scores.test[shown.number])
    return Made(score, reconstruction[0])


def scaled(stored: np.ndarray) -> np.ndarray:
    """Convert a stored reconstruction back to float32 on [-1, 1]."""
    return stored.astype(np.float32) / 127.5 - 1.0
