"""The trained model that is chosen, and what is loaded of it once for all sessions. torch only where weights are."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.basics.errors import CheckpointError, DataError
from core.basics.names import MODEL_NAMES
from core.basics.names import REGIME_HELP as REGIME_HELP  # pages find it here too
from core.basics.text import plain
from core.data.dataset import Description, Images
from core.data.tasks import test_roles
from core.judging import judgement
from core.judging.judgement import Judgement
from core.store import checkpoints
from core.store.checkpoints import Checkpoint, Scores
from core.store.discovery import Damaged
from pages.parts import stored
from pages.parts.datasets import data_set as data_set  # pages find these here too
from pages.parts.datasets import description as description
from pages.parts.datasets import key, known, test_images
from pages.parts.datasets import trained_normals as trained_normals
from pages.parts.trained import discovered

if TYPE_CHECKING:
    from core.gans.build import Generator


_REPLACED = "The model in {} has just been replaced by another one; reload the page to see that one."


@dataclass(frozen=True)
class Chosen:
    """A checkpoint with its stored scores split by role; `normal` and `anomaly` are masks [N] over the test split."""

    checkpoint: Checkpoint
    scores: Scores
    normal: np.ndarray
    anomaly: np.ndarray

    @property
    def data(self) -> Description:
        return self.checkpoint.task.data

    @property
    def normal_name(self) -> str:
        """What the normal class is called."""
        return self.data.class_name(self.checkpoint.task.normal)

    @property
    def title(self) -> str:
        return title(self.checkpoint)

    @property
    def prevalence(self) -> float:
        """The share of anomalies in this model's test, 0 … 1: the classes that are left out of it count for nothing."""
        return float(self.anomaly.sum() / (self.normal.sum() + self.anomaly.sum()))

    @property
    def regime(self) -> str:
        return regime(self.checkpoint)


def title(checkpoint: Checkpoint) -> str:
    """What a model is called in headings; one that is not the shipped one carries its run's name."""
    name = checkpoint.name
    return MODEL_NAMES[checkpoint.card.model] + ("" if name == "shipped" else f" ({name})")


def regime(checkpoint: Checkpoint) -> str:
    """The regime it was trained in, with the class that was left out."""
    left_out = checkpoint.task.left_out
    return checkpoint.task.regime + (f" ({checkpoint.task.data.class_name(left_out)} left out)" if left_out else "")


def damaged(normal: str, model: str | None = None) -> list[Damaged]:
    """What may have been trained models of this class, of one kind or of any, and is damaged."""
    return [
        place
        for place in discovered()[1]
        if any(place.may_be(name, normal) for name in (MODEL_NAMES if model is None else [model]))
    ]


def say_damaged() -> None:
    """Name every damaged model of the sidebar's normal class, and which one is shown while it is not."""
    state = st.session_state
    for place in damaged(state["normal"]):
        text = "The models in it are left out."
        if place.model:
            shown = pick(place.model, state["normal"], state.get("trained") if place.model == state["model"] else None)
            text = f"This {MODEL_NAMES[place.model]} is left out until its folder is restored"
            text += f"; “{label(shown)}” is shown." if shown else "."
        st.warning(f"{plain(place.problem)} {text}", icon=":material/broken_image:")


def of(model: str, normal: str) -> list[Checkpoint]:
    """The trained models of one kind and class of the chosen data set, shipped ones first."""
    return [
        checkpoint
        for checkpoint in discovered()[0]
        if (checkpoint.card.model, checkpoint.task.normal, checkpoint.task.data.key) == (model, normal, key())
    ]


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
    return next((each for each in candidates if identity(each) == trained), candidates[0] if candidates else None)


def chosen(model: str | None = None) -> Chosen:
    """What the sidebar says, with its scores; `model` asks for the other GAN of the same class.

    Stops the page with a kind message when there is none, and with the stored figures when the test images are not here.
    Raises CheckpointError when its scores are damaged.
    """
    state = st.session_state
    model = model or state["model"]
    checkpoint = pick(model, state["normal"], state.get("trained") if model == state["model"] else None)
    if checkpoint is None:
        _say_none_trained(model)
        st.stop()
    try:
        return opened(checkpoint)
    except DataError as error:
        st.warning(plain(error), icon=":material/image_not_supported:")
        stored.show(checkpoint)
        st.stop()


