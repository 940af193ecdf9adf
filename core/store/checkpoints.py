"""A trained model on disk: weights, card, stored scores. One folder each, which appears whole or not at all.

    generator.safetensors   the averaged generator's weights
    scores.safetensors      raw scores of the test split and of the validation images, so that no page needs torch to show them
    card.json               everything about the model, and the SHA-256 of the other two

Weights are safetensors only; no pickle is ever loaded. Nothing here imports torch until weights are asked for.
"""

import dataclasses
import datetime
import json
import os
import platform
import re
import shutil
import stat
import tempfile
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from core.basics.errors import CheckpointError, MisfitError
from core.basics.files import ROOT, read_at_most, replace_folder, sha256, write_whole
from core.data import tasks
from core.data.dataset import Images
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import Task, test_roles
from core.gans.config import CONFIGS, TrainingConfig, recorded
from core.metrics import evaluation
from core.store import soundness, tensors

if TYPE_CHECKING:
    from core.gans.build import Generator
    from core.gans.training import Training

SHIPPED = ROOT / "checkpoints"
# A folder elsewhere when the checkout may not be written to; the worker of a run inherits the variable.
RUNS = Path(os.environ.get("MISFIT_RUNS") or ROOT / "runs").resolve()
RUN_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")  # a slug, and thus no path
LAST, BEST = "checkpoint", "best"  # in a run's folder: the model it ended with; the best by validation, where another
WEIGHTS, SCORES, CARD = "generator.safetensors", "scores.safetensors", "card.json"
LARGEST_FILE = 64 * 2**20  # bytes; nothing longer is read
LARGEST = {WEIGHTS: LARGEST_FILE, SCORES: 2**20, CARD: 8 * 2**20}  # JSON takes thirty times its length in memory
FORMAT = 1


@dataclass(frozen=True)
class Card:
    """What is known about a trained model. JSON round trip; unknown keys are an error."""

    model: str
    task: dict[str, Any]
    config: dict[str, Any]
    seed: int
    epochs_trained: int
    stopped_early: bool
    trained_at: str  # UTC, ISO 8601
    seconds: float  # in training epochs
    device: str
    data_source: str
    data_fingerprint: str  # SHA-256 of the training split's images and labels
    data_images: int
    versions: dict[str, str]
    parameters: int
    validation: dict[str, float]
    test: dict[str, Any]
    thresholds: dict[str, float]  # chosen on validation
    history: list[dict[str, Any]]
    weights_sha256: str
    scores_sha256: str
    format: int = FORMAT


@dataclass(frozen=True)
class Scores:
    """Stored raw scores, float32 [N] each; `test` is in the order of the test split."""

    test: np.ndarray
    validation_normal: np.ndarray
    validation_anomaly: np.ndarray


