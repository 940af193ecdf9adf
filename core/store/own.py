"""What is measured of a model of data of one's own when it is saved: marks against masks, synthetic defects, simple methods.

It chooses nothing: the threshold in force and the share of the heat in a score follow from validation images alone.
"""

import contextlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.basics.errors import DataError
from core.data import catalog, photo_damage
from core.data.damage import SIZES
from core.data.dataset import Images
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import Task, test_roles
from core.gans import maps
from core.metrics import evaluation, localisation
from core.metrics.own import Area, Baseline, Kind, Marks, Own, Synthetic
from core.store import baselines, pretrained

if TYPE_CHECKING:
    from core.gans.gan import Generator

PHOTOS = 100  # held-out good images that are damaged, with each kind; drawn at random where there are more
LEARNT = 2000  # normal images that a simple method learns from
TESTED = 2000  # test images of each role that it scores
SIDE = 64  # pixels; larger images are reduced for methods on pixels, so that memory and time stay small
SEED = 2024


@dataclass(frozen=True)
class Specimens:
    """Damaged copies of held-out good images, one kind after the other.

    images  uint8 [M, H, W, C]; masks bool [M, H, W]
    of      int [M], the number in the test split of the image that was damaged
    kinds   kind → how many copies have it, in order; only copies on which the defect is seen
    """

    images: np.ndarray
    masks: np.ndarray
    of: np.ndarray
    kinds: dict[str, int]

    @property
    def places(self) -> dict[str, slice]:
        """The copies of each kind."""
        ends = np.cumsum([0, *self.kinds.values()]).tolist()
        return {kind: slice(*pair) for kind, pair in zip(self.kinds, itertools.pairwise(ends), strict=True)}


def specimens(task: Task, test: Images) -> Specimens:
    """Put every kind of defect on held-out good photos, in turns small, medium and large. Seeded by the images.

    None on images that are no photos: things on black have defects of their own (core/data/damage.py).
    """
    normal, _ = test_roles(task, test.labels)
    numbers = np.sort(np.random.default_rng(SEED).permutation(np.flatnonzero(normal))[:PHOTOS])
    images, of = [test.images[:0]], [numbers[:0]]
    masks, kinds = [np.zeros((0, *test.images.shape[1:3]), bool)], {}
    for kind in photo_damage.KINDS if task.data.photos else ():
        count = 0
        for turn, size in enumerate(SIZES):
            some = numbers[turn :: len(SIZES)]
            made = photo_damage.damage(test.images[some], kind, size, SEED)
            seen = made.visible
            images.append(made.images[seen])
            masks.append(made.masks[seen])
            of.append(some[seen])
            count += int(seen.sum())
        if count:
            kinds[kind] = count
    return Specimens(np.concatenate(images), np.concatenate(masks), np.concatenate(of), kinds)


def measure(
    generator: "Generator", task: Task, normals: np.ndarray, test: Images, scores: np.ndarray
) -> tuple[Own | None, np.ndarray]:
    """Measure a model of data of one's own; return its figures and its scores of synthetic defects, float32 [M].

    `normals` uint8 [N, H, W, C] are those it was trained on, `scores` [N] are those of `test`. Fashion-MNIST has its sweep
    instead: then None, and no scores. Imports torch and scikit-learn.
    """
    from core.gans import scoring

    if task.data == FASHION_MNIST.description:
        return None, np.empty(0, np.float32)
    made = specimens(task, test)
    damaged = scoring.score(generator, made.images)
    synthetic = None
    if made.kinds:
        heat = _heat(generator, made.images)
        synthetic = _synthetic(made, scores, damaged, heat, test_roles(task, test.labels)[0])
    simple, sampled = _baselines(task, normals, test, made)
    return Own(_marks_of_test(generator, task, test), synthetic, simple, sampled), damaged


def _heat(generator: "Generator", images: np.ndarray) -> np.ndarray:
    from core.gans import scoring

    return maps.heat(images, scoring.reconstruct(generator, images))


