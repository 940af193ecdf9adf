"""A trained model on disk: where models lie, and what is read of one. core/store/saving.py writes them.

    generator.safetensors   the averaged generator's weights
    scores.safetensors      raw scores of the test split and of the validation images, so that no page needs torch to show them
    card.json               everything about the model, and the SHA-256 of the other two (core/store/card.py)

Weights are safetensors only; no pickle is ever loaded. Nothing here imports torch until weights are asked for.
"""

import dataclasses
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.basics.errors import CheckpointError, ConfigError, DataError
from core.basics.files import ROOT, check_header, sha256
from core.basics.text import as_line
from core.data import catalog
from core.data.dataset import Images
from core.data.tasks import Task
from core.gans.config import TrainingConfig
from core.metrics.figures import LARGEST_SCORE
from core.store import card
from core.store.card import Card

if TYPE_CHECKING:
    from core.gans.build import Generator

SHIPPED = ROOT / "checkpoints"
# A folder elsewhere when the checkout may not be written to; the worker of a run inherits the variable.
RUNS = Path(os.environ.get("MISFIT_RUNS") or ROOT / "runs").resolve()
RUN_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")  # a slug, and thus no path
LAST, BEST = "checkpoint", "best"  # in a run's folder: the model it ended with; the best by validation, where another
WEIGHTS, SCORES, CARD = "generator.safetensors", "scores.safetensors", "card.json"
LARGEST_FILE = 64 * 2**20  # bytes; nothing longer is read
LARGEST = {WEIGHTS: LARGEST_FILE, SCORES: 2**20, CARD: 8 * 2**20}  # JSON takes thirty times its length in memory


@dataclass(frozen=True)
class Scores:
    """Stored raw scores, float32 [N] each; `test` is in the order of the test split."""

    test: np.ndarray
    validation_normal: np.ndarray
    validation_anomaly: np.ndarray


