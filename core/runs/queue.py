"""Training in the background: one run at a time, the others queued; stop, resume, keep. The truth is on disk (core/runs/folders.py).

The worker is a process of its own (core/runs/worker.py), because a thread can neither be niced nor survive the server. Nobody
is in charge of the queue: whoever adds a run, looks at the Train page or has just finished one starts the next, under a
file lock, so that two who do it at once start one.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from core.basics.errors import ConfigError, TrainingDiverged
from core.basics.files import ROOT
from core.data import catalog, tasks
from core.gans.record import Epoch
from core.runs import estimate, folders, listing
from core.runs.folders import folder
from core.runs.request import Request
from core.runs.status import Status, read_status, write_status
from core.store import checkpoints, saving

_WORKERS: dict[str, subprocess.Popen[bytes]] = {}  # of this process, to be reaped


def start(request: Request) -> str:
    """Queue a run, start it when no other is at work, and return its name.

    Raises ConfigError or DataError for a request that cannot be trained, OSError when the disk refuses.
    """
    estimate.check(request)
    with folders.guard():
        name = folders.new_name(request)
        listing.create(name, request, "queued", "waits for its turn")
        _advance()
    return name


def advance() -> None:
    """Start the run that has waited longest, when none is at work."""
    for worker in list(_WORKERS.values()):
        worker.poll()
    if any(status.waiting for status in listing.statuses()):
        with folders.guard():
            _advance()


@contextlib.contextmanager
def here(request: Request, resumed: str = "") -> Iterator[str]:
    """Hold a run that this process itself carries out, as the command line does: a new one, or `resumed`. Yields its name.

    It does not wait for another run, but those in the queue wait for it. Raises ConfigError when `resumed` is at work or
    has finished, OSError when the disk refuses.
    """
    with folders.guard():
        status = _unfinished(resumed) if resumed else listing.create(folders.new_name(request), request, "queued")
        lock = folders.own(status.name)
        _begin(status)
    with lock:
        yield status.name


def stop(name: str) -> None:
    """Ask a run to stop; it keeps the model so far. A queued one leaves the queue. Raises ConfigError when there is none."""
    if not folder(name).is_dir():
        raise ConfigError(f"There is no run called {name}.")
    with folders.guard():
        status = read_status(name)
        if status and status.waiting:
            reason = "Taken out of the queue" + (" again." if folders.resumable(name) else " before it began.")
            write_status(replace(status, state="stopped", reason=reason, updated=time.time()))
            return
        (folder(name) / "stop").touch()


def resume(name: str) -> None:
    """Queue a run that was stopped, failed or killed, to go on after its last finished epoch (else from the beginning).

    Raises ConfigError when it is at work, has finished, or its request cannot be trained any more.
    """
    estimate.check(folders.request_of(name))
    reason = "waits for its turn " + ("to be resumed" if folders.resumable(name) else "to begin anew")
    with folders.guard():
        status = _unfinished(name)
        write_status(replace(status, state="queued", reason=reason, queued=time.time(), warning="", left=None))
        _advance()


def keep(name: str) -> None:
    """Make a model of what a dead run had learned, without training on. Starts at once. Raises ConfigError."""
    with folders.guard():
        status = listing.at_rest(name)
        if not folders.resumable(name):
            raise ConfigError(f"No epoch of {name} had finished; it can only be resumed, which begins anew.")
        _launch(status, keep=True)


def _unfinished(name: str) -> Status:
    status = listing.at_rest(name)
    if status.state == "finished":
        raise ConfigError(f"{name} has finished; there is nothing to resume.")
    return status


def _advance() -> None:
    """`advance` under the guard."""
    statuses = listing.statuses()
    waiting = [status for status in statuses if status.waiting]
    if waiting and not any(status.busy for status in statuses):
        _launch(min(waiting, key=lambda status: status.queued))


def _begin(status: Status, keep: bool = False) -> None:
    """Write down that a process has begun with the run, to train it or only to `keep` what it had learned."""
    (folder(status.name) / "stop").unlink(missing_ok=True)
    now = time.time()
    begun = replace(status, state="running", reason="starting", started=status.started or now, updated=now)
    write_status(replace(begun, warning="", scoring=False, keep=keep))


def _launch(status: Status, keep: bool = False) -> None:
    """Start a worker. It inherits the lock that says that it lives, so that there is no moment without."""
    name = status.name
    lock = folders.own(name)
    with lock, open(folder(name) / "log.txt", "ab") as log:
        _begin(status, keep)
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
            write_status(replace(status, state="failed", reason=reason, updated=time.time()))


def train(
    request: Request,
    out: Path,
    device: str = "auto",
    should_stop: Callable[[], bool] = lambda: False,
    on_step: Callable[[Any], None] = lambda _: None,
    on_record: Callable[[Epoch], None] = lambda _: None,
) -> checkpoints.Checkpoint:
    """Train, evaluate and save to the folder `out`, in this process and without a run's folder: what the sweep does.

    A stopped training is saved like a finished one. When training diverges, the last finite model is saved before
    TrainingDiverged goes on to the caller. Raises what `load`, `tasks.split`, `Training` and `saving.save` raise.
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
