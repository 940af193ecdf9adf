"""The status of a run: written by its worker, read by pages and commands. Imports no torch."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from core.basics.errors import CheckpointError, MisfitError
from core.basics.files import read_at_most, write_whole
from core.gans.record import Finite, NamedNumbers
from core.runs import folders
from core.runs.folders import folder, owned, resumable
from core.runs.request import Request
from core.store import checkpoints

State = Literal["queued", "running", "stopping", "finished", "stopped", "failed", "died"]
Count = Annotated[int, Meta(ge=0, lt=2**53)]
Seconds = Annotated[float, Meta(ge=0, lt=1e15)]


class Status(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The status of a run.

    name               name of the run
    request            model, task, settings and seed
    state, reason      how the run is going or how it ended, and why
    pid                process that trains the run
    queued, started    when it was queued and when it began, seconds since 1970
    updated            when this status was written, seconds since 1970
    epoch              finished epochs
    step, steps        finished steps of the current epoch, and steps of a whole epoch
    seconds            duration of the work so far, in all sessions
    left               estimated seconds to go; None when unknown
    images_per_second  training images, over the last few seconds
    losses             means over the epoch so far; between two epochs, over the last one
    accuracy           of the discriminators, likewise
    scoring            training has ended, as `state` says; the models are being scored and saved
    keep               no more training: the models of a dead run's last finished epoch are being saved
    warning            a problem that does not end the run
    best_epoch         best epoch by validation so far; 0 when there is none
    """

    name: str
    request: Request
    state: State
    reason: str = ""
    pid: Count = 0
    queued: Seconds = 0.0
    started: Seconds = 0.0
    updated: Seconds = 0.0
    epoch: Count = 0
    step: Count = 0
    steps: Count = 0
    seconds: Seconds = 0.0
    left: Finite | None = None
    images_per_second: Finite | None = None
    losses: NamedNumbers = {}
    accuracy: NamedNumbers = {}
    scoring: bool = False
    keep: bool = False
    warning: str = ""
    best_epoch: Count = 0

    @property
    def active(self) -> bool:
        """Whether the run is being trained."""
        return self.state in ("running", "stopping")

    @property
    def busy(self) -> bool:
        """Whether a process works on the run."""
        return self.active or self.scoring

    @property
    def waiting(self) -> bool:
        """Whether the run is in the queue."""
        return self.state == "queued"

    @property
    def share(self) -> float:
        """The share of the training that is done, 0…1."""
        return min(1.0, (self.epoch + (self.step / self.steps if self.steps else 0.0)) / self.request.config.epochs)


def write_status(status: Status) -> None:
    """Replace the run's status on disk. Raises OSError."""
    write_whole(folder(status.name) / folders.STATUS, msgspec.json.encode(status))


def read_status(name: str) -> Status | None:
    """Return the current status of a run, or None when there is no such run."""
    status = as_written(name)
    if status is None:
        return _from_card(name)
    if not status.busy:
        return status
    if not owned(name):
        status = as_written(name)  # the run may have ended since the first reading
        if status is None or not status.busy:
            return status
        return replace(status, state="died", scoring=False, reason=_obituary(status), left=None)
    if status.active and (folder(name) / "stop").exists():
        return replace(status, state="stopping")
    return status


def as_written(name: str) -> Status | None:
    """Return the status as its worker wrote it, or None when there is none or it cannot be read."""
    try:
        status = folders.decoded(read_at_most(folder(name) / folders.STATUS, folders.LARGEST), Status)
    except (OSError, ValueError, MisfitError):
        return None
    return replace(status, name=name)  # the folder may have been copied


def _from_card(name: str) -> Status | None:
    """Return the status of a run that has only a model, or None when it has none."""
    path = folder(name) / checkpoints.LAST
    try:
        checkpoint = checkpoints.load(path)
        at = (path / checkpoints.CARD).stat().st_mtime
    except (CheckpointError, OSError):
        return None
    card = checkpoint.card
    return Status(
        name,
        Request(card.model, checkpoint.task, checkpoint.config, card.seed, card.folds),
        "stopped" if card.stopped_early else "finished",
        queued=at,
        started=at,
        updated=at,
        epoch=card.epochs_trained,
        seconds=card.seconds,
    )


def _obituary(status: Status) -> str:
    """Return a sentence or two on how a run died and what can be done."""
    ended = "The worker was killed."
    if status.scoring:
        ended = "It had finished training, but was killed before its model was scored."
    if resumable(status.name):
        return f"{ended} Resume it from its last finished epoch, or keep what it had learned by then."
    return f"{ended} No epoch had finished; resuming begins anew. What it printed is in log.txt in its folder."
