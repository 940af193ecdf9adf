"""Export and import of a trained model: a zip of the folder that `--checkpoint DIR` reads.

An imported file is not trusted: only the three known files are read, weights are safetensors and never a pickle, and every
figure that pages show is computed again from scores that were compared with the weights.
"""

import io
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from core.basics.errors import CheckpointError
from core.basics.files import clear_litter, sha256, write_whole
from core.data import catalog, tasks
from core.data.dataset import Images
from core.metrics import reports, thresholds
from core.runs import folders, listing
from core.runs.request import Request
from core.runs.status import State
from core.store import card, checkpoints, saving
from core.store.checkpoints import CARD, SCORES, WEIGHTS, Checkpoint, Scores

FILES = (WEIGHTS, SCORES, CARD)
_LITTER = ("__MACOSX", ".DS_Store")  # what macOS adds to a zip
LARGEST_ZIP = checkpoints.LARGEST_FILE
LARGEST_DIRECTORY = 2**16  # bytes of a zip's list of files; enough for hundreds, and a model has three
AT_ONCE = 1024  # images between two calls of `progress`
TOLERANCE = 1e-4  # of a score; two processors differed by 1.2e-6; 1e-4 moves an AUROC in its fifth digit
Progress = Callable[[float], object]


def pack(checkpoint: Checkpoint) -> bytes:
    """Pack the checkpoint's three files as a zip of one folder with its name. Raises CheckpointError, OSError."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in FILES:
            archive.writestr(f"{checkpoint.name}/{name}", checkpoints.read(checkpoint.folder / name))
    return buffer.getvalue()


def take(files: Sequence[tuple[str, bytes]], progress: Progress = lambda share: None) -> str:
    """Import a model as a run and return the run's name; call `progress` with the share scored, 0…1.

    `files` are (name, content): one zip as from `pack`, or generator.safetensors, card.json and, if there is one,
    scores.safetensors. Raises CheckpointError that names the problem, and then leaves nothing behind. Imports torch.
    """
    contents = _unpacked(files)
    checkpoints.RUNS.mkdir(parents=True, exist_ok=True)
    for prefix in (".import-", ".deleted-"):
        clear_litter(checkpoints.RUNS, prefix)
    with tempfile.TemporaryDirectory(dir=checkpoints.RUNS, prefix=".import-") as temporary:
        for name, content in contents.items():
            write_whole(Path(temporary) / name, content)
        try:
            checkpoint, sentence = _made_sound(Path(temporary), SCORES in contents, progress)
        except CheckpointError as error:
            raise CheckpointError(str(error).replace(f"{temporary}/", "")) from error
        known, task = checkpoint.card, checkpoint.task
        with folders.guard():
            name = folders.free_name(f"{known.model}-{task.normal}-{task.regime}-imported")
            state: State = "stopped" if known.stopped_early else "finished"
            request = Request(known.model, task, known.config, known.seed)
            more = {"epoch": known.epochs_trained, "seconds": known.seconds}
            listing.create(name, request, state, f"Imported. {sentence}", **more)
            saving.copy(checkpoint, folders.folder(name) / checkpoints.LAST)
        return name


def _unpacked(files: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    """Return the content of each known file by name. Raises CheckpointError that names any other file."""
    members: Iterable[tuple[str, bytes]] = files
    if len(files) == 1 and files[0][0].lower().endswith(".zip"):
        members = _members(*files[0])
    contents: dict[str, bytes] = {}
    for path, content in members:
        name = _known(path, contents)
        if len(content) > checkpoints.LARGEST[name]:
            raise CheckpointError(f"{name} is larger than {checkpoints.LARGEST[name]} bytes.")
        contents[name] = content
    missing = [name for name in (WEIGHTS, CARD) if name not in contents]
    if missing:
        raise CheckpointError(f"{' and '.join(missing)} is missing; a trained model has both weights and card.")
    return contents


def _known(path: str, earlier: Collection[str]) -> str:
    """Return the name of the known file at `path`. Raises CheckpointError for an unknown or `earlier` name."""
    name = path.rsplit("/", 1)[-1]
    if name not in FILES:
        raise CheckpointError(
            f"{path[:80]} is no part of a trained model. Remove it and give one .zip, or {', '.join(FILES)}."
        )
    if name in earlier:
        raise CheckpointError(f"There are two files called {name}; give one model at a time.")
    return name


def _members(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content) of every file in a zip. Raises CheckpointError at an unknown file, before unpacking it.

    A file is unpacked to one byte more than its allowed length at most.
    """
    if len(content) > LARGEST_ZIP:
        raise CheckpointError(f"{name[:80]} has {len(content)} bytes; a model's zip has at most {LARGEST_ZIP}.")
    if _directory_size(content) > LARGEST_DIRECTORY:
        raise CheckpointError(f"{name[:80]} holds far more than the three files of a trained model.")
    seen: list[str] = []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                if member.is_dir() or any(part in _LITTER for part in member.filename.split("/")):
                    continue
                seen.append(_known(member.filename, seen))
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise CheckpointError(
                        f"{name[:80]} is packed in a way that is not read; pack it as an ordinary zip."
                    )
                with archive.open(member) as file:
                    yield member.filename, file.read(checkpoints.LARGEST[seen[-1]] + 1)
    except CheckpointError:
        raise
    except Exception as error:  # a damaged zip can fail anywhere: zlib.error, struct.error, UnicodeDecodeError…
        raise CheckpointError(f"{name[:80]} is not a zip that can be read ({error!s:.120}).") from error


