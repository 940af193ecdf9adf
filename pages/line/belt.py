"""What comes along the belt: test images in a random order that a seed fixes, in batches, as they are or disturbed."""

from dataclasses import dataclass

import numpy as np

from core.data.dataset import Description
from pages.parts import models
from pages.parts.chosen import Chosen

DRIFTS = {
    "none": "As tested",
    "darker": "Darker light",
    "moved": "Moved camera",
    "doubled": "Twice as many anomalies",
}
BATCH = 100  # items that the browser gets at once
LARGEST_SHARE = 0.98  # of anomalies on the belt
_DARKER = 0.4  # of the light is left
_PIXELS = 2_000_000  # of a batch at most: fewer items of large photos


@dataclass(frozen=True)
class Batch:
    """Items in the order in which they come: numbers int [N] of test images, images uint8 [N, H, W, C], scores float32 [N],
    and which of them are anomalies, bool [N]."""

    numbers: np.ndarray
    images: np.ndarray
    scores: np.ndarray
    anomaly: np.ndarray


def size(data: Description) -> int:
    """Return how many items a batch has."""
    return max(10, min(BATCH, _PIXELS // (data.side**2 * data.channels)))


def share_of(share: float, drift: str) -> float:
    """Return the share of anomalies that really come, where `share` is stated."""
    return min(2.0 * share, LARGEST_SHARE) if drift == "doubled" else share


def draw(chosen: Chosen, images: np.ndarray, seed: int, number: int, share: float, drift: str) -> Batch:
    """Draw batch `number`. Without anomalies in the test only normal items come. Disturbed images are scored anew.

    `images` are the test images, uint8 [N, H, W, C]. Imports torch for disturbed images. Raises CheckpointError.
    """
    random = np.random.default_rng([seed, number])
    count = size(chosen.data)
    anomaly = random.random(count) < share_of(share, drift)
    normals, anomalies = np.flatnonzero(chosen.normal), np.flatnonzero(chosen.anomaly)
    anomaly &= len(anomalies) > 0
    numbers = random.choice(normals, count)
    if anomaly.any():
        numbers[anomaly] = random.choice(anomalies, int(anomaly.sum()))
    shown, scores = images[numbers], chosen.scores.test[numbers]
    if drift in ("darker", "moved"):
        shown = disturbed(shown, drift, chosen.data)
        scores = models.score(chosen, shown)
    return Batch(numbers, shown, scores, anomaly)


def disturbed(images: np.ndarray, drift: str, data: Description) -> np.ndarray:
    """Darken images, or move what they show by a tenth of their side, right and down: uint8 [N, H, W, C] → the same shape.

    What comes in at the border is what the data set has outside the frame.
    """
    if drift == "darker":
        return (images * _DARKER).round().astype(np.uint8)
    by = max(1, round(data.side / 10))
    mode = {"black": "constant", "edge": "edge"}[data.outside]
    moved = np.pad(images, ((0, 0), (by, 0), (by, 0), (0, 0)), mode=mode)  # type: ignore[call-overload]  # numpy's stubs want a literal
    return np.ascontiguousarray(moved[:, : data.side, : data.side])
