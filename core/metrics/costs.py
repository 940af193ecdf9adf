"""The cost of a threshold where anomalies are rare, and useful thresholds.

A test of all classes is 90 % anomalies, a factory is not. So precision and cost are computed for a stated prevalence,
from TPR and FPR, which do not depend on it. numpy only. `normal` and `anomaly` are score arrays [N], higher = more
anomalous; an item is flagged when score ≥ threshold.
"""

import math
from dataclasses import dataclass

import numpy as np

from core.metrics import evaluation, thresholds
from core.metrics.evaluation import EvaluationError

POINTS = ("youden", "fpr_5", "fpr_1", "miss_1", "cheapest")


@dataclass(frozen=True)
class Stakes:
    """The costs of a missed anomaly and of a false alarm, in the same unit, and the prevalence.

    `prevalence` is the share of anomalies among all items, above 0 and below 1. Raises EvaluationError for a prevalence
    outside these bounds, or a cost that is not a finite number above 0.
    """

    missed: float = 10.0
    alarm: float = 1.0
    prevalence: float = 0.05

    def __post_init__(self) -> None:
        for name, cost in (("missed anomaly", self.missed), ("false alarm", self.alarm)):
            if not (math.isfinite(cost) and cost > 0):
                raise EvaluationError(f"The cost of a {name} is {cost:g}; it must be a number above 0.")
        _check_prevalence(self.prevalence)

    def cost(self, fpr: float | np.ndarray, tpr: float | np.ndarray) -> float | np.ndarray:
        """Return the expected cost an item: π·missed·(1 − TPR) + (1 − π)·alarm·FPR (Provost and Fawcett 2001; Elkan
        2001).

        Rates are shares 0…1, scalars or arrays of one shape; the result is in the unit of the costs.
        """
        return self.prevalence * self.missed * (1 - tpr) + (1 - self.prevalence) * self.alarm * fpr


def precision(fpr: float | np.ndarray, tpr: float | np.ndarray, prevalence: float) -> np.ndarray:
    """Return π·TPR / (π·TPR + (1 − π)·FPR), the share of flagged items that are anomalies (Bayes' rule).

    Rates are shares 0…1, scalars or arrays of one shape. The result has that shape, nan where nothing is flagged.
    Raises EvaluationError for a prevalence that is not above 0 and below 1.
    """
    _check_prevalence(prevalence)
    hits = prevalence * np.asarray(tpr, float)
    flagged = hits + (1 - prevalence) * np.asarray(fpr, float)
    return np.divide(hits, flagged, out=np.full(flagged.shape, math.nan), where=flagged > 0)


def miss_threshold(anomaly: np.ndarray, largest_miss: float) -> float:
    """Return the strictest threshold that misses at most a share `largest_miss` (0 to below 1) of the anomalies.

    Uses anomalies alone. Raises EvaluationError for another share, without scores, or with a score that is not finite.
    """
    if not 0.0 <= largest_miss < 1.0:
        raise EvaluationError(f"The largest share of misses is {largest_miss:g}; it must be from 0 to below 1.")
    ordered = np.sort(evaluation.checked(anomaly, anomaly)[1])
    return float(ordered[math.floor(largest_miss * len(ordered) + 1e-9)])


def cheapest_threshold(normal: np.ndarray, anomaly: np.ndarray, stakes: Stakes) -> float:
    """Return the threshold with the smallest expected cost an item; among equals, the strictest.

    Where anomalies are rare, it can be cheapest to flag nothing: then the result is the next float32 above the largest
    score. Raises EvaluationError as `evaluation.roc` does.
    """
    curve = evaluation.roc(normal, anomaly).from_zero()
    costs = np.asarray(stakes.cost(curve.fpr, curve.tpr))
    # Costs that are equal in theory may differ in the last bits.
    return float(curve.thresholds[np.argmax(costs <= costs.min() * (1 + 1e-12))])


def operating_points(normal: np.ndarray, anomaly: np.ndarray, stakes: Stakes | None = None) -> dict[str, float]:
    """Choose the thresholds called POINTS on validation scores: name → threshold. "cheapest" needs `stakes`.

    The first three are those on a model's card; miss_1 misses at most 1 % of the anomalies. Without anomalies there are
    only fpr_5 and fpr_1. Raises EvaluationError.
    """
    points = thresholds.operating_points(normal, anomaly).known
    if len(anomaly):
        points["miss_1"] = miss_threshold(anomaly, 0.01)
        if stakes:
            points["cheapest"] = cheapest_threshold(normal, anomaly, stakes)
    return points


def _check_prevalence(prevalence: float) -> None:
    if not 0.0 < prevalence < 1.0:  # also refuses nan
        raise EvaluationError(f"The share of anomalies is {prevalence:.4g}; it must be above 0 and below 1 (100 %).")
