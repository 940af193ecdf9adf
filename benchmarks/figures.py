"""ROC, AUROC and its interval for 10,000 scores against scikit-learn with a plain bootstrap loop."""

import numpy as np

from benchmarks.scoring import timed
from benchmarks.timing import Comparison, compare
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import test_roles
from core.metrics import evaluation
from core.store import checkpoints

DRAWS = 1000


def scores() -> tuple[np.ndarray, np.ndarray]:
    found = checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))
    normal, anomaly = test_roles(found.task, FASHION_MNIST.load("test").labels)
    return found.scores.test[normal], found.scores.test[anomaly]


def ours() -> tuple[float, float, float]:
    """(AUROC, low, high)."""
    normal, anomaly = scores()
    evaluation.roc(normal, anomaly)
    return evaluation.auroc_interval(normal, anomaly)


def bootstrap(draws: int = DRAWS) -> tuple[float, float, float]:
    """The same by resampling: scikit-learn's roc_auc_score on `draws` samples with replacement, percentiles."""
    from sklearn.metrics import roc_auc_score, roc_curve

    normal, anomaly = scores()
    truth = np.r_[np.zeros(len(normal)), np.ones(len(anomaly))]
    values = np.r_[normal, anomaly]
    roc_curve(truth, values)
    random, areas = np.random.default_rng(0), []
    for _ in range(draws):
        chosen = random.integers(0, len(truth), len(truth))
        areas.append(roc_auc_score(truth[chosen], values[chosen]))
    low, high = np.percentile(areas, [2.5, 97.5])
    return float(roc_auc_score(truth, values)), float(low), float(high)


def against_bootstrap(repeats: int = 3) -> Comparison:
    return compare(lambda: timed(ours), lambda: timed(bootstrap), repeats)
