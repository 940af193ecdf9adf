"""What many lines need: photos a second of one core, two and a cluster, and what of a photo takes the time. Writes docs/scale.md.

A photo goes the way of docs/deploy.md: its file is read, decoded, brought to the model's shape and judged by the exported model.

usage: python -m benchmarks.scale [--photos N] [--repeats N]
"""

import argparse
import functools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import photos_scale
from benchmarks.timing import peak_memory
from core.basics.files import ROOT, write_whole
from core.basics.text import markdown_table
from core.data import decoding
from core.data.photos import shaping

SIZES = ((64, 64), (640, 480), (2400, 1800))  # pixels of a photo's file
USUAL = (640, 480)
BATCHES = (1, 16, 256)  # images in one pass of the network
AT_ONCE = 16  # photos in one task
LINES, PER_SECOND = 1000, 10
SPARE = 0.7  # share of its cores that a line of machines is planned to use
CORES = 32  # of one machine
TASKS = 2000  # empty ones, for what the scheduler costs
TEXT = ROOT / "benchmarks" / "scale.md"


class Point(NamedTuple):
    """Photos of one size on one core: kB of a file, and photos a second that are decoded, judged, or both."""

    kilobytes: float
    decoded: float
    judged: float
    both: float


@functools.cache
def session(model: str) -> Any:
    """Open the exported model, to work on one core."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def shape(model: str) -> tuple[int, int]:
    """Return the side and the channels of the images that the model judges."""
    _, side, _, channels = session(model).get_inputs()[0].shape
    return side, channels


def taken(paths: list[Path], side: int, channels: int) -> np.ndarray:
    """Decode photos: uint8 [N, side, side, channels]."""
    return np.stack([shaping.shaped(decoding.read(path.read_bytes(), path.name), side, channels) for path in paths])


def judge(model: str, paths: list[Path]) -> list[float]:
    """Return the photos' scores."""
    return session(model).run(["score"], {"images": taken(paths, *shape(model))})[0].tolist()


def parts(paths: list[Path]) -> Iterator[list[Path]]:
    """Yield AT_ONCE paths at a time."""
    for first in range(0, len(paths), AT_ONCE):
        yield paths[first : first + AT_ONCE]


def rate(count: int, work: Callable[[], object], repeats: int) -> float:
    """Items a second of this process's processor time: the median of `repeats`, after one that does not count."""
    work()
    found = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        found.append(count / (time.process_time() - begun))
    return statistics.median(found)


