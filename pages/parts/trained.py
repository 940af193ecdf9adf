"""Every trained model on disk, read once for all sessions."""

import contextlib

import streamlit as st

from core.basics.names import MODEL_NAMES
from core.store import checkpoints, discovery
from core.store.checkpoints import Checkpoint
from core.store.discovery import Damaged


def discovered() -> tuple[list[Checkpoint], list[Damaged]]:
    """List every trained model and every damaged model; read again only when a card on disk changes."""
    folders, unreadable = discovery.places()
    stamps = []
    for folder in folders:
        stamp = (0, 0)
        with contextlib.suppress(OSError):  # the card is missing, or the run is being removed
            facts = (folder / checkpoints.CARD).stat()
            stamp = (facts.st_mtime_ns, facts.st_ino)
        stamps.append((str(folder), *stamp))
    return _discovered(repr((stamps, [problem for _, problem in unreadable])))


@st.cache_resource(max_entries=2, show_spinner=False)
def _discovered(places: str) -> tuple[list[Checkpoint], list[Damaged]]:
    """Read them. `places` is one text because Streamlit hashes that at once, and a list part by part."""
    return discovery.discover()


def of_data(key: str) -> list[Checkpoint]:
    """List the trained models of the data set with this key: in the box, trained or imported."""
    return [checkpoint for checkpoint in discovered()[0] if checkpoint.task.data.key == key]


def damaged(normal: str, model: str | None = None) -> list[Damaged]:
    """List the damaged folders that may hold a trained model of this class: of kind `model`, or of any kind."""
    return [
        place
        for place in discovered()[1]
        if any(place.may_be(name, normal) for name in (MODEL_NAMES if model is None else [model]))
    ]
