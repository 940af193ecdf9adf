import numpy as np
import pytest
import torch

from core.data import tasks
from core.data.tasks import Task
from core.metrics.evaluation import auroc
from core.study import fusion

TASK = Task(regime="one-class", anomalies=0)


def test_copies_are_turned_and_moved():
    image = torch.full((1, 1, 28, 28), -1.0)
    image[0, 0, 2, 3] = 1.0  # row 2, column 3
    places = [tuple(int(axis) for axis in (copy[0, 0] > 0).nonzero()[0]) for copy in fusion.copies(image)]
    assert len(places) == len(set(places)) == 12
    assert places[0] == (2, 3) and places[4] == (2, 11) and places[8] == (10, 3)
    assert places[2] == (25, 24)  # turned by half


def test_doubt_is_larger_for_what_is_unlike_the_normals(starter):
    split = tasks.split(TASK, starter)
    images = np.concatenate([split.validation_normal, split.validation_anomaly])
    held = len(split.validation_normal)
    doubts = fusion.doubt(split.train_normal, images, 0)
    assert auroc(doubts[:held], doubts[held:]) > 0.8
    again = fusion.doubt(split.train_normal, images[::-1], 0)[::-1]  # an image's own, whatever its company
    assert doubts == pytest.approx(again, rel=1e-3)


def test_parts_count_alike_whatever_their_scale(monkeypatch, small_split):
    """The same part three times, on other scales, is the part."""
    random = np.random.default_rng(0)
    test = small_split.validation_anomaly
    base = random.uniform(1.0, 2.0, len(small_split.validation_normal) + len(test))
    monkeypatch.setattr(fusion, "_parts", lambda split, images, seed: iter([base, 7.0 * base, base**3]))
    logs = np.log(base)
    held = logs[: len(small_split.validation_normal)]
    expected = (logs[len(held) :] - held.mean()) / held.std()
    assert fusion.fusion(small_split, test, 0) == pytest.approx(expected)
