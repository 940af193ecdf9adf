"""Any folder with the four IDX files of the MNIST family (MNIST, KMNIST, the user's own) as a data set.

The side comes from the images, the number of classes from the training labels. A file classes.txt beside them may name
the classes, one a line, including classes without a training image; else they are called 0, 1, 2, …
"""

import re
import unicodedata
import zlib
from pathlib import Path

import numpy as np

from core.basics.errors import DataError
from core.data import idx
from core.data.dataset import DataSet, Description, Images, Source, count_labels

STEMS = {"train": "train", "test": "t10k"}
CLASS_FILE = "classes.txt"
LONGEST_NAME = 40  # letters of a class


def holds(folder: Path) -> bool:
    """Tell whether all four IDX files are in `folder`."""
    return all(idx.path(folder, stem, kind) for stem in STEMS.values() for kind in (idx.IMAGES, idx.LABELS))


def is_meant(folder: Path) -> bool:
    """Tell whether `folder` has at least one IDX file: then it is no folder of photos, even if another file is missing."""
    return any(idx.path(folder, stem, kind) for stem in STEMS.values() for kind in (idx.IMAGES, idx.LABELS))


def slug(text: str) -> str:
    """Turn `text` into a name for links and folders: lower-case letters, digits and hyphens; may be empty."""
    return re.sub(r"[^a-z0-9]+", "-", unicodedata.normalize("NFC", text).lower()).strip("-")[:60].rstrip("-")


def open_folder(folder: Path, key: str = "") -> DataSet:
    """Open the data set in `folder` under the name `key` (default: a slug of the folder's name).

    Reads the headers and the training labels. Raises DataError when a file is missing or damaged, when images are not
    square or of a size that no network takes, or when labels and classes.txt do not name the classes.
    """
    folder = folder.resolve()
    if not holds(folder):
        raise DataError(
            f"{folder} is not a data set: it needs train-images-idx3-ubyte, train-labels-idx1-ubyte, "
            "t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, gzipped or not."
        )
    path = idx.path(folder, STEMS["train"], idx.IMAGES)
    assert path is not None
    try:
        _, height, width, *rest = idx.shape(path)
    except (OSError, ValueError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}).") from error
    if height != width:
        raise DataError(f"{path} has images of {height}×{width} pixels; they must be square.")
    labels = _read(folder, "train", idx.LABELS)
    if not len(labels):
        raise DataError(f"{folder} has no training labels.")
    names = _class_names(folder, int(labels.max()) + 1)
    description = Description(
        key=key or slug(folder.name) or "data",
        name=folder.name,
        classes=tuple(slug(name) or str(number) for number, name in enumerate(names)),
        class_names=names,
        side=height,
        channels=rest[0] if rest else 1,
    )

    def find(split: str) -> Source:
        return Source(folder.name, folder, STEMS[split])

    def load(split: str) -> Images:
        images, labels = _read(folder, split, idx.IMAGES), _read(folder, split, idx.LABELS)
        if len(images) != len(labels):
            raise DataError(f"{folder} has {len(images)} {split} images but {len(labels)} labels.")
        if images.shape[1:3] != (height, width) or images.reshape(len(images), height, width, -1).shape[3] != (
            description.channels
        ):
            raise DataError(f"{folder}: images of the {split} split have another shape than those of training.")
        count_labels(labels, description.classes, f"{folder}, {split} split,")
        return Images(images.reshape(-1, *description.shape), labels, find(split))

    def counts(split: str) -> list[int]:
        return count_labels(_read(folder, split, idx.LABELS), description.classes, f"{folder}, {split} split,")

    return DataSet(description, find, load, counts)


def _read(folder: Path, split: str, kind: str) -> np.ndarray:
    """Read the array of one file: uint8, labels [N], images [N, H, W] or [N, H, W, C]. Raises DataError."""
    path = idx.path(folder, STEMS[split], kind)
    if path is None:
        raise DataError(f"{folder} has no {STEMS[split]}-{kind} file any more.")
    try:
        array = idx.read(path)[1]
    except (OSError, ValueError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}).") from error
    if array.ndim not in ((1,) if kind == idx.LABELS else (3, 4)):
        raise DataError(f"{path} has {array.ndim} dimensions; {kind} have {'1' if kind == idx.LABELS else '3 or 4'}.")
    return array


def _class_names(folder: Path, count: int) -> tuple[str, ...]:
    """Read the class names, or number the `count` classes. Raises DataError when classes.txt does not name them all."""
    path = folder / CLASS_FILE
    if not path.is_file():
        return tuple(map(str, range(count)))
    try:
        with open(path, encoding="utf-8") as file:
            names = tuple(line.strip() for line in file.read(2**16).splitlines() if line.strip())
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}).") from error
    if len(names) < count or any(len(name) > LONGEST_NAME or not name.isprintable() for name in names):
        raise DataError(f"{path} must name all {count} classes, one a line, each in at most {LONGEST_NAME} letters.")
    return names
