"""What training and its end leave for the disk and the card: the record of an epoch, and how the model scores."""

from typing import Annotated

import msgspec
from msgspec import Meta

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
