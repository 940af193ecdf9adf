"""The trained model that is chosen, and what is loaded of it once for all sessions. torch only where weights are."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.basics.errors import CheckpointError
from core.basics.names import MODEL_NAMES
from core.basics.names import REGIME_HELP as REGIME_HELP  # pages find it here too
from core.basics.text import plain
from core.data import fashion_mnist, tasks
from core.data.tasks import test_roles
from core.judging import judgement, novelty
from core.judging.judgement import Judgement
from core.judging.novelty import Garments
from core.store import checkpoints, discovery
from core.store.checkpoints import Checkpoint, Scores
from core.store.discovery import Damaged
from pages.parts.link import class_name

if TYPE_CHECKING:
    from core.gans.build import Generator


_REPLACED = "The model in {} has just been replaced by another one; reload the page to see that one."


@dataclass(frozen=True)
class Chosen:
    """A checkpoint with its stored scores split by role; `normal` and `anomaly` are masks [10000] over the test split."""

    checkpoint: Checkpoint
    scores: Scores
    normal: np.ndarray
    anomaly: np.ndarray

    @property
    def title(self) -> str:
        """What it is called in headings; a model that is not the shipped one carries its run's name."""
        name = self.checkpoint.name
        return MODEL_NAMES[self.checkpoint.card.model] + ("" if name == "shipped" else f" ({name})")

    @property
    def prevalence(self) -> float:
        """The share of anomalies in this model's test, 0 … 1: the classes that are left out of it count for nothing."""
        return float(self.anomaly.sum() / (self.normal.sum() + self.anomaly.sum()))

    @property
    def regime(self) -> str:
        left_out = self.checkpoint.task.left_out
        return self.checkpoint.task.regime + (f" ({class_name(left_out)} left out)" if left_out else "")


def found() -> tuple[list[Checkpoint], list[Damaged]]:
    """Every trained model, and what is there but damaged; read again only when a card on disk changes."""
    folders, unreadable = discovery.places()
    stamps = []
    for folder in folders:
        stamp = (0, 0)
        with contextlib.suppress(OSError):  # no card, or a run that is being removed
            facts = (folder / checkpoints.CARD).stat()
            stamp = (facts.st_mtime_ns, facts.st_ino)
        stamps.append((str(folder), *stamp))
    return _discovered(tuple(stamps), tuple(problem for _, problem in unreadable))


@st.cache_resource(max_entries=2, show_spinner=False)
def _discovered(
    stamps: tuple[tuple[str, int, int], ...], unreadable: tuple[str, ...]
) -> tuple[list[Checkpoint], list[Damaged]]:
    return discovery.discover()


def damaged(normal: str, model: str | None = None) -> list[Damaged]:
    """What may have been trained models of this class, of one kind or of any, and is damaged."""
    return [
        one
        for one in found()[1]
        if any(one.may_be(name, normal) for name in (MODEL_NAMES if model is None else [model]))
    ]


def say_damaged() -> None:
    """Name every damaged model of the sidebar's normal class, and which one is shown while it is not."""
    state = st.session_state
    for one in damaged(state["normal"]):
        text = "The models in it are left out."
        if one.model:
            shown = pick(one.model, state["normal"], state.get("trained") if one.model == state["model"] else None)
            text = f"This {MODEL_NAMES[one.model]} is left out until its folder is restored"
            text += f"; “{label(shown)}” is shown." if shown else "."
        st.warning(f"{plain(one.problem)} {text}", icon=":material/broken_image:")


def of(model: str, normal: str) -> list[Checkpoint]:
    """The trained models of one kind and class, shipped ones first."""
    return [one for one in found()[0] if one.card.model == model and one.task.normal == normal]


def label(checkpoint: Checkpoint) -> str:
    """How the picker names one of several trained models; of a run that kept two, which it is."""
    if not checkpoint.which:
        return f"{checkpoint.name} · {checkpoint.task.regime}"
    return f"{checkpoint.run} · {checkpoint.which}, epoch {checkpoint.card.epochs_trained} · {checkpoint.task.regime}"


def identity(checkpoint: Checkpoint) -> str:
    """How the link names it."""
    regime = "" if checkpoint.task.regime == "seen" else f"-{checkpoint.task.regime}"
    return checkpoint.name + (regime if checkpoint.name == "shipped" else "")


def pick(model: str, normal: str, trained: str | None = None) -> Checkpoint | None:
    """The trained model that is chosen, else the first of its kind and class, else None."""
    candidates = of(model, normal)
    return next((one for one in candidates if identity(one) == trained), candidates[0] if candidates else None)


def chosen(model: str | None = None) -> Chosen:
    """What the sidebar says, with its scores; `model` asks for the other GAN of the same class.

    Stops the page with a kind message when there is none. Raises CheckpointError when its scores are damaged, DataError.
    """
    state = st.session_state
    model = model or state["model"]
    checkpoint = pick(model, state["normal"], state.get("trained") if model == state["model"] else None)
    if checkpoint is None:
        others = trained_gans()
        missing = "can be shown" if damaged(state["normal"], model) else "has been trained yet"
        st.info(
            f"No {MODEL_NAMES[model]} {missing} with {class_name(state['normal'])} as the normal class. "
            + (
                f"There is the {others[0].title}: choose it in the sidebar, or another class, or train this one."
                if others
                else "Choose another class in the sidebar, or train this one."
            ),
            icon=":material/model_training:",
        )
        st.page_link("pages/train/page.py", label="Train it", icon=":material/model_training:")
        st.stop()
    return opened(checkpoint)


