"""Reconstructions, residuals, heat maps and scores of images.

The residual is the absolute error a pixel between an image and its reconstruction, on the scale [-1, 1] (so 0…2). The
heat map is the residual smoothed, and counts less where the reconstruction has edges. A score is

    (1 − share) · mean of the residual + share · largest value of the heat map;  0…2, higher = more anomalous.

The mean sees an image of another class, the largest value a defect of a few pixels. `share` belongs to the model and is
on its card (`choose`). A score depends on the image and the model alone.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d

from core.data.tasks import Split
from core.gans.distortions import distort
from core.gans.gan import Generator, from_output, to_input
from core.gans.record import Scoring
from core.metrics.evaluation import auroc

# Every forward pass has exactly this many images; the last batch is filled up. So an image meets the same kernels and
# gives the same bits, alone or with others, in any order.
BATCH = 256
SMOOTHED = 1 / 28  # SD of the Gaussian that smooths a residual, of the side: a pixel on Fashion-MNIST
EDGE = 0.3  # contrast of neighbouring pixels, on [-1, 1], beside which a residual counts half
WEIGHTS = (
    1.0,
    0.5,
    0.25,
    0.0,
)  # of the largest heat beside the mean residual, both in SDs of normals: those that are tried
LOSS = 0.001  # AUROC that a heavier weight may cost
MARKED = 0.05  # share of normal images that may have a marked pixel


def reconstruct(generator: Generator, images: np.ndarray) -> np.ndarray:
    """Return G(x) on [-1, 1]: uint8 images [N, H, W, C] → float32 [N, H, W, C]."""
    parts = [reconstructions for _, reconstructions in _passes(generator, images)]
    return np.concatenate(parts) if parts else np.empty(images.shape, np.float32)


def score(generator: Generator, images: np.ndarray) -> np.ndarray:
    """Return the scores of images: uint8 [N, H, W, C] → float32 [N]."""
    parts = [score_reconstructions(*chunk, generator.share) for chunk in _passes(generator, images)]
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def score_reconstructions(images: np.ndarray, reconstructions: np.ndarray, share: float) -> np.ndarray:
    """Return the scores of images whose reconstructions are known, when the heat map has that share: float32 [N]."""
    return score_parts(*parts_of_score(images, reconstructions), share)


def score_parts(means: np.ndarray, peaks: np.ndarray, share: float) -> np.ndarray:
    """Return the scores of images from their mean residuals and their largest heats, [N] each: float32 [N]."""
    return ((1.0 - share) * means + share * peaks).astype(np.float32)


def parts_of_score(images: np.ndarray, reconstructions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean residual and largest heat of each image: float64 [N] each. A few images at a time take less memory."""
    means, peaks = np.empty(len(images)), np.empty(len(images))
    for start in range(0, len(images), BATCH):
        some = slice(start, start + BATCH)
        residuals = residual(images[some], reconstructions[some])
        means[some] = residuals.reshape(len(residuals), -1).mean(1, dtype=np.float64)
        peaks[some] = _heat(residuals, reconstructions[some]).max((1, 2))
    return means, peaks


def residual(images: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """Return |x − G(x)| a pixel, the mean over channels: uint8 and float32 [N, H, W, C] → float32 [N, H, W], 0…2."""
    return np.abs(images.astype(np.float32) / 127.5 - 1.0 - reconstructions).mean(-1)


def heat(images: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """Return the heat maps, which show what is odd: uint8 and float32 [N, H, W, C] → float32 [N, H, W], 0…2."""
    return _heat(residual(images, reconstructions), reconstructions)


def _heat(residuals: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """Smooth residuals [N, H, W]; count them less beside the edges of the reconstructions [N, H, W, C].

    An edge or a print of a normal image is never reconstructed to the last pixel, so an error there says less than the
    same error on plain cloth.
    """
    edges = np.zeros_like(residuals)
    edges[:, :-1] += np.abs(np.diff(reconstructions, axis=1)).mean(-1)
    edges[:, :, :-1] += np.abs(np.diff(reconstructions, axis=2)).mean(-1)
    rows, columns = (_smoothing(side) for side in residuals.shape[1:])
    return rows @ residuals @ columns.T / (1.0 + rows @ edges @ columns.T / EDGE)


@lru_cache(maxsize=8)
def _smoothing(side: int) -> np.ndarray:
    """Build the matrix [side, side] that smooths a column of `side` pixels, mirrored at the ends: float32."""
    return gaussian_filter1d(np.eye(side), SMOOTHED * side, axis=0, mode="reflect", truncate=3.0).astype(np.float32)


def choose(generator: Generator, split: Split) -> Scoring:
    """Choose on validation images how a generator that repairs scores and marks.

    The share is the largest of those tried that costs at most 0.001 AUROC of the best. Anomalies are the labelled ones of
    validation, or distorted normals where training had no label: then no label may choose anything.
    """
    anomalies = split.validation_anomaly
    if not len(split.train_anomaly) or not len(anomalies):
        random = torch.Generator().manual_seed(0)
        anomalies = distort(torch.from_numpy(split.validation_normal), random, split.data.outside).numpy()
    parts = [parts_of_score(images, reconstruct(generator, images)) for images in (split.validation_normal, anomalies)]
    means, peaks = parts[0]
    spread = float(means.std() / max(peaks.std(), 1e-9))
    shares = [weight * spread / (1.0 + weight * spread) for weight in WEIGHTS]
    areas = [auroc(*(score_parts(*part, share) for part in parts)) for share in shares]
    share = next(share for share, area in zip(shares, areas, strict=True) if area >= max(areas) - LOSS)
    return Scoring(share=share, mark=float(np.quantile(peaks, 1.0 - MARKED)))


@torch.inference_mode()
def encode_and_reconstruct(
    generator: Generator, images: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield (images [B, H, W, C], E(x) flattened [B, Z], G(x) [B, H, W, C] on [-1, 1]) in order, B at most BATCH."""
    for chunk, inputs in _batches(generator, images):
        z, outputs = generator.through(inputs)
        yield chunk, _kept(z.flatten(1), chunk), _kept(from_output(outputs, generator.data.side), chunk)


@torch.inference_mode()
def _passes(generator: Generator, images: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (images, reconstructions) in chunks of at most BATCH."""
    for chunk, inputs in _batches(generator, images):
        yield chunk, _kept(from_output(generator(inputs), generator.data.side), chunk)


def _batches(generator: Generator, images: np.ndarray) -> Iterator[tuple[np.ndarray, torch.Tensor]]:
    """Yield (images, network input) in chunks of at most BATCH; the input is filled up to BATCH images."""
    generator.eval()  # batch norm must use its running statistics, so that a score does not depend on the batch
    device = next(generator.parameters()).device
    for start in range(0, len(images), BATCH):
        chunk = images[start : start + BATCH]
        filled = np.zeros((BATCH, *images.shape[1:]), np.uint8)
        filled[: len(chunk)] = chunk
        yield chunk, to_input(torch.from_numpy(filled).to(device), generator.side, generator.data.outside)


def _kept(outputs: torch.Tensor, chunk: np.ndarray) -> np.ndarray:
    """Return the outputs of the images in `chunk`, without the images that filled the batch up."""
    return outputs[: len(chunk)].float().cpu().numpy()
