"""The chosen data set: its description and its images, read once for all sessions."""

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from core.basics.errors import DataError
from core.data import catalog, tasks
from core.data.dataset import DataSet, Description, Images, Masks, Source
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import Task
from core.judging import novelty
from core.judging.novelty import Known
from core.store.checkpoints import Checkpoint
from pages.parts import trained

DEFAULT = FASHION_MNIST.description.key
# A data set whose files have changed is a new object (core/data/catalog.py), and so has a new hash.
_HASH: dict[str | type, Callable[[Any], int]] = {DataSet: hash, Task: hash}


def key() -> str:
    """Return the chosen data set's key, as it stands in links."""
    return st.session_state.get("data", DEFAULT)


def choices() -> tuple[dict[str, str], list[str]]:
    """Return the data sets that can be chosen, key → name in the picker, and a message for each damaged data set.

    A data set whose images are gone can be chosen as long as there are models of it: their stored figures are shown. Not
    so an example whose photos nobody has brought yet, although a model of it is in the box.
    """
    names, problems = {}, []
    for each in catalog.available():
        try:
            names[each] = catalog.get(each).description.name
        except DataError as error:
            problems.append(str(error))
    for checkpoint in trained.discovered()[0]:
        data = checkpoint.task.data
        if checkpoint.run is not None:
            names.setdefault(data.key, f"{data.name} – images not here")
    return names, problems


def data_set() -> DataSet:
    """Open the chosen data set. Raises DataError when it is not here or damaged."""
    return catalog.get(key())


def description() -> Description:
    """Describe the chosen data set; if it is not here, use a trained model's card. Raises DataError."""
    try:
        return data_set().description
    except DataError:
        if models := trained.of_data(key()):
            return models[0].task.data
        raise


def test_images() -> Images:
    """Return the test split of the chosen data set. Raises DataError."""
    data = data_set()
    return _test_images(data, data.find("test"))


@st.cache_resource(max_entries=2, show_spinner=False, hash_funcs=_HASH)
def _test_images(data: DataSet, source: Source) -> Images:
    return data.load("test")


def test_masks() -> Masks | None:
    """Return where the defects of the test images are; None where none is marked. Raises DataError."""
    data = data_set()
    return _test_masks(data, data.find("test"))


@st.cache_resource(max_entries=2, show_spinner=False, hash_funcs=_HASH)
def _test_masks(data: DataSet, source: Source) -> Masks | None:
    return data.masks("test")


def count(split: str) -> int:
    """Count the images of a split ("train" or "test") from its labels. Raises DataError."""
    data = data_set()
    return _count(data, data.find(split), split)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=_HASH)
def _count(data: DataSet, source: Source, split: str) -> int:
    return sum(data.counts(split))


def known() -> Known:
    """Fit the novelty check to the training images of all classes; a few seconds, once. Raises DataError."""
    data = data_set()
    return _known(data, data.find("train"))


@st.cache_resource(max_entries=2, show_spinner="Looking through the training images…", hash_funcs=_HASH)
def _known(data: DataSet, source: Source) -> Known:
    return novelty.fit(data.load("train"))


def trained_normals(checkpoint: Checkpoint) -> np.ndarray | None:
    """Return the normal images that this model was trained on, uint8 [N, H, W, C]; None if the data set here differs.

    Raises DataError.
    """
    data = data_set()
    return _trained_normals(data, data.find("train"), checkpoint.task, checkpoint.card.data_fingerprint)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=_HASH)
def _trained_normals(data: DataSet, source: Source, task: Task, fingerprint: str) -> np.ndarray | None:
    return tasks.trained_normals(task, fingerprint, data.load("train"))
