"""Images → reconstructions, residuals, scores.

A score is the mean absolute error between an image and its reconstruction over the 28×28 pixels, on the scale [-1, 1]
(so 0…2): higher = more anomalous. It depends on the image and the weights alone.
"""

from collections.abc import Iterator

import numpy as np
import torch

from core.data.fashion_mnist import SIZE
from core.gans.gan import Generator, from_output, to_input

# Every forward pass has exactly this many images, the last one filled up: the same image then meets the same kernels
# and gives the same bits alone, in a crowd and in any order.
BATCH = 256


def reconstruct(generator: Generator, images: np.ndarray, size: int) -> np.ndarray:
    """G(x) for uint8 images [N, 28, 28] → float32 [N, 28, 28] on [-1, 1]. `size` is the network's input side, pixels."""
    parts = [reconstructions for _, reconstructions in _passes(generator, images, size)]
    return np.concatenate(parts) if parts else np.empty(images.shape, np.float32)


@torch.inference_mode()
def score(generator: Generator, images: np.ndarray, size: int) -> np.ndarray:
    """Scores of uint8 images [N, 28, 28] → float32 [N]."""
    # A chunk at a time and in place, while its pixels are still in the processor's cache.
    parts = []
    for chunk, inputs in _batches(generator, images, size):
        differences = from_output(generator(inputs).sub_(inputs).abs_())
        parts.append(_kept(differences.sum((1, 2), dtype=torch.float64) / SIZE**2, chunk))
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def residual(images: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """|x − G(x)| a pixel: uint8 and float32 [N, 28, 28] → float32 [N, 28, 28], 0…2."""
    return np.abs(images.astype(np.float32) / 127.5 - 1.0 - reconstructions)


def score_reconstructions(images: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """The scores that belong to reconstructions already made: float32 [N]."""
    return residual(images, reconstructions).reshape(-1, SIZE * SIZE).mean(1, dtype=np.float64).astype(np.float32)


@torch.inference_mode()
def encode_and_reconstruct(
    generator: Generator, images: np.ndarray, size: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(images [B, 28, 28], E(x) flattened [B, Z], G(x) [B, 28, 28] on [-1, 1]) in chunks of at most BATCH, in order."""
    for chunk, inputs in _batches(generator, images, size):
        z, outputs = generator.through(inputs)
        yield chunk, _kept(z.flatten(1), chunk), _kept(from_output(outputs), chunk)


@torch.inference_mode()
def _passes(generator: Generator, images: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(images, reconstructions) in chunks of at most BATCH."""
    for chunk, inputs in _batches(generator, images, size):
        yield chunk, _kept(from_output(generator(inputs)), chunk)


def _batches(generator: Generator, images: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, torch.Tensor]]:
    """(images, what the network eats): the latter always BATCH long."""
    generator.eval()  # batch norm must use its running statistics: a score never depends on batch mates
    device = next(generator.parameters()).device
    for start in range(0, len(images), BATCH):
        chunk = images[start : start + BATCH]
        filled = np.zeros((BATCH, *images.shape[1:]), np.uint8)
        filled[: len(chunk)] = chunk
        yield chunk, to_input(torch.from_numpy(filled).to(device), size)


def _kept(outputs: torch.Tensor, chunk: np.ndarray) -> np.ndarray:
    """What belongs to the images of `chunk`, without what filled the batch up."""
    return outputs[: len(chunk)].float().cpu().numpy()
