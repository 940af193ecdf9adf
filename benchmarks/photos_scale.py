"""Photos of one's own from 200 to 20,000: time and memory of every step until they are a data set, and of scoring a folder.

The photos are JPEG files cut from scikit-image's photographs, each in a turn, light and place of its own.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.timing import peak_memory
from core.basics.files import ROOT

COUNTS = (200, 1000, 5000, 20_000)
SIDE, TAKEN = 64, (160, 120)  # pixels: of an image in the data set, and of a photo's file
PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "brick", "gravel", "grass")
SCORED, SIZES = 600, ((64, 64), (640, 480), (2400, 1800))  # photos in a folder that is scored, and their pixels
STEPS = ("list", "decode", "group", "divide", "check", "keep", "load")


def write(folder: Path, number: int, size: tuple[int, int] = TAKEN, seed: int = 0) -> None:
    """Write that many different JPEG files of `size`, a tenth of them with a scratch in a folder of their own."""
    import skimage.data
    from PIL import Image

    random = np.random.default_rng(seed)
    pictures = [Image.fromarray(getattr(skimage.data, name)()).convert("RGB") for name in PHOTOGRAPHS]
    for kind in ("good", "scratch"):
        (folder / kind).mkdir(parents=True)
    for place in range(number):
        picture = pictures[place % len(pictures)]
        width = int(random.integers(100, 280))
        height = width * size[1] // size[0]
        left, top = int(random.integers(0, picture.width - width)), int(random.integers(0, picture.height - height))
        photo = picture.crop((left, top, left + width, top + height)).resize(size, Image.Resampling.BICUBIC)
        if random.random() < 0.5:
            photo = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        light = random.uniform(0.8, 1.0)
        photo = photo.point([int(level * light) for level in range(256)] * 3)
        bad = place % 10 == 9
        if bad:
            long, thick = size[0] * 3 // 8, max(2, size[1] // 30)
            row, column = int(random.integers(thick, size[1] - 2 * thick)), int(random.integers(0, size[0] - long))
            photo.paste((10, 10, 10), (column, row, column + long, row + thick))
        photo.save(folder / ("scratch" if bad else "good") / f"{place:05}.jpg", quality=90)


def steps(number: int) -> dict[str, float]:
    """(step → seconds, "memory" → MB of the process at its peak, "cpu" → seconds of both cores) in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="photos-") as folder:
        write(Path(folder) / "brought", number)
        environment = os.environ | {"MISFIT_DATA": f"{folder}/own"}
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.photos_scale", folder],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
    return json.loads(done.stdout)


def scoring() -> list[tuple[tuple[int, int], float, float]]:
    """(size of the photos, seconds, processor seconds) of `core score FOLDER`, without the start of the process; of each
    the fastest of three.

    The model is a DCGAN that was trained for an epoch: that takes as long to ask as a good one.
    """
    found = []
    with tempfile.TemporaryDirectory(prefix="photos-") as place:
        folder = Path(place)
        environment = os.environ | {"MISFIT_DATA": f"{folder}/own", "MISFIT_RUNS": f"{folder}/runs"}

        def command(*arguments: str) -> tuple[float, float]:
            begun, before = time.perf_counter(), os.times()
            subprocess.run(
                [sys.executable, "-m", "core", *arguments], cwd=ROOT, env=environment, check=True, capture_output=True
            )
            after = os.times()
            spent = after.children_user + after.children_system - before.children_user - before.children_system
            return time.perf_counter() - begun, spent

        write(folder / "wall", 200)
        model = str(folder / "model")
        command("train", "--data", f"{folder}/wall", "--regime", "one-class", "--epochs", "1", "--out", model)
        for size in SIZES:
            photos = folder / "x".join(map(str, size))
            write(photos, SCORED, size)
            one = photos / "good" / "00000.jpg"
            alone, all_of_them = (
                min(command("score", str(path), "--checkpoint", model, "--json") for _ in range(3))
                for path in (one, photos)
            )
            found.append((size, all_of_them[0] - alone[0], all_of_them[1] - alone[1]))
    return found


def against_ganomaly() -> str:
    """Return what benchmarks/ganomaly_photos.py prints, "" where anomalib is not installed."""
    from benchmarks import training

    if not training.installed():
        return ""
    command = [str(training.ANOMALIB / "bin" / "python"), "-W", "ignore", "-m", "benchmarks.ganomaly_photos"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return "\n\nAnomalib's GANomaly on the brick tiles of docs/photos-results.md, image AUROC. " + done.stdout.strip()


def _measured(folder: Path) -> dict[str, float]:
    """Bring the photos in `folder`, as `core data --keep` does, and say how long each step took."""
    from core.data import catalog
    from core.data.photos import bringing, check, division, files, layout, likeness, reading
    from core.data.photos.reading import Shape

    found, begun = {}, time.perf_counter()

    def lap(step: str) -> None:
        nonlocal begun
        now = time.perf_counter()
        found[step], begun = now - begun, now

    shape = Shape(SIDE)
    with files.opened(folder / "brought") as brought, catalog.scratch() as scratch:
        laid = layout.recognise(brought)
        lap("list")
        decoded = reading.decode(laid.items, laid.kinds, shape, scratch / "decoded.npy", lambda *_: None)
        lap("decode")
        groups = likeness.groups([photo.sha256 for photo in decoded.photos], decoded.images)
        lap("group")
        splits = division.divide(decoded.photos, groups)
        lap("divide")
        findings = check.check(decoded, groups, splits, laid.kinds, shape)
        lap("check")
        catalog.keep(bringing.Gathered(brought, laid, shape, decoded, groups, splits, findings), "wall")
        lap("keep")
    data = catalog.get("wall")
    images = [data.load(split).images for split in ("train", "test")]
    lap("load")
    found["photos"], found["groups"] = sum(map(len, images)), int(groups.max()) + 1
    found["cpu"] = time.process_time()
    found["memory"] = peak_memory()
    return found


if __name__ == "__main__":
    print(json.dumps(_measured(Path(sys.argv[1]))))
