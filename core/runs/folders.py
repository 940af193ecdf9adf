"""What is on disk of every training run: any session, any browser, the command line and a restarted server see the same.

    runs/<name>/request.json        what was asked for
    runs/<name>/status.json         state, reason, progress (replaced whole, a few times a second)
    runs/<name>/history.jsonl       a record a line, one an epoch
    runs/<name>/state.safetensors   the training laid down, to be resumed (core/runs/snapshot.py); gone when it has finished
    runs/<name>/panel/              fixed validation images as redrawn after each epoch (core/runs/frames.py)
    runs/<name>/stop                appears when somebody asks the run to stop
    runs/<name>/log.txt             what the worker printed
    runs/<name>/alive               locked as long as the process that trains is there
    runs/<name>/checkpoint/, best/  the model it ended with, and the best by validation where that is another

Whether a worker lives is told by its lock, which the kernel drops with the process however it ends: a process number may
belong to another process by then. Nothing here imports torch.
"""

import contextlib
import dataclasses
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import msgspec

from core.basics.errors import CheckpointError, ConfigError
from core.basics.files import write_whole
from core.data import tasks
from core.data.tasks import Task
from core.gans.config import TrainingConfig, recorded
from core.store import checkpoints, soundness

STATES = ("queued", "running", "stopping", "finished", "stopped", "failed", "died")
_NAME = checkpoints.RUN_NAME
_TAKEN = ("shipped", "set-aside")  # words that mean something else where a run's name may stand
STATE = "state.safetensors"


@dataclass(frozen=True)
class Request:
    """What is to be trained."""

    model: str
    task: Task
    config: TrainingConfig
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "task": msgspec.to_builtins(self.task),
            "config": msgspec.to_builtins(self.config),
            "seed": self.seed,
        }

    @staticmethod
    def from_json(values: Any) -> "Request":
        """What `to_json` wrote. Raises ConfigError or DataError."""
        if not isinstance(values, dict) or set(values) != {"model", "task", "config", "seed"}:
            raise ConfigError("A request has a model, a task, a config and a seed.")
        if type(values["seed"]) is not int or not isinstance(values["model"], str):
            raise ConfigError("The seed of a request is a whole number, its model a text.")
        config = recorded(values["model"], values["config"])
        return Request(values["model"], tasks.recorded(values["task"]), config, values["seed"])


@dataclass(frozen=True)
class Status:
    """Where a run stands. Times are seconds since 1970, spans are seconds."""

    name: str
    request: dict[str, Any]
    state: str
    reason: str = ""
    pid: int = 0
    queued: float = 0.0  # when it was asked for
    started: float = 0.0
    updated: float = 0.0
    epoch: int = 0  # finished
    step: int = 0  # finished of the current epoch
    steps: int = 0  # of an epoch
    seconds: float = 0.0  # worked on it so far, every resumption included
    left: float | None = None  # to go, as far as can be told
    images_per_second: float | None = None
    losses: dict[str, float] = field(default_factory=dict)  # means over the epoch so far; between two, over the last
    accuracy: dict[str, float] = field(default_factory=dict)  # the discriminators', likewise
    scoring: bool = False  # training is over and the state says how; its models are being scored and saved
    keep: bool = False  # nothing more is to be trained: what a dead run had learned is being kept
    warning: str = ""
    best_epoch: int = 0

    @property
    def active(self) -> bool:
        """Whether it is being trained."""
        return self.state in ("running", "stopping")

    @property
    def busy(self) -> bool:
        """Whether a process works on it."""
        return self.active or self.scoring

    @property
    def share(self) -> float:
        """Share of the training done, 0…1."""
        whole = self.request["config"]["epochs"]
        return min(1.0, (self.epoch + (self.step / self.steps if self.steps else 0.0)) / whole)


