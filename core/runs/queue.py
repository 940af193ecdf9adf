"""The queue of training runs: one run trains at a time, the others wait. Its state is on disk (core/runs/folders.py).

The worker is a process of its own (core/runs/worker.py): a thread cannot have a lower priority and ends with the server.
No process manages the queue. Every process that adds a run, shows the Train page or has finished a run starts the next
run, under a file lock, so that two processes never start two.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from core.basics.errors import ConfigError, TrainingDiverged
from core.basics.files import ROOT
from core.data import catalog, tasks
from core.runs import estimate, folders, listing
from core.runs.folders import folder
from core.runs.request import Request
from core.runs.status import Status, read_status, write_status
from core.store import checkpoints, saving

_WORKERS: dict[str, subprocess.Popen[bytes]] = {}  # of this process; `advance` polls them, to clear ended ones


def start(request: Request) -> str:
    """Queue a run, start it unless another is at work, and return its name.

    Raises ConfigError or DataError for a request that cannot be trained, OSError when the disk refuses.
    """
    estimate.check(request)
    with folders.guard():
        name = folders.new_name(request)
        listing.create(name, request, "queued", "waits for its turn")
        _advance()
    return name


def advance() -> None:
    """Start the run that has waited longest, unless another is at work."""
    for worker in list(_WORKERS.values()):
        worker.poll()
    if any(status.waiting for status in listing.statuses()):
        with folders.guard():
            _advance()


@contextlib.contextmanager
def here(request: Request, resumed: str = "") -> Iterator[str]:
    """Begin a run that this process itself trains, as the command line does: a new one, or `resumed`. Yields its name.

    The run does not wait for others, but the queued runs wait for it. Raises ConfigError when `resumed` is at work or has
    finished, OSError when the disk refuses.
    """
    with folders.guard():
        status = _unfinished(resumed) if resumed else listing.create(folders.new_name(request), request, "queued")
        lock = folders.own(status.name)
        _begin(status)
    with lock:
        yield status.name


def stop(name: str) -> None:
    """Ask a run to stop and keep its model so far; take a queued run out of the queue. Raises ConfigError."""
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
    """Queue a run that was stopped, failed or killed. It continues after its last finished epoch, or else begins anew.

    Raises ConfigError or DataError when the run is at work, has finished, or can no longer be trained.
    """
    estimate.check(folders.request_of(name))
    reason = "waits for its turn " + ("to be resumed" if folders.resumable(name) else "to begin anew")
    with folders.guard():
        status = _unfinished(name)
        write_status(replace(status, state="queued", reason=reason, queued=time.time(), warning="", left=None))
        _advance()


def keep(name: str) -> None:
    """Save the models of a dead run's last finished epoch, without more training, at once. Raises ConfigError."""
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
    """Start the run that has waited longest, unless another is at work. Call it under the guard."""
    statuses = listing.statuses()
    waiting = [status for status in statuses if status.waiting]
    if waiting and not any(status.busy for status in statuses):
        _launch(min(waiting, key=lambda status: status.queued))


def _begin(status: Status, keep: bool = False) -> None:
    """Write the first status of a process that trains the run, or only saves its last finished epoch (`keep`)."""
    (folder(status.name) / "stop").unlink(missing_ok=True)
    now = time.time()
    begun = replace(status, state="running", reason="starting", started=status.started or now, updated=now)
    write_status(replace(begun, warning="", scoring=False, keep=keep))


def _launch(status: Status, keep: bool = False) -> None:
    """Start a worker. It inherits the run's lock, so that the run is locked at every moment."""
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
                start_new_session=True,  # Ctrl+C on the server does not stop the training
            )
        except OSError as error:
            reason = f"The worker could not be started ({error.strerror})."
            write_status(replace(status, state="failed", reason=reason, updated=time.time()))


def train(request: Request, out: Path, device: str = "auto") -> checkpoints.Checkpoint:
    """Train, evaluate and save to the folder `out`, in this process and without a run's folder, as the sweep does.

    When training diverges, the last finite model is saved before TrainingDiverged is raised. Also raises what `load`,
    `tasks.split`, `Training` and `saving.save` raise.
    """
    from core.gans.training import Training

    saving.refuse_occupied(out)  # before the training, not after it
    data = catalog.get(request.task.data.key)
    train_images, test_images = data.load("train"), data.load("test")
    training = Training(request.model, request.config, tasks.split(request.task, train_images), request.seed, device)
    diverged = None
    try:
        for _ in training.epochs():
            pass
    except TrainingDiverged as error:
        diverged = error
    saved = saving.save(out, training, request.task, request.model, request.seed, train_images, test_images)
    if diverged:
        raise diverged
    return saved
