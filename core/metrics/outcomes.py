"""The outcome of each image at a threshold, and how far two models disagree about it. numpy only.

Arrays are over the test split, [N]: `scores` higher = more anomalous, `normal` and `anomaly` the masks of
tasks.test_roles.
"""

import numpy as np

from core.metrics import evaluation

OUTCOMES = ("caught", "missed", "false-alarm", "passed")
NEITHER = -1  # the image is neither normal nor an anomaly of this task


def outcomes(scores: np.ndarray, normal: np.ndarray, anomaly: np.ndarray, threshold: float) -> np.ndarray:
    """Return each image's index into OUTCOMES, or NEITHER: int8 [N].

    Their counts are the confusion matrix of evaluation.confusion at the same threshold. Raises EvaluationError when the
    threshold is not finite.
    """
    flagged = evaluation.flagged(scores, threshold)
    cases = [anomaly & flagged, anomaly & ~flagged, normal & flagged, normal & ~flagged]
    return np.select(cases, range(4), default=NEITHER).astype(np.int8)


def counts(indices: np.ndarray, kinds: int) -> list[int]:
    """Count each kind in `indices` (int [N], 0 … kinds - 1); NEITHER is not counted."""
    return np.bincount(indices[indices >= 0], minlength=kinds).tolist()


def disagreement(
    first: np.ndarray, first_normals: np.ndarray, second: np.ndarray, second_normals: np.ndarray
) -> np.ndarray:
    """Return how differently two models rate each image: float64 [N], 0 … 100.

    Scores of two models are on different scales, so each score becomes its percentile among its own model's validation
    normals (evaluation.percentile). The result is the distance of the two percentiles: 0 for an image that both models
    rate above every normal.
    """
    return np.abs(evaluation.percentile(first, first_normals) - evaluation.percentile(second, second_normals))
