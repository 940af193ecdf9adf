"""The frames of a run: a few fixed validation images as reconstructed after an epoch, one small PNG each."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from core.basics.files import read_at_most, write_whole
from core.data import tasks
from core.data.dataset import Images, count_images
from core.data.tasks import Split, Task
from core.gans.record import Finite

if TYPE_CHECKING:
    from core.gans.build import Generator

NORMALS = 8
LARGEST = 4 * 2**20  # bytes of a frame; eighty images of 128×128 in colour need less
FRAMES = 60  # about this many are kept of a run, however long


class Notes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The notes in a frame's PNG: the classes of the originals, or the scores of their reconstructions."""

    classes: list[str] = []
    scores: list[Finite] = []


def choose(split: Split, task: Task, train: Images) -> tuple[np.ndarray, list[str]]:
    """Choose the validation images that are reconstructed after each epoch, to watch a training.

    Eight normals, then one anomaly of each class that has any. Returns uint8 [M, H, W, C] and the class of each. `train`
    has the images that `split` was made from; they tell where each class begins among its anomalies.
    """
    normals = split.validation_normal[:NORMALS]
    counts = count_images(train, task.data.classes)
    classes, firsts, start = [task.normal] * len(normals), [], 0
    for name in task.anomaly_classes:
        if held := tasks.held_of(counts, task.data.label(name)):
            firsts.append(start)
            classes.append(name)
        start += held
    return np.concatenate([normals, split.validation_anomaly[np.array(firsts, int)]]), classes


def due(epoch: int, epochs: int) -> bool:
    """Return whether a frame is kept of this epoch; 0 is before training. The first ten, which change most, all are."""
    return epoch <= 10 or epoch == epochs or epoch % -(-epochs // FRAMES) == 0


def write_originals(folder: Path, images: np.ndarray, classes: list[str]) -> None:
    """Write the images themselves, with their classes. Raises OSError."""
    _write(folder / "originals.png", images, Notes(classes=classes))


def write_frame(folder: Path, epoch: int, images: np.ndarray, generator: "Generator") -> None:
    """Write the images as reconstructed after `epoch`, with their scores. Raises OSError."""
    from core.gans import maps, scoring

    reconstructions = scoring.reconstruct(generator, images)
    scores = maps.score_reconstructions(images, reconstructions, generator.share)
    notes = Notes(scores=[round(float(score), 4) for score in scores])
    _write(folder / f"{epoch:05}.png", maps.to_grey(reconstructions), notes)


def forget_after(folder: Path, epoch: int) -> None:
    """Remove the frames of later epochs, which a resumed run writes again."""
    for path in frames(folder):
        if int(path.stem) > epoch:
            path.unlink(missing_ok=True)


def frames(folder: Path) -> list[Path]:
    """List the frames in the order of their epochs; a file's stem is its epoch."""
    return sorted(path for path in folder.glob("*.png") if path.stem.isdigit())


def read(path: Path) -> tuple[bytes, Notes]:
    """Read a frame: its PNG and its notes. Raises OSError, ValueError."""
    content, _, notes = _opened(path, decoded=False)
    return content, notes


def measured(path: Path) -> tuple[tuple[int, int], Notes]:
    """Return (width, height) of a frame, all of it decoded, and its notes. Raises OSError, ValueError."""
    _, size, notes = _opened(path, decoded=True)
    return size, notes


def _opened(path: Path, decoded: bool) -> tuple[bytes, tuple[int, int], Notes]:
    """Return a frame's PNG, size and notes; its pixels are decoded as well if that is asked for. Raises OSError, ValueError."""
    from PIL import Image
    from PIL.PngImagePlugin import PngImageFile

    content = read_at_most(path, LARGEST)
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
            assert isinstance(picture, PngImageFile)  # guaranteed by `formats`
            notes = msgspec.json.decode(picture.text["misfit"], type=Notes)
            if decoded:
                picture.load()
            return content, picture.size, notes
    except Exception as error:  # Pillow raises errors of many kinds
        raise ValueError(f"{path} is no frame ({error}).") from error


def _write(path: Path, images: np.ndarray, notes: Notes) -> None:
    """Write uint8 [N, H, W, C] side by side as one PNG, with the notes."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("misfit", msgspec.json.encode(notes).decode())
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(list(images), axis=1).squeeze()).save(buffer, "PNG", pnginfo=info)
    write_whole(path, buffer.getvalue())
