"""Compares two models on the same images, and bounds a ROC curve.

numpy only. `normal` and `anomaly` are score arrays [N] and [A], higher = more anomalous. Every interval in this module
is over test images; none says anything about another training seed.
"""

import math
from dataclasses import dataclass

import numpy as np

from core.metrics import evaluation
from core.metrics.evaluation import Z95, EvaluationError

DRAWS = 500


@dataclass(frozen=True)
class Difference:
    """AUROC of the first model minus the second's, with its 95 % interval."""

    first: float
    second: float
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.first - self.second

    @property
    def clear(self) -> bool:
        """True when the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def auroc_difference(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> Difference:
    """Return the difference of two AUROCs on the same images: pairs (normal [N], anomaly [A]) in the same order.

    The interval uses DeLong's covariance of paired AUROCs (DeLong, DeLong and Clarke-Pearson 1988), because an image
    that is hard for one model is often hard for the other. Where both models separate every image, the variance is 0
    and the bound of `evaluation.certain_share` replaces it. Raises EvaluationError when a pair is empty, holds a score
    that is not finite, or when the pairs differ in length.
    """
    (n1, a1), (n2, a2) = evaluation.checked(*first), evaluation.checked(*second)
    if len(n1) != len(n2) or len(a1) != len(a2):
        raise EvaluationError("The two models were not tested on the same images, so their scores cannot be paired.")
    of_anomaly = np.stack([evaluation.placements(a1, np.sort(n1)), evaluation.placements(a2, np.sort(n2))])
    of_normal = np.stack([1 - evaluation.placements(n1, np.sort(a1)), 1 - evaluation.placements(n2, np.sort(a2))])
    areas = of_anomaly.mean(1)
    variance = 0.0
    for part in (of_anomaly, of_normal):  # var(x − y) = var x + var y − 2 cov(x, y), without rounding errors
        if part.shape[1] > 1:
            variance += float(np.var(part[0] - part[1], ddof=1)) / part.shape[1]
    difference, reach = float(areas[0] - areas[1]), Z95 * math.sqrt(variance)
    if areas[0] == areas[1] == 1.0:
        reach = 1.0 - evaluation.certain_share(min(len(n1), len(a1)))
    return Difference(float(areas[0]), float(areas[1]), difference - reach, difference + reach)


def roc_band(
    normal: np.ndarray, anomaly: np.ndarray, fpr: np.ndarray, draws: int = DRAWS, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return (low, high) [G], a pointwise 95 % band of the TPR at each of `fpr` [G] (shares 0…1, ascending).

    Percentile bootstrap: normals and anomalies are drawn separately, with replacement, `draws` times; the curves are
    compared at equal FPR (vertical averaging, Fawcett 2006). Pointwise: 95 % at each FPR, not for the whole curve at
    once. Raises EvaluationError as `evaluation.checked` does.
    """
    normal, anomaly = evaluation.checked(normal, anomaly)
    random = np.random.default_rng(seed)
    chosen = np.sort(random.integers(0, len(normal), (draws, len(normal))), axis=1)
    rows = []
    for start in range(0, draws, 50):  # in parts: all draws of 9,000 anomalies at once would take 36 MB
        part = chosen[start : start + 50]
        times = random.multinomial(len(anomaly), np.full(len(anomaly), 1 / len(anomaly)), len(part))
        rows.append(_tpr_rows(part, times, normal, anomaly, fpr))
    low, high = np.quantile(np.concatenate(rows), [0.025, 0.975], axis=0)
    return low, high


def _tpr_rows(
    chosen: np.ndarray, times: np.ndarray, normal: np.ndarray, anomaly: np.ndarray, fpr: np.ndarray
) -> np.ndarray:
    """Compute the TPR [B, G] of B samples: ascending ranks of their normals [B, N], times each anomaly is drawn [B, A]."""
    count = len(normal)
    allowed = np.floor(np.asarray(fpr) * count + 1e-9).astype(int).clip(0, count)
    # The laxest threshold that flags `allowed` normals lies just above the next lower one of the sample.
    rank = chosen[:, (count - 1 - allowed).clip(0)]  # [B, G]
    not_above = np.searchsorted(np.sort(anomaly), np.sort(normal), side="right")  # [N], anomalies that score no higher
    passed = np.concatenate([np.zeros((len(times), 1), int), np.cumsum(times, axis=1)], axis=1)  # [B, A + 1]
    missed = np.take_along_axis(passed, not_above[rank], axis=1)
    missed[:, allowed == count] = 0  # every image may be flagged
    return 1.0 - missed / len(anomaly)
