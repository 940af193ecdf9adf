"""Saving a trained model: its scores, its card, and the three files of a folder that appears whole or not at all."""

import dataclasses
import datetime
import platform
import tempfile
from copy import deepcopy
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.basics.errors import CheckpointError
from core.basics.files import sha256, whole_folder, write_whole
from core.data.dataset import Images
from core.data.tasks import Task, test_roles
from core.gans.record import Scoring
from core.metrics import reports, thresholds
from core.metrics.own import Own
from core.metrics.reports import Report
from core.store import checkpoints, own
from core.store.card import Card, encode
from core.store.checkpoints import CARD, SCORES, WEIGHTS, Checkpoint
from core.store.scores import Scores

if TYPE_CHECKING:
    from torch import Tensor

    from core.gans.build import Generator
    from core.gans.folds import Parts
    from core.gans.training import Training


def save(
    folder: Path,
    training: "Training",
    task: Task,
    model: str,
    seed: int,
    train: Images,
    test: Images,
    best: bool = False,
    replace: bool = False,
    folds: "tuple[int, Parts] | None" = None,
) -> Checkpoint:
    """Score the validation and test images and write the checkpoint, whole or not at all.

    `best` saves the model of the best epoch, with the history up to that epoch, instead of the last model.
    `replace` replaces what is in `folder`; otherwise `folder` must be missing or empty.
    `folds` is a number of leave-out folds and what they gave for the training normals (core/gans/folds.py): scores of these
    then stand behind those of the validation normals.
    Raises CheckpointError when `folder` is not empty, OSError when the disk refuses.
    """
    from safetensors.torch import save as save_tensors

    from core.gans import scoring

    if not replace:
        refuse_occupied(folder)
    generator = deepcopy(training.generator)  # the training may go on, and its own figures are of the mean alone
    if best:
        generator.load_state_dict(training.best_weights)
    weights = save_tensors(_halved(generator))
    scored = scoring.choose(generator, training.split, training.config) if training.config.repair else Scoring()
    generator.share = scored.share
    history = training.history[: training.best_epoch if best else training.finished_epochs]
    scores, measured = _scored(generator, training, task, test, folds)
    stored = pack_scores(scores)
    card = Card(
        model=model,
        task=task,
        config=training.config,
        seed=seed,
        epochs_trained=len(history),
        stopped_early=len(history) < training.config.epochs,
        seconds=float(sum(record.seconds for record in history)),
        **_origin(training, train, test),
        validation=reports.figures(scores.validation_normal, scores.validation_anomaly),
        test=test_report(task, scores.test, test.labels),
        thresholds=thresholds.operating_points(scores.validation_normal, scores.validation_anomaly),
        history=history,
        weights_sha256=sha256(weights),
        scores_sha256=sha256(stored),
        scoring=scored,
        own=measured,
        folds=folds[0] if folds else 0,
        left_out=len(folds[1][0]) if folds else 0,
    )
    return _write(folder, {WEIGHTS: weights, SCORES: stored, CARD: encode(card)})


def _origin(training: "Training", train: Images, test: Images) -> dict[str, Any]:
    """Return the entries of a card that say when, on what and with what a model was trained."""
    versions = {name: version(name) for name in ("torch", "numpy", "safetensors")}
    return {
        "trained_at": datetime.datetime.now(datetime.UTC).replace(microsecond=0),
        "device": str(training.device),
        "data_source": train.source.name,
        "data_fingerprint": train.fingerprint,
        "data_images": len(train.images),
        "test_fingerprint": test.fingerprint,
        "versions": {"python": platform.python_version()} | versions,
        "parameters": sum(parameter.numel() for parameter in training.generator.parameters()),
    }


def _scored(
    generator: "Generator", training: "Training", task: Task, test: Images, folds: "tuple[int, Parts] | None"
) -> tuple[Scores, Own | None]:
    """Score test and validation images, those of leave-out folds too; measure what a card says of data of one's own."""
    from core.gans import maps, scoring

    normal, anomaly = training.validation
    scores = Scores(*(scoring.score(generator, images) for images in (test.images, normal, anomaly)))
    measured, damaged = own.measure(generator, task, training.split.train_normal, test, scores.test)
    if folds:
        normals = np.append(scores.validation_normal, maps.score_parts(*folds[1], generator.share))
        scores = dataclasses.replace(scores, validation_normal=normals)
    return dataclasses.replace(scores, synthetic=damaged), measured


def _halved(generator: "Generator") -> dict[str, "Tensor"]:
    """Round the generator's weights to half precision; return them by name as they are stored.

    That halves the file. The generator is rounded too, so that scores are those of the stored weights. A tensor with a
    value beyond half precision (65,504) stays as it is.
    """
    stored = {}
    for name, value in generator.state_dict().items():
        half = value.half() if value.is_floating_point() else value
        stored[name] = half.cpu().contiguous() if bool(half.isfinite().all()) else value.cpu().contiguous()
        value.copy_(stored[name])
    return stored


def copy(checkpoint: Checkpoint, folder: Path) -> Checkpoint:
    """Copy the files to `folder`, whole or not at all. Raises OSError, or CheckpointError if `folder` is not empty."""
    refuse_occupied(folder)
    return _write(folder, {name: checkpoints.read(checkpoint.folder / name) for name in (WEIGHTS, SCORES, CARD)})


def _write(folder: Path, files: dict[str, bytes]) -> Checkpoint:
    with whole_folder(folder) as new:
        for name, content in files.items():
            write_whole(new / name, content)
    return checkpoints.load(folder)


def refuse_occupied(folder: Path) -> None:
    """Raise CheckpointError when `folder` is a file or not empty: nothing is ever overwritten.

    Creates the parent folder. Raises OSError when the parent is not writable: better before a training than after it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder.parent).close()  # is it writable?
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CheckpointError(f"{folder} is already there and not empty; choose another folder, or remove it first.")


def pack_scores(scores: Scores) -> bytes:
    """Return the content of scores.safetensors."""
    from safetensors.numpy import save

    arrays = {field.name: getattr(scores, field.name) for field in dataclasses.fields(scores)}
    return save({name: array for name, array in arrays.items() if name != "synthetic" or len(array)})


def test_report(task: Task, scores: np.ndarray, labels: np.ndarray) -> Report:
    """Compute every test figure of `task` from scores [N] and labels [N] of the test split. Raises EvaluationError."""
    normal, anomaly = test_roles(task, labels)
    return reports.report(scores[normal], scores[anomaly], labels[anomaly], task.data.classes)
