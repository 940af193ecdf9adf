"""A model that judges at once, a folder to watch, and a watch that runs in the test's own thread."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from core.judging import novelty
from core.line import model, moving
from core.line.arrivals import Arrivals
from core.line.model import Model, Wishes
from core.line.verdicts import Verdicts
from core.line.watching import Watch
from core.store import checkpoints

SETTLE = 0.15  # seconds


@pytest.fixture
def opened(saved, known, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Model]:
    """Opens the small traditional model; the reference images of the data set are fitted once for all tests."""
    monkeypatch.setattr(novelty, "fit", lambda train: known)
    folder = saved()
    return lambda wishes=None: model.opened(checkpoints.load(folder), wishes or Wishes())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def put(folder: Path, test_split) -> Callable[..., Path]:
    """Writes a test image as a photo, whole or, with `part`, only so many bytes of it."""

    def write(number: int, name: str = "", part: int | None = None) -> Path:
        path = folder / (name or f"{number:03}.png")
        hidden = folder.parent / "photo.png"
        Image.fromarray(test_split.images[number, :, :, 0]).save(hidden)
        path.write_bytes(hidden.read_bytes()[:part])
        return path

    return write


class Line:
    """A watch over `folder` with everything in the test's own folder; `said` is what it told."""

    def __init__(self, folder: Path, opened: Callable[..., Model], move: bool, maps: bool, as_json: bool) -> None:
        self.out = folder.parent / ("verdicts.jsonl" if as_json else "verdicts.csv")
        self.said: list[str] = []
        self.verdicts = Verdicts(self.out, as_json)
        self.verdicts.recall(folder)
        self.arrivals = Arrivals(folder, self.verdicts.judged, SETTLE)
        sorted_to = moving.prepared(folder.parent / "sorted", folder) if move else None
        self.watch = Watch(
            folder,
            opened(),
            self.verdicts,
            self.arrivals,
            folder.parent / "maps" if maps else None,
            sorted_to,
            self.said.append,
        )

    def run(self) -> None:
        """Judge all that waits."""
        self.watch.run(lambda: False, once=True)

    def close(self) -> None:
        self.arrivals.close()
        self.verdicts.close()


@pytest.fixture
def line(folder: Path, opened) -> Iterator[Callable[..., Line]]:
    """Starts a watch; a second call is a second start, after the first has ended."""
    started: list[Line] = []

    def start(move: bool = False, maps: bool = False, as_json: bool = False) -> Line:
        if started:
            started[-1].close()
        started.append(Line(folder, opened, move, maps, as_json))
        return started[-1]

    yield start
    started[-1].close()
