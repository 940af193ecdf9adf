"""Images of one's own → score, percentile, verdict, and where the reconstruction fails. One code for page and command line.

numpy only until `judge` is called, which runs the generator.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core import evaluation
from core.checkpoints import Checkpoint
from core.data import Images
from core.garments import Garments

if TYPE_CHECKING:
    from core.models import Generator

PATCH, STRIDE = 8, 4  # pixels; patches overlap by half


@dataclass(frozen=True)
class Judgement:
    """What a model says of one image: its reconstruction float32 [28, 28] on [-1, 1], the score and what follows from it.

    `percentile` is among validation normals, 0…100. `farness` above 1: far from every garment (core/garments.py).
    """

    reconstruction: np.ndarray
    residual: np.ndarray  # float32 [28, 28], 0…2
    score: float
    percentile: float
    threshold: float
    farness: float

    @property
    def flagged(self) -> bool:
        return bool(evaluation.flagged(self.score, self.threshold))

    @property
    def stranger(self) -> bool:
        """Whether it is no garment that the model could judge."""
        return self.farness > 1

    @property
    def verdict(self) -> str:
        """anomaly, normal, or "no garment": what is far from any garment is never called normal."""
        if self.flagged:
            return "anomaly"
        return "no garment" if self.stranger else "normal"

    def row(self, name: str) -> dict[str, Any]:
        """A line of the table, the CSV and the command line's JSON."""
        return {
            "file": name,
            "score": self.score,
            "percentile": self.percentile,
            "threshold": self.threshold,
            "verdict": self.verdict,
            "garment": not self.stranger,
            "farness": self.farness,
        }


def judge(
    checkpoint: Checkpoint, generator: "Generator", images: np.ndarray, known: Garments, test: Images, threshold: float
) -> list[Judgement]:
    """Judge uint8 images [N, 28, 28]; an image's answer does not depend on the others. Raises CheckpointError.

    An image of the test split, unchanged, has its stored score: another processor than the one that stored it rounds
    otherwise, and a threshold set at that very score would miss the image by a millionth.
    """
    from core import scoring

    reconstructions = scoring.reconstruct(generator, images, checkpoint.config.size)
    scores = scoring.score_reconstructions(images, reconstructions)
    stored = checkpoint.test_scores(test)
    for place, image in enumerate(images):
        if (number := test.numbers.get(image.tobytes())) is not None:
            scores[place] = stored[number]
    residuals = scoring.residual(images, reconstructions)
    percentiles = evaluation.percentile(scores, checkpoint.scores.validation_normal)
    return [
        Judgement(reconstruction, residual, float(score), float(percentile), threshold, float(far))
        for reconstruction, residual, score, percentile, far in zip(
            reconstructions, residuals, scores, percentiles, known.farness(images), strict=True
        )
    ]


def worst_patches(residual: np.ndarray, count: int = 3) -> list[tuple[int, int, float]]:
    """The `count` patches of PATCH×PATCH pixels with the largest mean of a residual [28, 28] that do not overlap.

    (row, column, mean) each, worst first; fewer where no patch is left that has any residual.
    """
    windows = np.lib.stride_tricks.sliding_window_view(residual, (PATCH, PATCH))[::STRIDE, ::STRIDE]
    means = windows.mean((2, 3), dtype=np.float64)
    found: list[tuple[int, int, float]] = []
    for place in np.argsort(-means, axis=None, kind="stable"):
        row, column = (int(at) * STRIDE for at in np.unravel_index(place, means.shape))
        mean = float(means.flat[place])
        if len(found) == count or mean <= 0:
            break
        if all(abs(row - r) >= PATCH or abs(column - c) >= PATCH for r, c, _ in found):
            found.append((row, column, mean))
    return found
