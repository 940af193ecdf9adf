"""A data set of photos on disk: the folder that is written once they are decoded, and the data set that is read from it.

photos.npy   uint8 [N, side, side, C]: training, validation, test, each in the order of the names
masks.npy    bool [M, side, side], where defects are marked
photos.json  the description, each photo's class and split, and what the check found
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np

from core.basics.errors import DataError
from core.basics.files import read_at_most, write_whole
from core.basics.text import as_line, cell
from core.data.dataset import Counts, DataSet, Description, Images, Masks, Source
from core.data.photos.division import SPLITS
from core.data.photos.findings import Finding
from core.data.photos.reading import Photo, Shape, new_array

IMAGES, MASKS, FACTS = "photos.npy", "masks.npy", "photos.json"
LARGEST_FACTS = 128 * 2**20  # bytes of photos.json; 50,000 photos have a quarter of it
IN_MEMORY = 2**30  # bytes; more stay on disk and are mapped into memory
_ROWS = 1024  # photos copied at a time


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A photo of the data set: what it is, its split, the number of its group of near duplicates, and of its mask."""

    photo: Photo
    split: Annotated[str, msgspec.Meta(pattern=r"\A(train|validation|test)\Z")]
    group: int
    mask: int | None = None


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that is known of a data set of photos.

    `origin` is the path of the folder or zip ("" for an upload), `stamp` names the state in which it was read.
    """

    description: Description
    entries: list[Entry]
    findings: list[Finding]
    origin: str = ""
    stamp: str = ""
    format: Literal[1] = 1

    @property
    def splits(self) -> dict[str, str]:
        """The split of each photo, by SHA-256."""
        return {entry.photo.sha256: entry.split for entry in self.entries}

    @property
    def shape(self) -> Shape:
        """What the photos were brought to."""
        return Shape(self.description.side, self.description.channels, self.description.intake == "crop")


def as_csv(entries: Sequence[Entry], kinds: Sequence[str]) -> bytes:
    """Write which photo went where as a CSV file for spreadsheets; `kinds` are the classes' names."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["file", "class", "split", "group", "sha256"])
    for entry in entries:
        row = [cell(entry.photo.path), cell(kinds[entry.photo.label]), entry.split, entry.group, entry.photo.sha256]
        table.writerow(row)
    return text.getvalue().encode()


def counts(entries: Sequence[Entry], kinds: Sequence[str]) -> dict[str, dict[str, int]]:
    """Count the photos by class and split."""
    counted = {kind: dict.fromkeys(SPLITS, 0) for kind in kinds}
    for entry in entries:
        counted[kinds[entry.photo.label]][entry.split] += 1
    return counted


def holds(folder: Path) -> bool:
    """Tell whether a data set of photos is in `folder`."""
    return (folder / FACTS).is_file() and (folder / IMAGES).is_file()


def write(folder: Path, facts: Facts, images: np.ndarray, masks: dict[int, np.ndarray]) -> None:
    """Write a data set into an empty folder. `images` are in the order of `facts.entries`, `masks` are by their places in it.

    Raises OSError.
    """
    entries = facts.entries
    order = sorted(range(len(entries)), key=lambda place: SPLITS.index(entries[place].split))
    array = new_array(folder / IMAGES, images.shape)
    for first in range(0, len(order), _ROWS):
        array[first : first + _ROWS] = images[order[first : first + _ROWS]]
    array.flush()
    numbers = {place: number for number, place in enumerate(place for place in order if place in masks)}
    if masks:
        np.save(folder / MASKS, np.stack([masks[place] for place in numbers]))
    in_order = [msgspec.structs.replace(entries[place], mask=numbers.get(place)) for place in order]
    write_whole(folder / FACTS, msgspec.json.encode(msgspec.structs.replace(facts, entries=in_order)))


def read_facts(folder: Path) -> Facts:
    """Read photos.json. Raises DataError when it is missing or damaged."""
    path = folder / FACTS
    try:
        return msgspec.json.decode(read_at_most(path, LARGEST_FACTS), type=Facts)
    except (OSError, ValueError, RecursionError, DataError) as error:  # msgspec's errors are ValueErrors
        raise DataError(
            f"{path} cannot be read ({as_line(error)}). Remove its folder, and bring the photos again."
        ) from error


