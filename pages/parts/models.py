"""The chosen trained model and its data, loaded once for all sessions. Only functions that use weights import torch."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.basics.errors import CheckpointError, DataError
from core.basics.names import MODEL_NAMES
from core.basics.text import plain
from core.data.dataset import Images
from core.data.tasks import test_roles
from core.judging import judgement
from core.judging.judgement import Judgement
from core.store import checkpoints
from core.store.checkpoints import Checkpoint
from pages.parts import stored
from pages.parts.chosen import Chosen
from pages.parts.datasets import description, key, known, test_images
from pages.parts.trained import damaged, of_data

if TYPE_CHECKING:
    from core.gans.build import Generator


_REPLACED = "The model in {} has just been replaced by another one; reload the page to see that one."


def say_damaged() -> None:
    """Name every damaged model of the sidebar's normal class, and the model that is shown instead."""
    state = st.session_state
    for place in damaged(state["normal"]):
        text = "The models in it are left out."
        if place.model:
            shown = pick(place.model, state["normal"], state.get("trained") if place.model == state["model"] else None)
            text = f"This {MODEL_NAMES[place.model]} is left out until its folder is restored"
            text += f"; “{label(shown)}” is shown." if shown else "."
        st.warning(f"{plain(place.problem)} {text}", icon=":material/broken_image:")


def of(model: str, normal: str) -> list[Checkpoint]:
    """List the trained models of one kind and class of the chosen data set, shipped ones first."""
    return [
        checkpoint
        for checkpoint in of_data(key())
        if (checkpoint.card.model, checkpoint.task.normal) == (model, normal)
    ]


def label(checkpoint: Checkpoint) -> str:
    """Return a trained model's name in the picker; if its run kept two models, with “last” or “best”."""
    if not checkpoint.which:
        return f"{checkpoint.name} · {checkpoint.task.regime}"
    return f"{checkpoint.run} · {checkpoint.which}, epoch {checkpoint.card.epochs_trained} · {checkpoint.task.regime}"


def identity(checkpoint: Checkpoint) -> str:
    """Return a model's name in the link."""
    regime = "" if checkpoint.task.regime == "seen" else f"-{checkpoint.task.regime}"
    return checkpoint.name + (regime if checkpoint.name == "shipped" else "")


def pick(model: str, normal: str, trained: str | None = None) -> Checkpoint | None:
    """Return the trained model with the identity `trained`, else the first of its kind and class, else None."""
    candidates = of(model, normal)
    return next((each for each in candidates if identity(each) == trained), candidates[0] if candidates else None)


def chosen(model: str | None = None) -> Chosen:
    """Return the sidebar's model with its scores; `model` asks for another GAN of the same class.

    Stops the page with a message when there is no such model, and with the stored figures when the test images are not
    here. Raises CheckpointError when the scores are damaged.
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
    """Say that there is no such model, and what the user can do."""
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
    """Return the chosen model, then the other GAN of its class if one can be read. Stops the page like `chosen`."""
    first = chosen()
    return [first, *(other for other in trained_gans() if other.checkpoint.card.model != first.checkpoint.card.model)]


def picked() -> list[Checkpoint]:
    """List each GAN that is trained for the normal class, traditional first."""
    state = st.session_state
    gans = [pick(m, state["normal"], state.get("trained") if m == state["model"] else None) for m in MODEL_NAMES]
    return [gan for gan in gans if gan]


def trained_gans() -> list[Chosen]:
    """List each GAN that is trained for the normal class, traditional first.

    Warn about a GAN with damaged scores, or tested on images that are not here, and leave it out.
    """
    whole = []
    for checkpoint in picked():
        try:
            whole.append(opened(checkpoint))
        except (CheckpointError, DataError) as error:
            st.warning(plain(error), icon=":material/warning:")
    return whole


def opened(checkpoint: Checkpoint) -> Chosen:
    """Read a model's stored scores with their roles. Raises CheckpointError or DataError."""
    return _opened(str(checkpoint.folder), checkpoint.card.scores_sha256, test_images())


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={Images: lambda images: images.fingerprint})
def _opened(folder: str, scores_sha256: str, test: Images) -> Chosen:
    checkpoint = checkpoints.load(Path(folder))
    if checkpoint.card.scores_sha256 != scores_sha256:
        raise CheckpointError(_REPLACED.format(folder))
    checkpoint.test_scores(test)
    normal, anomaly = test_roles(checkpoint.task, test.labels)
    return Chosen(checkpoint, checkpoint.scores, test.labels, normal, anomaly)


@st.cache_resource(max_entries=8, show_spinner="Loading the model…")
def _generator(folder: str, weights_sha256: str) -> "Generator":
    checkpoint = checkpoints.load(Path(folder))
    if checkpoint.card.weights_sha256 != weights_sha256:  # never use this card with another model's weights
        raise CheckpointError(_REPLACED.format(folder))
    return checkpoint.generator()


def generator(gan: Chosen) -> "Generator":
    """Return a model's generator, loaded once for all sessions. Imports torch. Raises CheckpointError."""
    return _generator(str(gan.checkpoint.folder), gan.checkpoint.card.weights_sha256)


def reconstruct(gan: Chosen, images: np.ndarray) -> np.ndarray:
    """Reconstruct uint8 [N, H, W, C] as float32 [N, H, W, C] on [-1, 1]. Imports torch. Raises CheckpointError."""
    from core.gans import scoring

    return scoring.reconstruct(generator(gan), images)


def score(gan: Chosen, images: np.ndarray) -> np.ndarray:
    """Score uint8 [N, H, W, C]: float32 [N]. Imports torch. Raises CheckpointError."""
    from core.gans import scoring

    return scoring.score(generator(gan), images)


def judge(gan: Chosen, images: np.ndarray) -> list[Judgement]:
    """Judge uint8 [N, H, W, C] at `gan`'s threshold in force. Imports torch. Raises CheckpointError, DataError."""
    return judgement.judge(gan.checkpoint, generator(gan), images, known(), test_images(), threshold(gan))


def threshold(gan: Chosen) -> float:
    """Return this model's threshold in force: as set for it in the link or on the ROC page, else its starting one.

    Each model has its own threshold, because scores of two models differ in scale.
    """
    value = st.session_state.get("threshold")
    if value is not None and st.session_state.get("_threshold_of") == gan.checkpoint.card.scores_sha256:
        return float(value)
    return gan.checkpoint.threshold


def settle_threshold(checkpoint: Checkpoint | None) -> None:
    """Forget the threshold when it was set for another model than the chosen one."""
    state = st.session_state
    mark = checkpoint.card.scores_sha256 if checkpoint else None
    if state.get("_threshold_of") not in (None, mark):
        state["threshold"] = None
    state["_threshold_of"] = mark


def origin(chosen: Chosen) -> dict[str, object]:
    """Return what a CSV says of the model in each of its lines: data set, normal class, GAN, regime, seed and name."""
    card = chosen.checkpoint.card
    return {
        "data": chosen.data.key,
        "normal": card.task.normal,
        "model": card.model,
        "regime": card.task.regime,
        "seed": card.seed,
        "trained": chosen.checkpoint.name,
    }
