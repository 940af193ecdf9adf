import numpy as np
import pytest

from core.data import tasks
from core.data.tasks import Task
from core.metrics import evaluation
from core.store import baselines
from core.store.baselines import PIXEL_METHODS, nearest_neighbours, pca_residual
from tests import photographs


def normals(small, normal="t-shirt"):
    return tasks.split(Task(normal=normal, regime="one-class", anomalies=0), small).train_normal


@pytest.mark.parametrize("name", PIXEL_METHODS)
def test_they_tell_trousers_from_t_shirts(name, small, test_split):
    kept = np.flatnonzero(np.isin(test_split.labels, [0, 1]))[:300]
    images, labels = test_split.images[kept], test_split.labels[kept]
    scores = PIXEL_METHODS[name](normals(small, "trouser"), images, 0)
    assert scores.shape == (300,)
    assert evaluation.auroc(scores[labels == 1], scores[labels == 0]) > 0.9


@pytest.mark.parametrize("name", PIXEL_METHODS)
def test_a_score_is_the_same_in_any_part(name, small, test_split, monkeypatch):
    images = test_split.images[:40]
    whole = PIXEL_METHODS[name](normals(small), images, 0)
    monkeypatch.setattr(baselines, "AT_ONCE", 7)
    assert PIXEL_METHODS[name](normals(small), images, 0) == pytest.approx(whole, rel=1e-5)


@pytest.mark.parametrize("name", PIXEL_METHODS)
def test_few_colour_photos_are_enough(name):
    bricks = photographs.tiles("brick")
    scores = PIXEL_METHODS[name](bricks[:3], np.concatenate([bricks[3:6], photographs.tiles("grass")[:3]]), 0)
    assert scores.shape == (6,) and np.isfinite(scores).all()
    assert PIXEL_METHODS[name](bricks[:3], bricks[:0], 0).shape == (0,)


def test_neighbour_distances_are_those_of_a_plain_loop(small, test_split):
    images = test_split.images[:5]
    known = normals(small).reshape(len(normals(small)), -1) / 255.0
    for image, score in zip(images, nearest_neighbours(normals(small), images, 0), strict=True):
        distances = np.sqrt(((known - image.reshape(-1) / 255.0) ** 2).sum(1))
        assert score == pytest.approx(np.sort(distances)[:5].mean(), rel=1e-4)


def test_pca_residual_is_zero_for_what_the_components_span(small):
    few = normals(small)[:40]  # rank below 64
    assert pca_residual(few.repeat(2, 0), few, 0).max() < 1e-4


def test_pca_of_few_photos_does_not_reproduce_them(small):
    few = normals(small)[:10]
    assert pca_residual(few, few, 0).min() > 1e-3
