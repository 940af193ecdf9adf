"""Decoding all photos once, in parallel, into an array file. Unreadable ones are named; the others go on."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from core.basics.errors import DataError, PictureError
from core.basics.files import sha256
from core.basics.processors import processors
from core.data import decoding
from core.data.photos import shaping
from core.data.photos.findings import Finding, named, short, warning
from core.data.photos.layout import Item

SIDES = (28, 32, 64, 96, 128)  # 28 is Fashion-MNIST's
AT_ONCE = 256  # photos whose images wait for the array; of large pictures no more than one for each thread is in memory
TOLD_OF = 16  # photos between two calls of progress
Progress = Callable[[int, int], None]  # photos decoded so far, photos in all


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What photos are brought to: `side` pixels, 1 or 3 `channels`; `crop` cuts to a square, else a margin is added."""

    side: int = 64
    channels: int = 3
    crop: bool = False

    def __post_init__(self) -> None:
        if self.side not in SIDES or self.channels not in (1, 3):
            raise DataError(f"The side must be one of {', '.join(map(str, SIDES))} pixels, with 1 or 3 channels.")


class Photo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A photo that could be read.

    path           within the folder or zip
    label          index of its class
    split          the split that the layout gives it, or None
    sha256         of the file's bytes
    width, height  of the picture, upright
    size           bytes of the file
    """

    path: str
    label: int
    split: str | None
    sha256: str
    width: int
    height: int
    size: int


@dataclass(frozen=True)
class Decoded:
    """The photos that could be read, in the order of their names, and `images` uint8 [N, side, side, C] of them.

    `masks` are those of the bad ones that have a valid one, by index: bool [side, side].
    """

    photos: list[Photo]
    images: np.ndarray
    masks: dict[int, np.ndarray]
    findings: list[Finding]


@dataclass(frozen=True)
class _Result:
    """One photo: decoded, or with the problem that kept it from being so. `mask_problem` leaves only its mask out."""

    photo: Photo | None = None
    image: np.ndarray | None = None
    mask: np.ndarray | None = None
    problem: str = ""
    mask_problem: str = ""


def decode(items: Sequence[Item], kinds: Sequence[str], shape: Shape, path: Path, progress: Progress) -> Decoded:
    """Decode all photos into a new array file at `path`, in parallel. `progress` is called after each few.

    Raises DataError when no photo can be read or the folder goes away meanwhile, OSError when the disk refuses.
    """
    labels = {kind: label for label, kind in enumerate(kinds)}
    whole = (len(items), shape.side, shape.side, shape.channels)
    images = new_array(path, whole)
    photos: list[Photo] = []
    masks: dict[int, np.ndarray] = {}
    unreadable, wrong = {}, {}
    with ThreadPoolExecutor(workers()) as pool:
        for first in range(0, len(items), AT_ONCE):
            some = items[first : first + AT_ONCE]
            results = pool.map(lambda item: _one(item, labels[item.kind], shape), some)
            for place, (item, result) in enumerate(zip(some, results, strict=True), first + 1):
                if place % TOLD_OF == 0 or place == len(items):
                    progress(place, len(items))
                if result.photo is None or result.image is None:
                    unreadable[item.file.path] = result.problem
                    continue
                if result.mask is not None:
                    masks[len(photos)] = result.mask
                if result.mask_problem:
                    wrong[item.mask.path if item.mask else ""] = result.mask_problem
                images[len(photos)] = result.image
                photos.append(result.photo)
    if unreadable and not photos:
        raise DataError(f"No photo could be read: {_more(unreadable)}")
    findings = [warning(f"Left out: {_more(problems)}", problems) for problems in (unreadable, wrong) if problems]
    return Decoded(photos, images[: len(photos)], masks, findings)


def new_array(path: Path, shape: tuple[int, ...]) -> "np.memmap[Any, np.dtype[np.uint8]]":
    """Make an array file of zeros, uint8, in which one writes as in memory.

    Its place on the disk is taken now, where the system can: a disk that is full later would end the process.
    Raises OSError.
    """
    array = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    if hasattr(os, "posix_fallocate"):
        with open(path, "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def workers() -> int:
    """Return how many photos are decoded at a time; decoding leaves other threads of Python free to go on."""
    return min(8, processors())


def _one(item: Item, label: int, shape: Shape) -> _Result:
    """Decode one photo and its mask. Raises DataError when the folder or zip is gone."""
    path = short(item.file.path)
    try:
        content = item.file.read()
        picture = decoding.read(content, path)
        size = decoding.upright_size(content)
    except PictureError as error:
        return _Result(problem=str(error))
    except OSError as error:
        return _Result(problem=f"{path} cannot be read ({error.strerror}).")
    photo = Photo(item.file.path, label, item.split, sha256(content), *size, len(content))
    image = shaping.shaped(picture, shape.side, shape.channels, shape.crop)
    if item.mask is None:
        return _Result(photo, image)
    name = short(item.mask.path)
    try:
        content = item.mask.read()
        marked = decoding.read(content, name)
        mask_size = decoding.upright_size(content)
    except PictureError as error:
        return _Result(photo, image, mask_problem=str(error))
    except OSError as error:
        return _Result(photo, image, mask_problem=f"{name} cannot be read ({error.strerror}).")
    if mask_size != size:
        sizes = "The mask {} is {}×{} pixels but its photo {} {}×{}; both must be equal."
        return _Result(photo, image, mask_problem=sizes.format(name, *mask_size, path, *size))
    return _Result(photo, image, shaping.shaped_mask(marked, shape.side, shape.crop))


def _more(problems: dict[str, str]) -> str:
    """Return the first problem as a sentence, and the names of the others."""
    first, *others = problems
    return problems[first] + (f" Also left out: {named(others)}." if others else "")
