import numpy as np

from core.data import tasks
from core.data.tasks import Task
from core.metrics import evaluation
from core.store.baselines import nearest_neighbours
from core.study.baselines import BASELINES


def test_the_supervised_cnn_learns_on_little(small, test_split, monkeypatch):
    split = tasks.split(Task(normal="trouser", anomalies=900), small)
    kept = np.flatnonzero(test_split.labels != 6)[:400]
    scores = BASELINES["supervised CNN"][0](split, test_split.images[kept], 0)
    normal = test_split.labels[kept] == 1
    assert evaluation.auroc(scores[normal], scores[~normal]) > 0.97


def test_a_one_class_baseline_learns_from_the_normals_of_the_split(small, test_split):
    split, images = tasks.split(Task(regime="one-class", anomalies=0), small), test_split.images[:5]
    assert (BASELINES["kNN"][0](split, images, 0) == nearest_neighbours(split.train_normal, images, 0)).all()
