import numpy as np
import pytest

from core.data import tasks
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import Task
from core.metrics import evaluation
from core.study.baselines import BASELINES, nearest_neighbours, pca_residual


@pytest.mark.parametrize("name", [name for name, (_, regime) in BASELINES.items() if regime == "one-class"])
def test_one_class_baselines_tell_trousers_from_t_shirts(name, small, test_split):
    split = tasks.split(Task(normal="trouser", regime="one-class", anomalies=0), small)
    kept = np.flatnonzero(np.isin(test_split.labels, [0, 1]))[:300]
    images, labels = test_split.images[kept], test_split.labels[kept]
    scores = BASELINES[name][0](split, images, 0)
    assert scores.shape == (300,)
    assert evaluation.auroc(scores[labels == 1], scores[labels == 0]) > 0.9


def test_the_supervised_cnn_learns_on_little(small, test_split, monkeypatch):
    split = tasks.split(Task(normal="trouser", anomalies=900), small)
    kept = np.flatnonzero(test_split.labels != 6)[:400]
    scores = BASELINES["supervised CNN"][0](split, test_split.images[kept], 0)
    normal = test_split.labels[kept] == 1
    assert evaluation.auroc(scores[normal], scores[~normal]) > 0.97


def test_neighbour_distances_are_those_of_a_plain_loop(small, test_split):
    split = tasks.split(Task(regime="one-class", anomalies=0), small)
    images = test_split.images[:5]
    known = split.train_normal.reshape(len(split.train_normal), -1) / 255.0
    for image, score in zip(images, nearest_neighbours(split, images, 0), strict=True):
        distances = np.sqrt(((known - image.reshape(-1) / 255.0) ** 2).sum(1))
        assert score == pytest.approx(np.sort(distances)[:5].mean(), rel=1e-4)


def test_pca_residual_is_zero_for_what_the_components_span(small):
    split = tasks.split(Task(regime="one-class", anomalies=0), small)
    few = tasks.Split(
        FASHION_MNIST.description, split.train_normal[:40].repeat(2, 0), *([split.train_anomaly] * 3)
    )  # 40 images: rank below 64
    assert pca_residual(few, split.train_normal[:40], 0).max() < 1e-4
