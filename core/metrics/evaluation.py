"""ROC, AUROC with its interval, and outcomes at a threshold, from scores and labels.

numpy only, because pages that show stored scores import neither torch nor scikit-learn (three seconds each); the tests
compare every figure with scikit-learn's. An image is flagged when score ≥ threshold. Arguments `normal` and `anomaly`
are score arrays [N] of the two kinds, higher = more anomalous; ties count half, as AUROC defines it.
"""

import math
from dataclasses import dataclass

import numpy as np

from core.basics.errors import MisfitError

LARGEST_SCORE = 2.001  # largest mean absolute difference of pixels on [-1, 1], with a margin for rounding
Z95 = 1.959963984540054  # 97.5 % quantile of the normal distribution


class EvaluationError(MisfitError):
    """Scores that no figure can be computed from."""


@dataclass(frozen=True)
class Curve:
    """A ROC curve, from the strictest threshold to the laxest. float64 [K] each.

    `thresholds` are the distinct scores, largest first; at thresholds[i] a share fpr[i] of the normals and tpr[i] of
    the anomalies is flagged. The point (0, 0), whose threshold would be infinite, is left out.
    """

    thresholds: np.ndarray
    fpr: np.ndarray
    tpr: np.ndarray

    def from_zero(self) -> "Curve":
        """Return the curve with (0, 0) in front, at the next float32 above every score: [K + 1] each."""
        above = np.nextafter(np.float32(self.thresholds[0]), np.float32(np.inf))
        return Curve(np.append(above, self.thresholds), np.append(0.0, self.fpr), np.append(0.0, self.tpr))


@dataclass(frozen=True)
class Confusion:
    """Counts at one threshold. Anomaly is the positive class."""

    threshold: float
    caught: int  # true positives
    missed: int  # false negatives
    false_alarms: int  # false positives
    passed: int  # true negatives

    @property
    def tpr(self) -> float:
        return self.caught / (self.caught + self.missed)

    @property
    def fpr(self) -> float:
        return self.false_alarms / (self.false_alarms + self.passed)

    @property
    def precision(self) -> float:
        """The share of flagged images that are anomalies, at the test set's own prevalence; nan when none is flagged."""
        flagged = self.caught + self.false_alarms
        return self.caught / flagged if flagged else math.nan


def roc(normal: np.ndarray, anomaly: np.ndarray) -> Curve:
    """Return the ROC curve with every distinct score as a threshold. Raises EvaluationError (see `checked`)."""
    normal, anomaly = checked(normal, anomaly)
    thresholds = np.unique(np.concatenate([normal, anomaly]))[::-1]
    fpr = count_at_least(normal, thresholds) / len(normal)
    return Curve(thresholds, fpr, count_at_least(anomaly, thresholds) / len(anomaly))


def flagged(scores: np.ndarray | float, threshold: float) -> np.ndarray:
    """Tell which scores [N] reach `threshold`: bool [N]. Raises EvaluationError when the threshold is not finite.

    The comparison is in float64: else numpy would round a Python float to float32 and flag a score just below it.
    """
    if not math.isfinite(threshold):
        raise EvaluationError(f"The threshold is {threshold}; it must be a finite number.")
    return np.asarray(scores) >= np.float64(threshold)


def confusion(normal: np.ndarray, anomaly: np.ndarray, threshold: float) -> Confusion:
    """Count the four outcomes at any finite `threshold`. Raises EvaluationError (see `checked`, `flagged`)."""
    normal, anomaly = checked(normal, anomaly)
    false_alarms = int(np.count_nonzero(flagged(normal, threshold)))
    caught = int(np.count_nonzero(flagged(anomaly, threshold)))
    return Confusion(float(threshold), caught, len(anomaly) - caught, false_alarms, len(normal) - false_alarms)


def auroc(normal: np.ndarray, anomaly: np.ndarray) -> float:
    """Return P(anomaly's score > normal's) + ½ P(equal), the area under the ROC curve (Hanley and McNeil 1982).

    Raises EvaluationError (see `checked`).
    """
    normal, anomaly = checked(normal, anomaly)
    return float(placements(anomaly, np.sort(normal)).mean())


def auroc_interval(normal: np.ndarray, anomaly: np.ndarray) -> tuple[float, float, float]:
    """Return (AUROC, low, high) with a 95 % interval from DeLong's variance (DeLong et al. 1988) on the logit scale.

    The logit keeps the interval within (0, 1). When all scores are separated (AUROC 1 or 0) or tied, the variance is 0
    and DeLong gives no interval; then `certain_share`, a one-sided 95 % bound, limits each open side. Just below 1 the
    interval is DeLong's again and narrower than that bound. It is over test images; it says nothing about another seed.
    Raises EvaluationError (see `checked`).
    """
    normal, anomaly = checked(normal, anomaly)
    of_anomaly = placements(anomaly, np.sort(normal))  # [A], share of normals below each anomaly
    of_normal = 1.0 - placements(normal, np.sort(anomaly))  # [N], share of anomalies above each normal
    area = float(of_anomaly.mean())
    variance = sum(float(np.var(part, ddof=1)) / len(part) for part in (of_anomaly, of_normal) if len(part) > 1)
    if area in (0.0, 1.0) or variance == 0.0:
        share = certain_share(min(len(normal), len(anomaly)))
        return area, share * area, 1.0 - share * (1.0 - area)
    return area, *_on_logit(area, variance)


