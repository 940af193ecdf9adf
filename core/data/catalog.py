"""The available data sets by key, their name in links: Fashion-MNIST and the user's own.

data/own/<key>/         a folder with IDX files, put there by whoever runs Misfit, or photos that were kept (core/data/photos)
data/own/places.json    folders elsewhere that were named on the command line, key → path

MISFIT_DATA names another folder instead of data/own.
"""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.basics.errors import DataError
from core.basics.files import ROOT, clear_litter, read_at_most, whole_folder, write_whole
from core.basics.text import as_line
from core.data import idx_folder
from core.data.dataset import DataSet
from core.data.fashion_mnist import FASHION_MNIST
from core.data.photos import bringing, examples, files, stored
from core.data.photos.bringing import Gathered
from core.data.photos.files import Brought
from core.data.photos.findings import refuse_errors
from core.data.photos.reading import Progress, Shape
from core.data.photos.stored import Facts

OWN = Path(os.environ.get("MISFIT_DATA") or ROOT / "data" / "own").resolve()
PLACES = "places.json"
_SCRATCH = ".scratch-"  # beginning of a folder's name; no key begins so


class Kept(NamedTuple):
    """A data set of photos on disk: its key, when it was kept (seconds since 1970), and its size in bytes."""

    key: str
    time: float
    size: int


def available() -> list[str]:
    """List the keys of all available data sets, Fashion-MNIST first."""
    return [FASHION_MNIST.description.key, *sorted(_folders())]


def get(key: str) -> DataSet:
    """Return the data set called `key`. Raises DataError when there is none, or when it is damaged."""
    if key == FASHION_MNIST.description.key:
        return FASHION_MNIST
    folder = _folders().get(key)
    if folder is None and key in examples.EXAMPLES:
        raise DataError(
            f"{examples.EXAMPLES[key].name} is an example whose photos were not brought yet: one click on the page Data, or "
            f"`python -m core data --example {key} --keep`, brings them."
        )
    if folder is None:
        raise DataError(
            f"There is no data set called {key!r:.80} here; there are: {' '.join(available())}. "
            "Bring its photos again on the page Data, or name their folder once with `python -m core train --data DIR`."
        )
    return _opened(folder, key, _stamp(folder))


def add(path: Path, normal: str | None = None, shaped: Callable[[Shape], Shape] = lambda shape: shape) -> DataSet:
    """Open the data set at `path` and remember it, so that pages offer it, too.

    A folder with IDX files stays where it is. Photos, in a folder or zip, are checked, decoded and kept here; photos that
    have not changed since are not read again. `shaped` says what they are brought to: it gets the shape they have here, or
    the default one. Raises DataError when it is no data set or its key is taken, OSError when the disk refuses.
    """
    path = path.resolve()
    if not path.exists():
        raise DataError(
            f"{as_line(path)} is not a data set: there is no such folder or zip, and the data sets here are called "
            f"{' '.join(available())}."
        )
    if idx_folder.is_meant(path):
        return _add_place(path)
    with files.opened(path) as brought, scratch() as folder:
        key = key_of(brought.name, path)
        before = facts(key)
        shape = shaped(before.shape if before else Shape())
        if before and before.stamp == bringing.stamp(brought) and before.shape == shape:
            return get(key)
        return keep(gather(brought, folder, key, shape, normal), key, path)


def key_of(name: str, origin: Path | None = None) -> str:
    """Return the key of the data set that was made of the folder or zip `origin`; if none was, a slug of `name`."""
    for key, folder in _folders().items():
        with contextlib.suppress(DataError):  # another data set that is damaged is no obstacle
            if origin and stored.holds(folder) and stored.read_facts(folder).origin == str(origin):
                return key
    return idx_folder.slug(name) or "photos"


def facts(key: str) -> Facts | None:
    """Return what is known of the data set of photos called `key`; None when there is none. Raises DataError."""
    folder = _photos_in(key)
    return stored.read_facts(folder) if folder else None


def kept() -> list[Kept]:
    """List the data sets of photos that were kept here, the latest first; damaged ones, too."""
    listed = []
    for key in _folders():
        if folder := _photos_in(key):
            with contextlib.suppress(OSError):  # it is being removed
                sizes = [path.stat().st_size for path in folder.iterdir()]
                listed.append(Kept(key, (folder / stored.FACTS).stat().st_mtime, sum(sizes)))
    return sorted(listed, key=lambda each: -each.time)


def photos(key: str) -> np.ndarray:
    """Map the photos of a data set into memory, in the order of its facts: uint8 [N, side, side, C]. Raises DataError."""
    folder = _photos_in(key)
    if folder is None:
        raise DataError(f"There is no data set of photos called {key!r:.80} here.")
    return stored.read_arrays(folder, stored.read_facts(folder))[0]