def open_folder(folder: Path, key: str) -> DataSet:
    """Open the data set in `folder` under the name `key`. Raises DataError when a file is missing, damaged or does not fit."""
    facts = read_facts(folder)
    description = msgspec.structs.replace(facts.description, key=key)
    entries, classes = facts.entries, len(description.classes)
    bounds = np.cumsum([0] + [sum(entry.split == split for entry in entries) for split in SPLITS]).tolist()
    rising = [SPLITS.index(entry.split) for entry in entries]
    if rising != sorted(rising) or not all(0 <= entry.photo.label < classes for entry in entries):
        raise DataError(
            f"{folder / FACTS} does not fit its own classes. Remove its folder, and bring the photos again."
        )
    places = {"train": slice(bounds[0], bounds[2]), "test": slice(bounds[2], bounds[3])}
    labels = np.array([entry.photo.label for entry in entries], np.uint8)
    held = np.array([entry.split == "validation" for entry in entries], bool)
    _array(folder / IMAGES, (len(entries), *description.shape))

    def find(split: str) -> Source:
        return Source(description.name, folder, split)

    def load(split: str) -> Images:
        images = _array(folder / IMAGES, (len(entries), *description.shape))[places[split]]
        images = np.array(images) if images.nbytes <= IN_MEMORY else images
        return Images(images, labels[places[split]], find(split), held[places[split]] if split == "train" else None)

    def counted(split: str) -> list[int]:
        own = labels[places[split]]
        numbers = np.bincount(own, minlength=classes).tolist()
        if split != "train":
            return numbers
        return Counts(numbers, np.bincount(own[held[places[split]]], minlength=classes).tolist())

    def masks(split: str) -> Masks | None:
        own = entries[places[split]]
        if all(entry.mask is None for entry in own):
            return None
        marked = np.zeros((len(own), description.side, description.side), bool)
        for place, mask in _masks(folder, description.side, own).items():
            marked[place] = mask
        known = np.array([entry.photo.label == 0 or entry.mask is not None for entry in own], bool)
        return Masks(marked, known)

    return DataSet(description, find, load, counted, masks)


def read_arrays(folder: Path, facts: Facts) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Map the photos in the order of `facts.entries`, and read the masks by their places in it. Raises DataError."""
    images = _array(folder / IMAGES, (len(facts.entries), *facts.description.shape))
    return images, _masks(folder, facts.description.side, facts.entries)


def _masks(folder: Path, side: int, entries: Sequence[Entry]) -> dict[int, np.ndarray]:
    """Read the masks of some photos, by their places among these: bool [side, side]. Raises DataError."""
    numbers = {place: entry.mask for place, entry in enumerate(entries) if entry.mask is not None}
    if not numbers:
        return {}
    masks = _array(folder / MASKS, (None, side, side), np.bool_)
    if not all(0 <= number < len(masks) for number in numbers.values()):
        raise DataError(f"{folder / MASKS} has too few masks. Remove its folder, and bring the photos again.")
    return {place: np.array(masks[number]) for place, number in numbers.items()}


def _array(path: Path, shape: tuple[int | None, ...], kind: type[np.generic] = np.uint8) -> np.ndarray:
    """Map an array file into memory; writing to it changes the copy in memory alone. Raises DataError."""
    try:
        array = np.load(path, mmap_mode="c", allow_pickle=False)
    except Exception as error:  # a damaged header can fail anywhere: ValueError, OverflowError, TokenError…
        raise DataError(
            f"{path} cannot be read ({as_line(error)}). Remove its folder, and bring the photos again."
        ) from error
    fits = len(array.shape) == len(shape) and all(b in (a, None) for a, b in zip(array.shape, shape, strict=True))
    if array.dtype != kind or not fits:
        raise DataError(f"{path} does not fit {FACTS} beside it. Remove its folder, and bring the photos again.")
    return np.asarray(array)
