"""Test images that the Overview shows first, and what each shipped model makes of them, stored.

A visitor's first page should show reconstructions, and it must not wait the seconds that torch takes to import. So
`python -m core examples` stores them once in data/examples.safetensors: a uint8 tensor [N, H, W, C] a model, called by the
SHA-256 of its weights. A model that was trained anew has another name, and so never shows an older one's pictures.
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
SEED = 2017  # the images are drawn, not picked: models make their usual mistakes among them
ROUNDS = 2  # images of each anomaly class
NORMAL_EVERY = 3  # anomalies between normal images; the second image is a normal one


def chosen(data: Description, normal: str, labels: np.ndarray) -> np.ndarray:
    """Choose the numbers in the test split of the example images for this normal class, in the order of showing: int [M].

    Each round has one image of every other class and three normal ones; which image it is, is drawn at random. A class that
    has no image left is passed over.
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
    """Read the stored reconstructions of the images that `chosen` names, uint8 [N, H, W, C], by the model with these
    weights; None when there are none. Raises DataError when the file is damaged."""
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
    """Compute what `stored` gives for a shipped model, from its weights. Imports torch."""
    from core.gans import scoring

    images = test.images[chosen(checkpoint.task.data, checkpoint.task.normal, test.labels)]
    return to_grey(scoring.reconstruct(checkpoint.generator(), images))


def to_grey(reconstruction: np.ndarray) -> np.ndarray:
    """float32 on [-1, 1] → uint8 of the same shape."""
    return ((reconstruction + 1.0) * 127.5).round().clip(0, 255).astype(np.uint8)


def write(test: Images) -> list[Checkpoint]:
    """Store the reconstructions of every model in the box; returns the models. Imports torch. Raises CheckpointError."""
    from safetensors.numpy import save

    models = boxed()
    write_whole(STORED, save({checkpoint.card.weights_sha256: reconstruct(checkpoint, test) for checkpoint in models}))
    return models