@dataclass(frozen=True)
class Checkpoint:
    """A folder whose card has been read and makes sense; scores and weights are read and checked when asked for."""

    folder: Path
    card: Card

    @cached_property
    def task(self) -> Task:
        return tasks.recorded(self.card.task)

    @cached_property
    def config(self) -> TrainingConfig:
        return recorded(self.card.model, self.card.config)

    @property
    def point(self) -> str:
        """The operating point where everything starts, a name in the card's thresholds: the largest Youden J, or where no anomaly is
        labelled (one-class) at most 5 % false alarms, for which normal validation images are enough."""
        return "fpr_5" if self.task.regime == "one-class" else "youden"

    @property
    def threshold(self) -> float:
        """The threshold of that point, in force until somebody chooses another."""
        return self.card.thresholds[self.point]

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
        from safetensors import SafetensorError
        from safetensors.numpy import load

        content = self._checked(SCORES, self.card.scores_sha256)
        try:
            tensors.header(content)
            found = load(content)
        except (ValueError, SafetensorError, KeyError) as error:  # the last for a type that numpy lacks
            raise CheckpointError(f"{self.folder / SCORES} is damaged ({error}).") from error
        names = {field.name for field in dataclasses.fields(Scores)}
        if set(found) != names or not all(_are_scores(one) for one in found.values()):
            raise CheckpointError(
                f"{self.folder / SCORES} must hold finite float32 vectors from 0 to 2, called {', '.join(sorted(names))}."
            )
        return Scores(**found)

    def generator(self, device: str = "cpu") -> "Generator":
        """The generator in evaluation mode. Raises CheckpointError when its weights are missing, damaged, not the
        card's, of other shapes or types than the config says, or not finite."""
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load

        from core.gans.build import outline

        content = self._checked(WEIGHTS, self.card.weights_sha256)
        try:
            tensors.header(content)
            found = load(content)
        except (ValueError, SafetensorError, KeyError) as error:
            raise CheckpointError(f"{self.folder / WEIGHTS} is damaged ({error}).") from error
        generator = outline(
            self.card.model, self.config, self.task.data
        ).generator  # a card may ask for a network of any size
        expected = generator.state_dict()
        if set(found) != set(expected):
            wrong = sorted(set(found) ^ set(expected))[0]
            raise CheckpointError(
                f"{self.folder / WEIGHTS} does not fit the config in its card: tensor {wrong[:80]!r}."
            )
        for name, tensor in found.items():
            if tensor.shape != expected[name].shape or tensor.dtype != expected[name].dtype:
                raise CheckpointError(
                    f"{self.folder / WEIGHTS}: tensor {name!r} is {tensor.dtype} {tuple(tensor.shape)}, "
                    f"the config says {expected[name].dtype} {tuple(expected[name].shape)}."
                )
            if not torch.isfinite(tensor).all():
                raise CheckpointError(f"{self.folder / WEIGHTS}: tensor {name!r} holds a value that is not finite.")
        generator.load_state_dict({name: tensor.clone() for name, tensor in found.items()}, assign=True)
        generator = generator.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack the pair
        return generator.eval().requires_grad_(False)

    def test_scores(self, test: Images) -> np.ndarray:
        """The stored test scores [N]. Raises CheckpointError when they are damaged, or not one for each image of `test`."""
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


def load(folder: Path) -> Checkpoint:
    """Read a checkpoint's card. Raises CheckpointError when it is missing, damaged, or says something impossible."""
    path = folder / CARD
    if not path.is_file():
        raise CheckpointError(f"There is no trained model in {folder}: {CARD} is missing.")
    try:
        values = soundness.parsed(read(path, LARGEST[CARD]))
    except ValueError as error:
        raise CheckpointError(f"{path} is damaged: it is not JSON ({error}).") from error
    names = {field.name for field in dataclasses.fields(Card)}
    if not isinstance(values, dict) or set(values) != names:
        odd = sorted(set(values) ^ names)[0][:80] if isinstance(values, dict) else "the whole"
        raise CheckpointError(f"{path} does not fit: {odd!r} is unknown or missing.")
    if values["format"] != FORMAT:
        raise CheckpointError(f"{path} has format {values['format']!r:.40}; this Misfit reads format {FORMAT}.")
    try:
        soundness.card(values)
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}.") from error
    checkpoint = Checkpoint(folder, Card(**values))
    try:
        _ = checkpoint.task, checkpoint.config  # both raise when the card says something impossible
    except MisfitError as error:
        raise CheckpointError(f"{path}: {error}") from error
    return checkpoint


@dataclass(frozen=True)
class Damaged:
    """A place where a trained model should be and cannot be read, and why. `model` and `normal` are the kind and the normal
    class it would have, as far as the place tells; else ""."""

    folder: Path
    model: str
    normal: str
    problem: str

    @property
    def name(self) -> str:
        """What the model would be called in links: "shipped", with its regime, or the run's name; "" for no model's place."""
        if self.folder.parent.parent == RUNS:
            return self.folder.parent.name + ("-best" if self.folder.name == BEST else "")
        return "shipped" + self.folder.name.removeprefix(self.normal) if self.normal else ""

    def may_be(self, model: str, normal: str) -> bool:
        """Whether a model of this kind and class may have been there."""
        return self.model in ("", model) and self.normal in ("", normal)


