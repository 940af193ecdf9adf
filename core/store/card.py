"""The card of a trained model: its settings, origin and figures as typed values, stored as JSON.

Format 2 describes the data set and has the fingerprint of the test images. Format 1 has neither: its models were all
trained and tested on Fashion-MNIST, and it is read so.
"""

import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from core.basics.errors import CheckpointError, MisfitError
from core.basics.text import LONGEST_LINE, as_line
from core.data.fashion_mnist import TEST_FINGERPRINT
from core.data.tasks import Task
from core.gans.config import TrainingConfig
from core.gans.record import Epoch, Scoring, recorded
from core.metrics.own import Own
from core.metrics.reports import Figures, Report
from core.metrics.thresholds import Thresholds

FORMAT: Literal[2] = 2
Line = Annotated[str, Meta(max_length=LONGEST_LINE)]
Digest = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]  # SHA-256
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings, origin and figures of a trained model.

    task                the anomaly detection task, with the description of its data set
    config              the settings of the training, in the config class of the model
    trained_at          when the training ended, with the time zone
    seconds             total duration of the training epochs
    data_source         where the training images came from
    data_fingerprint    Images.fingerprint of the training split; data_images is the number of its images
    test_fingerprint    Images.fingerprint of the test split that `test` and the stored test scores belong to
    parameters          number of the generator's parameters
    validation, test    figures; the thresholds are chosen on validation images
    history             one record for each epoch
    scoring             how scores and marks are made; a card without it scores by the mean residual alone
    own                 more figures of data of one's own; None for Fashion-MNIST, and on cards that are older
    folds, left_out     leave-out folds (core/gans/folds.py): the last `left_out` validation scores of normals are of training
                        images, each by another model that has not seen it; figures and thresholds count them. 0: none
    weights_sha256, scores_sha256  of the two files beside the card
    """

    model: Line
    task: Task
    config: TrainingConfig | Any  # Any is for msgspec; the config class follows from the model
    seed: Count
    epochs_trained: Count
    stopped_early: bool
    trained_at: Annotated[datetime.datetime, Meta(tz=True)]
    seconds: Annotated[float, Meta(ge=0.0, lt=1e15)]
    device: Line
    data_source: Line
    data_fingerprint: Digest
    data_images: Count
    test_fingerprint: Digest
    versions: Annotated[dict[Line, Line], Meta(max_length=40)]
    parameters: Count
    validation: Figures
    test: Report
    thresholds: Thresholds
    history: Annotated[list[Epoch], Meta(max_length=10_000)]
    weights_sha256: Digest
    scores_sha256: Digest
    scoring: Scoring = Scoring()
    own: Own | None = None
    folds: Annotated[int, Meta(ge=0, le=100)] = 0
    left_out: Count = 0
    format: Literal[2] = FORMAT

    def __post_init__(self) -> None:
        if not isinstance(self.config, TrainingConfig):
            msgspec.structs.force_setattr(self, "config", recorded(self.model, self.config))
        versions = "".join(f"{name} {number}" for name, number in self.versions.items())
        for name, text in (("device", self.device), ("data_source", self.data_source), ("versions", versions)):
            if not text.isprintable():
                raise ValueError(f"{name} must be a line of text")
        if unknown := set(self.test.per_class) - set(self.task.data.classes):
            raise ValueError(f"test: per_class has {min(unknown)!r}, which is no class")
        if bool(self.folds) != bool(self.left_out):
            raise ValueError("folds and left_out must both be 0, or neither")
        if (self.thresholds.youden is None) != (self.validation.auroc is None):
            raise ValueError("thresholds: youden must be a number where validation has anomalies, else null")


def decode(content: bytes, path: Path) -> Card:
    """Decode a card of format 1 or 2. Raises CheckpointError with one line that names `path` and the field."""
    try:
        values = msgspec.json.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged: it is not JSON ({error}).") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path} does not fit: it is no JSON object.")
    try:
        return msgspec.convert(_as_format_2(values), Card)
    except (msgspec.ValidationError, MisfitError) as error:
        raise CheckpointError(f"{path} does not fit: {as_line(error, 400).rstrip('.')}.") from error


def encode(card: Card) -> bytes:
    """Encode a card as JSON that `decode` reads."""
    return msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n"


def _as_format_2(values: dict[str, Any]) -> dict[str, Any]:
    if values.get("format") == FORMAT:
        return values
    if values.get("format") == 1 and "test_fingerprint" not in values:
        return values | {"format": FORMAT, "test_fingerprint": TEST_FINGERPRINT}
    raise msgspec.ValidationError(f"it has format {values.get('format')!r:.40}; this Misfit reads formats 1 and 2")
