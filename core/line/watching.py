"""Watching a folder: each photo is judged once it is completely written, and its verdict is a line of a file.

For one photo the order is: its maps, its line, its move. So after a kill at any moment a photo without a line is judged
again, maps and all, and one with a line is at most moved.
"""

import datetime
import os
import stat
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.basics.errors import PictureError
from core.basics.text import as_line
from core.line import map_files, moving, photo
from core.line.arrivals import Arrivals, Finished
from core.line.model import UNREADABLE, Model
from core.line.photo import Key
from core.line.verdicts import Verdicts

AT_ONCE = 256  # photos that are read before their verdicts are written; a pass of the network has as many
LISTEN = 0.2  # seconds of waiting for photos after which it is looked whether to stop
TELL_EVERY = 5.0  # seconds between two lines that say how many photos wait
MOST_GONE = 10_000  # judged photos that may be remembered though they are no longer there


@dataclass
class Watch:
    """What is watched, and where everything goes. `tell` shows a line to whoever runs the watch."""

    folder: Path
    model: Model
    verdicts: Verdicts
    arrivals: Arrivals
    maps: Path | None
    move: Path | None
    tell: Callable[[str], None]
    counts: Counter[str] = field(default_factory=Counter)
    _told: float = 0.0
    _recent: deque[str] = field(default_factory=lambda: deque(maxlen=1000))  # names of photos judged lately

    def run(self, stopped: Callable[[], bool], once: bool = False) -> None:
        """Judge photos until `stopped`, or with `once` until none waits. Raises MisfitError, and OSError when the disk
        refuses: then the photos without a line are judged at the next start."""
        self._finish_moves()
        self.arrivals.look()
        while not (stopped() or (once and self.arrivals.idle)):
            some = self.arrivals.take(AT_ONCE, LISTEN)
            if some:
                begun = time.monotonic()
                judged = self._judge(some, stopped)
                self._tell_behind(judged, time.monotonic() - begun)
            self._forget()

    def _judge(self, some: list[Finished], stopped: Callable[[], bool]) -> int:
        """Judge finished photos; return how many lines were written. After a stop, only those that are in hand."""
        self.model = self.model.renewed(self.tell)
        rows: dict[Key, dict[str, Any]] = {}
        names: dict[Key, str] = {}
        images: dict[Key, np.ndarray] = {}
        for finished in some:
            if stopped():
                break  # those that are not read yet stay for the next start
            found = self._read(finished)
            if found is None or found[0] in names or found[0] in self.verdicts.judged:
                continue
            key, image = found
            names[key] = finished.name
            if isinstance(image, np.ndarray):
                images[key] = image
                rows[key] = {}
            else:
                rows[key] = {"verdict": UNREADABLE, "reason": as_line(image, 400)}
        for key, judgement in zip(images, self.model.judge(list(images.values())), strict=True):
            rows[key] = judgement.row(key.name)
            if self.maps:
                map_files.write(self.maps / names[key], images[key], judgement.reconstruction)
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        common = {"time": now, "model": self.model.name}
        self.verdicts.append(
            [row | common | {"file": key.name, "size": key.size, "modified": key.modified} for key, row in rows.items()]
        )
        self._recent.extend(names.values())
        self.counts.update(row["verdict"] for row in rows.values())
        if self.move:
            for key, row in rows.items():
                moving.move(self.folder / names[key], key, self.move, row["verdict"])
        return len(rows)

    def _read(self, finished: Finished) -> tuple[Key, np.ndarray | PictureError] | None:
        """Return the photo's key, and its image or what is wrong with it; None for one that is gone or still grows."""
        name = finished.name
        key: Key | None = None
        try:
            facts = os.lstat(os.path.join(self.folder, name))
            if not stat.S_ISREG(facts.st_mode):  # links are not followed
                return None
            key = photo.key(name, facts)
            found = photo.read(self.folder, name)
            if found is None:
                self.arrivals.again(name, None)
                return None
            content, key = found
            return key, self.model.take(content, key.name)
        except FileNotFoundError:
            if name not in self._recent:
                self.tell(f"{photo.shown(name)} was renamed or removed before it was read; this name has no verdict.")
            return None
        except OSError as error:
            problem = PictureError(f"{photo.shown(name)} cannot be read ({error.strerror}).")
        except PictureError as error:
            problem = error
        if finished.settled and key:
            return key, problem
        self.arrivals.again(name, key)  # perhaps it will be opened again, to be gone on with, or the disk answers again
        return None

    def _finish_moves(self) -> None:
        """Move the photos that have a line, but were not moved before a kill."""
        if not self.move:
            return
        for name, key in list(photo.listed(self.folder)):
            if verdict := self.verdicts.judged.get(key):
                moving.move(self.folder / name, key, self.move, verdict)

    def _forget(self) -> None:
        """Forget the photos that are gone: memory grows with the folder, not with the years."""
        judged = self.verdicts.judged
        if len(judged) > 2 * len(self.arrivals.present) + MOST_GONE:
            self.arrivals.look()
            for key in judged.keys() - self.arrivals.present:
                del judged[key]

    def _tell_behind(self, judged: int, seconds: float) -> None:
        """Say how many photos wait, now and then, if it is more than are judged at once."""
        waiting = self.arrivals.waiting
        if waiting > AT_ONCE and time.monotonic() - self._told > TELL_EVERY:
            self._told = time.monotonic()
            speed = judged / max(seconds, 1e-9)
            self.tell(f"{waiting:,} photos wait; at {speed:,.0f} a second that is {waiting / max(speed, 1e-9):,.0f} s.")

    def summary(self) -> str:
        """Say in a line how many photos got which verdict."""
        counted = ", ".join(f"{number:,} {verdict}" for verdict, number in self.counts.most_common())
        return f"{sum(self.counts.values()):,} photos judged{': ' if counted else ''}{counted}."
