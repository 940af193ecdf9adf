"""Which photos show the same thing: equal files and near duplicates.

A photo is described by the low frequencies of its cosine transform, a perceptual hash before it is cut to bits. How near is
too near depends on the photos: parts before one background are all alike, walls are not. So a distance counts as small
when it is far below what a photo of this set has to its neighbours.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from core.data.photos.reading import workers

T = TypeVar("T")

FREQUENCIES = 8  # in each direction
# (neighbour, share): a distance below this share of the set's median distance to this neighbour is small. The fifth, because
# the nearest may be another photo of the same burst. Measured on textures, faces and garments: copies saved as JPEG, at half
# the size or with noise are within 0.25 of the distance to the nearest, different items begin at 0.35.
SCALES = ((5, 0.2), (1, 0.25))
LARGEST = 0.1  # of the photos; a larger group is no burst: so alike are all photos of this set
FEWEST = 10  # photos; below, there is no telling what distances are usual
_ROWS = 256  # compared with all others at a time


def describe(images: np.ndarray) -> np.ndarray:
    """Describe images uint8 [N, side, side, C] by float32 [N, 64 C]; their distance is that of the blurred images."""
    from scipy.fft import dctn

    parts = []
    for first in range(0, len(images), _ROWS):
        waves = dctn(images[first : first + _ROWS].astype(np.float32), axes=(1, 2), norm="ortho")
        parts.append(waves[:, :FREQUENCIES, :FREQUENCIES].copy())  # a view would keep the whole transform in memory
    described = np.concatenate(parts).reshape(len(images), -1) / images.shape[1]
    return described - described.mean(0)  # smaller numbers, so that float32 tells small distances apart


def groups(digests: list[str], images: np.ndarray) -> np.ndarray:
    """Group photos that are equal or nearly so: int [N], the number of each photo's group; most have one of their own.

    `digests` are the checksums of the files. Which files are equal depends on nothing else; which are near on the set.
    """
    _, firsts, same = np.unique(np.array(digests), return_index=True, return_inverse=True)
    numbers = _near(describe(images)[firsts])[same]
    _, first, number = np.unique(numbers, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[number]  # in the order of the photos


def _near(described: np.ndarray) -> np.ndarray:
    """Group near duplicates among different files: int [N].

    Each photo is compared with all others once. Only one that has more neighbours than are kept, in a burst, is compared
    again.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    number = len(described)
    if number < FEWEST:
        return np.arange(number)
    most = max(k for k, _ in SCALES)
    parts = _for_rows(described, np.arange(number), lambda squares: _nearest(squares, most))
    columns, nearest = (np.concatenate(part) for part in zip(*parts, strict=True))
    for neighbour, share in SCALES:
        small = share * float(np.median(nearest[:, neighbour - 1]))
        firsts, places = np.nonzero(nearest <= small)
        crowded = np.flatnonzero(nearest[:, -1] <= small)
        more = _for_rows(described, crowded, lambda squares, small=small: np.argwhere(squares <= small**2))
        pairs = [np.stack([firsts, columns[firsts, places]], 1)]
        for start, found in zip(range(0, len(crowded), _ROWS), more, strict=True):
            pairs.append(np.stack([crowded[start + found[:, 0]], found[:, 1]], 1))
        rows, others = np.concatenate(pairs).T
        links = coo_array((np.ones(len(rows), bool), (rows, others)), shape=(number, number))
        grouped = connected_components(links, directed=False)[1]
        if np.bincount(grouped).max() <= max(most, LARGEST * number):
            return np.asarray(grouped)
    return np.arange(number)


def _nearest(squares: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return columns and distances of the nearest photos of each row, the nearest first: [R, most] each."""
    columns = np.argpartition(squares, most, axis=1)[:, :most]
    nearest = np.take_along_axis(squares, columns, 1)
    order = np.argsort(nearest, 1)
    return np.take_along_axis(columns, order, 1), np.sqrt(np.take_along_axis(nearest, order, 1))


def _for_rows(described: np.ndarray, rows: np.ndarray, work: Callable[[np.ndarray], T]) -> list[T]:
    """Call `work` with the squared distances, float32 [R, N], of a few rows at a time to all photos, in parallel.

    The distance to itself is infinite.
    """
    squares = np.einsum("nk,nk->n", described, described)

    def some(first: int) -> T:
        places = rows[first : first + _ROWS]
        distances = described[places] @ described.T
        distances *= -2.0
        distances += squares
        distances += squares[places, None]
        np.maximum(distances, 0.0, out=distances)
        distances[np.arange(len(places)), places] = np.inf
        return work(distances)

    with ThreadPoolExecutor(workers()) as pool:
        return list(pool.map(some, range(0, len(rows), _ROWS)))
