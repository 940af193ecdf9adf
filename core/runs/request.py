"""The request for a training, from the Train page or the command line, kept in the run's folder. Imports no torch."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.data.tasks import Task
from core.gans.config import TrainingConfig
from core.gans.record import recorded


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model, a task, settings and a seed: the same request gives the same weights.

    `folds` is the number of leave-out folds (core/gans/folds.py) from which the thresholds come; 0: validation alone.

    Decoded from JSON, `config` is in the config class of the model. Raises ConfigError or DataError when a field is
    impossible.
    """

    model: str
    task: Task
    config: TrainingConfig | Any  # Any is for msgspec; the config class follows from the model
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    folds: Annotated[int, Meta(ge=0, le=100)] = 0

    def __post_init__(self) -> None:
        if not isinstance(self.config, TrainingConfig):
            msgspec.structs.force_setattr(self, "config", recorded(self.model, self.config))
