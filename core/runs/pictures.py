"""The pictures of a training that travel with its model: how its panel looked before training and after each epoch.

They come from a stranger where a model is imported, so each is opened, measured and compared with the card before it is kept.
"""

import re
from pathlib import Path

from core.basics.errors import CheckpointError
from core.basics.files import write_whole
from core.basics.text import as_line
from core.data.dataset import Description
from core.runs import frames
from core.store import checkpoints
from core.store.checkpoints import Checkpoint

PANEL = "panel"
LARGEST_ALL = checkpoints.LARGEST_FILE // 2  # bytes of all of them; the rest of a model's zip is for the model
MOST = 100  # pictures; of a long run about seventy are kept
_NAME = re.compile(rf"(?:.*/)?({PANEL}/(?:\d{{5}}|originals)\.png)")


def named(path: str) -> str:
    """Return the name of a picture in a zip, such as panel/00012.png; "" for another file."""
    match = _NAME.fullmatch(path)
    return match[1] if match else ""


def packed(checkpoint: Checkpoint) -> dict[str, bytes]:
    """Return the pictures of the training that made the model, by name: all of them, or none where they are too large.

    A shipped model has none. Raises OSError.
    """
    folder = checkpoint.folder.parent / PANEL
    paths = [folder / "originals.png", *frames.frames(folder)][:MOST]
    if not checkpoint.run or not paths[0].is_file():
        return {}
    sizes = [path.stat().st_size for path in paths]
    if max(sizes) > frames.LARGEST or sum(sizes) > LARGEST_ALL:
        return {}
    return {f"{PANEL}/{path.name}": path.read_bytes() for path in paths}


def keep(pictures: dict[str, bytes], folder: Path, data: Description) -> None:
    """Check the pictures and write them to a run's folder. Raises CheckpointError that names the first odd one."""
    shown: int | None = None
    for name in sorted(pictures, key=lambda name: (not name.endswith("originals.png"), name)):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        write_whole(path, pictures[name])
        try:
            shown = _checked(path, shown, data)
        except (OSError, ValueError) as error:
            reason = as_line(error).replace(f"{folder}/", "")
            raise CheckpointError(f"{name} is no picture of this model's training: {reason}") from error


def _checked(path: Path, shown: int | None, data: Description) -> int:
    """Return how many images a picture shows. Raises ValueError when that is not `shown`, or it does not fit the data set."""
    size, notes = frames.measured(path)
    if path.name == "originals.png":
        if unknown := [name for name in notes.classes if name not in data.classes]:
            raise ValueError(f"{data.name} has no class {unknown[0]!r:.60}.")
        shown = len(notes.classes)
    if not shown:
        raise ValueError("the pictures before training are missing.")
    if size != (shown * data.side, data.side) or len(notes.classes or notes.scores) != shown:
        raise ValueError(f"it is not {shown} images of {data.side} × {data.side} pixels.")
    return shown
