"""The images that the Overview shows first, and what each shipped model makes of them.

First of all comes a normal test image with a defect, then test images of all classes as they are. The first page shows
reconstructions without the seconds that importing torch takes. So `python -m core examples` stores them in
data/examples.safetensors, a uint8 tensor [1 + N, H, W, C] for each model, named by the SHA-256 of its weights, and the
damaged image's score beside it, because test scores are stored of undamaged images only. New weights have another
SHA-256, so that a retrained model never shows old reconstructions.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.basics.errors import DataError
from core.basics.files import ROOT, write_whole
from core.data import photo_damage
from core.data.dataset import Description, Images
from core.store.checkpoints import Checkpoint
from core.store.model_cards import boxed

STORED = ROOT / "data" / "examples.safetensors"
SEED = 2017  # the images are drawn at random, so that usual mistakes are among them
ROUNDS = 2  # images of each anomaly class
NORMAL_EVERY = 3  # anomalies; a normal image follows the first of each three
DAMAGE = 1  # the seed of the defect
SCORE = ".score"  # ends the name of a damaged image's score in the file


class Stored(NamedTuple):
    """What a model made of the examples: `damaged` uint8 [H, W, C] with its `score`, and `images` uint8 [N, H, W, C]."""

    damaged: np.ndarray
    score: float
    images: np.ndarray


def chosen(data: Description, normal: str, labels: np.ndarray) -> np.ndarray:
    """Choose the example images for this normal class: int [M], indices in the test split in the order of display.

    Each round has an image of every other class, and a normal image for every three of them. Images are drawn at random;
    a class without any left is skipped. Without another class there are three normal images in a round.
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
        if not others:
            numbers += [next(drawn[normal], None) for _ in range(NORMAL_EVERY)]
    return np.array([number for number in numbers if number is not None], int)


def kind(data: Description) -> str:
    """Return the kind of the first example's defect: a hole in a thing on black, a spot on a photo."""
    return "spot" if data.photos else "hole"


def damaged(data: Description, normal: str, test: Images) -> tuple[int, np.ndarray] | None:
    """Return the first example: the number of a normal test image, and the image with a defect, uint8 [H, W, C].

    None where there is no normal image on which it would be seen.
    """
    label = data.label(normal)
    for number in chosen(data, normal, test.labels):
        if test.labels[number] == label:
            result = photo_damage.of_any_kind(test.images[number][None], kind(data), seed=DAMAGE, donors=test.images)
            if result.visible[0]:
                return int(number), result.images[0]
    return None


def stored(weights_sha256: str) -> Stored | None:
    """Read what the model with these weights made of the examples, or None. Raises DataError when the file is damaged."""
    return _stored(STORED, STORED.stat().st_mtime_ns).get(weights_sha256) if STORED.exists() else None


@lru_cache(maxsize=2)
def _stored(path: Path, stamp: int) -> dict[str, Stored]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(path.read_bytes())
        scores = {name: tensors.pop(name) for name in list(tensors) if name.endswith(SCORE)}
        if any(images.dtype != np.uint8 or images.ndim != 4 or not len(images) for images in tensors.values()):
            raise ValueError("it holds something else than images")
        return {
            name: Stored(images[0], float(scores[name + SCORE].item()), images[1:]) for name, images in tensors.items()
        }
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise DataError(f"{path} is damaged ({error}). Write it anew with `python -m core examples`.") from error


def reconstruct(checkpoint: Checkpoint, test: Images) -> Stored:
    """Reconstruct the examples with a shipped model. Imports torch."""
    from core.gans import maps, scoring

    task = checkpoint.task
    first = damaged(task.data, task.normal, test)
    assert first, "Fashion-MNIST has garments on which a hole is seen"
    images = np.stack([first[1], *test.images[chosen(task.data, task.normal, test.labels)]])
    reconstructions = scoring.reconstruct(checkpoint.generator(), images)
    score = maps.score_reconstructions(images[:1], reconstructions[:1], checkpoint.card.scoring.share)
    return Stored(maps.to_grey(reconstructions[0]), float(score[0]), maps.to_grey(reconstructions[1:]))


def write(test: Images) -> list[Checkpoint]:
    """Store what every shipped model makes of the examples; return the models. Imports torch. Raises CheckpointError."""
    from safetensors.numpy import save

    models, tensors = boxed(), {}
    for checkpoint in models:
        name, made = checkpoint.card.weights_sha256, reconstruct(checkpoint, test)
        tensors[name] = np.stack([made.damaged, *made.images])
        tensors[name + SCORE] = np.array([made.score], np.float32)
    write_whole(STORED, save(tensors))
    return models
