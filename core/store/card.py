"""The card of a trained model: everything that is known about it, as typed values. JSON on disk.

Format 2 describes the data set and has the fingerprint of the test images. Format 1 knew a single data set: it is read as
Fashion-MNIST, tested on its test split.
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
from core.gans.config import TrainingConfig, recorded
from core.gans.record import Epoch
from core.metrics.figures import Figures, Report, Thresholds

FORMAT: Literal[2] = 2
Line = Annotated[str, Meta(max_length=LONGEST_LINE)]
Digest = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]  # SHA-256
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is known about a trained model.

    task                what it learned, with the description of its data set
    config              the settings of its training, of the model's own class
    trained_at          when the training ended, with its time zone
    seconds             in training epochs
    data_source         where the training images came from
    data_fingerprint    Images.fingerprint of the training split; data_images is how many it has
    test_fingerprint    Images.fingerprint of the test split that `test` and the stored test scores belong to
    parameters          of the generator
    validation, test    figures; thresholds are chosen on validation
    history             one record an epoch
    weights_sha256, scores_sha256  of the two files beside the card
    """

    model: Line
    task: Task
    config: TrainingConfig | Any  # Any for msgspec alone: the model says which config it is
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
        if (self.thresholds.youden is None) != (self.validation.auroc is None):
            raise ValueError("thresholds: youden must be a number where validation has anomalies, else null")


def decode(content: bytes, path: Path) -> Card:
    """Read a card of either format. Raises CheckpointError with one line that names `path` and the field."""
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
    """Write a card as `decode` reads it."""
    return msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n"


def _as_format_2(values: dict[str, Any]) -> dict[str, Any]:
    if values.get("format") == FORMAT:
        return values
    if values.get("format") == 1 and "test_fingerprint" not in values:
        return values | {"format": FORMAT, "test_fingerprint": TEST_FINGERPRINT}
    raise msgspec.ValidationError(f"it has format {values.get('format')!r:.40}; this Misfit reads formats 1 and 2")
