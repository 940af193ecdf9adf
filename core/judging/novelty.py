"""Novelty: recognising images that are far from every training image of all classes.

A GAN's score means nothing for such an image: a generator that reconstructs smooth images well gives noise a high score
and perhaps a digit a low one. Three distances to the nearest training image are combined, because no single one is
enough: of pixels (noise, inverted pictures), of pixels less their mean (even grey, blur), and of directions of edges
(digits, shifted pictures). numpy only; measured by `python -m benchmarks.garments`.
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
BATCH = 16  # images at a time, always exactly as many: so the last bits of a result never depend on other images
CHUNK = 250  # images at a time while fitting; all at once would take 600 MB


class Features(NamedTuple):
    """The compared features of N images, float32.

    shapes  [N, H·W·C], pixels less their mean, divided by their length
    scales  [N], the divisors
    means   [N], the means of the pixels
    edges   [N, 392], histograms of the directions of edges
    squares [N, 2], squared lengths of shapes and of edges
    """

    shapes: np.ndarray
    scales: np.ndarray
    means: np.ndarray
    edges: np.ndarray
    squares: np.ndarray


@dataclass(frozen=True)
class Known:
    """The features of reference images of all classes, and a limit for each of the three distances, float64 [3]."""

    reference: Features
    limits: np.ndarray

    def farness(self, images: np.ndarray) -> np.ndarray:
        """Return how far uint8 images [N, H, W, C] are from the training images: float64 [N].

        Above 1 an image is too far to judge. Farness is the largest of the three distances, each in units of its limit.
        """
        farness = np.empty(len(images))
        for start in range(0, len(images), BATCH):
            some = images[start : start + BATCH]
            filled = np.concatenate([some, np.zeros((BATCH - len(some), *images.shape[1:]), np.uint8)])
            distances = _distances(_features(filled), self.reference)[: len(some)]
            farness[start : start + BATCH] = (distances / self.limits).max(1)
        return farness


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
    pixels = images.reshape(len(images), -1).astype(np.float32) / 255
    means = pixels.mean(1)
    shapes, scales = _unit(pixels - means[:, None])
    edges = _unit(_edges(images))[0]
    squares = np.stack([(shapes**2).sum(1), (edges**2).sum(1)], 1)
    return Features(shapes, scales, means, edges, squares)


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


def _unit(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Divide vectors [N, D] by their lengths plus EPSILON, so that zeros stay zeros. Returns the divisors [N], too."""
    lengths = np.linalg.norm(vectors, axis=1) + EPSILON
    return vectors / lengths[:, None], lengths


def _distances(features: Features, reference: Features) -> np.ndarray:
    """Return the Euclidean distances to the nearest reference by pixels, shapes and edges: float64 [N, 3]."""
    products = features.shapes @ reference.shapes.T
    shapes = features.squares[:, 0][:, None] + reference.squares[:, 0] - 2 * products
    # Pixels are shape · scale + mean, and shapes have mean 0: so one product, the costly part, serves for both.
    pixels = (
        (features.squares[:, 0] * features.scales**2)[:, None]
        + reference.squares[:, 0] * reference.scales**2
        - 2 * products * features.scales[:, None] * reference.scales
        + features.shapes.shape[1] * (features.means[:, None] - reference.means) ** 2
    )
    edges = features.squares[:, 1][:, None] + reference.squares[:, 1] - 2 * features.edges @ reference.edges.T
    nearest = np.stack([squares.min(1) for squares in (pixels, shapes, edges)], 1)
    return np.sqrt(np.maximum(nearest, 0)).astype(np.float64)
