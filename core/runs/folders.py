"""The folder of a training run. Every browser session, the command line and a restarted server see the same files.

    runs/<name>/request.json            the request (core/runs/request.py)
    runs/<name>/status.json             the status (core/runs/status.py); replaced whole, a few times a second
    runs/<name>/history.jsonl           one line for each epoch (core/gans/record.py)
    runs/<name>/snapshot.safetensors    the training after its last finished epoch (core/runs/snapshot.py), until it ends
    runs/<name>/panel/                  fixed validation images as reconstructed after each epoch (core/runs/frames.py)
    runs/<name>/stop                    asks the run to stop by its presence
    runs/<name>/log.txt                 the worker's output
    runs/<name>/alive                   locked while a process trains the run
    runs/<name>/checkpoint/, best/      the last model, and the best by validation if it is a different one

A worker is alive while it holds its lock. The kernel releases the lock however the process ends; a process number, in
contrast, may be given to another process. Imports no torch.
"""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from core.basics.errors import CheckpointError, ConfigError
from core.basics.files import read_at_most
from core.basics.text import as_line
from core.gans.record import Epoch
from core.runs.request import Request
from core.store import checkpoints

REQUEST, STATUS, HISTORY, SNAPSHOT = "request.json", "status.json", "history.jsonl", "snapshot.safetensors"
LARGEST = 8 * 2**20  # bytes of a file that is read; ten thousand epochs need less
_Record = TypeVar("_Record")


def folder(name: str) -> Path:
    """Return the run's folder. Raises ConfigError for a name that is not a slug, so that no text becomes a path."""
    if not checkpoints.RUN_NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is not a run's name; names are lower-case letters, digits and hyphens.")
    return checkpoints.RUNS / name


def free_name(stem: str) -> str:
    """Return a name that no run has yet: the stem with the lowest free number."""
    names = {path.name for path in checkpoints.RUNS.glob("*")}
    return next(name for number in range(1, 100_000) if (name := f"{stem}-{number}") not in names)


def new_name(request: Request) -> str:
    """Return a free name such as dcgan-t-shirt-seen-2."""
    return free_name(f"{request.model}-{request.task.normal}-{request.task.regime}")


def decoded(content: bytes, kind: type[_Record]) -> _Record:
    """Decode JSON as a `kind`. Raises ValueError, or the ConfigError or DataError of an impossible value."""
    try:
        return msgspec.json.decode(content, type=kind)
    except RecursionError as error:  # thousands of nested brackets
        raise ValueError("it is nested too deep") from error


def request_of(name: str) -> Request:
    """Read a run's request. Raises ConfigError or DataError when it is missing, damaged or impossible."""
    try:
        return decoded(read_at_most(folder(name) / REQUEST, LARGEST), Request)
    except (OSError, ValueError) as error:
        raise ConfigError(f"The request of {name} cannot be read ({as_line(error)}).") from error


def history(name: str) -> list[Epoch]:
    """Read the records of the finished epochs, up to a line that a full disk or a kill has cut short."""
    records: list[Epoch] = []
    with contextlib.suppress(OSError, ValueError):
        for line in read_at_most(folder(name) / HISTORY, LARGEST).splitlines():
            records.append(decoded(line, Epoch))
    if not records:  # an imported run, or an old one of the command line
        with contextlib.suppress(CheckpointError):
            records = checkpoints.load(folder(name) / checkpoints.LAST).card.history
    return records


def resumable(name: str) -> bool:
    """Return whether there is a snapshot of a finished epoch to resume from."""
    return (folder(name) / SNAPSHOT).exists()


@contextlib.contextmanager
def guard() -> Iterator[None]:
    """Lock the list of runs: one process and thread at a time may add, start, rename or remove runs."""
    checkpoints.RUNS.mkdir(parents=True, exist_ok=True)
    with open(checkpoints.RUNS / ".lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def own(name: str) -> IO[Any]:
    """Lock the run for the process that trains it, until the returned file is closed or the process ends.

    Raises ConfigError when another process trains the run.
    """
    file = open(folder(name) / "alive", "a")  # noqa: SIM115 (the open file holds the lock)
    for _ in range(50):  # `owned` in another process locks it for a moment
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        time.sleep(0.01)
    file.close()
    raise ConfigError(f"{name} is being trained already.")


def owned(name: str) -> bool:
    """Return whether a process is training this run."""
    try:
        with open(folder(name) / "alive") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
