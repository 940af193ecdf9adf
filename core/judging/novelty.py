"""Novelty: recognising images that are far from every training image of all classes.

A GAN's score means nothing for such an image: a generator that reconstructs smooth images well gives noise a high score
and perhaps a digit a low one. Three distances to the nearest training image are combined, because no single one is
enough: of pixels (noise, inverted pictures), of pixels less their mean (even grey, blur), and of directions of edges
(digits, shifted pictures). numpy only; measured by `python -m benchmarks.garments`.

All sums are of whole numbers in float64, which are exact in any order: an answer never depends, not even in its last bit,
on other images, on the number of threads or on the processor.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.data.dataset import Images

EACH = 1000  # first images of each class; the starter set has just these, so the verdict is the same with it
HELD = 100  # the last ones of these, which set the limits; the others are the reference images
FOLDS = 10  # parts of a small data set, each of which is held out once
FAR = 0.01  # share of the held-out images that lie beyond the limits; no test image affects the limits
CELLS = 7  # edges are counted in 7×7 squares
DIRECTIONS = 8
EPSILON = 1e-3
FINE = 4096  # steps of one: edges are counted in whole numbers of them
CHUNK = 256  # images at a time; all at once would take 600 MB
ROWS = 1000  # reference images at a time


class Features(NamedTuple):
    """The compared features of N images, whole numbers.

    pixels  uint8 [N, H·W·C]
    edges   int16 [N, 392], histograms of the directions of edges, of length FINE
    sums    float64 [N, 3], of the pixels, of their squares, and of the squares of edges
    """

    pixels: np.ndarray
    edges: np.ndarray
    sums: np.ndarray


@dataclass(frozen=True)
class Known:
    """The features of reference images of all classes, and a limit for each of the three distances, float64 [3]."""

    reference: Features
    limits: np.ndarray

    def farness(self, images: np.ndarray) -> np.ndarray:
        """Return how far uint8 images [N, H, W, C] are from the training images: float64 [N].

        Above 1 an image is too far to judge. Farness is the largest of the three distances, each in units of its limit.
        """
        parts = [_distances(some, self.reference) for some in _in_chunks(images)]
        return np.asarray((np.concatenate([np.zeros((0, 3)), *parts]) / self.limits).max(1))


def fit(train: Images) -> Known:
    """Fit the features of reference images and the limits, on images held out of them. Takes a second or two.

    Of classes with EACH images the last HELD set the limits. Where a class has fewer, a few held-out ones would say little:
    then every image is held out once, in FOLDS parts, and all are reference images in the end.
    """
    order = [np.flatnonzero(train.labels == label)[:EACH] for label in np.unique(train.labels)]
    if min(map(len, order)) == EACH:
        reference = _all_features(train.images[np.concatenate([members[:-HELD] for members in order])])
        held = _in_chunks(train.images[np.concatenate([members[-HELD:] for members in order])])
        distances = np.concatenate([_distances(some, reference) for some in held])
    else:
        reference = _all_features(train.images[np.concatenate(order)])
        fold = np.concatenate([np.arange(len(members)) % FOLDS for members in order])
        parts = range(fold.max() + 1)
        distances = np.concatenate(
            [_distances(_some(reference, fold == part), _some(reference, fold != part)) for part in parts]
        )
    # Each limit is first a high quantile of its distance. Then one factor brings the share beyond any limit to FAR.
    limits = np.quantile(distances, 1 - FAR, axis=0)
    limits *= np.quantile((distances / limits).max(1), 1 - FAR)
    return Known(reference, limits)


def _all_features(images: np.ndarray) -> Features:
    return Features(*(np.concatenate(part) for part in zip(*_in_chunks(images), strict=True)))


def _some(features: Features, kept: np.ndarray) -> Features:
    return Features(*(part[kept] for part in features))


def nearest(image: np.ndarray, among: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the `count` images of `among`, uint8 [N, H, W, C], that are nearest to `image`, uint8 [H, W, C].

    Returns (their indices, nearest first; their mean absolute differences with pixels on [-1, 1], so 0…2).
    """
    differences = np.abs(among.astype(np.int16) - image).mean((1, 2, 3)) / 127.5
    best = np.argsort(differences, kind="stable")[:count]
    return best, differences[best]


def _in_chunks(images: np.ndarray) -> Iterator[Features]:
    return (_features(images[start : start + CHUNK]) for start in range(0, len(images), CHUNK))


def _features(images: np.ndarray) -> Features:
    edges = _edges(images)
    lengths = np.linalg.norm(edges, axis=1, keepdims=True) + EPSILON  # so that zeros stay zeros
    whole = (edges / lengths * FINE).round()
    pixels = images.reshape(len(images), -1)
    numbers = pixels.astype(np.float64)
    sums = np.stack([numbers.sum(1), (numbers**2).sum(1), (whole.astype(np.float64) ** 2).sum(1)], 1)
    return Features(pixels, whole.astype(np.int16), sums)


def _edges(images: np.ndarray) -> np.ndarray:
    """Return the square roots of histograms of oriented gradients (Dalal and Triggs 2005), grey: float32 [N, 7·7·8]."""
    padded = np.pad(images.mean(3, dtype=np.float32) / 255, ((0, 0), (1, 1), (1, 1)))
    down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    right = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    strength = np.hypot(right, down)
    angle = np.arctan2(down, right) % np.float32(2 * np.pi) / np.float32(2 * np.pi) * DIRECTIONS
    lower = angle.astype(np.int32)
    above = angle - lower  # an edge between two directions counts for both
    side = images.shape[1]
    cell = np.arange(side) * CELLS // side
    place = (np.arange(len(images))[:, None, None] * CELLS + cell[:, None]) * CELLS + cell
    total = len(images) * CELLS * CELLS * DIRECTIONS
    counts = np.zeros(total)
    for direction, share in ((lower, 1 - above), (lower + 1, above)):
        index = place * DIRECTIONS + direction % DIRECTIONS
        counts += np.bincount(index.ravel(), (strength * share).ravel(), total)
    return np.sqrt(counts.reshape(len(images), -1)).astype(np.float32)


def _distances(features: Features, reference: Features) -> np.ndarray:
    """Return the Euclidean distances to the nearest reference by pixels, shapes and edges: float64 [N, 3]."""
    pixels, edges = features.pixels.astype(np.float64), features.edges.astype(np.float64)
    dimensions = pixels.shape[1]
    sums, lengths, ours = _of(features, dimensions)
    nearest = np.full((3, len(pixels)), np.inf)
    for start in range(0, len(reference.pixels), ROWS):
        some = Features(*(part[start : start + ROWS] for part in reference))
        other_sums, other_lengths, theirs = _of(some, dimensions)
        products = pixels @ some.pixels.astype(np.float64).T
        left = products - sums[:, None] * other_sums / dimensions  # of images less their means
        twice = 2 * np.stack(
            [products, left / lengths[:, None] / other_lengths, edges @ some.edges.astype(np.float64).T]
        )
        nearest = np.minimum(nearest, (ours[:, :, None] + theirs[:, None] - twice).min(2))
    return np.sqrt(nearest.clip(0)).T / (255.0, 1.0, FINE)


def _of(features: Features, dimensions: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the sums of images' pixels and the lengths of images less their means, [N] each, and the squared lengths of
    pixels, shapes and edges, [3, N]."""
    sums, squares, edges = features.sums.T
    left = (squares - sums**2 / dimensions).clip(0)
    lengths = np.sqrt(left) + 255 * EPSILON  # so that zeros stay zeros
    return sums, lengths, np.stack([squares, left / lengths**2, edges])
