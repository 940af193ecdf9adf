"""A model that is ready to judge, one picture or thousands: the commands score, watch and serve all judge here."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from core.basics.errors import MisfitError
from core.data import catalog, decoding
from core.data.dataset import Images
from core.judging import intake, judgement, novelty
from core.judging.intake import Steps
from core.judging.judgement import Judgement
from core.judging.novelty import Known
from core.metrics import costs
from core.metrics.costs import Stakes
from core.metrics.evaluation import LARGEST_SCORE
from core.store import checkpoints
from core.store.checkpoints import CARD, SCORES, WEIGHTS, Checkpoint

if TYPE_CHECKING:
    from core.gans.build import Generator

UNREADABLE = "unreadable"  # the verdict on a picture that cannot be read, beside those of judgement.VERDICTS
Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True)
class Wishes:
    """What the user asks for, whichever model is in the folder.

    `threshold` is a score or the name of an operating point, None for the model's own; `stakes` are for "cheapest".
    `steps` are the intake's.
    """

    threshold: float | str | None = None
    stakes: Stakes = field(default_factory=Stakes)
    steps: Steps = field(default_factory=Steps)


def threshold(checkpoint: Checkpoint, wishes: Wishes) -> float:
    """Return the threshold that is asked for. Raises MisfitError for a name that the model has not, or no such score."""
    wanted = wishes.threshold
    if wanted is None:
        return checkpoint.threshold
    if not isinstance(wanted, str):
        if not (math.isfinite(wanted) and 0.0 <= wanted <= LARGEST_SCORE):
            raise MisfitError(f"The threshold is {wanted:g}; a score is from 0 to 2.")
        return wanted
    scores = checkpoint.scores
    points = costs.operating_points(scores.validation_normal, scores.validation_anomaly, wishes.stakes)
    points |= checkpoint.card.thresholds.known
    if wanted not in points:
        raise MisfitError(f"This model has no threshold {wanted!r:.40}; it has {', '.join(points)}, or name a score.")
    return points[wanted]


@dataclass(frozen=True)
class Model:
    """A checkpoint with all that judging needs in memory."""

    checkpoint: Checkpoint
    generator: "Generator"
    known: Known
    test: Images
    threshold: float
    wishes: Wishes
    stamp: Stamp

    @property
    def name(self) -> str:
        """The first digits of the weights' SHA-256, enough to tell which model judged."""
        return self.checkpoint.card.weights_sha256[:12]

    def take(self, content: bytes, name: str) -> np.ndarray:
        """Decode a picture and bring it to the model's shape: uint8 [H, W, C]. Raises PictureError."""
        return intake.take(decoding.read(content, name), self.checkpoint.task.data, name, self.wishes.steps).image

    def judge(self, images: Sequence[np.ndarray]) -> list[Judgement]:
        """Judge images, uint8 [H, W, C] each, every one independently of the others. Raises MisfitError."""
        if not len(images):
            return []
        return judgement.judge(self.checkpoint, self.generator, np.stack(images), self.known, self.test, self.threshold)

    def renewed(self, tell: Callable[[str], None]) -> "Model":
        """Return this model, or the one that has replaced it in its folder since; `tell` says so.

        A replacement that cannot be used is named, and this model goes on until the files change again.
        """
        folder = self.checkpoint.folder
        now = _stamp(self.checkpoint)
        if now == self.stamp:
            return self
        try:
            new = opened(checkpoints.load(folder), self.wishes)
        except MisfitError as error:
            tell(f"the model was replaced by one that cannot be used, so the old one goes on: {error}")
            return dataclasses.replace(self, stamp=now)
        if new.name == self.name and new.threshold == self.threshold:
            return new
        tell(f"the model was replaced: {new.name} judges from here on, at the threshold {new.threshold:.4f}.")
        return new


def opened(checkpoint: Checkpoint, wishes: Wishes | None = None) -> Model:
    """Load weights, reference images and stored scores of a model. Imports torch. Raises MisfitError."""
    wishes = wishes or Wishes()
    stamp = _stamp(checkpoint)
    data = catalog.get(checkpoint.task.data.key)
    test = data.load("test")
    checkpoint.test_scores(test)  # raises now, not at the first picture
    at = threshold(checkpoint, wishes)
    return Model(checkpoint, checkpoint.generator(), novelty.fit(data.load("train")), test, at, wishes, stamp)


def _stamp(checkpoint: Checkpoint) -> Stamp:
    """Return what changes when one of the model's files does."""
    facts: list[tuple[int, int, int] | None] = []
    for name in (CARD, WEIGHTS, SCORES):
        try:
            found = (checkpoint.folder / name).stat()
            facts.append((found.st_ino, found.st_size, found.st_mtime_ns))
        except OSError:
            facts.append(None)
    return tuple(facts)