def _say_none_trained(model: str) -> None:
    """Say that there is no such model, and what can be done."""
    normal = st.session_state["normal"]
    others = trained_gans()
    missing = "can be shown" if damaged(normal, model) else "has been trained yet"
    st.info(
        f"No {MODEL_NAMES[model]} {missing} with {description().class_name(normal)} as the normal class. "
        + (
            f"There is the {others[0].title}: choose it in the sidebar, or another class, or train this one."
            if others
            else "Choose another class in the sidebar, or train this one."
        ),
        icon=":material/model_training:",
    )
    st.page_link("pages/train/page.py", label="Train it", icon=":material/model_training:")


def rivals() -> list[Chosen]:
    """The chosen model first, then the other GAN of the same class where one is trained and whole. Stops like `chosen`."""
    first = chosen()
    return [first, *(other for other in trained_gans() if other.checkpoint.card.model != first.checkpoint.card.model)]


def picked() -> list[Checkpoint]:
    """Each GAN that is trained for the normal class, traditional first."""
    state = st.session_state
    gans = [pick(m, state["normal"], state.get("trained") if m == state["model"] else None) for m in MODEL_NAMES]
    return [gan for gan in gans if gan]


def trained_gans() -> list[Chosen]:
    """Each GAN that is trained for the normal class, traditional first; one with damaged scores, or tested on images that are
    not here, is said to be so and left out."""
    whole = []
    for checkpoint in picked():
        try:
            whole.append(opened(checkpoint))
        except (CheckpointError, DataError) as error:
            st.warning(plain(error), icon=":material/warning:")
    return whole


def opened(checkpoint: Checkpoint) -> Chosen:
    """The stored scores with their roles. Raises CheckpointError or DataError."""
    return _opened(str(checkpoint.folder), checkpoint.card.scores_sha256, test_images())


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={Images: lambda images: images.fingerprint})
def _opened(folder: str, scores_sha256: str, test: Images) -> Chosen:
    checkpoint = checkpoints.load(Path(folder))
    if checkpoint.card.scores_sha256 != scores_sha256:
        raise CheckpointError(_REPLACED.format(folder))
    checkpoint.test_scores(test)
    normal, anomaly = test_roles(checkpoint.task, test.labels)
    return Chosen(checkpoint, checkpoint.scores, normal, anomaly)


@st.cache_resource(max_entries=8, show_spinner="Loading the model…")
def _generator(folder: str, weights_sha256: str) -> "Generator":
    checkpoint = checkpoints.load(Path(folder))
    if checkpoint.card.weights_sha256 != weights_sha256:  # never another model's scores beside this one's card
        raise CheckpointError(_REPLACED.format(folder))
    return checkpoint.generator()


def reconstruct(gan: Chosen, images: np.ndarray) -> np.ndarray:
    """Make G(x) of uint8 [N, H, W, C] → float32 [N, H, W, C] on [-1, 1]. Imports torch. Raises CheckpointError."""
    from core.gans import scoring

    checkpoint = gan.checkpoint
    generator = _generator(str(checkpoint.folder), checkpoint.card.weights_sha256)
    return scoring.reconstruct(generator, images)


def judge(gan: Chosen, images: np.ndarray) -> list[Judgement]:
    """Judge uint8 [N, H, W, C] at the threshold in force for `gan`. Imports torch. Raises CheckpointError, DataError."""
    checkpoint = gan.checkpoint
    generator = _generator(str(checkpoint.folder), checkpoint.card.weights_sha256)
    return judgement.judge(checkpoint, generator, images, known(), test_images(), threshold(gan))


def threshold(gan: Chosen) -> float:
    """The threshold in force for this model: what the link or the ROC page says for the chosen one, else the one that it
    starts with. A threshold belongs to the model it was set for; another model's scores differ in scale."""
    value = st.session_state.get("threshold")
    if value is not None and st.session_state.get("_threshold_of") == gan.checkpoint.card.scores_sha256:
        return float(value)
    return gan.checkpoint.threshold


def settle_threshold(checkpoint: Checkpoint | None) -> None:
    """Forget the threshold once another model is chosen than the one it was set for."""
    state = st.session_state
    mark = checkpoint.card.scores_sha256 if checkpoint else None
    if state.get("_threshold_of") not in (None, mark):
        state["threshold"] = None
    state["_threshold_of"] = mark
