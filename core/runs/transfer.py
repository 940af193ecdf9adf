"""Export and import of a trained model: a zip of the folder that `--checkpoint DIR` reads.

An imported file is not trusted: only known files are read (core/runs/unpacking.py), weights are safetensors and never a
pickle, and every figure that pages show is computed again from scores that were compared with the weights. Only a model of
photos is taken where its images are not here: photos seldom travel. The run then says that nothing was compared.
"""

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from core.basics.errors import CheckpointError, DataError
from core.basics.files import clear_litter, sha256, write_whole
from core.data import catalog, tasks
from core.data.dataset import Images
from core.metrics import reports, thresholds
from core.metrics.own import Own
from core.runs import folders, listing, pictures, travelling
from core.runs.request import Request
from core.runs.status import State
from core.runs.unpacking import FILES, LARGEST_ZIP, PHOTOS, unpacked
from core.store import card, checkpoints, own, saving
from core.store.checkpoints import CARD, SCORES, WEIGHTS, Checkpoint
from core.store.scores import Scores

AT_ONCE = 1024  # images between two calls of `progress`
TOLERANCE = 1e-4  # of a score; two processors differed by 1.2e-6; 1e-4 moves an AUROC in its fifth digit
Progress = Callable[[float], object]


def pack(checkpoint: Checkpoint, photos: bool = False) -> bytes:
    """Pack the checkpoint's three files as a zip of one folder with its name; with its data set of photos, if that is asked for.

    The pictures of its training go along, unless they show photos that stay here.
    Raises CheckpointError, DataError, OSError.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in FILES:
            archive.writestr(f"{checkpoint.name}/{name}", checkpoints.read(checkpoint.folder / name))
        drawn = pictures.packed(checkpoint) if photos or not checkpoint.task.data.photos else {}
        for name, content in drawn.items():
            archive.writestr(f"{checkpoint.name}/{name}", content)
        if photos:
            for name, content in travelling.packed(checkpoint):
                archive.writestr(f"{checkpoint.name}/{name}", content)
    if photos and buffer.tell() > LARGEST_ZIP:
        raise CheckpointError(
            f"With its photos the model has {buffer.tell():,} bytes; a model's zip has at most {LARGEST_ZIP:,}. Export it without, "
            "and bring the photos themselves to the other machine."
        )
    return buffer.getvalue()


def take(files: Sequence[tuple[str, bytes]], progress: Progress = lambda share: None) -> str:
    """Import a model as a run and return the run's name; call `progress` with the share scored, 0…1.

    `files` are (name, content): one zip as from `pack`, or generator.safetensors, card.json and, if there is one,
    scores.safetensors. Raises CheckpointError that names the problem, and then leaves nothing behind. Imports torch.
    """
    contents = unpacked(files)
    checkpoints.RUNS.mkdir(parents=True, exist_ok=True)
    for prefix in (".import-", ".deleted-"):
        clear_litter(checkpoints.RUNS, prefix)
    photos = {name: contents.pop(name) for name in PHOTOS if name in contents}
    drawn = {name: contents.pop(name) for name in list(contents) if pictures.named(name)}
    with (
        tempfile.TemporaryDirectory(dir=checkpoints.RUNS, prefix=".import-") as temporary,
        travelling.kept(photos, contents[CARD]) as told,
    ):
        for name, content in contents.items():
            write_whole(Path(temporary) / name, content)
        try:
            checkpoint, sentence = _made_sound(Path(temporary), SCORES in contents, progress)
            pictures.keep(drawn, Path(temporary), checkpoint.task.data)
        except CheckpointError as error:
            raise CheckpointError(str(error).replace(f"{temporary}/", "")) from error
        known, task = checkpoint.card, checkpoint.task
        with folders.guard():
            name = folders.free_name(f"{known.model}-{task.normal}-{task.regime}-imported")
            state: State = "stopped" if known.stopped_early else "finished"
            request = Request(known.model, task, known.config, known.seed, known.folds)
            more = {"epoch": known.epochs_trained, "seconds": known.seconds}
            listing.create(name, request, state, f"{listing.IMPORTED} {sentence}{told}", **more)
            saving.copy(checkpoint, folders.folder(name) / checkpoints.LAST)
            for picture, content in drawn.items():
                (folders.folder(name) / pictures.PANEL).mkdir(exist_ok=True)
                write_whole(folders.folder(name) / picture, content)
        return name


def _made_sound(folder: Path, scored: bool, progress: Progress) -> tuple[Checkpoint, str]:
    """Compare a checkpoint's scores with its weights, or compute them, and compute its figures again.

    Returns the checkpoint and a sentence on what was done. Raises CheckpointError, DataError.
    """
    checkpoint = checkpoints.load(folder)
    try:
        test, train = checkpoint.test_images(), catalog.get(checkpoint.task.data.key).load("train")
    except DataError:
        data = checkpoint.task.data
        if not data.photos or data.key in catalog.available() or not scored:
            raise
        return _taken_at_its_word(checkpoint)
    if scored:
        scores, sentence = _held(checkpoint, test, train, progress)
    else:
        scores, sentence = _made(checkpoint, test, train, progress)
        write_whole(folder / SCORES, saving.pack_scores(scores))
    measured = _measured_again(checkpoint, test, train, scores)
    normal, anomaly = scores.validation_normal, scores.validation_anomaly
    known = msgspec.structs.replace(
        checkpoint.card,
        test=saving.test_report(checkpoint.task, scores.test, test.labels),
        validation=reports.figures(normal, anomaly),
        thresholds=thresholds.operating_points(normal, anomaly),
        scores_sha256=sha256((folder / SCORES).read_bytes()),
        own=measured,
        folds=checkpoint.card.folds if scored else 0,
        left_out=checkpoint.card.left_out if scored else 0,
    )
    write_whole(folder / CARD, card.encode(known))
    return checkpoints.load(folder), sentence


def _taken_at_its_word(checkpoint: Checkpoint) -> tuple[Checkpoint, str]:
    """Take a model whose images are not here: weights and scores must fit its card, thresholds follow from the scores.

    Raises CheckpointError.
    """
    checkpoint.generator()
    normal, anomaly = checkpoint.scores.validation_normal, checkpoint.scores.validation_anomaly
    known = msgspec.structs.replace(
        checkpoint.card,
        validation=reports.figures(normal, anomaly),
        thresholds=thresholds.operating_points(normal, anomaly),
    )
    write_whole(checkpoint.folder / CARD, card.encode(known))
    sentence = (
        f"The images of {checkpoint.task.data.name} are not here: scores could not be compared with the weights, and the figures are "
        "those of its card."
    )
    return checkpoints.load(checkpoint.folder), sentence


def _measured_again(checkpoint: Checkpoint, test: Images, train: Images, scores: Scores) -> Own | None:
    """Measure anew what the card says of data of one's own; None where it says nothing, or the training images differ.

    Raises CheckpointError when the stored scores of synthetic defects are not what the weights give.
    """
    normals = tasks.trained_normals(checkpoint.task, checkpoint.card.data_fingerprint, train)
    if checkpoint.card.own is None or normals is None or train.fingerprint != checkpoint.card.data_fingerprint:
        return checkpoint.card.own
    measured, damaged = own.measure(checkpoint.generator(), checkpoint.task, normals, test, scores.test)
    if len(damaged) != len(scores.synthetic) or np.abs(damaged - scores.synthetic).max(initial=0.0) > TOLERANCE:
        raise CheckpointError(
            f"{SCORES} does not belong to {WEIGHTS}: the weights give other scores of synthetic defects."
        )
    return measured


def _held(checkpoint: Checkpoint, test: Images, train: Images, progress: Progress) -> tuple[Scores, str]:
    """Compare the stored scores with those that the weights give, for the available images. Raises CheckpointError."""
    scores = checkpoint.scores
    parts = [(checkpoint.test_scores(test), test.images)]
    places = tasks.validation_places(checkpoint.task, checkpoint.card.data_fingerprint, train)
    held = len(scores.validation_normal) - checkpoint.card.left_out  # the others are of models that were not kept
    stored = (scores.validation_normal[:held], scores.validation_anomaly)
    whole = sum(map(len, stored))
    if places is not None:
        if [len(part) for part in places] != [len(part) for part in stored]:
            raise CheckpointError(
                f"{SCORES} has {whole} validation scores; its card's task has {sum(map(len, places))}."
            )
        parts += [(part[at >= 0], train.images[at[at >= 0]]) for part, at in zip(stored, places, strict=True)]
    expected, images = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    for start, computed in _in_parts(checkpoint, images, progress):
        if np.abs(computed - expected[start : start + len(computed)]).max() > TOLERANCE:
            raise CheckpointError(f"{SCORES} does not belong to {WEIGHTS}: the weights give other scores.")
    compared = sum(len(part) for part, _ in parts[1:])
    sentence = f"All {len(scores.test):,} test scores and {compared:,} of {whole:,} validation scores are what the weights give"
    return scores, sentence + ("." if compared == whole else "; the other validation images are not here.")


def _made(checkpoint: Checkpoint, test: Images, train: Images, progress: Progress) -> tuple[Scores, str]:
    """Compute the scores from the weights. Raises CheckpointError if the training images are not those of the card."""
    if train.fingerprint != checkpoint.card.data_fingerprint:
        raise CheckpointError(
            f"{SCORES} is missing, and it cannot be made here: the model was trained on other images "
            f"({checkpoint.card.data_source}) than there are ({train.source.name}). Give all three files."
        )
    split = tasks.split(checkpoint.task, train)
    parts = (test.images, split.validation_normal, split.validation_anomaly)
    scores = np.concatenate([part for _, part in _in_parts(checkpoint, np.concatenate(parts), progress)])
    ends = np.cumsum([len(images) for images in parts])[:-1]
    parted = np.split(scores, ends)
    damaged = np.empty(0, np.float32)
    if checkpoint.card.own is not None:
        generator = checkpoint.generator()
        _, damaged = own.measure(generator, checkpoint.task, split.train_normal, test, parted[0])
    return Scores(parted[0], parted[1], parted[2], damaged), "Its scores were made here."


def _in_parts(checkpoint: Checkpoint, images: np.ndarray, progress: Progress) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (index of the first image, scores) of one part after another; parting does not change the scores."""
    from core.gans import scoring

    generator = checkpoint.generator()
    for start in range(0, len(images), AT_ONCE):
        yield start, scoring.score(generator, images[start : start + AT_ONCE])
        progress(min(1.0, (start + AT_ONCE) / len(images)))
