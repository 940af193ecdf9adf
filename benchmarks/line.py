"""The line: `watch` against `score` in a burst, from a closed file to its verdict, and the exported model against ours.

usage: python -m benchmarks.line [--photos N] [--repeats N] [--seconds N]
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.scoring import timed
from benchmarks.timing import Comparison, compare
from core.basics.files import ROOT
from core.basics.names import MODEL_NAMES
from core.basics.text import markdown_table
from core.data import decoding
from core.data.fashion_mnist import FASHION_MNIST
from core.gans import scoring
from core.line import export, model
from core.line.arrivals import Arrivals
from core.line.model import Model
from core.line.verdicts import Verdicts
from core.line.watching import Watch
from core.store import checkpoints

PHOTOS, REPEATS, SECONDS = 5000, 3, 60
PER_SECOND = 5


def burst(name: str, photos: int, repeats: int) -> list[float]:
    """Photos a second of `watch` over those of `score`, one ratio a repeat; both read, judge and write the same files.

    Neither the start of a process nor the loading of the model counts.
    """
    opened = model.opened(checkpoints.load(checkpoints.shipped(name, "t-shirt")))
    with tempfile.TemporaryDirectory(prefix="line-") as place:
        folder = Path(place) / "in"
        _fill(folder, photos)
        ratios = []
        for repeat in range(repeats):
            out = Path(place) / f"{repeat}.csv"
            works = [lambda: _score(opened, folder), lambda out=out: _watch(opened, folder, out)]  # type: ignore[misc]
            if repeat % 2:  # which goes first changes every time
                watched, scored = (timed(work) for work in works[::-1])
            else:
                scored, watched = (timed(work) for work in works)
            with open(out, encoding="utf-8") as lines:
                assert sum(1 for _ in lines) == photos + 1
            ratios.append(scored / watched)
        return ratios


def _fill(folder: Path, photos: int) -> None:
    """Write test images as files that have not changed for an hour."""
    folder.mkdir()
    images = FASHION_MNIST.load("test").images
    for number in range(photos):
        path = folder / f"{number:05}.png"
        Image.fromarray(images[number % len(images), :, :, 0]).save(path)
        os.utime(path, (time.time() - 3600,) * 2)


def _score(opened: Model, folder: Path) -> None:
    """Do what the command score does."""
    paths = sorted(folder.iterdir())
    for judgement in opened.judge([opened.take(decoding.content(path), path.name) for path in paths]):
        judgement.row("")


def _watch(opened: Model, folder: Path, out: Path) -> None:
    verdicts = Verdicts(out)
    with contextlib.closing(verdicts), contextlib.closing(Arrivals(folder, verdicts.judged, 2.0)) as arrivals:
        Watch(folder, opened, verdicts, arrivals, None, None, lambda text: None).run(lambda: False, once=True)


def latency(name: str, seconds: int) -> tuple[list[float], float]:
    """(Seconds from each closed file to its line, at five photos a second; seconds of judging one picture in a process of
    its own, median)."""
    images = FASHION_MNIST.load("test").images
    with tempfile.TemporaryDirectory(prefix="line-") as place:
        folder, out = Path(place) / "in", Path(place) / "verdicts.csv"
        folder.mkdir()
        with _watching(name, folder, out):
            seen: dict[str, float] = {}
            reader = threading.Thread(target=_read_lines, args=(out, seen, seconds * PER_SECOND), daemon=True)
            reader.start()
            closed: dict[str, float] = {}
            begun = time.monotonic()
            for number in range(seconds * PER_SECOND):
                time.sleep(max(0.0, begun + number / PER_SECOND - time.monotonic()))
                path = folder / f"{number:05}.png"
                Image.fromarray(images[number, :, :, 0]).save(path)
                closed[path.name] = time.monotonic()
            reader.join(60)
            taken = [seen[name] - closed[name] for name in closed]
    opened = model.opened(checkpoints.load(checkpoints.shipped(name, "t-shirt")))
    return taken, statistics.median(timed(lambda at=at: opened.judge([images[at]])) for at in range(20))  # type: ignore[misc]


@contextlib.contextmanager
def _watching(name: str, folder: Path, out: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "core", "watch", str(folder), "--out", str(out), "--model", name]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr and "watching" in process.stderr.readline()
        try:
            yield
        finally:
            process.terminate()


def _read_lines(out: Path, seen: dict[str, float], count: int) -> None:
    """Note when each photo's line can be read."""
    with open(out, encoding="utf-8") as file:
        file.readline()  # the head
        rest = ""
        while len(seen) < count:
            rest += file.read()
            *lines, rest = rest.split("\n")
            for line in lines:
                seen.setdefault(line.split(",")[1], time.monotonic())
            time.sleep(0.002)


def against_onnx(name: str, repeats: int) -> Comparison:
    """Our scoring of 10,000 images against that of the exported model by onnxruntime, in batches of as many."""
    import onnxruntime

    checkpoint = checkpoints.load(checkpoints.shipped(name, "t-shirt"))
    generator, images = checkpoint.generator(), FASHION_MNIST.load("test").images
    with tempfile.TemporaryDirectory(prefix="line-") as place:
        export.export(checkpoint, "onnx", Path(place) / "model.onnx")
        session = onnxruntime.InferenceSession(Path(place) / "model.onnx", providers=["CPUExecutionProvider"])

    def exported() -> None:
        for start in range(0, len(images), scoring.BATCH):
            session.run(["score"], {"images": images[start : start + scoring.BATCH]})

    return compare(lambda: timed(exported), lambda: timed(lambda: scoring.score(generator, images)), repeats)


def section(photos: int = PHOTOS, repeats: int = REPEATS, seconds: int = SECONDS) -> str:
    """Measure everything; return the section of RESULTS.md."""
    rows = []
    for name, title in MODEL_NAMES.items():
        ratios = burst(name, photos, repeats)
        taken, one = latency(name, seconds)
        found = against_onnx(name, 3 * repeats)
        rows.append(
            [
                title,
                f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})",
                f"{1000 * np.quantile(taken, 0.5):.0f} ms, {1000 * np.quantile(taken, 0.95):.0f} ms",
                f"{np.quantile(taken, 0.5) / one:.1f}, {np.quantile(taken, 0.95) / one:.1f}",
                found.spread,
            ]
        )
    head = [
        "",
        f"`watch`: photos/s in a burst of {photos:,}, of those of `score` (range)",
        f"closed file to written verdict at {PER_SECOND} photos/s, median and p95",
        "the same, times judging one picture",
        "exported model: times as fast as our scoring (range)",
    ]
    return "## The line\n\n" + markdown_table(head, rows)


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.line", description=__doc__)
    for name, value in (("photos", PHOTOS), ("repeats", REPEATS), ("seconds", SECONDS)):
        parser.add_argument(f"--{name}", type=int, default=value, metavar="N", help=f"(default: {value})")
    options = parser.parse_args()
    print(section(options.photos, options.repeats, options.seconds))


if __name__ == "__main__":
    main()