def rivals() -> list[Chosen]:
    """The chosen model first, then the other GAN of the same class where one is trained and whole. Stops like `chosen`."""
    first = chosen()
    return [first, *(other for other in trained_gans() if other.checkpoint.card.model != first.checkpoint.card.model)]


def trained_gans() -> list[Chosen]:
    """Each GAN that is trained for the normal class, traditional first; one with damaged scores is said to be so and left
    out. Raises DataError."""
    state, whole = st.session_state, []
    for model in MODEL_NAMES:
        one = pick(model, state["normal"], state.get("trained") if model == state["model"] else None)
        try:
            whole += [opened(one)] if one else []
        except CheckpointError as error:
            st.warning(plain(error), icon=":material/warning:")
    return whole


def opened(checkpoint: Checkpoint) -> Chosen:
    """The stored scores with their roles. Raises CheckpointError or DataError."""
    return _opened(str(checkpoint.folder), checkpoint.card.scores_sha256)


@st.cache_resource(max_entries=32, show_spinner=False)
def _opened(folder: str, scores_sha256: str) -> Chosen:
    checkpoint = checkpoints.load(Path(folder))
    if checkpoint.card.scores_sha256 != scores_sha256:
        raise CheckpointError(_REPLACED.format(folder))
    checkpoint.test_scores(test_images())
    normal, anomaly = test_roles(checkpoint.task, test_images().labels)
    return Chosen(checkpoint, checkpoint.scores, normal, anomaly)


@st.cache_resource(show_spinner=False)
def test_images() -> fashion_mnist.Images:
    """The test split, read once."""
    return fashion_mnist.load("test")


@st.cache_resource(max_entries=8, show_spinner="Loading the model…")
def _generator(folder: str, weights_sha256: str) -> "Generator":
    checkpoint = checkpoints.load(Path(folder))
    if checkpoint.card.weights_sha256 != weights_sha256:  # never another model's scores beside this one's card
        raise CheckpointError(_REPLACED.format(folder))
    return checkpoint.generator()


def reconstruct(one: Chosen, images: np.ndarray) -> np.ndarray:
    """G(x) of uint8 [N, 28, 28] → float32 [N, 28, 28] on [-1, 1]. Imports torch. Raises CheckpointError."""
    from core.gans import scoring

    checkpoint = one.checkpoint
    generator = _generator(str(checkpoint.folder), checkpoint.card.weights_sha256)
    return scoring.reconstruct(generator, images)


def judge(one: Chosen, images: np.ndarray) -> list[Judgement]:
    """What the model says of uint8 [N, 28, 28] at the threshold in force. Imports torch. Raises CheckpointError, DataError."""
    checkpoint = one.checkpoint
    generator = _generator(str(checkpoint.folder), checkpoint.card.weights_sha256)
    return judgement.judge(checkpoint, generator, images, known_garments(), test_images(), threshold(one))


def known_garments() -> Garments:
    """What training images of all classes look like; compared with once, a few seconds. Raises DataError."""
    return _known_garments(fashion_mnist.find("train"))


@st.cache_resource(max_entries=2, show_spinner="Comparing garments…")
def _known_garments(source: fashion_mnist.Source) -> Garments:
    return novelty.fit(fashion_mnist.load("train"))


def trained_normals(checkpoint: Checkpoint) -> np.ndarray | None:
    """The normal images here that this model was trained on: uint8 [N, 28, 28]; None where it was trained on others.

    Raises DataError.
    """
    return _trained_normals(fashion_mnist.find("train"), checkpoint.task.normal, checkpoint.card.data_fingerprint)


@st.cache_resource(max_entries=4, show_spinner=False)
def _trained_normals(source: fashion_mnist.Source, normal: str, fingerprint: str) -> np.ndarray | None:
    return tasks.trained_normals(normal, fingerprint, fashion_mnist.load("train"))


def threshold(one: Chosen) -> float:
    """The threshold in force for this model: what the link or the ROC page says for the chosen one, else the one that it
    starts with. A threshold belongs to the model it was set for; another model's scores differ in scale."""
    value = st.session_state.get("threshold")
    if value is not None and st.session_state.get("_threshold_of") == one.checkpoint.card.scores_sha256:
        return float(value)
    return one.checkpoint.threshold


def settle_threshold(checkpoint: Checkpoint | None) -> None:
    """Forget the threshold once another model is chosen than the one it was set for."""
    state = st.session_state
    mark = checkpoint.card.scores_sha256 if checkpoint else None
    if state.get("_threshold_of") not in (None, mark):
        state["threshold"] = None
    state["_threshold_of"] = mark
