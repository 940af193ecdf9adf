"""The survey of the chosen model: made once with its progress shown, kept on disk by its weights, shared by all sessions."""

import contextlib
import threading
from collections.abc import Callable, Iterator

import numpy as np
import streamlit as st

from core.basics.errors import MisfitError
from core.store import survey
from core.store.checkpoints import Checkpoint
from core.store.survey import Survey
from pages.browse.look import Look

_MAKING = threading.Lock()  # two visitors at once: the second one finds what the first has made


@st.cache_resource(max_entries=16, show_spinner=False)
def _shelf(weights_sha256: str) -> dict[str, Survey]:
    """Where a survey is held for all sessions, even where the disk refuses it."""
    return {}


def known(look: Look) -> Survey | None:
    """The survey, if one has been made of these weights; never imports torch."""
    held = _shelf(look.chosen.checkpoint.card.weights_sha256)
    if "survey" not in held:
        found = survey.kept(look.chosen.checkpoint, len(look.test.images))
        if found is None:
            return None
        held["survey"] = found
    return held["survey"]


def made(look: Look) -> Survey:
    """The survey, made now if need be, with its progress. Raises CheckpointError."""
    found = known(look)
    if found is None:
        with _progress() as say, _MAKING:
            found = known(look) or _hold(
                look.chosen.checkpoint,
                survey.make(
                    look.chosen.checkpoint,
                    look.test,
                    say(f"Running the {len(look.test.images):,} test images through the encoder…"),
                ),
            )
    return found


def with_tsne(look: Look) -> Survey:
    """The survey with its t-SNE map, made now if need be. Raises CheckpointError."""
    found = made(look)
    if not len(found.tsne):
        sampled = int(np.minimum(np.bincount(look.test.labels), survey.SAMPLE).sum())
        with _progress() as say, _MAKING:
            found = known(look) or found
            if not len(found.tsne):
                done = say(
                    f"Arranging {sampled:,} images by t-SNE; this takes about ten seconds, once for these weights…"
                )
                found = _hold(look.chosen.checkpoint, survey.with_tsne(found, look.chosen.checkpoint, look.test, done))
    return found


def _hold(checkpoint: Checkpoint, found: Survey) -> Survey:
    _shelf(checkpoint.card.weights_sha256)["survey"] = found
    try:
        survey.keep(checkpoint, found)
    except OSError as error:
        st.caption(f":material/info: It is not kept beyond this server's life: the disk refused it ({error.strerror}).")
    return found


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str], Callable[[float], object]]]:
    """A bar that is there while something is made; say(text) gives what is to be told the share done, 0…1."""
    bar = st.progress(0.0, "Reading the model…")
    try:
        yield lambda text: lambda share: bar.progress(min(1.0, share), text)
    except MisfitError:
        bar.empty()  # what went wrong is said in its place
        raise
    bar.empty()