def delete(key: str) -> None:
    """Remove a data set of photos for good. Raises DataError when none was kept here, OSError when the disk refuses."""
    folder = _photos_in(key)
    if folder is None:
        raise DataError(f"There is no data set of photos called {key!r:.80} here; it may be deleted already.")
    if folder != OWN.resolve() / key:  # a link, put there by whoever runs Misfit
        raise DataError(f"The data set {key} lies elsewhere, in {folder}; whoever put it there can remove it.")
    gone = Path(tempfile.mkdtemp(dir=OWN, prefix=_SCRATCH))
    os.rename(folder, gone / key)  # in one step: nobody sees a part of it
    shutil.rmtree(gone, ignore_errors=True)


def _photos_in(key: str) -> Path | None:
    """Return the folder of the data set of photos called `key`, or None."""
    folder = _folders().get(key)
    return folder if folder and stored.holds(folder) else None


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Make a folder for photos that are decoded but not kept yet; it is gone after the block. Raises OSError."""
    OWN.mkdir(parents=True, exist_ok=True)
    clear_litter(OWN, _SCRATCH)
    with tempfile.TemporaryDirectory(dir=OWN, prefix=_SCRATCH) as folder:
        yield Path(folder)


def gather(
    brought: Brought,
    folder: Path,
    key: str,
    shape: Shape,
    normal: str | None = None,
    progress: Progress = lambda *_: None,
    add_to: bool = False,
) -> Gathered:
    """Decode photos into `folder`, divide and check them, as they would be in the data set `key`.

    Where such a data set is here already, photos of before keep their split, and its normal class is the default. With
    `add_to`, the photos of before stay in it beside these; else these replace them. Raises DataError when there is nothing
    to check, or when something else is called `key`.
    """
    if onto := _photos_in(key) if add_to else None:
        return bringing.gather(brought, folder, shape, normal, progress=progress, onto=onto)
    refuse_taken(key)
    before = facts(key)
    if before and normal is None and before.description.only_normal is None:
        normal = before.description.class_names[0]
    gathered = bringing.gather(brought, folder, shape, normal, before.splits if before else {}, progress)
    if before and not any(photo.sha256 in before.splits for photo in gathered.decoded.photos):
        raise DataError(f"The data set {key} has none of these photos; choose another name for them.")
    return gathered


def keep(gathered: Gathered, key: str, origin: Path | None = None) -> DataSet:
    """Write checked photos as the data set `key`, whole or not at all. Raises DataError when the check found an error or
    something else is called `key`, OSError when the disk refuses."""
    refuse_errors(gathered.findings)
    refuse_taken(key)
    with whole_folder(OWN / key) as new:
        bringing.keep(gathered, new, key, origin)
    return get(key)


def refuse_taken(key: str) -> None:
    """Raise DataError where `key` is no name, or its place has anything but a data set of photos, which may be replaced."""
    if _photos_in(key):
        return
    if idx_folder.slug(key) != key or key in available():
        raise DataError(f"A data set cannot be called {key!r:.80}, or another one is; choose another name.")
    if (OWN / key).exists():  # such as the photos themselves
        raise DataError(
            f"{OWN / key} is there already, and a data set of that name would replace it. Move the folder elsewhere, or "
            "choose another name."
        )


def _add_place(folder: Path) -> DataSet:
    """Remember the place of a folder with IDX files. Raises DataError, OSError."""
    key = next((key for key, place in _folders().items() if place == folder), "")
    opened = idx_folder.open_folder(folder, key)
    if key:
        return opened
    key = opened.description.key
    if key in available():
        raise DataError(f"Another data set is called {key} already; rename the folder {folder}.")
    write_whole(OWN / PLACES, json.dumps(_places() | {key: str(folder)}, indent=1).encode())
    return opened


def _folders() -> dict[str, Path]:
    """Return the folders of the data sets other than Fashion-MNIST, by key."""
    folders = {key: Path(place) for key, place in _places().items()}
    with contextlib.suppress(OSError):
        for folder in OWN.iterdir():
            key = idx_folder.slug(folder.name)
            if key == folder.name and (idx_folder.holds(folder) or stored.holds(folder)):
                folders[key] = folder.resolve()
    folders.pop(FASHION_MNIST.description.key, None)
    return folders


def _places() -> dict[str, str]:
    """Return the valid entries of places.json: key → path."""
    try:
        values = json.loads(read_at_most(OWN / PLACES, 2**20))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {key: place for key, place in values.items() if isinstance(place, str) and idx_folder.slug(key) == key}


def _stamp(folder: Path) -> int:
    """Return the time of the last change in the folder, nanoseconds; 0 when it cannot be read."""
    with contextlib.suppress(OSError):
        return max(path.stat().st_mtime_ns for path in folder.iterdir())
    return 0


@lru_cache(maxsize=16)
def _opened(folder: Path, key: str, stamp: int) -> DataSet:
    return stored.open_folder(folder, key) if stored.holds(folder) else idx_folder.open_folder(folder, key)
