"""Reconstructions and scores of images by a generator, and how its scores are chosen (core/gans/maps.py has the
definition). A score depends on the image and the model alone."""

from collections.abc import Iterator

import numpy as np
import torch

from core.data.tasks import Split
from core.gans import defects
from core.gans.config import TrainingConfig
from core.gans.distortions import distort
from core.gans.gan import Generator, from_output, to_input
from core.gans.maps import parts_of_score, score_parts, score_reconstructions
from core.gans.record import Scoring
from core.metrics.evaluation import auroc

# Every forward pass has exactly this many images; the last batch is filled up. So an image meets the same kernels and
# gives the same bits, alone or with others, in any order.
BATCH = 256
# Weights of the largest heat that are tried, beside a weight of 1 for the mean residual; each is counted in its own SD
# over normals.
WEIGHTS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.0)
MORE_HEAT = (16.0, 4.0, 2.0)  # weights tried as well where a model is to see small defects alone
DAMAGED = 200  # damaged normals at least, to choose by
LOSS = 0.001  # AUROC that a heavier weight may cost
AS_USUAL = TrainingConfig()  # distorted normals in training
MARKED = 0.05  # share of normal images that may have a marked pixel


def reconstruct(generator: Generator, images: np.ndarray) -> np.ndarray:
    """Return G(x) on [-1, 1]: uint8 images [N, H, W, C] → float32 [N, H, W, C]."""
    parts = [reconstructions for _, reconstructions in _passes(generator, images)]
    return np.concatenate(parts) if parts else np.empty(images.shape, np.float32)


def score(generator: Generator, images: np.ndarray) -> np.ndarray:
    """Return the scores of images: uint8 [N, H, W, C] → float32 [N]."""
    parts = [score_reconstructions(*chunk, generator.share) for chunk in _passes(generator, images)]
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def choose(generator: Generator, split: Split, config: TrainingConfig = AS_USUAL) -> Scoring:
    """Choose on validation images the share of the heat in a generator's scores, and from which heat on it marks.

    The share is the largest of those tried whose AUROC is at most 0.001 below the best. Anomalies are the labelled ones
    of validation. Where training had no label, no label may choose anything: they are normals, distorted as in training,
    or damaged where training distorts none.
    """
    normals, anomalies = split.validation_normal, split.validation_anomaly
    stand_ins = config.stand_ins(0)  # distorted normals in a batch of training without labels
    weights = WEIGHTS if stand_ins else MORE_HEAT + WEIGHTS
    if not len(split.train_anomaly) or not len(anomalies):
        random = torch.Generator().manual_seed(0)
        if stand_ins:
            anomalies = distort(torch.from_numpy(normals), random, split.data.outside).numpy()
        else:
            times = -(-DAMAGED // len(normals))  # a few normals get several defects each, one at a time
            anomalies = defects.damage(torch.from_numpy(normals.repeat(times, 0)), random, config.faint)[0].numpy()
    parts = [parts_of_score(images, reconstruct(generator, images)) for images in (normals, anomalies)]
    means, peaks = parts[0]
    spread = float(means.std() / max(peaks.std(), 1e-9))
    shares = [weight * spread / (1.0 + weight * spread) for weight in weights]
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
