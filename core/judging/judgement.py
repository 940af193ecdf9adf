"""Judging a user's images: score, percentile, verdict, and what is odd in them.

The page and the command line share this code. Only `judge` imports torch, to run the generator.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.dataset import Images
from core.judging.novelty import Known
from core.metrics import evaluation
from core.store.checkpoints import Checkpoint

if TYPE_CHECKING:
    from core.gans.build import Generator

VERDICTS = {  # each verdict with its reason
    "normal": "score below the threshold",
    "anomaly": "score at or above the threshold",
    "can't tell": "far from every training image",
}


def verdict(score: float, threshold: float, garment: bool = True) -> str:
    """Return the verdict on an image, a key of VERDICTS. Without a `garment` no score, high or low, means anything."""
    if not garment:
        return "can't tell"
    return "anomaly" if evaluation.flagged(score, threshold) else "normal"


@dataclass(frozen=True)
class Judgement:
    """A model's judgement of one image: reconstruction, heat map, score, and what follows from it.

    `reconstruction` is float32 [H, W, C] on [-1, 1]: the image as it would be if it were normal. Where `heat`, float32
    [H, W], 0…2, reaches `mark`, the image is odd; None: the model is older than marks (core/gans/record.py). `percentile` is the score's place among validation normals, 0…100. `farness` above 1 means that the image is far from
    every training image (core/judging/novelty.py).
    """

    reconstruction: np.ndarray
    heat: np.ndarray
    mark: float | None
    score: float
    percentile: float
    threshold: float
    farness: float

    @property
    def garment(self) -> bool:
        """Whether the image is close enough to training images to be judged."""
        return self.farness <= 1

    @property
    def verdict(self) -> str:
        """The verdict, a key of VERDICTS."""
        return verdict(self.score, self.threshold, self.garment)

    def row(self, name: str) -> dict[str, Any]:
        """Return a row of the table, of the CSV and of the command line's JSON."""
        return {
            "file": name,
            "score": self.score,
            "percentile": self.percentile,
            "threshold": self.threshold,
            "verdict": self.verdict,
            "reason": VERDICTS[self.verdict],
            "farness": self.farness,
        }


def judge(
    checkpoint: Checkpoint, generator: "Generator", images: np.ndarray, known: Known, test: Images, threshold: float
) -> list[Judgement]:
    """Judge uint8 images [N, H, W, C], each independently of the others. Raises CheckpointError.

    An unchanged image of the test split gets its stored score: another processor rounds differently, and a threshold set
    at that very score would miss the image by a millionth. Its farness is at most 1, so that every page gives it the same
    verdict.
    """
    from core.gans import maps, scoring

    reconstructions = scoring.reconstruct(generator, images)
    scores = maps.score_reconstructions(images, reconstructions, generator.share)
    stored, farness = checkpoint.test_scores(test), known.farness(images)
    for place, image in enumerate(images):
        if (number := test.numbers.get(image.tobytes())) is not None:
            scores[place], farness[place] = stored[number], min(farness[place], 1.0)
    heats, mark = maps.heat(images, reconstructions), checkpoint.card.scoring.mark
    percentiles = evaluation.percentile(scores, checkpoint.scores.validation_normal)
    return [
        Judgement(reconstruction, hot, mark, float(score), float(percentile), threshold, float(far))
        for reconstruction, hot, score, percentile, far in zip(
            reconstructions, heats, scores, percentiles, farness, strict=True
        )
    ]
