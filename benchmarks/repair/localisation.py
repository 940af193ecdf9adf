"""How well a map points at a defect: figures, the score of a map, and maps that cost no training.

A map is float [H, W], higher = odder; a mask is bool [H, W], True on the defect. numpy alone, but for SciPy's labelling of
connected regions. Figures leave out an image whose mask is empty (nothing is wrong with it) or full (nothing is right).
"""

import math

import numpy as np
from scipy.ndimage import gaussian_filter, label

from core.metrics.evaluation import auroc

SIGMA = 1.0  # pixels of 28: how much a residual is smoothed before it is a map
BUSY = 0.3  # a gradient a pixel at which an error counts half, on the scale [-1, 1]
LIMIT = 0.3  # AUPRO is taken up to this share of false positives, as for MVTec AD


def smoothed(maps: np.ndarray, sigma: float = SIGMA) -> np.ndarray:
    """Smooth maps [N, H, W] with a Gaussian of `sigma` pixels, mirrored at the border: float32."""
    return gaussian_filter(maps.astype(np.float32), (0, sigma, sigma), mode="reflect", truncate=3.0)


def pointing(residuals: np.ndarray, reconstructions: np.ndarray, busy: float = BUSY) -> np.ndarray:
    """Map what is odd: residuals [N, H, W] and reconstructions [N, H, W, C], both on the scale [-1, 1], → float32 [N, H, W].

    The smoothed residual over `busy` plus the smoothed gradient of the reconstruction: where a normal image has an edge or a
    print it is never reconstructed to the last pixel, and an error there says less than the same error on plain cloth.
    """
    edges = np.zeros(residuals.shape, np.float32)
    edges[:, :-1] += np.abs(np.diff(reconstructions, axis=1)).mean(-1)
    edges[:, :, :-1] += np.abs(np.diff(reconstructions, axis=2)).mean(-1)
    return smoothed(residuals) / (busy + smoothed(edges))


def usable(masks: np.ndarray) -> np.ndarray:
    """Say of each mask whether it has both a defect and something beside it: bool [N]."""
    flat = masks.reshape(len(masks), -1)
    return np.asarray(flat.any(1) & ~flat.all(1))


def pixel_auroc(maps: np.ndarray, masks: np.ndarray) -> float:
    """Average over images the AUROC of defective against other pixels. nan when no image is usable."""
    counts = usable(masks)
    values = [auroc(values[~mask], values[mask]) for values, mask in zip(maps[counts], masks[counts], strict=True)]
    return float(np.mean(values)) if values else math.nan


def hit(maps: np.ndarray, masks: np.ndarray) -> float:
    """Return the share of images whose brightest pixel is on the defect. nan when no image is usable."""
    counts = usable(masks)
    if not counts.any():
        return math.nan
    flat, truth = maps[counts].reshape(counts.sum(), -1), masks[counts].reshape(counts.sum(), -1)
    return float(truth[np.arange(len(flat)), flat.argmax(1)].mean())


def aupro(maps: np.ndarray, masks: np.ndarray, limit: float = LIMIT) -> float:
    """Return the area under the per-region overlap, 0…1 (Bergmann et al. 2021): for every threshold the mean over connected defective
    regions (8 neighbours) of the share that is flagged, over the share of all other pixels that are flagged, up to `limit`.

    Images with an empty mask count among the other pixels. nan when there is no defect, or nothing beside it.
    """
    weights = np.zeros(masks.shape)
    regions = 0
    for index, mask in enumerate(masks):
        numbers, count = label(mask, np.ones((3, 3)))
        sizes = np.bincount(numbers.ravel())
        weights[index] = np.where(mask, 1.0 / sizes[numbers], 0.0)
        regions += count
    others = int((~masks).sum())
    if not regions or not others:
        return math.nan
    order = np.argsort(-maps, axis=None, kind="stable")
    values = maps.ravel()[order]
    ends = np.append(np.flatnonzero(np.diff(values)), len(values) - 1)  # equal values are flagged together
    overlap = np.concatenate([[0.0], weights.ravel()[order].cumsum()[ends] / regions])
    false = np.concatenate([[0.0], (~masks).ravel()[order].cumsum()[ends] / others])
    inside = false <= limit
    x, y = np.append(false[inside], limit), np.append(overlap[inside], np.interp(limit, false, overlap))
    return float(np.trapezoid(y, x) / limit)


def image_auroc(undamaged: np.ndarray, damaged: np.ndarray, masks: np.ndarray) -> float:
    """Return the AUROC of the scores [N] of damaged images against the scores [M] of *other*, undamaged ones.

    Damaged images on which nothing is to be seen count as neither. nan when none is left.
    """
    seen = damaged[masks.reshape(len(masks), -1).any(1)]
    return auroc(undamaged, seen) if len(seen) and len(undamaged) else math.nan


class Baselines:
    """Maps that cost no training, from normal training images uint8 [N, H, W, C]; each map float32 [M, H, W], 0…2
    or a number of standard deviations."""

    def __init__(self, normals: np.ndarray, components: int = 64) -> None:
        self.shape = normals.shape[1:]
        self.normals = self.flat(normals)
        self.mean, self.spread = self.normals.mean(0), self.normals.std(0)
        self.squares = (self.normals**2).sum(1)
        centred = self.normals - self.mean
        _, vectors = np.linalg.eigh(centred.T @ centred)
        self.components = vectors[:, -min(components, len(normals)) :]

    @staticmethod
    def flat(images: np.ndarray) -> np.ndarray:
        """Bring uint8 [M, H, W, C] to the scale [-1, 1]: float32 [M, H·W·C]."""
        return images.reshape(len(images), -1).astype(np.float32) / 127.5 - 1.0

    def _map(self, differences: np.ndarray) -> np.ndarray:
        """Average absolute differences [M, H·W·C] over channels: [M, H, W]."""
        return np.abs(differences).reshape(len(differences), *self.shape).mean(-1)

    def z_score(self, images: np.ndarray) -> np.ndarray:
        """Count the standard deviations that a pixel is from its mean. A pixel that never varies counts a hundredth as spread."""
        return self._map((self.flat(images) - self.mean) / (self.spread + 0.02))

    def pca_residual(self, images: np.ndarray) -> np.ndarray:
        """Return |x − its projection on the largest principal components|."""
        centred = self.flat(images) - self.mean
        return self._map(centred - centred @ self.components @ self.components.T)

    def nearest(self, images: np.ndarray, count: int = 5) -> np.ndarray:
        """Return |x − the median of the `count` nearest normals|."""
        flat = self.flat(images)
        return self._map(flat - np.stack([np.median(self.normals[near], 0) for near in self.neighbours(flat, count)]))

    def neighbours(self, flat: np.ndarray, count: int) -> np.ndarray:
        """Find the indices [M, count] of the nearest normals of flat images on [-1, 1], nearest first."""
        parts = []
        for start in range(0, len(flat), 512):
            distances = self.squares - 2.0 * flat[start : start + 512] @ self.normals.T
            near = np.argpartition(distances, min(count, distances.shape[1] - 1), 1)[:, :count]
            order = np.take_along_axis(distances, near, 1).argsort(1)
            parts.append(np.take_along_axis(near, order, 1))
        return np.concatenate(parts) if parts else np.empty((0, count), np.int64)
