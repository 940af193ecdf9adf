"""Many pictures, from files, folders and zips: brought to the model's shape in parallel, few in memory at a time."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from core.basics.errors import DataError, PictureError
from core.data import decoding
from core.data.dataset import Description
from core.data.photos import files
from core.data.photos.files import File
from core.data.photos.reading import workers
from core.judging import intake
from core.judging.intake import Steps

AT_ONCE = 256  # pictures; as many as the networks take in one pass


class Picture(NamedTuple):
    """A picture that waits: its path, and what decodes it or raises PictureError."""

    name: str
    read: Callable[[], Image.Image]


@contextlib.contextmanager
def opened(paths: Iterable[Path]) -> Iterator[list[Picture]]:
    """List the pictures at `paths`, which can be read within the block: files, and all those in a folder or zip.

    Raises DataError for a folder or zip without a picture, or that is not safe to read.
    """
    pictures: list[Picture] = []
    with contextlib.ExitStack() as stack:
        for path in paths:
            if not path.is_dir() and path.suffix.lower() != ".zip":
                pictures.append(Picture(str(path), partial(_read, path)))
                continue
            brought = stack.enter_context(files.opened(path))
            if not brought.pictures:
                raise DataError(f"{path} has no picture in it; PNG, JPEG, WebP, BMP and GIF files are taken.")
            for file in brought.pictures:
                name = str(path / file.path)
                pictures.append(Picture(name, partial(_decoded, file, name)))
        yield pictures


def taken(pictures: Sequence[Picture], data: Description, steps: Steps) -> Iterator[list[tuple[str, np.ndarray | str]]]:
    """Yield the pictures' names, each with its image, uint8 [H, W, C], or with the sentence that says why there is none.

    AT_ONCE at a time and in order; the next ones are decoded while the caller works on these. Raises DataError when a
    folder or zip goes away meanwhile.
    """

    def take(picture: Picture) -> tuple[str, np.ndarray | str]:
        try:
            return picture.name, intake.take(picture.read(), data, picture.name, steps).image
        except PictureError as error:
            return picture.name, str(error)

    with ThreadPoolExecutor(workers()) as pool:

        def started(first: int) -> list[Future[tuple[str, np.ndarray | str]]]:
            return [pool.submit(take, picture) for picture in pictures[first : first + AT_ONCE]]

        waiting = started(0)
        try:
            for first in range(0, len(pictures), AT_ONCE):
                some, waiting = waiting, started(first + AT_ONCE)
                yield [future.result() for future in some]
        finally:
            pool.shutdown(cancel_futures=True)


def _read(path: Path) -> Image.Image:
    """Decode a picture from a file on disk. Raises PictureError."""
    return decoding.read(decoding.content(path), str(path))


def _decoded(file: File, name: str) -> Image.Image:
    """Decode a picture of a folder or zip. Raises PictureError, DataError."""
    try:
        content = file.read()
    except OSError as error:
        raise PictureError(f"{name} cannot be read ({error.strerror}).") from None
    return decoding.read(content, name)
