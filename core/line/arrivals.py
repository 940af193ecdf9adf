"""The photos of a folder that are completely written, in the order in which they were finished.

A photo is finished when whoever writes it closes it, or when it is moved into the folder: the system says so (inotify, by
watchdog). Beside that the folder is looked through again and again, because events can be lost and some disks (NFS, SMB)
send none: a photo that has not changed for a while then counts as finished.
"""

import heapq
import os
import threading
import time
from collections.abc import Container
from pathlib import Path
from typing import Any, NamedTuple

from core.line import photo
from core.line.photo import Key

MOST_WAITING = 10_000  # names in memory; the folder itself remembers the others
OLD = 60.0  # seconds after its last change from which on a photo is finished; clocks of two machines may differ by less
BETWEEN = 5.0  # seconds between two looks through the folder; without events, one
SHARE = 0.05  # of the time that looking may take, in a folder of very many photos


class Finished(NamedTuple):
    """A photo to judge. `settled`: it has not changed for a while; else the system has just said that it was closed."""

    name: str
    settled: bool


class Arrivals:
    """The queue of finished photos. `settle` is how many seconds without a change make a photo finished."""

    def __init__(self, folder: Path, judged: Container[Key], settle: float) -> None:
        self.folder, self.settle = folder, settle
        self.behind = 0  # photos that waited when the folder was last looked through
        self.present: set[Key] = set()  # judged photos that were still there then
        self._judged = judged
        self._finished: dict[str, bool] = {}  # name → settled, in order
        self._news = threading.Condition()
        self._growing: dict[str, tuple[Key | None, float]] = {}
        self._look_at = 0.0
        self._more = False  # whether the folder has finished photos beyond those in memory
        self._observer = _observed(folder, self)

    @property
    def events(self) -> bool:
        """Whether the system tells what happens in the folder."""
        return self._observer is not None

    @property
    def waiting(self) -> int:
        """How many photos are known to wait."""
        return max(len(self._finished), self.behind)

    @property
    def idle(self) -> bool:
        """Whether no photo waited when the folder was last looked through, and none has come since."""
        return not (self._finished or self._growing) and time.monotonic() < self._look_at

    def close(self) -> None:
        """Stop listening."""
        if self._observer:
            self._observer.stop()
            self._observer.join()

    def closed(self, path: str) -> None:
        """Take the system's word that the file at `path` is finished; called in watchdog's thread."""
        place, name = os.path.split(path)
        if os.path.normpath(place) != os.path.normpath(self.folder) or not photo.counts(name):
            return
        with self._news:
            if len(self._finished) < MOST_WAITING:
                self._finished.setdefault(name, False)
                self._news.notify()
            else:
                self._look_at = 0.0

    def again(self, name: str, key: Key | None) -> None:
        """Put back a photo that may still be growing: it is finished once it has been as it is, `key`, for a while. None:
        it has just changed."""
        self._growing[name] = (key, time.monotonic())
        self._look_at = min(self._look_at, time.monotonic() + self.settle / 2)

    def take(self, most: int, timeout: float) -> list[Finished]:
        """Take the next finished photos, at most `most`; wait up to `timeout` seconds for the first. Raises OSError."""
        until = time.monotonic() + timeout
        while True:
            if time.monotonic() >= self._look_at:
                self.look()
            with self._news:
                if self._finished:
                    names = list(self._finished)[:most]
                    found = [Finished(name, self._finished.pop(name)) for name in names]
                    self.behind = max(0, self.behind - len(found))
                    if self._more and not self._finished:
                        self._look_at = 0.0
                    return found
                left = min(until, self._look_at) - time.monotonic()
                if time.monotonic() >= until:
                    return []
                self._news.wait(max(0.005, left))

    def look(self) -> None:
        """Look through the folder for photos that are neither judged nor known."""
        begun, now = time.monotonic(), time.time()
        new: list[tuple[int, str]] = []
        growing: dict[str, tuple[Key | None, float]] = {}
        present: set[Key] = set()
        for name, key in photo.listed(self.folder):
            if key in self._judged:
                present.add(key)
                continue
            before, since = self._growing.get(name, (None, 0.0))
            if (before == key and begun - since >= self.settle) or (not before and now - key.modified / 1e9 > OLD):
                new.append((key.modified, name))
            else:
                growing[name] = (key, since if before == key else begun)
        self._growing, self.present = growing, present
        with self._news:
            new = [entry for entry in new if entry[1] not in self._finished]
            room = MOST_WAITING - len(self._finished)
            self.behind, self._more = len(self._finished) + len(new), len(new) > room
            for _, name in heapq.nsmallest(room, new):
                self._finished[name] = True
        rest = BETWEEN if self.events else min(BETWEEN, 1.0)
        if growing:
            rest = min(rest, max(self.settle / 2, 0.05))
        self._look_at = time.monotonic() + max(rest, (time.monotonic() - begun) / SHARE)


def _observed(folder: Path, arrivals: Arrivals) -> Any:
    """Return a watchdog observer that tells `arrivals` of finished files; None where the system sends no events."""
    from watchdog.events import FileClosedEvent, FileMovedEvent, FileSystemEvent, FileSystemEventHandler

    class Handler(FileSystemEventHandler):
        def on_closed(self, event: FileSystemEvent) -> None:
            arrivals.closed(os.fsdecode(event.src_path))

        def on_moved(self, event: FileSystemEvent) -> None:
            if event.dest_path:
                arrivals.closed(os.fsdecode(event.dest_path))

    try:  # not Linux, an old C library, or all of the user's inotify watches are taken
        from watchdog.observers.inotify import InotifyObserver

        observer = InotifyObserver(generate_full_events=True)
        observer.schedule(Handler(), str(folder), event_filter=[FileClosedEvent, FileMovedEvent])
        observer.start()
    except (ImportError, OSError, AttributeError):
        return None
    return observer
