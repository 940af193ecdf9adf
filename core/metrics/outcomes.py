"""What becomes of each image at a threshold, and how far two models disagree about it. numpy only.

Arrays are over the test split, [N]: `scores` higher = more anomalous, `normal` and `anomaly` the masks of
regimes.test_roles.
"""

import numpy as np

from core.metrics import evaluation

OUTCOMES = ("caught", "missed", "false-alarm", "passed")
NEITHER = -1  # the image is neither normal nor an anomaly of this task


def outcomes(scores: np.ndarray, normal: np.ndarray, anomaly: np.ndarray, threshold: float) -> np.ndarray:
    """Each image's index into OUTCOMES, or NEITHER: int8 [N]. Raises EvaluationError when the threshold is not finite.

    Counted, they are the confusion matrix of evaluation.confusion at the same threshold.
    """
    flagged = evaluation.flagged(scores, threshold)
    cases = [anomaly & flagged, anomaly & ~flagged, normal & flagged, normal & ~flagged]
    return np.select(cases, range(4), default=NEITHER).astype(np.int8)


def counts(indices: np.ndarray, kinds: int) -> list[int]:
    """How many of `indices` (int [N], 0 … kinds - 1; NEITHER is not counted) there are of each kind."""
    return np.bincount(indices[indices >= 0], minlength=kinds).tolist()


def disagreement(
    first: np.ndarray, first_normals: np.ndarray, second: np.ndarray, second_normals: np.ndarray
) -> np.ndarray:
    """How differently two models see each image: float64 [N], 0 … 100.

    Scores of two models are on different scales, so each is first placed among its own model's validation normals
    (evaluation.percentile); this is the distance of the two percentiles. An image that both find odder than every normal
    one is not disputed.
    """
    return np.abs(evaluation.percentile(first, first_normals) - evaluation.percentile(second, second_normals))
