"""The survey of the chosen model: made once with a progress bar, kept on disk by weights, shared by all sessions."""

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

_MAKING = threading.Lock()  # with two visitors at once, the second uses the survey that the first has made


@st.cache_resource(max_entries=16, show_spinner=False)
def _shelf(weights_sha256: str) -> dict[str, Survey]:
    """Return the dict that holds a survey for all sessions, even where it cannot be written to disk."""
    return {}


def known(look: Look) -> Survey | None:
    """Return the survey if one has been made with these weights, else None. Never imports torch."""
    held = _shelf(look.chosen.checkpoint.card.weights_sha256)
    if "survey" not in held:
        known_survey = survey.kept(look.chosen.checkpoint, len(look.test.images))
        if known_survey is None:
            return None
        held["survey"] = known_survey
    return held["survey"]


def made(look: Look) -> Survey:
    """Return the survey; make it first if needed, with a progress bar. Raises CheckpointError."""
    known_survey = known(look)
    if known_survey is None:
        with _progress() as say, _MAKING:
            known_survey = known(look) or _hold(
                look.chosen.checkpoint,
                survey.make(
                    look.chosen.checkpoint,
                    look.test,
                    say(f"Running the {len(look.test.images):,} test images through the encoder…"),
                ),
            )
    return known_survey


def with_tsne(look: Look) -> Survey:
    """Return the survey with its t-SNE map; make it first if needed. Raises CheckpointError."""
    known_survey = made(look)
    if not len(known_survey.tsne):
        sampled = int(np.minimum(np.bincount(look.test.labels), survey.SAMPLE).sum())
        with _progress() as say, _MAKING:
            known_survey = known(look) or known_survey
            if not len(known_survey.tsne):
                done = say(
                    f"Arranging {sampled:,} images by t-SNE; this takes about ten seconds, once for these weights…"
                )
                known_survey = _hold(
                    look.chosen.checkpoint, survey.with_tsne(known_survey, look.chosen.checkpoint, look.test, done)
                )
    return known_survey


def _hold(checkpoint: Checkpoint, known_survey: Survey) -> Survey:
    _shelf(checkpoint.card.weights_sha256)["survey"] = known_survey
    try:
        survey.keep(checkpoint, known_survey)
    except OSError as error:
        st.caption(f":material/info: It is not kept beyond this server's life: the disk refused it ({error.strerror}).")
    return known_survey


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str], Callable[[float], object]]]:
    """Show a progress bar during the block. Yield `say`: say(text) returns a callback for the share done, 0…1."""
    bar = st.progress(0.0, "Reading the model…")
    try:
        yield lambda text: lambda share: bar.progress(min(1.0, share), text)
    except MisfitError:
        bar.empty()  # the error message takes its place
        raise
    bar.empty()
