"""Finding all trained models: the shipped ones, those of runs, and the damaged ones."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.basics.errors import CheckpointError
from core.basics.files import read_at_most
from core.data.fashion_mnist import FASHION_MNIST
from core.gans.config import CONFIGS
from core.store import checkpoints
from core.store.checkpoints import BEST, CARD, LARGEST, LAST, SCORES, WEIGHTS, Checkpoint


@dataclass(frozen=True)
class Damaged:
    """A folder whose trained model cannot be read, and the problem.

    `model` and `normal` are the kind and the normal class of the model, each "" where the folder does not tell.
    """

    folder: Path
    model: str
    normal: str
    problem: str

    @property
    def name(self) -> str:
        """The model's name in links: "shipped" with the regime, or the run's name; "" for a folder of no model."""
        if self.folder.parent.parent == checkpoints.RUNS:
            return self.folder.parent.name + ("-best" if self.folder.name == BEST else "")
        return "shipped" + self.folder.name.removeprefix(self.normal) if self.normal else ""

    def may_be(self, model: str, normal: str) -> bool:
        """Return whether the damaged model may be of this kind and class."""
        return self.model in ("", model) and self.normal in ("", normal)


def discover() -> tuple[list[Checkpoint], list[Damaged]]:
    """Load every checkpoint, shipped ones first. Return the checkpoints and the damaged ones."""
    whole, damaged = [], []
    folders, unreadable = places()
    for folder in folders:
        try:
            whole.append(checkpoints.load(folder))
        except CheckpointError as error:
            damaged.append(Damaged(folder, *_kind(folder), str(error)))
    return whole, damaged + [Damaged(folder, "", "", problem) for folder, problem in unreadable]


def places() -> tuple[list[Path], list[tuple[Path, str]]]:
    """List every folder with a trained model or a part of one: shipped ones, then each run's last before its best.

    Also returns each folder that cannot be listed, with a line that names the problem.
    """
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

    folders = [
        place for model in inside(checkpoints.SHIPPED) if model.is_dir() for place in inside(model) if place.is_dir()
    ]
    for run in inside(checkpoints.RUNS):
        if checkpoints.RUN_NAME.fullmatch(run.name) and run.is_dir():
            models = inside(run)
            folders += [place for place in (run / LAST, run / BEST) if place in models]
    parts = {WEIGHTS, SCORES, CARD}
    return [folder for folder in folders if parts & {path.name for path in inside(folder)}], unreadable


def _kind(folder: Path) -> tuple[str, str]:
    """Return the (model, normal class) of a damaged checkpoint, each "" where its place does not tell."""
    if folder.parent.parent == checkpoints.RUNS:
        try:
            request = msgspec.json.decode(read_at_most(folder.parent / "request.json", LARGEST[CARD]))
            model, normal = request["model"], request["task"]["normal"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError, msgspec.MsgspecError):
            return "", ""
    else:
        model = folder.parent.name
        classes = FASHION_MNIST.description.classes  # every shipped model is of this data set
        normal = next((slug for slug in classes if f"{folder.name}-".startswith(f"{slug}-")), "")
    return (model if model in CONFIGS else ""), normal if isinstance(normal, str) else ""
