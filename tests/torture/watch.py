"""A process of its own in which one case after the other is tried and measured: how it ended, how long it took, how much
memory it took at its peak, and what it left behind. The process itself may die of a case; whoever asked is told so."""

import ctypes
import dataclasses
import gc
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

SECONDS, BYTES = 2.0, 300e6  # the promise
HANGS = 30.0  # seconds after which a case is given up
FORBIDDEN = ("pickle.find_class", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect")
TRIES = 3  # of a case that is too slow: the machine may have been busy


class Kind(Protocol):
    """A kind of file. `folder` holds its `in` (what the case puts there), `runs` and `tmp`.

    A kind may count in `scoring` the seconds in which it scores images: they are no part of the promise.
    """

    def case(self, number: int, rng: random.Random, folder: Path) -> Callable[[], object]:
        """Lay out case `number` and return what opens it. That raises a MisfitError where the case is refused."""


@dataclass(frozen=True)
class Ended:
    """How a case ended: "refused", "taken", or what was lost."""

    number: int
    how: str
    seconds: float = 0.0
    bytes: float = 0.0

    @property
    def lost(self) -> str:
        """What of the promise was not kept, or nothing."""
        if self.how not in ("refused", "taken"):
            return self.how
        if self.seconds > SECONDS:
            return f"took {self.seconds:.1f} s"
        return f"took {self.bytes / 1e6:.0f} MB" if self.bytes > BYTES else ""


def attack(
    kind: str, seed: int, numbers: Iterator[int], enough: Callable[[Ended], bool] = lambda _: False
) -> list[Ended]:
    """Try the cases with these numbers, each in a process that lives until one kills it; stops when it is `enough`."""
    context = multiprocessing.get_context("spawn")
    ended: list[Ended] = []
    worker, pipe = None, None
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        try:
            for number in numbers:
                if worker is None or pipe is None:
                    pipe, other = context.Pipe()
                    worker = context.Process(target=_serve, args=(other, kind, seed, folder), daemon=True)
                    worker.start()
                    other.close()
                    if not pipe.poll(300):
                        raise RuntimeError(f"{kind}: the worker does not start")
                    sound = pipe.recv()
                    if sound.how != "taken" or sound.lost:
                        raise RuntimeError(f"{kind}: the sound file itself is lost: {sound}")
                pipe.send(number)
                one = Ended(number, "hangs")
                if pipe.poll(HANGS * TRIES):
                    try:
                        one = pipe.recv()
                    except EOFError:
                        worker.join(10)
                        one = Ended(number, f"killed the process ({worker.exitcode})")
                ended.append(one)
                if one.how not in ("refused", "taken"):
                    worker.kill()
                    worker = None
                if enough(one):
                    break
        finally:
            if worker is not None:
                worker.kill()
                worker.join()
    return ended


def _serve(pipe: Connection, kind: str, seed: int, folder: str) -> None:
    """The process: numbers come in, `Ended` go out."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    one, root, seen = _prepared(kind, Path(folder)), Path(folder), []
    sys.addaudithook(lambda event, _: seen.append(event) if event in FORBIDDEN else None)
    for number in (-2, -1):  # sound files: whatever is loaded once is loaded now
        first = _tried(one, number, seed, root, seen)
    gc.collect()
    gc.freeze()  # to look through all of torch's objects before and after each case would take most of the time
    pipe.send(first)
    while True:
        found = _tried(one, (number := pipe.recv()), seed, root, seen)
        for _ in range(TRIES - 1):
            if found.seconds > SECONDS:
                found = min(found, _tried(one, number, seed, root, seen), key=lambda it: it.seconds)
        pipe.send(found)


def _prepared(kind: str, root: Path) -> Kind:
    """The kind's own preparations, with every folder of Misfit's below `root`."""
    for name in ("in", "runs", "tmp"):
        (root / name).mkdir(exist_ok=True)
    os.environ |= {"MISFIT_RUNS": str(root / "runs"), "TMPDIR": str(root / "tmp"), "OMP_NUM_THREADS": "1"}
    os.environ.pop("FASHION_MNIST_DIR", None)
    tempfile.tempdir = None
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (as long as the process lives)
    from tests.torture import kinds

    return kinds.KINDS[kind](root)


def _tried(kind: Kind, number: int, seed: int, root: Path, seen: list[str]) -> Ended:
    from core.basics.errors import MisfitError

    attempt = kind.case(number, random.Random(f"{seed}/{type(kind).__name__}/{number}"), root)
    gc.collect()
    _trim()
    before, seen[:] = _state(root), []
    scoring = getattr(kind, "scoring", 0.0)
    start, begun = _rss_with_new_peak(), time.perf_counter()
    try:
        attempt()
        how = "taken"
    except MisfitError as error:
        how = "refused" if str(error).isprintable() and 0 < len(str(error)) < 1500 else f"no line: {str(error)[:200]!r}"
    except BaseException as error:  # whatever it is, it is what is looked for
        how = f"{type(error).__name__}: {error}"[:300]
    seconds, peak = time.perf_counter() - begun - (getattr(kind, "scoring", 0.0) - scoring), _peak()
    del attempt
    gc.collect()
    after = _state(root)
    if seen:
        how = f"ran: {', '.join(seen)}"
    elif after != before and how in ("refused", "taken"):
        how = f"left something: {[(a, b) for a, b in zip(before, after, strict=True) if a != b]}"[:300]
    return Ended(number, how, seconds, max(0, peak - start))


def _state(root: Path) -> tuple[list[str], int, int]:
    """What must be afterwards as before: the files beside the case's own, open files, threads."""
    files = sorted(str(path) for top in ("runs", "tmp") for path in (root / top).rglob("*")) + sorted(os.listdir(root))
    return files, len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0, threading.active_count()


def _trim() -> None:
    """Give what was freed back to the system: else the next case uses it unseen."""
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


def _rss_with_new_peak() -> int:
    """Bytes in memory now; the peak is counted anew from here where the system can (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return _status("VmRSS")
    except OSError:
        return _peak()


def _peak() -> int:
    try:
        return _status("VmHWM")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise OSError(name)


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    tried: int
    refused: int
    lost: list[str]
    seconds: float
    bytes: float

    @staticmethod
    def of(what: str, ended: list[Ended]) -> "Row":
        return Row(
            what,
            len(ended),
            sum(one.how == "refused" for one in ended),
            [f"{what} {one.number}: {one.lost}" for one in ended if one.lost],
            max((one.seconds for one in ended), default=0.0),
            max((one.bytes for one in ended), default=0.0),
        )


def merged(what: str, rows: list[Row]) -> Row:
    """Several rows in one."""
    return dataclasses.replace(
        rows[0],
        what=what,
        tried=sum(row.tried for row in rows),
        refused=sum(row.refused for row in rows),
        lost=[line for row in rows for line in row.lost],
        seconds=max(row.seconds for row in rows),
        bytes=max(row.bytes for row in rows),
    )
