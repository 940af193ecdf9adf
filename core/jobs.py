"""Training in the background, truth on disk: any session, any browser and a restarted server see the same.

    runs/<name>/request.json   what was asked for
    runs/<name>/status.json    state, reason, progress, records so far (replaced whole, at most four times a second)
    runs/<name>/stop           appears when somebody asks the run to stop
    runs/<name>/log.txt        what the worker printed
    runs/<name>/checkpoint/    the trained model, once there is one

The worker is a process of its own, because a thread can neither be niced nor survive the server. One runs at a time.
"""

import dataclasses
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import checkpoints, data, regimes
from core.config import TrainingConfig, config_class, from_json, to_json
from core.errors import ConfigError, MisfitError
from core.files import write_whole
from core.regimes import Task

STATES = ("running", "stopping", "finished", "stopped", "failed", "died")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")  # a run's
BETWEEN_STATUS = 0.25  # seconds
HEARTBEAT_LOST = 120.0  # seconds without a status before a run of another machine or an unknown process counts as dead


@dataclass(frozen=True)
class Request:
    """What is to be trained."""

    model: str
    task: Task
    config: TrainingConfig
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        return {"model": self.model, "task": to_json(self.task), "config": to_json(self.config), "seed": self.seed}

    @staticmethod
    def from_json(values: dict[str, Any]) -> "Request":
        config = from_json(config_class(values["model"]), values["config"])
        return Request(values["model"], from_json(Task, values["task"]), config, values["seed"])


@dataclass(frozen=True)
class Status:
    """Where a run stands. `history` holds the training records so far."""

    name: str
    request: dict[str, Any]
    state: str
    reason: str = ""
    pid: int = 0
    started: float = 0.0  # seconds since 1970
    updated: float = 0.0
    epoch: int = 0  # finished
    step: int = 0  # finished of the current epoch
    steps: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def active(self) -> bool:
        return self.state in ("running", "stopping")

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


def new_name(request: Request) -> str:
    """A free name such as dcgan-t-shirt-seen-2."""
    stem = f"{request.model}-{request.task.normal}-{request.task.regime}"
    taken = {path.name for path in checkpoints.RUNS.glob("*")}
    return next(name for number in range(1, 10_000) if (name := f"{stem}-{number}") not in taken)


def start(request: Request) -> str:
    """Start a run in the background and return its name. Raises ConfigError while another one is running."""
    with _STARTING:  # two browsers pressing Start at once
        busy = next((found for found in statuses() if found.active), None)
        if busy:
            raise ConfigError(f"{busy.name} is still training. Wait for it or stop it, then start the next one.")
        name = new_name(request)
        path = folder(name)
        path.mkdir(parents=True)
        now = time.time()
        write_whole(path / "request.json", json.dumps(request.to_json(), indent=1).encode())
        # Before the worker starts, which from then on is the only one to write it.
        _write(path, Status(name, request.to_json(), "running", "starting", started=now, updated=now))
        with open(path / "log.txt", "wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "core.jobs", name],
                cwd=data.ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl+C on the server leaves the training alone
            )
        _WORKERS[name] = worker
        return name


_STARTING = threading.Lock()
_WORKERS: dict[str, subprocess.Popen[bytes]] = {}  # of this server, to be reaped: a zombie looks alive


def stop(name: str) -> None:
    """Ask a run to stop; it keeps the model so far. Raises ConfigError when there is no such run."""
    if not folder(name).is_dir():
        raise ConfigError(f"There is no run called {name}.")
    (folder(name) / "stop").touch()


def status(name: str) -> Status | None:
    """Where the run stands, or None when there is no such run."""
    path = folder(name)
    try:
        values = json.loads((path / "status.json").read_bytes())
        found = Status(**values)
    except (OSError, ValueError, TypeError):
        return None
    if not found.active:
        return found
    if not _alive(found):
        again = json.loads((path / "status.json").read_bytes())  # it may have ended between the two looks
        if again["state"] in ("running", "stopping"):
            return dataclasses.replace(
                found, state="died", reason="The worker ended without a word; see log.txt in its folder."
            )
        return Status(**again)
    if (path / "stop").exists():
        return dataclasses.replace(found, state="stopping")
    return found


def statuses() -> list[Status]:
    """Every run, newest first."""
    for worker in _WORKERS.values():
        worker.poll()  # reaps those that have ended
    names = [path.parent.name for path in checkpoints.RUNS.glob("*/status.json")]
    found = [one for name in names if _NAME.fullmatch(name) and (one := status(name))]
    return sorted(found, key=lambda one: -one.started)


def train(
    request: Request,
    out: Path,
    device: str = "auto",
    should_stop: Callable[[], bool] = lambda: False,
    on_step: Callable[[Any], None] = lambda _: None,
    on_record: Callable[[dict[str, Any]], None] = lambda _: None,
) -> checkpoints.Checkpoint:
    """Train, evaluate and save to the folder `out`, in this process. A stopped training is saved like a finished one.

    When training diverges, the last finite model is saved before TrainingDiverged goes on to the caller. Raises what
    `data.load`, `regimes.split`, `Training` and `checkpoints.save` raise.
    """
    from core.errors import TrainingDiverged
    from core.training import Training

    checkpoints.refuse_occupied(out)  # before the work, not after it
    train_images, test_images = data.load("train"), data.load("test")
    training = Training(request.model, request.config, regimes.split(request.task, train_images), request.seed, device)
    diverged = None
    try:
        for record in training.epochs(should_stop, on_step):
            on_record(record)
    except TrainingDiverged as error:
        diverged = error
    saved = checkpoints.save(out, training, request.task, request.model, request.seed, train_images, test_images)
    if diverged:
        raise diverged
    return saved


def _write(path: Path, found: Status) -> None:
    write_whole(path / "status.json", json.dumps(dataclasses.asdict(found)).encode())


def _alive(found: Status) -> bool:
    worker = _WORKERS.get(found.name)
    if worker is not None:
        return worker.poll() is None
    if found.pid:  # 0 until the worker has written its own
        try:
            os.kill(found.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
    return time.time() - found.updated < HEARTBEAT_LOST  # the number may belong to another process by now


def work(name: str) -> int:
    """The worker: train what runs/<name>/request.json asks for. Returns the exit status."""
    os.nice(10)  # pages stay quick
    path = folder(name)
    request = Request.from_json(json.loads((path / "request.json").read_bytes()))
    now = time.time()
    current = Status(name, request.to_json(), "running", "loading", os.getpid(), now, now)
    _write(path, current)

    def update(**changes: Any) -> None:
        nonlocal current
        current = dataclasses.replace(current, updated=time.time(), **changes)
        _write(path, current)

    def on_step(progress: Any) -> None:
        if time.time() - current.updated >= BETWEEN_STATUS:
            update(epoch=progress.epoch, step=progress.step, steps=progress.steps, reason="training")

    def on_record(record: dict[str, Any]) -> None:
        update(epoch=record["epoch"], step=0, history=[*current.history, record])

    try:
        saved = train(request, path / "checkpoint", "auto", (path / "stop").exists, on_step, on_record)
    except MisfitError as error:
        update(state="failed", reason=str(error))
        return 2
    except Exception as error:  # the page shows the reason, the log the traceback
        update(state="failed", reason=f"{type(error).__name__}: {error}")
        raise
    if saved.card.stopped_early:
        update(
            state="stopped", reason=f"Stopped after {saved.card.epochs_trained} whole epochs; the model so far is kept."
        )
    else:
        update(state="finished", reason="")
    return 0


if __name__ == "__main__":
    sys.exit(work(sys.argv[1]))