def folder(name: str) -> Path:
    """The run's folder. Raises ConfigError for a name that is not a slug, so that no text becomes a path."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is not a run's name; names are lower-case letters, digits and hyphens.")
    return checkpoints.RUNS / name


def free_name(stem: str) -> str:
    """A name that no run has yet: the stem with a number."""
    taken = {path.name for path in checkpoints.RUNS.glob("*")}
    return next(name for number in range(1, 100_000) if (name := f"{stem}-{number}") not in taken)


def new_name(request: Request) -> str:
    """A free name such as dcgan-t-shirt-seen-2."""
    return free_name(f"{request.model}-{request.task.normal}-{request.task.regime}")


@contextlib.contextmanager
def guard() -> Iterator[None]:
    """One process and one thread at a time: whoever adds a run, starts the next, renames or removes one."""
    checkpoints.RUNS.mkdir(parents=True, exist_ok=True)
    with open(checkpoints.RUNS / ".lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def create(name: str, request: Request, state: str, reason: str = "", **more: Any) -> Status:
    """Make the run's folder with its request and first status. Call it under `guard`. Raises OSError; nothing is left then."""
    path = folder(name)
    path.mkdir(parents=True)
    now = time.time()
    found = Status(name, request.to_json(), state, reason, queued=now, updated=now, **more)
    try:
        write_whole(path / "request.json", json.dumps(request.to_json(), indent=1).encode())
        (path / "alive").touch()
        write(found)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return found


def own(name: str) -> IO[str]:
    """Become the one that trains this run, until the file returned is closed or the process ends.

    Raises ConfigError when another process is at it.
    """
    file = open(folder(name) / "alive", "a")  # noqa: SIM115 (whoever holds it holds the lock)
    for _ in range(50):  # one that looks whether it is locked holds it for a moment
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        time.sleep(0.01)
    file.close()
    raise ConfigError(f"{name} is being trained already.")


def owned(name: str) -> bool:
    """Whether a process is training this run."""
    try:
        with open(folder(name) / "alive") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def write(found: Status) -> None:
    """Replace the run's status. Raises OSError."""
    write_whole(folder(found.name) / "status.json", json.dumps(dataclasses.asdict(found)).encode())


def request_of(name: str) -> Request:
    """What was asked for. Raises ConfigError when it is not there or says something impossible."""
    try:
        return Request.from_json(soundness.parsed(checkpoints.read_text(folder(name) / "request.json")))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"The request of {name} cannot be read ({error}).") from error


def history(name: str) -> list[dict[str, Any]]:
    """The records of the epochs so far. A line that a full disk or a kill has cut short ends the list."""
    records: list[dict[str, Any]] = []
    with contextlib.suppress(OSError, ValueError):
        for line in checkpoints.read_text(folder(name) / "history.jsonl").splitlines():
            record = soundness.parsed(line)
            if not soundness.sound(record):
                break
            records.append(record)
    if not records:  # a run of the command line before it wrote one, or one imported
        with contextlib.suppress(CheckpointError):
            records = msgspec.to_builtins(checkpoints.load(folder(name) / checkpoints.LAST).card.history)
    return records


def resumable(name: str) -> bool:
    """Whether the training lies there to be gone on with."""
    return (folder(name) / STATE).exists()


def status(name: str) -> Status | None:
    """Where the run stands, or None when there is no such run."""
    found = _read(name)
    if found is None:
        return _from_card(name)
    if not found.busy:
        return found
    if not owned(name):
        again = _read(name)  # it may have ended between the two looks
        if again is None or not again.busy:
            return again
        return dataclasses.replace(again, state="died", scoring=False, reason=_obituary(again), left=None)
    if found.active and (folder(name) / "stop").exists():
        return dataclasses.replace(found, state="stopping")
    return found


