"""The list of runs: creating, listing, renaming and deleting them."""

import os
import shutil
import time
from typing import Any

import msgspec

from core.basics.errors import ConfigError
from core.basics.files import write_whole
from core.runs import folders
from core.runs.folders import folder
from core.runs.request import Request
from core.runs.status import State, Status, as_written, read_status, write_status
from core.store import checkpoints

IMPORTED = "Imported."  # begins the reason of a run that was imported
_TAKEN = ("shipped", "set-aside")  # words with another meaning in places of a run's name


def create(name: str, request: Request, state: State, reason: str = "", **more: Any) -> Status:
    """Create the run's folder with its request and first status. Call it under `guard`.

    `more` are further fields of the status. Raises OSError, and then leaves nothing behind.
    """
    path = folder(name)
    path.mkdir(parents=True)
    now = time.time()
    first = Status(name, request, state, reason, queued=now, updated=now, **more)
    try:
        write_whole(path / folders.REQUEST, msgspec.json.format(msgspec.json.encode(request)))
        (path / "alive").touch()
        write_status(first)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return first


def statuses() -> list[Status]:
    """Return the status of every run, newest first."""
    names = {path.parent.name for path in checkpoints.RUNS.glob(f"[!.]*/{folders.STATUS}")}
    names |= {path.parent.parent.name for path in checkpoints.RUNS.glob(f"[!.]*/{checkpoints.LAST}/{checkpoints.CARD}")}
    runs = [run for name in names if checkpoints.RUN_NAME.fullmatch(name) and (run := read_status(name))]
    return sorted(runs, key=lambda run: (-max(run.queued, run.started), run.name))


def unreadable() -> list[str]:
    """Return a line for each status that cannot be read; `statuses` omits such a run or knows only its model."""
    paths = sorted(checkpoints.RUNS.glob(f"[!.]*/{folders.STATUS}"))
    return [
        f"{path} cannot be read: how this run stands is not known. Restore it, or remove the folder."
        for path in paths
        if checkpoints.RUN_NAME.fullmatch(name := path.parent.name) and as_written(name) is None and path.exists()
    ]


def rename(old: str, new: str) -> None:
    """Rename a run. Raises ConfigError when the run is missing or at work, or the new name is in use or invalid."""
    target = folder(new)
    if new.endswith("-best") or new in _TAKEN:
        raise ConfigError(f"{new} would be mistaken for something else; choose another name.")
    with folders.guard():
        at_rest(old)
        if target.exists():
            raise ConfigError(f"There is a run called {new} already; choose another name.")
        os.rename(folder(old), target)


def delete(name: str) -> None:
    """Delete a run and its models for good. Raises ConfigError when the run is missing or at work."""
    with folders.guard():
        at_rest(name)
        aside = checkpoints.RUNS / f".deleted-{name}-{time.time_ns()}"  # gone at once, even if removing is interrupted
        os.rename(folder(name), aside)
    shutil.rmtree(aside, ignore_errors=True)


def at_rest(name: str) -> Status:
    """Return the status of a run at rest. Raises ConfigError when the run is missing, at work or queued."""
    run = read_status(name)
    if run is None:
        raise ConfigError(f"There is no run called {name}.")
    if run.busy or run.waiting:
        raise ConfigError(f"{name} is {run.state}; stop it first.")
    return run
