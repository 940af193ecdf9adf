"""Reconstructions, residuals and scores of images.

A score is the mean absolute error between an image and its reconstruction over all pixels and channels, on the scale
[-1, 1] (so 0…2): higher = more anomalous. It depends on the image and the weights alone.
"""

import math
from collections.abc import Iterator

import numpy as np
import torch

from core.gans.gan import Generator, from_output, to_input

# Every forward pass has exactly this many images; the last batch is filled up. So an image meets the same kernels and
# gives the same bits, alone or with others, in any order.
BATCH = 256


def reconstruct(generator: Generator, images: np.ndarray) -> np.ndarray:
    """Return G(x) on [-1, 1]: uint8 images [N, H, W, C] → float32 [N, H, W, C]."""
    parts = [reconstructions for _, reconstructions in _passes(generator, images)]
    return np.concatenate(parts) if parts else np.empty(images.shape, np.float32)


@torch.inference_mode()
def score(generator: Generator, images: np.ndarray) -> np.ndarray:
    """Return the scores of images: uint8 [N, H, W, C] → float32 [N]."""
    # A chunk at a time and in place, while its pixels are still in the processor's cache.
    parts = []
    values = math.prod(images.shape[1:])
    for chunk, inputs in _batches(generator, images):
        differences = from_output(generator(inputs).sub_(inputs).abs_(), generator.data.side)
        parts.append(_kept(differences.sum((1, 2, 3), dtype=torch.float64) / values, chunk))
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def residual(images: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """Return |x − G(x)| a pixel, the mean over channels: uint8 and float32 [N, H, W, C] → float32 [N, H, W], 0…2."""
    return np.abs(images.astype(np.float32) / 127.5 - 1.0 - reconstructions).mean(-1)


def score_reconstructions(images: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """Return the scores of images whose reconstructions are known: float32 [N]."""
    return residual(images, reconstructions).reshape(len(images), -1).mean(1, dtype=np.float64).astype(np.float32)


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