def discover() -> tuple[list[Checkpoint], list[Damaged]]:
    """Every checkpoint in the box and of finished runs, shipped ones first; and what is there but cannot be read."""
    found, damaged = [], []
    folders, unreadable = places()
    for folder in folders:
        try:
            found.append(load(folder))
        except CheckpointError as error:
            damaged.append(Damaged(folder, *_kind(folder), str(error)))
    return found, damaged + [Damaged(folder, "", "", problem) for folder, problem in unreadable]


def places() -> tuple[list[Path], list[tuple[Path, str]]]:
    """Every folder with a trained model or a part of one: the box's, then each run's last before its best. And each folder
    that cannot be looked into, with a line that says so."""
    unreadable: list[tuple[Path, str]] = []

    def inside(folder: Path) -> list[Path]:
        try:
            return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as error:
            unreadable.append(
                (folder, f"{folder} cannot be read ({error.strerror}). Make it a folder that may be read.")
            )
            return []

    folders = [place for model in inside(SHIPPED) if model.is_dir() for place in inside(model) if place.is_dir()]
    for run in inside(RUNS):
        if RUN_NAME.fullmatch(run.name) and run.is_dir():
            folders += [place for name in (LAST, BEST) for place in inside(run) if place.name == name]
    parts = {WEIGHTS, SCORES, CARD}
    return [folder for folder in folders if parts & {path.name for path in inside(folder)}], unreadable


def _kind(folder: Path) -> tuple[str, str]:
    """(model, normal class) of what should be in a checkpoint's folder, each "" where nothing tells."""
    if folder.parent.parent == RUNS:
        try:
            request = soundness.parsed(read_text(folder.parent / "request.json"))
            model, normal = request["model"], request["task"]["normal"]
        except (OSError, ValueError, KeyError, TypeError):
            return "", ""
    else:
        model = folder.parent.name
        classes = FASHION_MNIST.description.classes  # only its models are in the box
        normal = next((slug for slug in classes if f"{folder.name}-".startswith(f"{slug}-")), "")
    return (model if model in CONFIGS else ""), normal if isinstance(normal, str) else ""


def shipped(model: str, normal: str, regime: str = "seen") -> Path:
    """Where the checkpoint in the box for this model, class and regime lies, if there is one."""
    return SHIPPED / model / (normal if regime == "seen" else f"{normal}-{regime}")


