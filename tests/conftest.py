"""Shared by all tests: real data that is always there, two small trainings and their checkpoints, folders of their own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.data import catalog, fashion_mnist, tasks
from core.data.dataset import Images
from core.data.tasks import Split, Task
from core.gans.config import TrainingConfig, config_class
from core.judging import novelty
from core.judging.novelty import Known
from core.store import checkpoints, saving
from core.study import documents

MODELS = ("traditional", "dcgan")
NOWHERE = Path("/nonexistent/fashion-mnist")
TASK = Task(normal="t-shirt", regime="seen", anomalies=900)
SEED = 7


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same on every machine: only the shipped data is there, and runs and data sets go to folders of the test's own."""
    monkeypatch.delenv("FASHION_MNIST_DIR", raising=False)
    monkeypatch.setattr(fashion_mnist, "DEBIAN", NOWHERE)
    monkeypatch.setattr(fashion_mnist, "DOWNLOADED", tmp_path / "data" / "downloaded")
    monkeypatch.setenv("MISFIT_DATA", str(tmp_path / "data" / "own"))  # for processes that the test starts
    monkeypatch.setattr(catalog, "OWN", tmp_path / "data" / "own")
    monkeypatch.setenv("MISFIT_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(checkpoints, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(documents, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(documents, "README", tmp_path / "README.md")


@pytest.fixture(scope="session")
def starter() -> Images:
    """The shipped training set: 1,000 images a class."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FASHION_MNIST_DIR", raising=False)
        patch.setattr(fashion_mnist, "DEBIAN", NOWHERE)
        patch.setattr(fashion_mnist, "DOWNLOADED", NOWHERE)
        return fashion_mnist.load("train")


@pytest.fixture(scope="session")
def test_split() -> Images:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FASHION_MNIST_DIR", raising=False)
        return fashion_mnist.load("test")


@pytest.fixture(scope="session")
def known(starter: Images) -> Known:
    """The training images of all classes, as what a picture is compared with."""
    return novelty.fit(starter)


@pytest.fixture(scope="session")
def small(starter: Images) -> Images:
    """200 images a class of the starter set."""
    kept = np.concatenate([np.flatnonzero(starter.labels == label)[:200] for label in range(10)])
    return Images(starter.images[kept], starter.labels[kept], starter.source)


@pytest.fixture(scope="session")
def small_split(small: Images) -> Split:
    """180 normals and 900 anomalies to train on, 20 and 180 to validate with."""
    return tasks.split(TASK, small)


@pytest.fixture(scope="session")
def quick() -> Callable[..., TrainingConfig]:
    """A model's config for two epochs of five steps on `small_split`."""

    def config(model: str, **changes: object) -> TrainingConfig:
        # The fast average lets ten steps show in the averaged weights and batch-norm statistics.
        return config_class(model)(**{"epochs": 2, "batch_size": 32, "ema_decay": 0.5} | changes)

    return config


@pytest.fixture(scope="session")
def trained(quick: Callable[..., TrainingConfig], small_split: Split) -> dict:
    """A finished Training of each model. Not to be changed by a test."""
    from core.gans.training import Training

    trainings = {}
    for model in MODELS:
        trainings[model] = Training(model, quick(model), small_split, SEED, "cpu")
        list(trainings[model].epochs())
    return trainings


@pytest.fixture(scope="session")
def pristine(
    trained: dict, small: Images, test_split: Images, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """A checkpoint's folder of each model. Not to be changed by a test; `saved` gives a copy."""
    box = tmp_path_factory.mktemp("box")
    for model in MODELS:
        saving.save(box / model / "t-shirt", trained[model], TASK, model, SEED, small, test_split)
    return {model: box / model / "t-shirt" for model in MODELS}


@pytest.fixture
def saved(pristine: dict[str, Path], tmp_path: Path) -> Callable[[str], Path]:
    """Copies a model's checkpoint into the test's own box and returns its folder."""

    def copy(model: str = "traditional") -> Path:
        return Path(shutil.copytree(pristine[model], tmp_path / "box" / model / "t-shirt"))

    return copy
