"""What training and its end leave for the disk and the card: the record of an epoch, how the model scores, its config."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.basics.errors import ConfigError
from core.basics.text import as_line
from core.gans.config import TrainingConfig, config_class

Finite = Annotated[float, Meta(gt=-1e15, lt=1e15)]  # JSON has no NaN
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
NamedNumbers = Annotated[dict[Name, Finite], Meta(max_length=40)]


class Epoch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The measurements of one training epoch.

    epoch                   from 1
    losses                  name → mean over the epoch's steps, unweighted
    discriminator_accuracy  normal, anomaly → share of right decisions
    validation_auroc        of the mean residual; None where no anomaly is labelled, not even in validation
    validation_error        mean absolute error of validation normals, 0…2
    learning_rate           at the end of the epoch
    seconds                 of the training steps, validation not counted
    images_per_second       in these seconds, images of both kinds
    """

    epoch: Annotated[int, Meta(ge=1, le=10_000)]
    losses: NamedNumbers
    discriminator_accuracy: NamedNumbers
    validation_auroc: Finite | None
    validation_error: Finite
    learning_rate: Finite
    seconds: Finite
    images_per_second: Finite


class Scoring(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a model scores images and marks what is odd in them (core/gans/scoring.py); chosen on validation.

    share  share of the heat map's largest value in the score; the mean residual has the rest. 0: the mean alone
    mark   heat from which on a pixel is marked: one normal validation image in twenty has such a pixel. None: nothing is
           marked, because the model is older than heat maps or has not learned to repair
    """

    share: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    mark: Annotated[float, Meta(ge=0.0, le=2.0)] | None = None


def recorded(model: str, values: Any) -> TrainingConfig:
    """Return the config that a card or a run's request holds as the JSON `values`.

    A setting that did not exist yet gets the value that training had then, which is not always today's default. Raises
    ConfigError for unknown settings, wrong types and values out of range.
    """
    kind = config_class(model)
    if isinstance(values, dict):
        values = {name: value for name, value in values.items() if name not in _GONE}
        values = _BEFORE_ALL | _BEFORE.get(model, {}) | values
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"The settings of the {model} model do not fit: {as_line(error)}.") from error


_GONE = ("size",)  # now part of the data set's description
# Once, a single label was enough and nothing was repaired.
_BEFORE_ALL: dict[str, Any] = {"enough_labels": 1, "repair": 0.0, "as_normal": 0.0, "judge_all": False}
_BEFORE: dict[str, dict[str, Any]] = {"traditional": {"negative_mse": 0.0}, "dcgan": {"abc_scale": 1.0}}
