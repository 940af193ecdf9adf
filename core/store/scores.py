"""The raw scores that are stored beside a model."""

from dataclasses import dataclass, field

import numpy as np

from core.metrics.evaluation import LARGEST_SCORE


@dataclass(frozen=True)
class Scores:
    """Stored raw scores, float32 [N] each; `test` is in the order of the test split.

    `synthetic` are those of synthetic defects on held-out good photos (core/store/own.py), kind after kind as on the card;
    empty where there are none.
    """

    test: np.ndarray
    validation_normal: np.ndarray
    validation_anomaly: np.ndarray
    synthetic: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))


def are_scores(values: np.ndarray) -> bool:
    if values.ndim != 1 or values.dtype != np.float32:
        return False
    return bool(((values >= 0) & (values <= LARGEST_SCORE)).all())  # nan is neither
