"""Training in the background: one run at a time, the others queued; stop, resume, keep. Truth on disk (core/runs/folders.py).

The worker is a process of its own (core/runs/worker.py), because a thread can neither be niced nor survive the server. Nobody
is in charge of the queue: whoever adds a run, looks at the Train page or has just finished one starts the next, under a
file lock, so that two who do it at once start one.
"""

import contextlib
import dataclasses
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core.basics.errors import ConfigError, TrainingDiverged
from core.basics.files import ROOT
from core.data import catalog, tasks
from core.runs import estimate, folders
from core.runs.folders import Request, Status, folder, new_name, status, statuses
from core.store import checkpoints, saving

__all__ = [
    "Request",
    "Status",
    "advance",
    "folder",
    "here",
    "keep",
    "new_name",
    "resume",
    "start",
    "status",
    "statuses",
    "stop",
    "train",
]

_WORKERS: dict[str, subprocess.Popen[bytes]] = {}  # of this process, to be reaped


def start(request: Request) -> str:
    """Queue a run, start it when no other is at work, and return its name.

    Raises ConfigError or DataError for a request that cannot be trained, OSError when the disk refuses.
    """
    estimate.check(request)
    with folders.guard():
        name = new_name(request)
        folders.create(name, request, "queued", "waits for its turn")
        _advance()
    return name


def advance() -> None:
    """Start the run that has waited longest, when none is at work."""
    for worker in list(_WORKERS.values()):
        worker.poll()
    if any(found.state == "queued" for found in statuses()):
        with folders.guard():
            _advance()


@contextlib.contextmanager
def here(request: Request, resumed: str = "") -> Iterator[str]:
    """A run that this process itself carries out, as the command line does: a new one, or `resumed`. Yields its name.

    It does not wait for another run, but those in the queue wait for it. Raises ConfigError when `resumed` is at work or
    has finished, OSError when the disk refuses.
    """
    with folders.guard():
        found = _resumable(resumed) if resumed else folders.create(new_name(request), request, "queued")
        lock = folders.own(found.name)
        (folder(found.name) / "stop").unlink(missing_ok=True)
        now = time.time()
        begun: dict[str, Any] = {
            "state": "running",
            "started": found.started or now,
            "updated": now,
            "scoring": False,
            "keep": False,
        }
        folders.write(dataclasses.replace(found, reason="starting", warning="", **begun))
    with lock:
        yield found.name


def stop(name: str) -> None:
    """Ask a run to stop; it keeps the model so far. A queued one leaves the queue. Raises ConfigError when there is none."""
    if not folder(name).is_dir():
        raise ConfigError(f"There is no run called {name}.")
    with folders.guard():
        found = status(name)
        if found and found.state == "queued":
            reason = "Taken out of the queue" + (" again." if folders.resumable(name) else " before it began.")
            folders.write(dataclasses.replace(found, state="stopped", reason=reason, updated=time.time()))
            return
        (folder(name) / "stop").touch()


def resume(name: str) -> None:
    """Queue a run that was stopped, failed or killed, to go on from where it was laid down (else from the beginning).

    Raises ConfigError when it is at work, has finished, or its request cannot be trained any more.
    """
    estimate.check(folders.request_of(name))
    with folders.guard():
        found = _resumable(name)
        (folder(name) / "stop").unlink(missing_ok=True)
        where = "waits for its turn to be resumed"
        folders.write(
            dataclasses.replace(
                found,
                state="queued",
                reason=where,
                queued=time.time(),
                warning="",
                left=None,
                keep=False,
                scoring=False,
            )
        )
        _advance()


def keep(name: str) -> None:
    """Make a model of what a dead run had learned, without training on. Starts at once. Raises ConfigError."""
    with folders.guard():
        found = _at_rest(name)
        if not folders.resumable(name):
            raise ConfigError(f"{name} had nothing laid down yet; it can only be resumed, which begins anew.")
        (folder(name) / "stop").unlink(missing_ok=True)
        _launch(dataclasses.replace(found, keep=True))


def _at_rest(name: str) -> Status:
    found = status(name)
    if found is None:
        raise ConfigError(f"There is no run called {name}.")
    if found.busy or found.state == "queued":
        raise ConfigError(f"{name} is {found.state} already.")
    return found


def _resumable(name: str) -> Status:
    found = _at_rest(name)
    if found.state == "finished":
        raise ConfigError(f"{name} has finished; there is nothing to resume.")
    return found


def _advance() -> None:
    """`advance` under the guard."""
    everything = statuses()
    if any(found.busy for found in everything):
        return
    waiting = [found for found in everything if found.state == "queued"]
    if waiting:
        _launch(min(waiting, key=lambda found: found.queued))


def _launch(found: Status) -> None:
    """Start a worker. It inherits the lock that says that it lives, so that there is no moment without."""
    name, now = found.name, time.time()
    lock = folders.own(name)
    with lock, open(folder(name) / "log.txt", "ab") as log:
        folders.write(
            dataclasses.replace(
                found, state="running", reason="starting", started=found.started or now, updated=now, scoring=False
            )
        )
        try:
            _WORKERS[name] = subprocess.Popen(
                [sys.executable, "-m", "core.runs.worker", name, str(lock.fileno())],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock.fileno()],
                start_new_session=True,  # Ctrl+C on the server leaves the training alone
            )
        except OSError as error:
            reason = f"The worker could not be started ({error.strerror})."
            folders.write(dataclasses.replace(found, state="failed", reason=reason, updated=now))


def train(
    request: Request,
    out: Path,
    device: str = "auto",
    should_stop: Callable[[], bool] = lambda: False,
    on_step: Callable[[Any], None] = lambda _: None,
    on_record: Callable[[dict[str, Any]], None] = lambda _: None,
) -> checkpoints.Checkpoint:
    """Train, evaluate and save to the folder `out`, in this process and without a run's folder: what the sweep does.

    A stopped training is saved like a finished one. When training diverges, the last finite model is saved before
    TrainingDiverged goes on to the caller. Raises what `data.load`, `regimes.split`, `Training` and `checkpoints.save` raise.
    """
    from core.gans.training import Training

    saving.refuse_occupied(out)  # before the work, not after it
    data = catalog.get(request.task.data.key)
    train_images, test_images = data.load("train"), data.load("test")
    training = Training(request.model, request.config, tasks.split(request.task, train_images), request.seed, device)
    diverged = None
    try:
        for record in training.epochs(should_stop, on_step):
            on_record(record)
    except TrainingDiverged as error:
        diverged = error
    saved = saving.save(out, training, request.task, request.model, request.seed, train_images, test_images)
    if diverged:
        raise diverged
    return saved
