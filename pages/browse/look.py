"""The data of the page: the chosen model's stored scores, the outcome of each image, and the other GAN's scores."""

import contextlib
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.basics.errors import CheckpointError, DataError
from core.basics.names import MODEL_NAMES
from core.basics.text import plain
from core.data.dataset import Description, Images
from core.metrics import outcomes
from core.metrics.outcomes import OUTCOMES
from core.store.checkpoints import WEIGHTS, Checkpoint
from pages.parts import models, tiles
from pages.parts.chosen import Chosen


@dataclass(frozen=True)
class Look:
    """`outcome` int8 [N] indexes OUTCOMES (outcomes.NEITHER: not in the test). `rivals`: `chosen`, then the other GAN.

    `fallen_back`: the requested model is damaged and `chosen` is the other GAN.
    """

    chosen: Chosen
    rivals: list[Chosen]
    limit: float
    test: Images
    outcome: np.ndarray
    fallen_back: bool

    @property
    def data(self) -> Description:
        return self.chosen.data

    @property
    def scores(self) -> np.ndarray:
        return self.chosen.scores.test

    @property
    def roles(self) -> np.ndarray:
        """The images that are in the test of this model: bool [N]."""
        return self.outcome >= 0

    def name(self, number: int) -> str:
        """Return the class name of a test image."""
        return self.data.class_names[self.test.labels[number]]

    def outcome_name(self, number: int) -> str:
        """Return the outcome's name, or "" for an image that is not in the test."""
        return OUTCOMES[self.outcome[number]] if self.outcome[number] >= 0 else ""

    def tile(self, number: int, note: str = "") -> tiles.Tile:
        image, score = self.test.images[number], float(self.scores[number])
        return tiles.Tile(int(number), image, score, self.outcome_name(number), self.name(number), note)


def take() -> Look:
    """Read the chosen model's scores. If they cannot be used, say so and take the other GAN of the same class.

    Stop the page with a message where there is no other GAN.
    """
    state = st.session_state
    checkpoint = models.pick(state["model"], state["normal"], state.get("trained"))
    chosen, fallen_back = None, False
    if checkpoint is not None:
        with contextlib.suppress(DataError):  # models.chosen reports it below
            chosen, fallen_back = _opened(checkpoint)
    if chosen is None:
        chosen = models.chosen()  # reports what is missing or damaged, and stops the page
    rivals = [chosen] if fallen_back else [chosen, *_others(chosen.checkpoint)]
    for rival in rivals:
        _say_if_weights_differ(rival)
    limit = models.threshold(chosen)
    outcome = outcomes.outcomes(chosen.scores.test, chosen.normal, chosen.anomaly, limit)
    return Look(chosen, rivals, limit, models.test_images(), outcome, fallen_back)


def _opened(checkpoint: Checkpoint) -> tuple[Chosen | None, bool]:
    """Return (the model, False); if damaged (the other GAN of its class, True) or (None, False). Raises DataError."""
    try:
        return models.opened(checkpoint), False
    except CheckpointError as error:
        other = next(iter(_others(checkpoint)), None)
        if other is None:
            return None, False
        st.warning(f"{plain(error)} The {other.title} of the same class is shown instead.", icon=":material/error:")
        return other, True


def _others(checkpoint: Checkpoint) -> list[Chosen]:
    """Return the other GAN of the same class, of the same regime if possible; an empty list if none can be read.

    Warn about each model with damaged scores.
    """
    for model in MODEL_NAMES:
        if model == checkpoint.card.model:
            continue
        candidates = models.of(model, checkpoint.task.normal)
        for other in sorted(candidates, key=lambda candidate: candidate.task.regime != checkpoint.task.regime):
            try:
                return [models.opened(other)]
            except CheckpointError as error:
                st.warning(plain(error), icon=":material/warning:")
    return []


def _say_if_weights_differ(gan: Chosen) -> None:
    try:
        stamp = (gan.checkpoint.folder / WEIGHTS).stat().st_mtime_ns
    except OSError:
        stamp = 0
    problem = _weights_problem(str(gan.checkpoint.folder), gan.checkpoint.card.weights_sha256, stamp, gan)
    if problem:
        st.warning(
            f"{plain(problem)} The stored scores of the {gan.title} are shown as they are; reconstructions of these weights would "
            "not belong to them and are left out.",
            icon=":material/link_off:",
        )


@st.cache_data(max_entries=32, show_spinner=False)
def _weights_problem(folder: str, weights_sha256: str, stamp: int, _gan: Chosen) -> str:
    try:
        _gan.checkpoint.check_weights()
    except CheckpointError as error:
        return str(error)
    return ""


@st.cache_data(max_entries=32, show_spinner=False)
def disagreement(first_mark: str, second_mark: str, _first: Chosen, _second: Chosen) -> np.ndarray:
    """Return outcomes.disagreement of two models over the test split: float64 [N]."""
    pairs = [(gan.scores.test, gan.scores.validation_normal) for gan in (_first, _second)]
    return outcomes.disagreement(*pairs[0], *pairs[1])