def _directory_size(content: bytes) -> int:
    """Return the bytes of a zip's list of files, as stated in the record at its end; an entry takes 46 or more.

    zipfile makes an object of each entry at once, so the size is checked first. 0 without such a record, which zipfile
    then refuses.
    """
    mark, length = b"PK\x05\x06", 22
    at = len(content) - length
    if content[at : at + 4] != mark or content[-2:] != b"\0\0":
        at = content.rfind(mark, max(0, len(content) - length - 2**16))
    if at < 0 or at + length > len(content):
        return 0
    if content[max(0, at - 20) : at][:4] == b"PK\x06\x07":  # the size is in another record: a zip of more than 4 GB
        return 2**63
    return int.from_bytes(content[at + 12 : at + 16], "little")


def _made_sound(folder: Path, stored: bool, progress: Progress) -> tuple[Checkpoint, str]:
    """Compare a checkpoint's scores with its weights, or compute them, and compute its figures again.

    Returns the checkpoint and a sentence on what was done. Raises CheckpointError, DataError.
    """
    checkpoint = checkpoints.load(folder)
    test, train = checkpoint.test_images(), catalog.get(checkpoint.task.data.key).load("train")
    if stored:
        scores, sentence = _held(checkpoint, test, train, progress)
    else:
        scores, sentence = _made(checkpoint, test, train, progress)
        write_whole(folder / SCORES, saving.pack_scores(scores))
    normal, anomaly = scores.validation_normal, scores.validation_anomaly
    known = msgspec.structs.replace(
        checkpoint.card,
        test=saving.test_report(checkpoint.task, scores.test, test.labels),
        validation=reports.figures(normal, anomaly),
        thresholds=thresholds.operating_points(normal, anomaly),
        scores_sha256=sha256((folder / SCORES).read_bytes()),
        folds=checkpoint.card.folds if stored else 0,
        left_out=checkpoint.card.left_out if stored else 0,
    )
    write_whole(folder / CARD, card.encode(known))
    return checkpoints.load(folder), sentence


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
    return Scores(*np.split(scores, ends)), "Its scores were made here."


def _in_parts(checkpoint: Checkpoint, images: np.ndarray, progress: Progress) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (index of the first image, scores) of one part after another; parting does not change the scores."""
    from core.gans import scoring

    generator = checkpoint.generator()
    for start in range(0, len(images), AT_ONCE):
        yield start, scoring.score(generator, images[start : start + AT_ONCE])
        progress(min(1.0, (start + AT_ONCE) / len(images)))