def certain_share(pairs: int) -> float:
    """Return the 95 % lower bound of a share of pairs when all of `pairs` independent pairs have agreed.

    0.05^(1 / pairs), about 1 − 3 / pairs: Clopper and Pearson's bound (1934) when every trial succeeds, the "rule of
    three" of Hanley and Lippman-Hand (JAMA 1983, 249, 1743). An AUROC is a share of N·A pairs; only min(N, A) of them
    have no image in common, so the smaller class counts.
    """
    return 0.05 ** (1.0 / pairs)


def average_precision(normal: np.ndarray, anomaly: np.ndarray, prevalence: float = 0.05) -> float:
    """Return Σ (TPR step) · precision, as if a share `prevalence` of all items were anomalies.

    A test of all classes is 90 % anomalies, which flatters precision; a factory is nearer 5 %. Raises EvaluationError
    for a prevalence that is not above 0 and below 1, and as `checked` does.
    """
    if not 0.0 < prevalence < 1.0:
        raise EvaluationError(f"prevalence is {prevalence}; it must be above 0 and below 1.")
    curve = roc(normal, anomaly)
    hits = prevalence * curve.tpr
    precision = hits / (hits + (1 - prevalence) * curve.fpr)
    return float(np.sum(np.diff(curve.tpr, prepend=0.0) * precision))


def fpr_at_tpr(normal: np.ndarray, anomaly: np.ndarray, tpr: float = 0.95) -> float:
    """Return the smallest false positive rate at which at least a share `tpr` of the anomalies is flagged."""
    curve = roc(normal, anomaly)
    return float(curve.fpr[np.argmax(curve.tpr >= tpr)])  # tpr ends at 1, so there is always such a point


def percentile(score: float | np.ndarray, validation_normal: np.ndarray) -> np.ndarray:
    """Return the percentage (0…100) of the validation normals that score no higher than `score`, in its shape."""
    ordered = np.sort(validation_normal)
    return 100.0 * np.searchsorted(ordered, score, side="right") / len(ordered)


def placements(scores: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """Return for each score the share of `ordered` (ascending) below it, ties half: float64 [len(scores)]."""
    below = np.searchsorted(ordered, scores, side="left")
    not_above = np.searchsorted(ordered, scores, side="right")
    return (below + not_above) / (2.0 * len(ordered))


def count_at_least(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    return len(scores) - np.searchsorted(np.sort(scores), thresholds, side="left")


def checked(normal: np.ndarray, anomaly: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both as arrays. Raises EvaluationError when one is empty or holds a score that is not finite."""
    for name, scores in (("normal", normal), ("anomalous", anomaly)):
        if len(scores) == 0:
            raise EvaluationError(f"There are no {name} scores; a curve needs at least one of each kind.")
        if not np.isfinite(scores).all():
            raise EvaluationError(f"Among the {name} scores is one that is not a finite number.")
    return np.asarray(normal), np.asarray(anomaly)


def grouped_interval(
    normal: np.ndarray, anomaly: np.ndarray, normal_of: np.ndarray, anomaly_of: np.ndarray
) -> tuple[float, float, float]:
    """Return (AUROC, low, high) with a 95 % interval where several scores come from one photo (Obuchowski 1997, Biometrics 53, 567).

    `normal_of` and `anomaly_of` are the numbers of the photos that the scores [N] and [A] come from. Six defects put on
    ten photos are no sixty independent images: deviations are summed for each photo before they are squared. Where the
    variance is 0, `certain_share` of the number of photos limits each open side. Raises EvaluationError (see `checked`).
    """
    normal, anomaly = checked(normal, anomaly)
    of_anomaly, of_normal = placements(anomaly, np.sort(normal)), 1.0 - placements(normal, np.sort(anomaly))
    area = float(of_anomaly.mean())
    photos, places = np.unique(np.concatenate([normal_of, anomaly_of]), return_inverse=True)
    first = np.bincount(places[len(normal) :], of_anomaly - area, len(photos)) / len(anomaly)
    second = np.bincount(places[: len(normal)], of_normal - area, len(photos)) / len(normal)
    few = min(len(np.unique(normal_of)), len(np.unique(anomaly_of)))
    variance = float(((first + second) ** 2).sum()) * (few / max(1, few - 1))
    if area in (0.0, 1.0) or variance == 0.0:
        share = certain_share(few)
        return area, share * area, 1.0 - share * (1.0 - area)
    return area, *_on_logit(area, variance)


def _on_logit(area: float, variance: float) -> tuple[float, float]:
    """Return the 95 % interval around an area within (0, 1), formed on the logit scale."""
    centre, reach = math.log(area / (1 - area)), Z95 * math.sqrt(variance) / (area * (1 - area))
    return 1 / (1 + math.exp(min(reach - centre, 700.0))), 1 / (1 + math.exp(min(-reach - centre, 700.0)))
