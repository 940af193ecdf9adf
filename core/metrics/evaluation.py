"""Scores and labels → ROC, AUROC with its interval, thresholds.

numpy only, because pages that show stored scores import neither torch nor scikit-learn (three seconds each); the tests
hold every figure against scikit-learn. An image is flagged when score ≥ threshold. Arguments `normal` and `anomaly` are
score arrays [N] of the two kinds, higher = more anomalous; ties count half, as AUROC defines it.
"""

import math
from dataclasses import dataclass

import numpy as np

from core.basics.errors import MisfitError

Z95 = 1.959963984540054  # 97.5 % quantile of the normal distribution


class EvaluationError(MisfitError):
    """Scores that no figure can be computed from."""


@dataclass(frozen=True)
class Curve:
    """A ROC curve, from the strictest threshold to the laxest. float64 [K] each.

    `thresholds` are the distinct scores, largest first; at thresholds[i] a share fpr[i] of the normals and tpr[i] of the
    anomalies is flagged. The point (0, 0), whose threshold would be infinite, is not among them.
    """

    thresholds: np.ndarray
    fpr: np.ndarray
    tpr: np.ndarray


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
        """Share of flagged images that are anomalies, at the test set's own prevalence; nan when none is flagged."""
        flagged = self.caught + self.false_alarms
        return self.caught / flagged if flagged else math.nan


def roc(normal: np.ndarray, anomaly: np.ndarray) -> Curve:
    """The ROC curve with every distinct score as a threshold. Raises EvaluationError (see `checked`)."""
    normal, anomaly = checked(normal, anomaly)
    thresholds = np.unique(np.concatenate([normal, anomaly]))[::-1]
    fpr = _count_at_least(normal, thresholds) / len(normal)
    return Curve(thresholds, fpr, _count_at_least(anomaly, thresholds) / len(anomaly))


def flagged(scores: np.ndarray | float, threshold: float) -> np.ndarray:
    """Which of float `scores` [N] reach `threshold`: bool [N]. Raises EvaluationError when the threshold is not finite.

    Compared as float64: numpy would else round a Python float to float32 first and flag a score just below it.
    """
    if not math.isfinite(threshold):
        raise EvaluationError(f"The threshold is {threshold}; it must be a finite number.")
    return np.asarray(scores) >= np.float64(threshold)


def confusion(normal: np.ndarray, anomaly: np.ndarray, threshold: float) -> Confusion:
    """The four counts at `threshold`, which may lie anywhere. Raises EvaluationError (see `checked`, `flagged`)."""
    normal, anomaly = checked(normal, anomaly)
    false_alarms = int(np.count_nonzero(flagged(normal, threshold)))
    caught = int(np.count_nonzero(flagged(anomaly, threshold)))
    return Confusion(float(threshold), caught, len(anomaly) - caught, false_alarms, len(normal) - false_alarms)


def auroc(normal: np.ndarray, anomaly: np.ndarray) -> float:
    """P(anomaly's score > normal's) + ½ P(equal): the area under the ROC curve (Hanley and McNeil 1982)."""
    normal, anomaly = checked(normal, anomaly)
    return float(placements(anomaly, np.sort(normal)).mean())


def auroc_interval(normal: np.ndarray, anomaly: np.ndarray) -> tuple[float, float, float]:
    """(AUROC, low, high): 95 % interval from DeLong's variance (DeLong et al. 1988) on the logit scale.

    The logit keeps the interval within (0, 1). Where all are separated (AUROC 1 or 0), or all tied, the variance is 0 and
    DeLong has no interval: then the side that is open gets `certain_share`, a one-sided 95 % bound. Just beside 1 the
    interval is DeLong's again and narrower than that bound. It is over test images; it says nothing about another seed.
    """
    normal, anomaly = checked(normal, anomaly)
    of_anomaly = placements(anomaly, np.sort(normal))  # [A], share of normals below each anomaly
    of_normal = 1.0 - placements(normal, np.sort(anomaly))  # [N], share of anomalies above each normal
    area = float(of_anomaly.mean())
    variance = sum(float(np.var(part, ddof=1)) / len(part) for part in (of_anomaly, of_normal) if len(part) > 1)
    if area in (0.0, 1.0) or variance == 0.0:
        share = certain_share(min(len(normal), len(anomaly)))
        return area, share * area, 1.0 - share * (1.0 - area)
    centre = math.log(area / (1 - area))
    reach = Z95 * math.sqrt(variance) / (area * (1 - area))
    return area, 1 / (1 + math.exp(reach - centre)), 1 / (1 + math.exp(-reach - centre))


