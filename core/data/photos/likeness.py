"""Which photos show the same thing: equal files and near duplicates.

A photo is described by the low frequencies of its cosine transform, a perceptual hash before it is cut to bits. How near is
too near depends on the photos: parts before one background are all alike, walls are not. So a distance counts as small
when it is far below what a photo of this set has to its nearest neighbour.
"""

from collections.abc import Iterator

import numpy as np

FREQUENCIES = 8  # in each direction
# Of the median distance to the nearest neighbour. Measured: copies saved as JPEG, at half the size, with noise or one
# pixel aside are within 0.06–0.25 of it on textures, faces and garments; different items begin at 0.35.
NEAR = 0.25
FEWEST = 10  # photos; below, there is no telling what distances are usual
_ROWS = 1024  # compared with all others at a time


def describe(images: np.ndarray) -> np.ndarray:
    """Describe images uint8 [N, side, side, C] by float32 [N, 64 C]; their distance is that of the blurred images."""
    from scipy.fft import dctn

    parts = [
        dctn(images[first : first + _ROWS].astype(np.float32), axes=(1, 2), norm="ortho")[:, :FREQUENCIES, :FREQUENCIES]
        for first in range(0, len(images), _ROWS)
    ]
    described = np.concatenate(parts).reshape(len(images), -1) / images.shape[1]
    return described - described.mean(0)  # smaller numbers, so that float32 tells small distances apart


def groups(digests: list[str], images: np.ndarray) -> np.ndarray:
    """Group photos that are equal or nearly so: int [N], the index of each photo's group; most have a group of their own.

    `digests` are the checksums of the files. Which files are equal depends on nothing else; which are near on the set.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, firsts, same = np.unique(np.array(digests), return_index=True, return_inverse=True)
    near = _near(describe(images)[firsts])
    links = coo_array((np.ones(len(near), bool), (near[:, 0], near[:, 1])), shape=(len(firsts), len(firsts)))
    return np.asarray(connected_components(links, directed=False)[1][same])


def _near(described: np.ndarray) -> np.ndarray:
    """Return the pairs of near duplicates among different files: int [P, 2]."""
    if len(described) < FEWEST:
        return np.zeros((0, 2), int)
    nearest = np.concatenate([distances.min(1) for _, distances in _distances(described)])
    largest = NEAR * float(np.median(nearest))
    pairs = [np.add(np.argwhere(distances <= largest), (first, 0)) for first, distances in _distances(described)]
    return np.concatenate(pairs)


def _distances(described: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (first row, distances float32 [R, N]) for a few rows at a time; the distance to itself is infinite."""
    squares = np.einsum("nk,nk->n", described, described)
    for first in range(0, len(described), _ROWS):
        rows = described[first : first + _ROWS]
        distances = np.sqrt(
            np.maximum(squares[first : first + len(rows), None] + squares - 2.0 * rows @ described.T, 0.0)
        )
        distances[np.arange(len(rows)), np.arange(first, first + len(rows))] = np.inf
        yield first, distances
