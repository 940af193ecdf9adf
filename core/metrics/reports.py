"""The figures of a trained model as its card states them, computed from the scores of its validation and test images.

`normal` and `anomaly` are score arrays [N] of the two kinds, as in evaluation.py. There may be no labelled anomaly, for
example among the user's own photos; every figure that needs one is then None.
"""

from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta

from core.metrics import evaluation
from core.metrics.evaluation import LARGEST_SCORE

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Count = Annotated[int, Meta(ge=0, lt=10**9)]


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The figures of any two sets of scores.

    auroc, auroc_low, auroc_high  AUROC and its 95 % interval over the images; None without anomalies
    normal_error                  mean score of the normals: their mean absolute error, if that alone is the score
    n_normal, n_anomaly           how many images there were
    """

    auroc: Share | None
    auroc_low: Share | None
    auroc_high: Share | None
    normal_error: Annotated[float, Meta(ge=0.0, le=LARGEST_SCORE)]
    n_normal: Annotated[int, Meta(ge=1, lt=10**9)]
    n_anomaly: Count

    def __post_init__(self) -> None:
        _together(self.n_anomaly > 0, self, "auroc", "auroc_low", "auroc_high")


class Report(Figures, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The figures of the test, where each image's class is known.

    average_precision_5pct  average precision if 5 % of all items were anomalies; None without anomalies
    fpr_at_95tpr            share of normals flagged where 95 % of the anomalies are; None without anomalies
    per_class               class → AUROC of its images against the normals, for each anomaly class in the test
    """

    average_precision_5pct: Share | None
    fpr_at_95tpr: Share | None
    per_class: Annotated[dict[str, Share], Meta(max_length=100)]

    def __post_init__(self) -> None:
        Figures.__post_init__(self)
        _together(self.n_anomaly > 0, self, "average_precision_5pct", "fpr_at_95tpr")
        if bool(self.per_class) != (self.n_anomaly > 0):
            raise ValueError("per_class must hold a number for each anomaly class")


def figures(normal: np.ndarray, anomaly: np.ndarray) -> Figures:
    """Compute the figures of validation scores; `anomaly` may be empty. Raises EvaluationError (see `checked`)."""
    return Figures(**_common(normal, anomaly))


def report(normal: np.ndarray, anomaly: np.ndarray, anomaly_labels: np.ndarray, names: tuple[str, ...]) -> Report:
    """Compute every test figure; `anomaly_labels` [A] are indices into `names`. Raises EvaluationError like `figures`."""
    some = len(anomaly) > 0
    return Report(
        **_common(normal, anomaly),
        average_precision_5pct=evaluation.average_precision(normal, anomaly) if some else None,
        fpr_at_95tpr=evaluation.fpr_at_tpr(normal, anomaly) if some else None,
        per_class={
            names[label]: evaluation.auroc(normal, anomaly[anomaly_labels == label])
            for label in np.unique(anomaly_labels)
        },
    )


def _common(normal: np.ndarray, anomaly: np.ndarray) -> dict[str, Any]:
    normal = evaluation.checked(normal, normal)[0]
    area, low, high = evaluation.auroc_interval(normal, anomaly) if len(anomaly) else (None, None, None)
    return {
        "auroc": area,
        "auroc_low": low,
        "auroc_high": high,
        "normal_error": float(normal.mean()),
        "n_normal": len(normal),
        "n_anomaly": len(anomaly),
    }


def _together(expected: bool, values: Figures, *names: str) -> None:
    """Raise ValueError unless each of these fields is a number exactly where anomalies are expected."""
    for name in names:
        if (getattr(values, name) is not None) != expected:
            kind = "a number" if expected else "null"
            raise ValueError(f"{name} must be {kind} where n_anomaly is {values.n_anomaly}")
