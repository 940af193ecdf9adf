"""How well a model sees defects: test normals of a class, damaged in known places, against other undamaged ones.

The figures of each kind and size are rows of defects.csv. Everything is seeded, so every method sees the same images.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from core.data import damage, tasks
from core.data.damage import Damaged
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import Task
from core.gans import maps
from core.metrics import localisation
from core.study.untrained import MAPS, Maps

COUNT = 300  # test normals that are damaged, and as many others that are not; fewer where the class has fewer
SEED = 0

# Heat maps float [N, H, W] and scores float [N] of images uint8 [N, H, W, C].
Seeing = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


class Specimens(NamedTuple):
    """Undamaged test normals uint8 [N, H, W, C], and other ones damaged, by kind and size."""

    undamaged: np.ndarray
    damaged: dict[tuple[str, str], Damaged]


@lru_cache(maxsize=10)
def specimens(normal: str) -> Specimens:
    """Damage test normals of a class, each with each kind and size; pieces of other classes' test images are the patches.

    Takes seconds, and a process of the sweep comes back to the same class again and again.
    """
    test = FASHION_MNIST.load("test")
    own = test.labels == FASHION_MNIST.description.label(normal)
    places = np.random.default_rng(SEED).permutation(np.flatnonzero(own))
    count = min(COUNT, len(places) // 2)
    images, donors = test.images[places[:count]], test.images[~own]
    damaged = {
        (kind, size): damage.damage(images, kind, size, SEED, donors)
        for kind in damage.suiting(FASHION_MNIST.description, normal)
        for size in damage.SIZES
    }
    return Specimens(test.images[places[count : 2 * count]], damaged)


def figures(normal: str, seeing: Seeing) -> list[dict[str, Any]]:
    """Measure every kind and size of defect on a class: its image AUROC, pixel AUROC, AUPRO and hit."""
    undamaged, damaged = specimens(normal)
    _, usual = seeing(undamaged)
    lines = []
    for (kind, size), (images, masks) in ((key, (one.images, one.masks)) for key, one in damaged.items()):
        heat, scores = seeing(images)
        lines.append(
            {
                "kind": kind,
                "size": size,
                "image_auroc": localisation.image_auroc(usual, scores, masks),
                "pixel_auroc": localisation.pixel_auroc(heat, masks),
                "aupro": localisation.aupro(heat, masks),
                "hit": localisation.hit(heat, masks),
            }
        )
    return lines


def of_generator(generator: Any, normal: str) -> list[dict[str, Any]]:
    """Measure a GAN's generator (core/gans/gan.py): its heat maps, and its own scores."""
    from core.gans import scoring

    def seeing(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        reconstructions = scoring.reconstruct(generator, images)
        scores = maps.score_reconstructions(images, reconstructions, generator.share)
        return maps.heat(images, reconstructions), scores

    return figures(normal, seeing)


def of_untrained(task: Task) -> dict[str, list[dict[str, Any]]]:
    """Measure the maps that cost no training, by name. Smoothed like ours; their largest value is the image's score."""
    split = tasks.split(task, FASHION_MNIST.load("train"))
    untrained = Maps(split.train_normal)
    sigma = maps.SMOOTHED * task.data.side

    def seeing(drawn: Callable[[Maps, np.ndarray], np.ndarray]) -> Seeing:
        def seen(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            heat = gaussian_filter(drawn(untrained, images), (0, sigma, sigma), mode="reflect", truncate=3.0)
            return heat, heat.max((1, 2))

        return seen

    return {name: figures(task.normal, seeing(drawn)) for name, drawn in MAPS.items()}
