"""The test images that the Overview shows first, and their stored reconstructions by each shipped model.

The first page shows reconstructions without the seconds that importing torch takes. So `python -m core examples` stores
them in data/examples.safetensors: a uint8 tensor [N, H, W, C] for each model, named by the SHA-256 of its weights. New
weights have another SHA-256, so that a retrained model never shows old reconstructions.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from core.basics.errors import DataError
from core.basics.files import ROOT, write_whole
from core.data.dataset import Description, Images
from core.store.checkpoints import Checkpoint
from core.store.model_cards import boxed

STORED = ROOT / "data" / "examples.safetensors"
SEED = 2017  # the images are drawn at random, so that usual mistakes are among them
ROUNDS = 2  # images of each anomaly class
NORMAL_EVERY = 3  # anomalies; a normal image follows the first of each three


def chosen(data: Description, normal: str, labels: np.ndarray) -> np.ndarray:
    """Choose the example images for this normal class: int [M], indices in the test split in the order of display.

    Each round has an image of every other class, and a normal image for every three of them. Images are drawn at random;
    a class without any left is skipped.
    """
    random = np.random.default_rng(SEED)
    drawn = {name: iter(random.permutation(np.flatnonzero(labels == label))) for label, name in enumerate(data.classes)}
    numbers = []
    for _ in range(ROUNDS):
        others = [name for name in reversed(data.classes) if name != normal]  # shoes first: the plainest anomalies
        for place, name in enumerate(others, 1):
            numbers.append(next(drawn[name], None))
            if place % NORMAL_EVERY == 1:
                numbers.append(next(drawn[normal], None))
    return np.array([number for number in numbers if number is not None], int)


def stored(weights_sha256: str) -> np.ndarray | None:
    """Read the reconstructions of the `chosen` images by the model with these weights: uint8 [N, H, W, C], or None.

    Raises DataError when the file is damaged.
    """
    return _stored(STORED, STORED.stat().st_mtime_ns).get(weights_sha256) if STORED.exists() else None


@lru_cache(maxsize=2)
def _stored(path: Path, stamp: int) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        reconstructions = load(path.read_bytes())
        if any(images.dtype != np.uint8 or images.ndim != 4 for images in reconstructions.values()):
            raise ValueError("it holds something else than images")
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise DataError(f"{path} is damaged ({error}). Write it anew with `python -m core examples`.") from error
    return reconstructions


def reconstruct(checkpoint: Checkpoint, test: Images) -> np.ndarray:
    """Reconstruct the `chosen` images with a shipped model: uint8 [N, H, W, C]. Imports torch."""
    from core.gans import scoring

    images = test.images[chosen(checkpoint.task.data, checkpoint.task.normal, test.labels)]
    return to_grey(scoring.reconstruct(checkpoint.generator(), images))


def to_grey(reconstruction: np.ndarray) -> np.ndarray:
    """Convert float32 on [-1, 1] to uint8 of the same shape."""
    return ((reconstruction + 1.0) * 127.5).round().clip(0, 255).astype(np.uint8)


def write(test: Images) -> list[Checkpoint]:
    """Store the reconstructions of every shipped model; return the models. Imports torch. Raises CheckpointError."""
    from safetensors.numpy import save

    models = boxed()
    write_whole(STORED, save({checkpoint.card.weights_sha256: reconstruct(checkpoint, test) for checkpoint in models}))
    return models
