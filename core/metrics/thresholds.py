"""The choice of a threshold on validation scores. `normal` and `anomaly` are score arrays [N], as in evaluation.py.

An image is flagged when its score reaches the threshold. What a threshold costs where anomalies are rare is in costs.py.
"""

import math
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta

from core.metrics.evaluation import LARGEST_SCORE, EvaluationError, checked, count_at_least

Threshold = Annotated[float, Meta(ge=-LARGEST_SCORE, le=LARGEST_SCORE)]


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The operating points that a card carries, chosen on validation scores.

    youden  the largest TPR − FPR; None where validation has no anomaly
    fpr_5   at most 5 % false alarms, from normals alone
    fpr_1   at most 1 %
    """

    youden: Threshold | None
    fpr_5: Threshold
    fpr_1: Threshold

    @property
    def known(self) -> dict[str, float]:
        """The thresholds that are not None: name → threshold."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}


def operating_points(normal: np.ndarray, anomaly: np.ndarray) -> Thresholds:
    """Choose a card's thresholds on validation scores; `anomaly` may be empty. Raises EvaluationError (see `checked`)."""
    return Thresholds(
        youden=youden_threshold(normal, anomaly) if len(anomaly) else None,
        fpr_5=false_alarm_threshold(normal, 0.05),
        fpr_1=false_alarm_threshold(normal, 0.01),
    )


def youden_threshold(normal: np.ndarray, anomaly: np.ndarray) -> float:
    """Return the threshold with the largest TPR − FPR (Youden 1950); among equals, the strictest."""
    normal, anomaly = checked(normal, anomaly)
    thresholds = np.unique(np.concatenate([normal, anomaly]))[::-1]
    # J times both counts is a whole number, so equal J compare as equal.
    caught, false_alarms = count_at_least(anomaly, thresholds), count_at_least(normal, thresholds)
    return float(thresholds[np.argmax(caught * len(normal) - false_alarms * len(anomaly))])


def false_alarm_threshold(normal: np.ndarray, largest_fpr: float) -> float:
    """Return the laxest threshold that flags at most a share `largest_fpr` (0 to 1) of the normals, from normals alone.

    When even the largest normal score may not be flagged, this is the next float32 above it; when all may be flagged,
    the smallest score. Raises EvaluationError for a share outside these bounds, and as `checked` does.
    """
    if not 0.0 <= largest_fpr <= 1.0:
        raise EvaluationError(f"The largest share of false alarms is {largest_fpr:g}; it must be from 0 to 1.")
    scores = np.sort(checked(normal, normal)[0])
    allowed = math.floor(largest_fpr * len(scores) + 1e-9)
    if allowed == len(scores):
        return float(scores[0])
    highest_kept = scores[len(scores) - allowed - 1]
    return float(np.nextafter(np.float32(highest_kept), np.float32(np.inf)))
