"""How well a map points at a defect: pixel AUROC, AUPRO, hit, and the AUROC of damaged images.

A map is float [H, W], higher = odder; a mask is bool [H, W], True on the defect. An image whose mask is empty (nothing is
wrong with it) or full (nothing is right) is left out.
"""

import math

import numpy as np

from core.metrics.evaluation import auroc

LIMIT = 0.3  # AUPRO is taken up to this share of false positives, as for MVTec AD


def usable(masks: np.ndarray) -> np.ndarray:
    """Say of each mask whether it has both a defect and something beside it: bool [N]."""
    flat = masks.reshape(len(masks), -1)
    return np.asarray(flat.any(1) & ~flat.all(1))


def pixel_auroc(maps: np.ndarray, masks: np.ndarray) -> float:
    """Average over images the AUROC of defective against other pixels. nan when no image is usable."""
    from scipy.stats import rankdata  # its import takes a second

    counts = usable(masks)
    if not counts.any():
        return math.nan
    flat, truth = maps[counts].reshape(counts.sum(), -1), masks[counts].reshape(counts.sum(), -1)
    defective = truth.sum(1)
    above = (rankdata(flat, axis=1) * truth).sum(1) - defective * (defective + 1) / 2  # Mann and Whitney's U
    return float((above / (defective * (truth.shape[1] - defective))).mean())


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
    from scipy.ndimage import label

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