def certain_share(pairs: int) -> float:
    """The least share, with 95 % confidence, of all pairs to end as each of `pairs` pairs drawn apart has ended.

    0.05^(1 / pairs), about 1 − 3 / pairs: Clopper and Pearson's bound (1934) when every trial succeeds, the "rule of
    three" of Hanley and Lippman-Hand (JAMA 1983, 249, 1743). An AUROC is a share of pairs; of its N·A pairs only
    min(N, A) have no image in common, so the smaller class counts.
    """
    return 0.05 ** (1.0 / pairs)


def average_precision(normal: np.ndarray, anomaly: np.ndarray, prevalence: float = 0.05) -> float:
    """Σ (TPR step) · precision, with precision as it would be if a share `prevalence` of all items were anomalies.

    A test of all classes is 90 % anomalies, which flatters precision; a factory is nearer 5 %.
    """
    if not 0.0 < prevalence < 1.0:
        raise EvaluationError(f"prevalence is {prevalence}; it must be above 0 and below 1.")
    curve = roc(normal, anomaly)
    hits = prevalence * curve.tpr
    precision = hits / (hits + (1 - prevalence) * curve.fpr)
    return float(np.sum(np.diff(curve.tpr, prepend=0.0) * precision))


def fpr_at_tpr(normal: np.ndarray, anomaly: np.ndarray, tpr: float = 0.95) -> float:
    """The smallest false positive rate at which at least a share `tpr` of the anomalies is flagged."""
    curve = roc(normal, anomaly)
    return float(curve.fpr[np.argmax(curve.tpr >= tpr)])  # tpr ends at 1, so the search always finds one


def youden_threshold(normal: np.ndarray, anomaly: np.ndarray) -> float:
    """The threshold with the largest TPR − FPR (Youden 1950); of equals, the strictest."""
    normal, anomaly = checked(normal, anomaly)
    thresholds = np.unique(np.concatenate([normal, anomaly]))[::-1]
    # Whole numbers, so that equals are equal: J times both counts.
    caught, false_alarms = _count_at_least(anomaly, thresholds), _count_at_least(normal, thresholds)
    return float(thresholds[np.argmax(caught * len(normal) - false_alarms * len(anomaly))])


def false_alarm_threshold(normal: np.ndarray, largest_fpr: float) -> float:
    """The laxest threshold that flags at most a share `largest_fpr` (0 to 1) of the normals, from normals alone.

    When even the largest normal score may not be flagged, the next float above it is returned; when all of them may be,
    the smallest score. Raises EvaluationError for a share beyond these bounds, and as `checked` does.
    """
    if not 0.0 <= largest_fpr <= 1.0:
        raise EvaluationError(f"The largest share of false alarms is {largest_fpr:g}; it must be from 0 to 1.")
    scores = np.sort(checked(normal, normal)[0])
    allowed = math.floor(largest_fpr * len(scores) + 1e-9)
    if allowed == len(scores):
        return float(scores[0])
    highest_kept = scores[len(scores) - allowed - 1]
    return float(np.nextafter(np.float32(highest_kept), np.float32(np.inf)))


def percentile(score: float | np.ndarray, validation_normal: np.ndarray) -> np.ndarray:
    """Where a score falls among the validation normals: the percentage of them that score no higher (0…100)."""
    ordered = np.sort(validation_normal)
    return 100.0 * np.searchsorted(ordered, score, side="right") / len(ordered)


def placements(scores: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """For each score the share of `ordered` (ascending) below it, ties half: float64 [len(scores)]."""
    below = np.searchsorted(ordered, scores, side="left")
    not_above = np.searchsorted(ordered, scores, side="right")
    return (below + not_above) / (2.0 * len(ordered))


def _count_at_least(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    return len(scores) - np.searchsorted(np.sort(scores), thresholds, side="left")


def checked(normal: np.ndarray, anomaly: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays. Raises EvaluationError when one is empty or holds a score that is not finite."""
    for name, scores in (("normal", normal), ("anomalous", anomaly)):
        if len(scores) == 0:
            raise EvaluationError(f"There are no {name} scores; a curve needs at least one of each kind.")
        if not np.isfinite(scores).all():
            raise EvaluationError(f"Among the {name} scores is one that is not a finite number.")
    return np.asarray(normal), np.asarray(anomaly)
