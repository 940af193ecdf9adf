"""A checkpoint: the folder of a trained model and how it is read. core/store/saving.py writes checkpoints.

    generator.safetensors   the averaged generator's weights, in half precision
    scores.safetensors      raw scores of the test and validation images, so that pages show them without torch
    card.json               settings, origin and figures, and the SHA-256 of the other two files (core/store/card.py)

Weights are stored as safetensors only; no pickle is ever loaded. torch is imported only to build a generator.
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
from core.store import card
from core.store.card import Card
from core.store.scores import Scores, are_scores

if TYPE_CHECKING:
    from core.gans.build import Generator

SHIPPED = ROOT / "checkpoints"
# MISFIT_RUNS names another folder where the checkout is read-only; the worker of a run inherits the variable.
RUNS = Path(os.environ.get("MISFIT_RUNS") or ROOT / "runs").resolve()
RUN_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")  # a slug, which cannot be a path
LAST, BEST = "checkpoint", "best"  # in a run's folder: the last model; the best by validation, if different
WEIGHTS, SCORES, CARD = "generator.safetensors", "scores.safetensors", "card.json"
LARGEST_FILE = 64 * 2**20  # bytes; a longer file is refused
# Bytes; parsed JSON takes thirty times its length in memory.
LARGEST = {WEIGHTS: LARGEST_FILE, SCORES: 2**20, CARD: 8 * 2**20}


@dataclass(frozen=True)
class Checkpoint:
    """A folder with a trained model and its valid card. Scores and weights are read and checked only when needed."""

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
        """The operating point in force at first, a name in the card's thresholds: "youden", the largest Youden J.

        Without labelled anomalies it is "fpr_5", at most 5 % false alarms, which needs only normal validation images.
        """
        unlabelled = self.task.regime == "one-class" or self.card.thresholds.youden is None
        return "fpr_5" if unlabelled else "youden"

    @property
    def threshold(self) -> float:
        """The threshold at `point`, a score; in force until the user chooses another."""
        return self.card.thresholds.known[self.point]

    @property
    def name(self) -> str:
        """The name among checkpoints of one model and task: "shipped", or the run's name, with "-best" for its best."""
        if self.run is None:
            return "shipped"
        return self.run + ("-best" if self.folder.name == BEST else "")

    @property
    def run(self) -> str | None:
        """The name of the run that made the checkpoint; None for a shipped one."""
        return self.folder.parent.name if self.folder.parent.parent == RUNS else None

    @property
    def which(self) -> str:
        """The place among a run's two models: "best" by validation or "last"; "" where there is only one model."""
        if self.run is None or not (self.folder.parent / BEST / CARD).exists():
            return ""
        return "best" if self.folder.name == BEST else "last"

    @cached_property
    def scores(self) -> Scores:
        """The stored scores. Raises CheckpointError when they are missing, damaged or not those of the card."""
        from safetensors.numpy import load

        arrays = self._tensors(SCORES, self.card.scores_sha256, load)
        expected = self.card.own.copies if self.card.own else 0
        names = {field.name for field in dataclasses.fields(Scores)} - (set() if expected else {"synthetic"})
        if set(arrays) != names or not all(are_scores(array) for array in arrays.values()):
            raise CheckpointError(
                f"{self.folder / SCORES} must hold finite float32 vectors from 0 to 2, called {', '.join(sorted(names))}."
            )
        scores = Scores(**arrays)
        if (count := len(scores.synthetic)) != expected:
            raise CheckpointError(
                f"{self.folder / SCORES} has {count} scores of synthetic defects; its card names {expected}."
            )
        if not len(scores.test) or not len(scores.validation_normal):
            raise CheckpointError(f"{self.folder / SCORES} has no scores of test or of normal validation images.")
        return scores

    def generator(self, device: str = "cpu") -> "Generator":
        """Build the generator on `device`, in evaluation mode. Raises CheckpointError when the weights are missing,
        damaged, not finite, not those of the card, or do not have the shapes and types that the config requires."""
        import torch
        from safetensors.torch import load

        from core.gans.build import outline

        tensors = self._tensors(WEIGHTS, self.card.weights_sha256, load)
        try:  # a config may describe a network of any size; an outline takes no memory
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
            wanted = expected[name].dtype
            half = tensor.dtype == torch.float16 and wanted == torch.float32  # as weights are stored, unless too large
            if tensor.shape != expected[name].shape or not (half or tensor.dtype == wanted):
                raise CheckpointError(
                    f"{self.folder / WEIGHTS}: tensor {name!r} is {tensor.dtype} {tuple(tensor.shape)}, "
                    f"the config says {wanted} {tuple(expected[name].shape)}."
                )
            if not torch.isfinite(tensor).all():
                raise CheckpointError(f"{self.folder / WEIGHTS}: tensor {name!r} holds a value that is not finite.")
        weights = {name: tensor.to(expected[name].dtype, copy=True) for name, tensor in tensors.items()}
        generator.load_state_dict(weights, assign=True)
        generator = generator.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack this overload
        generator.share = self.card.scoring.share
        return generator.eval().requires_grad_(False)

    def test_images(self) -> Images:
        """Load the test images that were scored when the model was saved. Raises DataError that names what is missing:
        the figures on the card can then still be shown."""
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
        """Raise DataError unless `test` has exactly the images and labels that the model was tested on."""
        data = self.task.data
        fits = test.images.shape[1:] == data.shape and int(test.labels.max(initial=0)) < len(data.classes)
        if not fits or test.fingerprint != self.card.test_fingerprint:
            raise DataError(
                f"The test images here ({test.source.name}) are not those of {data.name} that this model was tested "
                "on. Its stored figures stand; to see images, bring back the data set as it was, or train the model anew."
            )

    def test_scores(self, test: Images) -> np.ndarray:
        """Return the stored scores, float32 [N], of `test`. Raises DataError when the model was tested on other images,
        CheckpointError when the scores are damaged or not one for each image."""
        self.check_test_images(test)
        scores = self.scores.test
        if len(scores) != len(test.images):
            raise CheckpointError(
                f"{self.folder / SCORES} has {len(scores)} test scores; the test split has {len(test.images)}."
            )
        return scores

    def check_weights(self) -> None:
        """Check, without torch, that the weights are those of the card. Raises CheckpointError if not."""
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
        """Read the tensors of a file by their names, with safetensors' `load`. Raises CheckpointError."""
        from safetensors import SafetensorError

        content = self._checked(name, expected)
        try:
            check_header(content)
            return load(content)
        except (ValueError, SafetensorError, KeyError) as error:  # KeyError: a type that numpy lacks
            raise CheckpointError(f"{self.folder / name} is damaged ({as_line(error)}).") from error


def load(folder: Path) -> Checkpoint:
    """Read the checkpoint in `folder`. Raises CheckpointError when its card is missing, damaged or impossible."""
    path = folder / CARD
    if not path.is_file():
        raise CheckpointError(f"There is no trained model in {folder}: {CARD} is missing.")
    return Checkpoint(folder, card.decode(read(path, LARGEST[CARD]), path))


def shipped(model: str, normal: str, regime: str = "seen") -> Path:
    """Return the folder of the shipped checkpoint of this model, class and regime, whether or not it exists."""
    return SHIPPED / model / (normal if regime == "seen" else f"{normal}-{regime}")


def read(path: Path, largest: int = LARGEST_FILE) -> bytes:
    """Read a checkpoint's file. Raises CheckpointError when it cannot be read or has more than `largest` bytes."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):  # reading a pipe might never end
            raise CheckpointError(f"{path} cannot be read (it is not a file).")
        if facts.st_size > largest:
            raise CheckpointError(f"{path} has {facts.st_size} bytes; it may have at most {largest}.")
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}).") from error
