"""kill −9 at random moments of `watch`, again and again: in the end every photo has one line, and is in one place.

Forked as the writers of crashes.py are, with the model loaded once. Each watch finds the photos that the killed ones left
and a few new ones; after each kill, no photo has two lines, and none is gone.
"""

import csv
import gc
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

LONGEST = 0.5  # seconds until a kill
NEW = 12  # photos that come before each start


def kills(seed: int, times: int) -> tuple[int, int, list[str]]:
    """(Kills, photos that were judged in the end, what was lost or judged twice), in a process of its own."""
    from tests.torture.crashes import _elsewhere

    return _elsewhere(_kill_all, seed, times)


def _kill_all(root: Path, seed: int, times: int) -> tuple[int, int, list[str]]:
    put, watch = _prepared(root)
    rng, lost, photos = random.Random(f"{seed}/watch"), [], 0
    gc.collect()
    gc.freeze()
    for number in range(times):
        for _ in range(NEW):
            put(photos)
            photos += 1
        child = os.fork()
        if not child:
            try:
                watch()
            finally:
                os._exit(0)
        time.sleep(rng.uniform(0.0, LONGEST))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        lost += [f"after kill {number}: {one}" for one in _wrong(root, photos)]
    watch()
    lost += [f"at the end: {one}" for one in _wrong(root, photos)]
    lines, left = _lines(root), len(list((root / "in").iterdir()))
    if len(lines) != photos or left:
        lost.append(f"{photos} photos came, {len(lines)} have a line, {left} were not moved")
    return times, len(lines), lost


def _prepared(root: Path) -> tuple[Callable[[int], None], Callable[[], None]]:
    """(What puts the photo of a number into the folder, what watches the folder until none waits.)"""
    from PIL import Image

    from core.data.fashion_mnist import FASHION_MNIST
    from core.line import model, moving
    from core.line.arrivals import Arrivals
    from core.line.verdicts import Verdicts
    from core.line.watching import Watch
    from core.store import checkpoints

    opened = model.opened(checkpoints.load(checkpoints.shipped("traditional", "t-shirt")))
    images = FASHION_MNIST.load("test").images
    folder, out, sorted_to = root / "in", root / "verdicts.csv", root / "sorted"
    folder.mkdir()

    def put(number: int) -> None:
        path = folder / f"{number}.png"
        Image.fromarray(images[number % len(images), :, :, 0]).save(path)
        os.utime(path, (time.time() - 3600 + number,) * 2)  # as if it had been there for long

    def watch() -> None:
        verdicts = Verdicts(out)
        verdicts.recall(folder)
        arrivals = Arrivals(folder, verdicts.judged, 0.05)
        moving.prepared(sorted_to, folder)
        try:
            whole = Watch(folder, opened, verdicts, arrivals, root / "maps", sorted_to, lambda text: None)
            whole.run(lambda: False, once=True)
        finally:
            arrivals.close()
            verdicts.close()

    return put, watch


def _lines(root: Path) -> list[dict[str, str]]:
    """The whole lines of the verdicts; what a kill has cut is not one."""
    out = root / "verdicts.csv"
    text = out.read_text("utf-8") if out.exists() else ""
    return list(csv.DictReader(text[: text.rfind("\n") + 1].splitlines()))


def _wrong(root: Path, photos: int) -> list[str]:
    """What must not be, at any moment."""
    counted = Counter(line["file"] for line in _lines(root))
    wrong = [f"{name} has {count} lines" for name, count in counted.items() if count > 1]
    waiting = {path.name for path in (root / "in").iterdir()}
    moved = Counter(path.name for path in (root / "sorted").rglob("*.png"))
    wrong += [f"{name} was moved without a line" for name in moved if name not in counted]
    names = [f"{number}.png" for number in range(photos)]
    wrong += [f"{name} is gone" for name in names if name not in waiting and name not in moved]
    wrong += [f"{name} is in two places" for name, count in moved.items() if count > 1]
    wrong += [f"{name} is no photo that came" for name in moved if name not in set(names)]
    return wrong
