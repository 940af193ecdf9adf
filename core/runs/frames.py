"""A few fixed validation images, as the generator reconstructs them after each epoch: one small PNG a frame, on disk."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from core.basics.files import read_at_most, write_whole
from core.data import tasks
from core.data.tasks import Split, Task
from core.gans.record import Finite

if TYPE_CHECKING:
    from core.gans.build import Generator

NORMALS = 8
LARGEST = 4 * 2**20  # bytes of a frame; twenty images of 128×128 in colour have less
FRAMES = 60  # about as many are kept of a run, however long


class Notes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is written in a frame: the classes of the originals, or the scores of their reconstructions."""

    classes: list[str] = []
    scores: list[Finite] = []


def choose(split: Split, task: Task, labels: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """uint8 [N, H, W, C] and the class of each: eight normals, then one anomaly of each class that may be looked at.

    `split` is of the training images that have these labels [N]; its validation anomalies stand class by class.
    """
    normals = split.validation_normal[:NORMALS]
    classes, firsts, start = [task.normal] * len(normals), [], 0
    for name in task.anomaly_classes:
        if held := tasks.held_out(int((labels == task.data.label(name)).sum())):
            firsts.append(start)
            classes.append(name)
        start += held
    return np.concatenate([normals, split.validation_anomaly[np.array(firsts, int)]]), classes


def due(epoch: int, epochs: int) -> bool:
    """Whether a frame is kept of this epoch; 0 is before training. Most happens in the first ten."""
    return epoch <= 10 or epoch == epochs or epoch % -(-epochs // FRAMES) == 0


def write_originals(folder: Path, images: np.ndarray, classes: list[str]) -> None:
    """The images themselves, with their classes. Raises OSError."""
    _write(folder / "originals.png", images, Notes(classes=classes))


def write_frame(folder: Path, epoch: int, images: np.ndarray, generator: "Generator") -> None:
    """The images as reconstructed after `epoch`, with their scores. Raises OSError."""
    from core.gans import scoring

    reconstructions = scoring.reconstruct(generator, images)
    scores = scoring.score_reconstructions(images, reconstructions)
    grey = ((reconstructions + 1.0) * 127.5).round().clip(0, 255).astype(np.uint8)
    _write(folder / f"{epoch:05}.png", grey, Notes(scores=[round(float(score), 4) for score in scores]))


def forget_after(folder: Path, epoch: int) -> None:
    """Remove the frames of later epochs, which a resumed run will make again."""
    for path in frames(folder):
        if int(path.stem) > epoch:
            path.unlink(missing_ok=True)


def frames(folder: Path) -> list[Path]:
    """The frames there are, in the order of their epochs; a file's stem is its epoch."""
    return sorted(path for path in folder.glob("*.png") if path.stem.isdigit())


def read(path: Path) -> tuple[bytes, Notes]:
    """Return a frame's PNG and what is written in it. Raises OSError, ValueError."""
    from PIL import Image
    from PIL.PngImagePlugin import PngImageFile

    content = read_at_most(path, LARGEST)
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
            assert isinstance(picture, PngImageFile)  # formats says so
            return content, msgspec.json.decode(picture.text["misfit"], type=Notes)
    except Exception as error:  # Pillow has many
        raise ValueError(f"{path} is no frame ({error}).") from error


def _write(path: Path, images: np.ndarray, notes: Notes) -> None:
    """uint8 [N, H, W, C] side by side as one PNG."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("misfit", msgspec.json.encode(notes).decode())
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(list(images), axis=1).squeeze()).save(buffer, "PNG", pnginfo=info)
    write_whole(path, buffer.getvalue())
