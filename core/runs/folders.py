"""What is on disk of every training run: any session, any browser, the command line and a restarted server see the same.

    runs/<name>/request.json            what was asked for (core/runs/request.py)
    runs/<name>/status.json             where it stands (core/runs/status.py); replaced whole, a few times a second
    runs/<name>/history.jsonl           a record a line, one an epoch (core/gans/record.py)
    runs/<name>/snapshot.safetensors    the training after its last finished epoch (core/runs/snapshot.py); gone when it has finished
    runs/<name>/panel/                  fixed validation images as reconstructed after each epoch (core/runs/frames.py)
    runs/<name>/stop                    appears when somebody asks the run to stop
    runs/<name>/log.txt                 what the worker printed
    runs/<name>/alive                   locked as long as the process that trains is there
    runs/<name>/checkpoint/, best/      the model it ended with, and the best by validation where that is another

Whether a worker lives is told by its lock, which the kernel drops with the process however it ends: a process number may
belong to another process by then. Nothing here imports torch.
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
LARGEST = 8 * 2**20  # bytes of a record that is read; ten thousand epochs have less
_Record = TypeVar("_Record")


def folder(name: str) -> Path:
    """The run's folder. Raises ConfigError for a name that is not a slug, so that no text becomes a path."""
    if not checkpoints.RUN_NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is not a run's name; names are lower-case letters, digits and hyphens.")
    return checkpoints.RUNS / name


def free_name(stem: str) -> str:
    """Return a name that no run has yet: the stem with a number."""
    taken = {path.name for path in checkpoints.RUNS.glob("*")}
    return next(name for number in range(1, 100_000) if (name := f"{stem}-{number}") not in taken)


def new_name(request: Request) -> str:
    """Return a free name such as dcgan-t-shirt-seen-2."""
    return free_name(f"{request.model}-{request.task.normal}-{request.task.regime}")


def decoded(content: bytes, kind: type[_Record]) -> _Record:
    """Decode JSON by type. Raises ValueError, or ConfigError or DataError where the value itself does so."""
    try:
        return msgspec.json.decode(content, type=kind)
    except RecursionError as error:  # brackets by the thousand
        raise ValueError("it is nested too deep") from error


def request_of(name: str) -> Request:
    """Read what was asked for. Raises ConfigError or DataError when it is not there or impossible."""
    try:
        return decoded(read_at_most(folder(name) / REQUEST, LARGEST), Request)
    except (OSError, ValueError) as error:
        raise ConfigError(f"The request of {name} cannot be read ({as_line(error)}).") from error


def history(name: str) -> list[Epoch]:
    """Read the records of the epochs so far. A line that a full disk or a kill has cut short ends the list."""
    records: list[Epoch] = []
    with contextlib.suppress(OSError, ValueError):
        for line in read_at_most(folder(name) / HISTORY, LARGEST).splitlines():
            records.append(decoded(line, Epoch))
    if not records:  # a run of the command line before it wrote one, or one imported
        with contextlib.suppress(CheckpointError):
            records = checkpoints.load(folder(name) / checkpoints.LAST).card.history
    return records


def resumable(name: str) -> bool:
    """Whether an epoch has finished whose snapshot lies there to be gone on with."""
    return (folder(name) / SNAPSHOT).exists()


@contextlib.contextmanager
def guard() -> Iterator[None]:
    """Let one process and one thread at a time add a run, start the next, rename or remove one."""
    checkpoints.RUNS.mkdir(parents=True, exist_ok=True)
    with open(checkpoints.RUNS / ".lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def own(name: str) -> IO[Any]:
    """Become the process that trains this run, until the file returned is closed or the process ends.

    Raises ConfigError when another process is at it.
    """
    file = open(folder(name) / "alive", "a")  # noqa: SIM115 (who holds it holds the lock)
    for _ in range(50):  # a process that looks whether it is locked holds it for a moment
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
