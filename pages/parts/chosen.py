"""A trained model with the scores that a page shows: of the test, or of synthetic defects where the test has no anomaly."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from core.basics.names import MODEL_NAMES
from core.data.dataset import Description, Images
from core.data.tasks import Task
from core.metrics import evaluation
from core.store import own
from core.store.checkpoints import Checkpoint
from core.store.own import Specimens
from core.store.scores import Scores
from pages.parts.damages import NAMES
from pages.parts.datasets import test_images

SYNTHETIC = (
    "On synthetic defects put on held-out good {noun}s: no real anomaly is in the test. They say what the model would see, "
    "not what a real line brings, and they chose nothing."
)


@dataclass(frozen=True)
class Chosen:
    """A checkpoint with its stored scores split by role; `normal` and `anomaly` are masks [N] over the test split.

    `labels` [N] are of the test split: a download is made where no session says which data set is chosen.
    With `copies`, synthetic defects take the place of test anomalies: the scores of these copies follow those of the test
    split, and the masks cover both (`on_synthetic`).
    """

    checkpoint: Checkpoint
    scores: Scores
    labels: np.ndarray
    normal: np.ndarray
    anomaly: np.ndarray
    copies: Specimens | None = None

    @property
    def data(self) -> Description:
        return self.checkpoint.task.data

    @property
    def normal_name(self) -> str:
        """The normal class's name."""
        return self.data.class_name(self.checkpoint.task.normal)

    @property
    def title(self) -> str:
        return title(self.checkpoint)

    @property
    def prevalence(self) -> float:
        """The share of anomalies in this model's test, 0…1. Classes that are not in the test do not count."""
        return float(self.anomaly.sum() / (self.normal.sum() + self.anomaly.sum()))

    @property
    def regime(self) -> str:
        return regime(self.checkpoint)

    @property
    def mark(self) -> str:
        """The fingerprint of the scores that are shown, for caches."""
        return self.checkpoint.card.scores_sha256 + ("-synthetic" if self.copies is not None else "")

    def kinds(self) -> dict[str, np.ndarray]:
        """Map the name of each kind of anomaly to the mask of its images, bool [N]."""
        if self.copies is not None:
            whole, first = np.arange(len(self.normal)), len(self.normal) - len(self.copies.of)
            return {
                NAMES[kind].name: (whole >= first + at.start) & (whole < first + at.stop)
                for kind, at in self.copies.places.items()
            }
        data = self.data
        named = {slug: self.anomaly & (self.labels == data.label(slug)) for slug in self.checkpoint.task.test_classes}
        return {data.class_name(slug): mask for slug, mask in named.items() if mask.any()}

    def photos(self, mask: np.ndarray) -> np.ndarray:
        """Return the number in the test split of each image in a mask [N]; of a copy, that of the photo below the defect."""
        numbers = np.flatnonzero(mask)
        if self.copies is None:
            return numbers
        first = len(self.normal) - len(self.copies.of)
        return np.where(numbers < first, numbers, self.copies.of[np.maximum(numbers - first, 0)])

    def area(self, mask: np.ndarray) -> tuple[float, float, float]:
        """Return the AUROC of the images in a mask [N] against the normal ones, with its 95 % interval (low, high)."""
        pair = self.scores.test[self.normal], self.scores.test[mask]
        if self.copies is None:
            return evaluation.auroc_interval(*pair)
        return evaluation.grouped_interval(*pair, self.photos(self.normal), self.photos(mask))


def on_synthetic(chosen: Chosen) -> Chosen:
    """Put the stored scores of synthetic defects in the place of test anomalies, where the test has none; else change nothing.

    Raises DataError when the test images are not here.
    """
    known = chosen.checkpoint.card.own
    if chosen.anomaly.any() or known is None or known.synthetic is None:
        return chosen
    copies = _specimens(chosen.checkpoint.task, test_images())
    if copies.kinds != {kind: each.images for kind, each in known.synthetic.kinds.items()}:
        return chosen  # measured by another version, whose defects were others
    scores, count = chosen.scores, len(copies.of)
    return replace(
        chosen,
        scores=replace(scores, test=np.concatenate([scores.test, scores.synthetic])),
        normal=np.concatenate([chosen.normal, np.zeros(count, bool)]),
        anomaly=np.concatenate([chosen.anomaly, np.ones(count, bool)]),
        copies=copies,
    )


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs={Task: hash, Images: lambda test: test.fingerprint})
def _specimens(task: Task, test: Images) -> Specimens:
    return own.specimens(task, test)


def title(checkpoint: Checkpoint) -> str:
    """Return a model's name for headings; with its run's name unless it is shipped."""
    name = checkpoint.name
    return MODEL_NAMES[checkpoint.card.model] + ("" if name == "shipped" else f" ({name})")


def regime(checkpoint: Checkpoint) -> str:
    """Return the regime that a model was trained in, with the class that was left out."""
    left_out = checkpoint.task.left_out
    return checkpoint.task.regime + (f" ({checkpoint.task.data.class_name(left_out)} left out)" if left_out else "")
