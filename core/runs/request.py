"""What is to be trained, as the Train page and the command line ask for it and a run's folder keeps it. Imports no torch."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.data.tasks import Task
from core.gans.config import TrainingConfig, recorded


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model, a task, settings and a seed: the same request gives the same weights.

    From JSON, `config` becomes the config of the model. Raises ConfigError or DataError where one of them is impossible.
    """

    model: str
    task: Task
    config: TrainingConfig | Any  # Any for msgspec alone: the model says which config it is
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0

    def __post_init__(self) -> None:
        if not isinstance(self.config, TrainingConfig):
            msgspec.structs.force_setattr(self, "config", recorded(self.model, self.config))
