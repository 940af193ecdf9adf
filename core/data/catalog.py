"""The available data sets by key, their name in links: Fashion-MNIST and the user's own.

data/own/<key>/         a folder with IDX files, put there by whoever runs Misfit
data/own/places.json    folders elsewhere that were named on the command line, key → path

MISFIT_DATA names another folder instead of data/own. No page can add a data set: only the operator can.
"""

import contextlib
import json
import os
from functools import lru_cache
from pathlib import Path

from core.basics.errors import DataError
from core.basics.files import ROOT, read_at_most, write_whole
from core.data import idx_folder
from core.data.dataset import DataSet
from core.data.fashion_mnist import FASHION_MNIST

OWN = Path(os.environ.get("MISFIT_DATA") or ROOT / "data" / "own").resolve()
PLACES = "places.json"


def available() -> list[str]:
    """List the keys of all available data sets, Fashion-MNIST first."""
    return [FASHION_MNIST.description.key, *sorted(_folders())]


def get(key: str) -> DataSet:
    """Return the data set called `key`. Raises DataError when there is none, or when it is damaged."""
    if key == FASHION_MNIST.description.key:
        return FASHION_MNIST
    folder = _folders().get(key)
    if folder is None:
        raise DataError(
            f"There is no data set called {key!r:.80} here; there are: {' '.join(available())}. "
            "Bring its folder back, or name it once with `python -m core train --data DIR`."
        )
    return _opened(folder, key, _stamp(folder))


def add(folder: Path) -> DataSet:
    """Open the data set in `folder` and remember its place, so that pages offer it, too.

    Raises DataError when it is not a data set, or when another folder has its key; OSError when the disk refuses.
    """
    folder = folder.resolve()
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
            if key == folder.name and idx_folder.holds(folder):
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
    return idx_folder.open_folder(folder, key)