def _marks(heat: np.ndarray, masks: np.ndarray) -> Marks | None:
    """Return how well heat maps [N, H, W] point at the masks; None where no mask has a defect and something beside it."""
    usable = int(localisation.usable(masks).sum())
    if not usable:
        return None
    return Marks(localisation.pixel_auroc(heat, masks), localisation.hit(heat, masks), usable)


def _marks_of_test(generator: "Generator", task: Task, test: Images) -> Marks | None:
    """Return how well the model points at the marked defects of its test anomalies; None where none is marked."""
    masks = None
    with contextlib.suppress(DataError):  # the images are here; figures without marks are better than none
        masks = catalog.get(task.data.key).masks("test")
    if masks is None or len(masks.known) != len(test.images):
        return None
    at = np.flatnonzero(test_roles(task, test.labels)[1] & masks.known)
    return _marks(_heat(generator, test.images[at]), masks.masks[at]) if len(at) else None


def _synthetic(
    made: Specimens, scores: np.ndarray, damaged: np.ndarray, heat: np.ndarray, normal: np.ndarray
) -> Synthetic:
    """Compute the figures of synthetic defects, against all good test images."""
    numbers = np.flatnonzero(normal)
    return Synthetic(
        Area(*evaluation.grouped_interval(scores[numbers], damaged, numbers, made.of)),
        photos=len(np.unique(made.of)),
        kinds={
            kind: Kind(evaluation.auroc(scores[numbers], damaged[at]), count, _marks(heat[at], made.masks[at]))
            for (kind, at), count in zip(made.places.items(), made.kinds.values(), strict=True)
        },
        marks=_marks(heat, made.masks),
    )


def _baselines(task: Task, normals: np.ndarray, test: Images, made: Specimens) -> tuple[dict[str, Baseline], int]:
    """Measure the simple methods on the same images as the model; return them, and on how many test images."""
    if not made.kinds and not test_roles(task, test.labels)[1].any():
        return {}, 0  # nothing to tell from the normal images
    random = np.random.default_rng(SEED)
    good, bad = (np.sort(random.permutation(np.flatnonzero(role))[:TESTED]) for role in test_roles(task, test.labels))
    learnt = normals[np.sort(random.permutation(len(normals))[:LEARNT])]
    images = np.concatenate([test.images[good], test.images[bad], made.images])
    small, small_learnt = _reduced(images), _reduced(learnt)
    scored = {name: method(small_learnt, small, 0) for name, method in baselines.PIXEL_METHODS.items()}
    of_network: set[str] = set()
    if (found := pretrained.here()) is not None:
        with contextlib.suppress(pretrained.PretrainedError):  # a damaged file is no reason to lose a training
            name = f"pretrained {found[0]}, kNN"
            scored[name] = pretrained.score(*found, learnt, images)
            of_network.add(name)
    ends = len(good), len(good) + len(bad)
    figures = {}
    for name, values in scored.items():
        usual, odd, damaged = np.split(values, ends)
        figures[name] = Baseline(
            Area(*evaluation.auroc_interval(usual, odd)) if len(odd) else None,
            Area(*evaluation.grouped_interval(usual, damaged, good, made.of)) if len(damaged) else None,
            name in of_network,
        )
    return figures, len(good) + len(bad)


def _reduced(images: np.ndarray) -> np.ndarray:
    """Reduce images to at most SIDE pixels a side by averaging squares, or by interpolation where they do not divide."""
    side = images.shape[1]
    if side <= SIDE:
        return images
    by = side // SIDE
    if side % SIDE:
        from scipy.ndimage import zoom

        return zoom(images, (1, SIDE / side, SIDE / side, 1), order=1)
    parts = images.reshape(len(images), SIDE, by, SIDE, by, -1)
    return parts.mean((2, 4)).round().astype(np.uint8)
