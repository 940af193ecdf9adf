"""A trained model as one file to carry away, and back: a zip of the folder that `--checkpoint DIR` reads.

What comes in is a stranger's: only the three known files are taken, weights are safetensors and never a pickle, and every
figure that pages show is computed again from scores that were held against the weights.
"""

import dataclasses
import io
import json
import math
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import checkpoints, data, evaluation, regimes, runs
from core.checkpoints import CARD, SCORES, WEIGHTS, Checkpoint
from core.errors import CheckpointError
from core.files import sha256, write_whole
from core.runs import Request

FILES = (WEIGHTS, SCORES, CARD)
_LITTER = ("__MACOSX", ".DS_Store")  # what a Mac puts into a zip
SAMPLE = 64  # test images whose stored scores are held against the weights
TOLERANCE = 1e-3  # of a score; another processor may round otherwise


def pack(checkpoint: Checkpoint) -> bytes:
    """The checkpoint's three files as a zip of one folder, named like it. Raises CheckpointError, OSError."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in FILES:
            archive.writestr(f"{checkpoint.name}/{name}", checkpoints.read(checkpoint.folder / name))
    return buffer.getvalue()


def take(files: Sequence[tuple[str, bytes]]) -> str:
    """Make a run of a model from elsewhere and return its name.

    `files` are (name, content): one zip as `pack` makes it, or generator.safetensors and card.json, and scores.safetensors
    where there is one. Raises CheckpointError with what is wrong; nothing is left then. Imports torch.
    """
    found = _unpacked(files)
    checkpoints.RUNS.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=checkpoints.RUNS, prefix=".import-"))
    try:
        for name, content in found.items():
            write_whole(temporary / name, content)
        try:
            one = _made_sound(temporary, SCORES in found)
        except CheckpointError as error:
            raise CheckpointError(str(error).replace(f"{temporary}/", "")) from error
        with runs.guard():
            task = one.task
            name = runs.free_name(f"{one.card.model}-{task.normal}-{task.regime}-imported")
            state = "stopped" if one.card.stopped_early else "finished"
            more = {"epoch": one.card.epochs_trained, "seconds": one.card.seconds}
            runs.create(name, Request(one.card.model, task, one.config, one.card.seed), state, "Imported.", **more)
            checkpoints.replace(temporary, runs.folder(name) / checkpoints.LAST)
        return name
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _unpacked(files: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    """The known files by name; anything else is refused by name."""
    if len(files) == 1 and files[0][0].lower().endswith(".zip"):
        files = list(_members(*files[0]))
    found: dict[str, bytes] = {}
    for path, content in files:
        name = path.rsplit("/", 1)[-1]
        if name not in FILES:
            raise CheckpointError(
                f"{path[:80]} is no part of a trained model. Remove it and give one .zip, or {', '.join(FILES)}."
            )
        if name in found:
            raise CheckpointError(f"There are two files called {name}; give one model at a time.")
        if len(content) > checkpoints.LARGEST_FILE:
            raise CheckpointError(f"{name} is larger than {checkpoints.LARGEST_FILE} bytes.")
        found[name] = content
    missing = [name for name in (WEIGHTS, CARD) if name not in found]
    if missing:
        raise CheckpointError(f"{' and '.join(missing)} is missing; a trained model has both weights and card.")
    return found


def _members(name: str, content: bytes) -> Any:
    """(path, content) of every file in a zip, none read further than it may be long."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist()[:100]:
                if member.is_dir() or any(part in _LITTER for part in member.filename.split("/")):
                    continue
                with archive.open(member) as file:
                    yield member.filename, file.read(checkpoints.LARGEST_FILE + 1)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise CheckpointError(f"{name[:80]} is not a zip that can be read ({error}).") from error


def _made_sound(folder: Path, scored: bool) -> Checkpoint:
    """The checkpoint with its scores held against its weights (or made) and its figures computed again."""
    from core import scoring

    one = checkpoints.load(folder)
    _check_history(one.card.history)
    generator, size, test = one.generator(), one.config.size, data.load("test")
    if scored:
        scores = one.scores
        if len(scores.test) != len(test.images):
            raise CheckpointError(
                f"{SCORES} has {len(scores.test)} test scores; the test split has {len(test.images)}."
            )
        sample = slice(0, SAMPLE)
        if np.abs(scoring.score(generator, test.images[sample], size) - scores.test[sample]).max() > TOLERANCE:
            raise CheckpointError(f"{SCORES} does not belong to {WEIGHTS}: the weights give other scores.")
    else:
        train = data.load("train")
        if train.fingerprint != one.card.data_fingerprint:
            raise CheckpointError(
                f"{SCORES} is missing, and it cannot be made here: the model was trained on other images "
                f"({one.card.data_source}) than there are ({train.source.name}). Give all three files."
            )
        split = regimes.split(one.task, train)
        scores = checkpoints.Scores(
            *(
                scoring.score(generator, images, size)
                for images in (test.images, split.validation_normal, split.validation_anomaly)
            )
        )
        write_whole(folder / SCORES, checkpoints.pack_scores(scores))
    normal, anomaly = scores.validation_normal, scores.validation_anomaly
    card = dataclasses.replace(
        one.card,
        test=checkpoints.test_report(one.task, scores.test, test.labels),
        validation=checkpoints.validation_report(normal, anomaly),
        thresholds=evaluation.operating_points(normal, anomaly),
        scores_sha256=sha256((folder / SCORES).read_bytes()),
    )
    write_whole(folder / CARD, (json.dumps(dataclasses.asdict(card), indent=1) + "\n").encode())
    return checkpoints.load(folder)


def _check_history(history: list[Any]) -> None:
    """Raise CheckpointError unless the records are such as a training writes: the page draws them."""

    def number(value: Any) -> bool:
        return type(value) in (int, float) and math.isfinite(value)

    for record in history:
        sound = (
            isinstance(record, dict)
            and all(number(record.get(key)) for key in ("epoch", "validation_auroc", "validation_error", "seconds"))
            and all(
                isinstance(record.get(key), dict)
                and all(isinstance(n, str) and number(v) for n, v in record[key].items())
                for key in ("losses", "discriminator_accuracy")
            )
        )
        if not sound:
            raise CheckpointError(f"{CARD}: its history is not that of a training.")