def statuses() -> list[Status]:
    """Every run, newest first."""
    names = {path.parent.name for path in checkpoints.RUNS.glob("[!.]*/status.json")}
    names |= {path.parent.parent.name for path in checkpoints.RUNS.glob(f"[!.]*/{checkpoints.LAST}/{checkpoints.CARD}")}
    found = [one for name in names if _NAME.fullmatch(name) and (one := status(name))]
    return sorted(found, key=lambda one: (-max(one.queued, one.started), one.name))


def unreadable() -> list[str]:
    """A line for each run whose status cannot be read, and that `statuses` therefore leaves out or knows by its model alone."""
    names = sorted(path.parent.name for path in checkpoints.RUNS.glob("[!.]*/status.json"))
    return [
        f"{folder(name) / 'status.json'} cannot be read: how this run stands is not known. Restore it, or remove the folder."
        for name in names
        if _NAME.fullmatch(name) and _read(name) is None and (folder(name) / "status.json").exists()
    ]


def rename(old: str, new: str) -> None:
    """Give a run another name. Raises ConfigError when it is at work or the name is taken or not a run's."""
    target = folder(new)
    if new.endswith("-best") or new in _TAKEN:
        raise ConfigError(f"{new} would be mistaken for something else; choose another name.")
    with guard():
        _at_rest(old)
        if target.exists():
            raise ConfigError(f"There is a run called {new} already; choose another name.")
        os.rename(folder(old), target)


def delete(name: str) -> None:
    """Remove a run and its models for good. Raises ConfigError when there is none or it is at work."""
    with guard():
        _at_rest(name)
        aside = checkpoints.RUNS / f".deleted-{name}-{time.time_ns()}"  # gone at once, whatever happens meanwhile
        os.rename(folder(name), aside)
    shutil.rmtree(aside, ignore_errors=True)


def _at_rest(name: str) -> None:
    found = status(name)
    if found is None:
        raise ConfigError(f"There is no run called {name}.")
    if found.busy or found.state == "queued":
        raise ConfigError(f"{name} is {found.state}; stop it first.")


def _read(name: str) -> Status | None:
    try:
        values = soundness.parsed(checkpoints.read_text(folder(name) / "status.json"))
        found = Status(**values | {"name": name})
        _check(found)
        found = dataclasses.replace(
            found, request=Request.from_json(found.request).to_json()
        )  # nothing is missing in it
    except (OSError, ValueError, TypeError, ConfigError):
        return None
    return found


def _check(found: Status) -> None:
    """Raises ValueError unless every field but the request is such as `write` writes: pages show them."""
    for known in dataclasses.fields(Status):
        value = getattr(found, known.name)
        if known.type in (float, int):
            fits = soundness.is_number(value) and (known.type is float or type(value) is int) and value >= 0
        elif known.type in (bool, str):
            fits = type(value) is known.type
        elif known.name in ("losses", "accuracy"):
            fits = soundness.named_numbers(value)
        else:
            fits = known.name == "request" or value is None or soundness.is_number(value)
        if not fits:
            raise ValueError(f"{known.name} is {value!r:.40}")
    if found.state not in STATES:
        raise ValueError(f"state is {found.state!r:.40}")


def _from_card(name: str) -> Status | None:
    """A run of which there is nothing but its model."""
    path = folder(name) / checkpoints.LAST
    try:
        card = checkpoints.load(path).card
        at = (path / checkpoints.CARD).stat().st_mtime
    except (CheckpointError, OSError):
        return None
    request = Request(card.model, card.task, card.config, card.seed).to_json()
    state = "stopped" if card.stopped_early else "finished"
    return Status(
        name, request, state, queued=at, started=at, updated=at, epoch=card.epochs_trained, seconds=card.seconds
    )


def _obituary(found: Status) -> str:
    ended = (
        "It had finished training, but was killed before its model was scored."
        if found.scoring
        else "The worker was killed."
    )
    return (
        f"{ended} Resume it, or keep what it has learned."
        if resumable(found.name)
        else (
            f"{ended} It had nothing laid down yet; resuming begins anew. What it printed is in log.txt in its folder."
        )
    )