@dataclass(frozen=True)
class Checkpoint:
    """A folder whose card has been read and makes sense. Scores and weights are read and checked when asked for."""

    folder: Path
    card: Card

    @property
    def task(self) -> Task:
        return self.card.task

    @property
    def config(self) -> TrainingConfig:
        return self.card.config

    @property
    def point(self) -> str:
        """The operating point where everything starts, a name in the card's thresholds: the largest Youden J, or where no anomaly is
        labelled at most 5 % false alarms, for which normal validation images are enough."""
        unlabelled = self.task.regime == "one-class" or self.card.thresholds.youden is None
        return "fpr_5" if unlabelled else "youden"

    @property
    def threshold(self) -> float:
        """The threshold of that point, in force until somebody chooses another."""
        return self.card.thresholds.known[self.point]

    @property
    def name(self) -> str:
        """What tells it from other checkpoints of the same model and task: "shipped", the run's name, or that with -best."""
        if self.run is None:
            return "shipped"
        return self.run + ("-best" if self.folder.name == BEST else "")

    @property
    def run(self) -> str | None:
        """The run that it came from, None for one in the box."""
        return self.folder.parent.name if self.folder.parent.parent == RUNS else None

    @property
    def which(self) -> str:
        """Of a run's models, which: "best" by validation or "last", where the best one lies beside it; else "" """
        if self.run is None or not (self.folder.parent / BEST / CARD).exists():
            return ""
        return "best" if self.folder.name == BEST else "last"

    @cached_property
    def scores(self) -> Scores:
        """The stored scores. Raises CheckpointError when they are missing, damaged or not the card's."""
        from safetensors.numpy import load

        arrays = self._tensors(SCORES, self.card.scores_sha256, load)
        names = {field.name for field in dataclasses.fields(Scores)}
        if set(arrays) != names or not all(_are_scores(array) for array in arrays.values()):
            raise CheckpointError(
                f"{self.folder / SCORES} must hold finite float32 vectors from 0 to 2, called {', '.join(sorted(names))}."
            )
        scores = Scores(**arrays)
        if not len(scores.test) or not len(scores.validation_normal):
            raise CheckpointError(
                f"{self.folder / SCORES} has no scores of test images or of normal validation images."
            )
        return scores

    def generator(self, device: str = "cpu") -> "Generator":
        """Build the generator, in evaluation mode. Raises CheckpointError when its weights are missing, damaged, not the
        card's, of other shapes or types than the config says, or not finite."""
        import torch
        from safetensors.torch import load

        from core.gans.build import outline

        tensors = self._tensors(WEIGHTS, self.card.weights_sha256, load)
        try:  # a card may ask for a network of any size: an outline takes no memory
            generator = outline(self.card.model, self.config, self.task.data).generator
        except ConfigError as error:
            raise CheckpointError(f"{self.folder / CARD}: {error}") from error
        expected = generator.state_dict()
        if set(tensors) != set(expected):
            wrong = sorted(set(tensors) ^ set(expected))[0]
            raise CheckpointError(
                f"{self.folder / WEIGHTS} does not fit the config in its card: tensor {wrong[:80]!r}."
            )
        for name, tensor in tensors.items():
            if tensor.shape != expected[name].shape or tensor.dtype != expected[name].dtype:
                raise CheckpointError(
                    f"{self.folder / WEIGHTS}: tensor {name!r} is {tensor.dtype} {tuple(tensor.shape)}, "
                    f"the config says {expected[name].dtype} {tuple(expected[name].shape)}."
                )
            if not torch.isfinite(tensor).all():
                raise CheckpointError(f"{self.folder / WEIGHTS}: tensor {name!r} holds a value that is not finite.")
        generator.load_state_dict({name: tensor.clone() for name, tensor in tensors.items()}, assign=True)
        generator = generator.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack the pair
        return generator.eval().requires_grad_(False)

    def test_images(self) -> Images:
        """Load the test images that the stored scores belong to. Raises DataError, saying what is missing, when they are
        not here: the figures on the card stand all the same."""
        try:
            data = catalog.get(self.task.data.key)
            if data.description.classes != self.task.data.classes:
                raise DataError(f"{data.description.name} has other classes now than when this model was trained.")
            test = data.load("test")
        except DataError as error:
            raise DataError(f"The test images of this model are not here. {error}") from error
        self.check_test_images(test)
        return test

    def check_test_images(self, test: Images) -> None:
        """Raise DataError unless `test` holds the very images and labels that the model was tested on."""
        data = self.task.data
        fits = test.images.shape[1:] == data.shape and int(test.labels.max(initial=0)) < len(data.classes)
        if not fits or test.fingerprint != self.card.test_fingerprint:
            raise DataError(
                f"The test images here ({test.source.name}) are not those of {data.name} that this model was tested "
                "on. Its stored figures stand; to see images, bring back the data set as it was, or train the model anew."
            )

    def test_scores(self, test: Images) -> np.ndarray:
        """Give the stored scores [N] of `test`. Raises DataError when the model was tested on other images, CheckpointError when
        the scores are damaged or not one for each image."""
        self.check_test_images(test)
        scores = self.scores.test
        if len(scores) != len(test.images):
            raise CheckpointError(
                f"{self.folder / SCORES} has {len(scores)} test scores; the test split has {len(test.images)}."
            )
        return scores

    def check_weights(self) -> None:
        """See that the weights are those that made the stored scores, without importing torch. Raises CheckpointError."""
        self._checked(WEIGHTS, self.card.weights_sha256)

    def _checked(self, name: str, expected: str) -> bytes:
        path = self.folder / name
        content = read(path, LARGEST[name])
        if sha256(content) != expected:
            raise CheckpointError(
                f"{path} is not the file its card describes: its SHA-256 differs. Restore both, or train again."
            )
        return content

    def _tensors(self, name: str, expected: str, load: Callable[[bytes], dict[str, Any]]) -> dict[str, Any]:
        """Read the tensors of a file, by name, as safetensors' `load` gives them. Raises CheckpointError."""
        from safetensors import SafetensorError

        content = self._checked(name, expected)
        try:
            check_header(content)
            return load(content)
        except (ValueError, SafetensorError, KeyError) as error:  # the last for a type that numpy lacks
            raise CheckpointError(f"{self.folder / name} is damaged ({as_line(error)}).") from error


def load(folder: Path) -> Checkpoint:
    """Read a checkpoint's card. Raises CheckpointError when it is missing, damaged, or says something impossible."""
    path = folder / CARD
    if not path.is_file():
        raise CheckpointError(f"There is no trained model in {folder}: {CARD} is missing.")
    return Checkpoint(folder, card.decode(read(path, LARGEST[CARD]), path))


def shipped(model: str, normal: str, regime: str = "seen") -> Path:
    """Say where the checkpoint in the box for this model, class and regime lies, if there is one."""
    return SHIPPED / model / (normal if regime == "seen" else f"{normal}-{regime}")


def _are_scores(values: np.ndarray) -> bool:
    if values.ndim != 1 or values.dtype != np.float32:
        return False
    return bool(((values >= 0) & (values <= LARGEST_SCORE)).all())  # nor is nan


def read(path: Path, largest: int = LARGEST_FILE) -> bytes:
    """Read a checkpoint's file. Raises CheckpointError when it cannot be read or is too long."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):  # a pipe would be read for ever
            raise CheckpointError(f"{path} cannot be read (it is not a file).")
        if facts.st_size > largest:
            raise CheckpointError(f"{path} has {facts.st_size} bytes; it may have at most {largest}.")
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}).") from error