def network(model: str, batch: int, repeats: int) -> float:
    """Images a second of one core that the exported model judges in batches of `batch`."""
    opened, (side, channels) = session(model), shape(model)
    images = np.random.default_rng(0).integers(0, 256, (batch, side, side, channels), np.uint8)
    passes = -(-256 // batch)
    return rate(passes * batch, lambda: [opened.run(["score"], {"images": images}) for _ in range(passes)], repeats)


def point(model: str, paths: list[Path], repeats: int) -> Point:
    return Point(
        statistics.mean(path.stat().st_size for path in paths) / 1000,
        rate(len(paths), lambda: [taken(some, *shape(model)) for some in parts(paths)], repeats),
        network(model, AT_ONCE, repeats),
        rate(len(paths), lambda: [judge(model, some) for some in parts(paths)], repeats),
    )


def by_the_clock(model: str, paths: list[Path], repeats: int) -> tuple[dict[str, tuple[float, float]], float]:
    """(Way of working → photos a second by the clock, and times those of one process, both medians; empty Dask tasks a second).

    Each repeat runs all ways one after the other, so that a machine that slows down slows all of them.
    """
    from distributed import Client, LocalCluster

    tasks = list(parts(paths))
    work = functools.partial(judge, model)
    spawn = get_context("spawn")
    with (
        ProcessPoolExecutor(1, spawn) as one,
        ProcessPoolExecutor(2, spawn) as two,
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        ways: dict[str, Callable[[], object]] = {
            "one process": lambda: list(one.map(work, tasks)),
            "two processes": lambda: list(two.map(work, tasks)),
            "two Dask workers": lambda: client.gather(client.map(work, tasks, pure=False)),
        }
        for way in ways.values():
            way()  # loads the model
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(repeats):
            for name, way in ways.items():
                begun = time.perf_counter()
                way()
                seconds[name].append(time.perf_counter() - begun)
        begun = time.perf_counter()
        client.gather(client.map(abs, range(TASKS), pure=False))
        scheduled = TASKS / (time.perf_counter() - begun)
    alone = seconds["one process"]
    found = {
        name: (
            len(paths) / statistics.median(taken),
            statistics.median(a / b for a, b in zip(alone, taken, strict=True)),
        )
        for name, taken in seconds.items()
    }
    return found, scheduled


def memory(model: str, paths: list[Path]) -> float:
    """MB of a process at its peak that judges photos with the exported model."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(judge, model, paths[:AT_ONCE]).result()
        return pool.submit(peak_memory).result()


def document(count: int, repeats: int) -> str:
    """Measure everything; return the text of docs/scale.md."""
    from core.line import export
    from core.store import checkpoints

    with tempfile.TemporaryDirectory(prefix="scale-") as place:
        model = str(Path(place) / "model.onnx")
        export.export(checkpoints.load(checkpoints.shipped("dcgan", "brick-wall")), "onnx", Path(model))
        photos = {}
        for size in SIZES:
            folder = Path(place) / "x".join(map(str, size))
            photos_scale.write(folder, count, size)
            photos[size] = sorted(folder.glob("*/*.jpg"))
        points = {size: point(model, paths, repeats) for size, paths in photos.items()}
        batches = {batch: network(model, batch, repeats) for batch in BATCHES}
        clock, scheduled = by_the_clock(model, photos[USUAL], repeats)
        peak = memory(model, photos[USUAL])
    return TEXT.read_text("utf-8").format(**_words(points, batches, clock, scheduled, peak))


def _words(
    points: dict[tuple[int, int], Point],
    batches: dict[int, float],
    clock: dict[str, tuple[float, float]],
    scheduled: float,
    peak: float,
) -> dict[str, str]:
    """Turn figures into the words and tables that the text leaves open."""
    wanted = LINES * PER_SECOND
    share = {size: 1 - found.both / found.judged for size, found in points.items()}
    cores = {size: wanted / found.both / SPARE for size, found in points.items()}
    head = ["photo's file", "kB", "decoded and shaped", "judged by the network", "both", "decoding's share of the time"]
    needs = ["photo's file", "cores", f"machines of {CORES} cores", "memory of the workers", "network"]
    return {
        "points": markdown_table(
            head,
            [
                [
                    f"{size[0]}×{size[1]}",
                    f"{found.kilobytes:,.0f}",
                    *(f"{number:,.0f}/s" for number in (found.decoded, found.judged, found.both)),
                    f"{share[size]:.0%}",
                ]
                for size, found in points.items()
            ],
        ),
        "batches": ", ".join(f"{found:,.0f} in batches of {batch}" for batch, found in batches.items()),
        "ways": markdown_table(
            [f"{USUAL[0]}×{USUAL[1]}, {AT_ONCE} photos a task", "photos/s by the clock", "times one process"],
            [[name, f"{speed:,.0f}", f"{times:.2f}"] for name, (speed, times) in clock.items()],
        ),
        "needs": markdown_table(
            needs,
            [
                [
                    f"{size[0]}×{size[1]}",
                    f"{np.ceil(cores[size]):,.0f}",
                    f"{np.ceil(cores[size] / CORES):,.0f}",
                    f"{cores[size] * peak / 1000:,.0f} GB",
                    f"{wanted * found.kilobytes * 8 / 1e6:,.1f} Gbit/s",
                ]
                for size, found in points.items()
            ],
        ),
        "peak": f"{peak:,.0f}",
        "scheduled": f"{scheduled:,.0f}",
        "tasks": f"{wanted / AT_ONCE:,.0f}",
        "wait": f"{1000 * AT_ONCE / PER_SECOND:,.0f}",
        "lost": f"{clock['one process'][0] / points[USUAL].both:.0%}",
        "dask": f"{clock['two Dask workers'][1] / clock['two processes'][1]:.2f}",
        "photos": f"{wanted:,}",
        "lines": f"{LINES:,}",
        "each": str(PER_SECOND),
        "at_once": str(AT_ONCE),
        "spare": f"{SPARE:.0%}",
    }


def main() -> None:
    """Measure, and write docs/scale.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    for name, value in (("photos", 320), ("repeats", 5)):
        parser.add_argument(f"--{name}", type=int, default=value, metavar="N", help=f"(default: {value})")
    options = parser.parse_args()
    write_whole(ROOT / "docs" / "scale.md", document(options.photos, options.repeats).encode())


if __name__ == "__main__":
    main()
