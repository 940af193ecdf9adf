"""Residuals, heat maps and scores of images whose reconstructions are known. numpy alone: pages need no torch for it.

The residual is the absolute error a pixel between an image and its reconstruction, on the scale [-1, 1] (so 0…2). The
heat map is the residual smoothed, and counts less where the reconstruction has edges. A score is

    (1 − share) · mean of the residual + share · largest value of the heat map;  0…2, higher = more anomalous.

The mean sees an image of another class, the largest value a defect of a few pixels. `share` belongs to the model and is
on its card (core/gans/scoring.py chooses it).
"""

from functools import lru_cache

import numpy as np

SMOOTHED = 1 / 28  # SD of the Gaussian that smooths a residual, of the side: a pixel on Fashion-MNIST
EDGE = 0.3  # contrast of neighbouring pixels, on [-1, 1], beside which a residual counts half
AT_ONCE = 256  # images; a few at a time take less memory


def score_reconstructions(images: np.ndarray, reconstructions: np.ndarray, share: float) -> np.ndarray:
    """Return the scores of images whose reconstructions are known, when the heat map has that share: float32 [N]."""
    return score_parts(*parts_of_score(images, reconstructions), share)


def score_parts(means: np.ndarray, peaks: np.ndarray, share: float) -> np.ndarray:
    """Return the scores of images from their mean residuals and their largest heats, [N] each: float32 [N]."""
    return ((1.0 - share) * means + share * peaks).astype(np.float32)


def parts_of_score(images: np.ndarray, reconstructions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean residual and largest heat of each image: float64 [N] each."""
    means, peaks = np.empty(len(images)), np.empty(len(images))
    for start in range(0, len(images), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        residuals = residual(images[some], reconstructions[some])
        means[some] = residuals.reshape(len(residuals), -1).mean(1, dtype=np.float64)
        peaks[some] = _heat(residuals, reconstructions[some]).max((1, 2))
    return means, peaks


def residual(images: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """Return |x − G(x)| a pixel, the mean over channels: uint8 and float32 [N, H, W, C] → float32 [N, H, W], 0…2."""
    return _over_channels(np.abs(images.astype(np.float32) / 127.5 - 1.0 - reconstructions))


def to_grey(reconstruction: np.ndarray) -> np.ndarray:
    """Convert float32 on [-1, 1] to uint8 of the same shape."""
    return ((reconstruction + 1.0) * 127.5).round().clip(0, 255).astype(np.uint8)


def heat(images: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """Return the heat maps, which show what is odd: uint8 and float32 [N, H, W, C] → float32 [N, H, W], 0…2."""
    return _heat(residual(images, reconstructions), reconstructions)


def _heat(residuals: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """Smooth residuals [N, H, W]; count them less beside the edges of the reconstructions [N, H, W, C].

    An edge or a print of a normal image is never reconstructed to the last pixel, so an error there says less than the
    same error on plain cloth.
    """
    edges = np.zeros_like(residuals)
    edges[:, :-1] += _over_channels(np.abs(np.diff(reconstructions, axis=1)))
    edges[:, :, :-1] += _over_channels(np.abs(np.diff(reconstructions, axis=2)))
    rows, columns = (smoothing(side) for side in residuals.shape[1:])
    smoothed = rows @ residuals @ columns.T / (1.0 + rows @ edges @ columns.T / EDGE)
    return smoothed.clip(0.0, 2.0)  # rounding may lead past the end of the scale


def _over_channels(values: np.ndarray) -> np.ndarray:
    """Return the mean over the channels: float32 [..., C] → [...]. The mean of one channel would take numpy long."""
    return values[..., 0] if values.shape[-1] == 1 else values.mean(-1)


@lru_cache(maxsize=8)
def smoothing(side: int) -> np.ndarray:
    """Build the matrix [side, side] that smooths a column of `side` pixels, mirrored at the ends: float32."""
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(np.eye(side), SMOOTHED * side, axis=0, mode="reflect", truncate=3.0).astype(np.float32)