def save(
    folder: Path,
    training: "Training",
    task: Task,
    model: str,
    seed: int,
    train: Images,
    test: Images,
    best: bool = False,
) -> Checkpoint:
    """Score validation and test, and write the checkpoint; `folder` must not exist yet (or be empty).

    `best` saves the model of the training's best epoch, with the history up to there, instead of the last one.

    Everything is written to a temporary folder beside it, which then takes its name: a kill at any moment leaves the
    whole checkpoint or none. Raises CheckpointError when something is in the way, OSError when the disk refuses.
    """
    from safetensors.torch import save as save_tensors

    from core.gans import scoring

    refuse_occupied(folder)
    generator = training.generator
    if best:
        generator = deepcopy(generator)
        generator.load_state_dict(training.best_weights)
    epochs = training.best_epoch if best else training.finished_epochs
    history = training.history[:epochs]
    normal, anomaly = training.validation
    scores = Scores(*(scoring.score(generator, images) for images in (test.images, normal, anomaly)))
    weights = save_tensors({k: v.cpu().contiguous() for k, v in generator.state_dict().items()})
    stored = pack_scores(scores)
    card = Card(
        model=model,
        task=msgspec.to_builtins(task),
        config=msgspec.to_builtins(training.config),
        seed=seed,
        epochs_trained=epochs,
        stopped_early=epochs < training.config.epochs,
        trained_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        seconds=float(sum(record.seconds for record in history)),
        device=str(training.device),
        data_source=train.source.name,
        data_fingerprint=train.fingerprint,
        data_images=len(train.images),
        versions={"python": platform.python_version()}
        | {name: version(name) for name in ("torch", "numpy", "safetensors")},
        parameters=sum(parameter.numel() for parameter in generator.parameters()),
        validation=validation_report(scores.validation_normal, scores.validation_anomaly),
        test=test_report(task, scores.test, test.labels),
        thresholds=evaluation.operating_points(scores.validation_normal, scores.validation_anomaly),
        history=msgspec.to_builtins(history),
        weights_sha256=sha256(weights),
        scores_sha256=sha256(stored),
    )
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        write_whole(temporary / WEIGHTS, weights)
        write_whole(temporary / SCORES, stored)
        write_whole(temporary / CARD, (json.dumps(dataclasses.asdict(card), indent=1) + "\n").encode())
        os.chmod(temporary, 0o755)
        os.replace(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return Checkpoint(folder, card)


def copy(checkpoint: Checkpoint, folder: Path) -> Checkpoint:
    """Copy the three files to `folder`, whole or not at all. Raises CheckpointError when something is in the way, OSError."""
    refuse_occupied(folder)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        for name in (WEIGHTS, SCORES, CARD):
            write_whole(temporary / name, read(checkpoint.folder / name))
        os.chmod(temporary, 0o755)
        os.replace(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return load(folder)


def replace(new: Path, folder: Path) -> Checkpoint:
    """Put the checkpoint `new` in the place of the one that may lie in `folder`. Raises OSError."""
    replace_folder(new, folder)
    return load(folder)


def refuse_occupied(folder: Path) -> None:
    """Raise CheckpointError when `folder` is a file or holds anything: nothing is ever overwritten.

    Makes its parent, and raises OSError when that cannot be: better before a training than after it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.").cleanup()  # may be written to
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CheckpointError(f"{folder} is already there and not empty; choose another folder, or remove it first.")


def _are_scores(values: np.ndarray) -> bool:
    if values.ndim != 1 or values.dtype != np.float32 or not len(values):
        return False
    return bool(((values >= 0) & (values <= soundness.LARGEST_SCORE)).all())  # nor is nan


def pack_scores(scores: Scores) -> bytes:
    """The content of scores.safetensors."""
    from safetensors.numpy import save

    return save({field.name: getattr(scores, field.name) for field in dataclasses.fields(scores)})


def validation_report(normal: np.ndarray, anomaly: np.ndarray) -> dict[str, float]:
    """Every validation figure from the scores [N] of both kinds."""
    area, low, high = evaluation.auroc_interval(normal, anomaly)
    return {
        "auroc": area,
        "auroc_low": low,
        "auroc_high": high,
        "normal_error": float(normal.mean()),
        "n_normal": len(normal),
        "n_anomaly": len(anomaly),
    }


def test_report(task: Task, scores: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Every test figure (evaluation.report, and the mean absolute error of normal test images) from scores [N]."""
    normal, anomaly = test_roles(task, labels)
    figures = evaluation.report(scores[normal], scores[anomaly], labels[anomaly], task.data.classes)
    return figures | {"normal_error": float(scores[normal].mean())}


def read(path: Path, largest: int = LARGEST_FILE) -> bytes:
    """A checkpoint's file. Raises CheckpointError when it cannot be read or is too long."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):  # a pipe would be read for ever
            raise CheckpointError(f"{path} cannot be read (it is not a file).")
        if facts.st_size > largest:
            raise CheckpointError(f"{path} has {facts.st_size} bytes; it may have at most {largest}.")
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}).") from error


def read_text(path: Path) -> bytes:
    """A small file of a run. Raises OSError, ValueError when it is far too long."""
    return read_at_most(path, LARGEST[CARD])
