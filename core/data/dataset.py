"""A data set as an object: its description for pages, networks and cards, and how its images are loaded."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta

from core.basics.errors import DataError
from core.basics.text import LONGEST_LINE, folded, is_line

SMALLEST_SIDE, LARGEST_SIDE = 28, 128  # pixels, of an image that the networks take
MOST_CLASSES = 100
Slug = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,59}\Z")]


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The properties of a data set that are known without loading an image. Each model's card stores them.

    key          names the data set in links, folders and cards: lower-case letters, digits and hyphens
    name         what a person calls it
    classes      label k is classes[k]: the slug in links, on the command line and in folder names
    class_names  what the classes are called in sentences and on labels
    side         height and width of an image, pixels
    channels     1 (grey) or 3 (red, green, blue)
    noun         what an image shows, for sentences: "garment", "digit", "photo"
    mirror       whether a mirrored image keeps its class, so that training may mirror it
    outside      what lies beyond the frame: "black", or "edge" (the outermost pixels are repeated)
    intake       how a picture of any size is resized to `side`: "garment" (cut out, light on black), "fit" (the whole
                 picture, with a margin) or "crop" (the largest square in its middle)
    only_normal  the class that is normal, where only one can be; else None
    """

    key: Slug
    name: str
    classes: tuple[Slug, ...]
    class_names: tuple[str, ...]
    side: int
    channels: int = 1
    noun: str = "image"
    mirror: bool = False
    outside: Literal["black", "edge"] = "black"
    intake: Literal["garment", "fit", "crop"] = "fit"
    only_normal: str | None = None

    def __post_init__(self) -> None:
        if not all(map(is_line, (self.name, self.noun, *self.class_names))):
            raise DataError(
                "The name of a data set, its noun and its class names must each be one printable line of at most "
                f"{LONGEST_LINE} letters."
            )
        if not SMALLEST_SIDE <= self.side <= LARGEST_SIDE:
            raise DataError(
                f"{self.name} has images of {self.side}×{self.side} pixels; "
                f"a side must be between {SMALLEST_SIDE} and {LARGEST_SIDE}."
            )
        if self.channels not in (1, 3):
            raise DataError(f"{self.name} has {self.channels} channels; there must be 1 (grey) or 3 (colour).")
        if not 1 <= len(self.classes) <= MOST_CLASSES or len(set(self.classes)) != len(self.classes):
            raise DataError(f"{self.name} must have 1 to {MOST_CLASSES} classes, each with a name of its own.")
        if len(self.class_names) != len(self.classes):
            raise DataError(f"{self.name} has {len(self.classes)} classes but {len(self.class_names)} class names.")
        if self.only_normal is not None:
            self.label(self.only_normal)

    @property
    def shape(self) -> tuple[int, int, int]:
        """The (height, width, channels) of an image."""
        return self.side, self.side, self.channels

    @property
    def photos(self) -> bool:
        """Whether its images are photos: things on any ground, or surfaces, and not things cut out on black."""
        return self.outside == "edge"

    @property
    def normal_choices(self) -> tuple[str, ...]:
        """The classes that can be the normal one."""
        return (self.only_normal,) if self.only_normal else self.classes

    def label(self, slug: str) -> int:
        """Return the label of the class called `slug`. Raises DataError for an unknown name."""
        if slug not in self.classes:
            raise DataError(f"Unknown class {slug!r:.80}; the classes are: {' '.join(self.classes)}.")
        return self.classes.index(slug)

    def named(self, name: str) -> str:
        """Return the slug of the class that a person calls `name`: its slug or its display name. Raises DataError."""
        if name not in self.classes:
            name = dict(zip(map(folded, self.class_names), self.classes, strict=True)).get(folded(name), name)
        return self.classes[self.label(name)]

    def class_name(self, slug: str) -> str:
        """Return the display name of the class called `slug`. Raises DataError for an unknown name."""
        return self.class_names[self.label(slug)]


@dataclass(frozen=True)
class Source:
    """The place of one split. `complete` is False for a starter set, a part of the real training split."""

    name: str
    folder: Path
    stem: str = ""  # beginning of the file names, where it names the split
    complete: bool = True


@dataclass(frozen=True)
class Images:
    """A split: `images` uint8 [N, H, W, C] (0 = dark), `labels` uint8 [N], indices into the data set's classes.

    `held`, bool [N], marks the training images that the data set itself holds out for validation. None leaves the choice
    to core/data/tasks.py, which takes a share of each class.
    """

    images: np.ndarray
    labels: np.ndarray
    source: Source = field(compare=False)
    held: np.ndarray | None = None

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 over images, labels and `held`; it names the exact data a model was trained or tested on."""
        digest = hashlib.sha256()
        for array in (self.images, self.labels, self.held):
            if array is not None:
                digest.update(np.ascontiguousarray(array).data)  # no copy: photos can be a gigabyte
        return digest.hexdigest()

    @cached_property
    def numbers(self) -> dict[bytes, int]:
        """The number of each image by its bytes, to look up an image that is identical in every pixel."""
        return {image.tobytes(): number for number, image in enumerate(self.images)}


class Counts(list[int]):
    """How many images of each class a split has; `held` says how many of them the data set holds out for validation."""

    def __init__(self, counts: Iterable[int], held: Iterable[int]) -> None:
        super().__init__(counts)
        self.held = list(held)


@dataclass(frozen=True)
class Masks:
    """Where the defects are: `masks` bool [N, H, W]. `known` bool [N] is False for an anomaly that nobody has marked."""

    masks: np.ndarray
    known: np.ndarray


def _no_masks(split: str) -> Masks | None:
    return None


@dataclass(frozen=True)
class DataSet:
    """A description and the images behind it. A split is "train" or "test".

    find    tells where a split would be read from, without reading it
    load    reads all images and labels of a split
    counts  counts the images of each class of a split, from its labels alone (`Counts` where some are held out)
    masks   reads where the defects of a split are, in the order of its images; None where no defect is marked

    Each raises DataError when the images are missing, damaged or altered.
    """

    description: Description
    find: Callable[[str], Source]
    load: Callable[[str], Images]
    counts: Callable[[str], list[int]]
    masks: Callable[[str], Masks | None] = _no_masks


def count_labels(labels: np.ndarray, classes: Sequence[str], name: str = "The data set") -> list[int]:
    """Count the labels of each class. Raises DataError, whose text begins with `name`, for a label that is no class."""
    if len(labels) and int(labels.max()) >= len(classes):
        raise DataError(f"{name} has a label {int(labels.max())}, but only {len(classes)} classes.")
    return np.bincount(labels, minlength=len(classes)).tolist()


def count_images(images: Images, classes: Sequence[str]) -> list[int]:
    """Count the images of each class, and those that the data set holds out (`Counts`). Raises DataError like `count_labels`."""
    counts = count_labels(images.labels, classes)
    if images.held is None:
        return counts
    return Counts(counts, count_labels(images.labels[images.held], classes))
