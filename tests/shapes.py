"""A second data set for tests: 64×64 colour pictures of four shapes, drawn with noise, as IDX files in a folder."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.data import idx

SIDE = 64
NAMES = ("Disc", "Square", "Cross", "Ring & dot")
COLOURS = ((200, 60, 40), (60, 160, 70), (50, 90, 200), (210, 180, 50))


def write(folder: Path, train: Sequence[int] = (80, 80, 80, 80), test: Sequence[int] = (20, 20, 20, 20)) -> Path:
    """Write so many pictures of each shape, and classes.txt. Returns the folder."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(5)
    for stem, counts in (("train", train), ("t10k", test)):
        labels = np.repeat(np.arange(len(counts), dtype=np.uint8), counts)
        images = np.stack([_picture(int(label), random) for label in labels])
        (folder / f"{stem}-images-idx4-ubyte").write_bytes(idx.pack(images))
        (folder / f"{stem}-labels-idx1-ubyte").write_bytes(idx.pack(labels))
    (folder / "classes.txt").write_text("\n".join(NAMES[: max(2, len(train))]) + "\n")
    return folder


def _picture(label: int, random: np.random.Generator) -> np.ndarray:
    """uint8 [64, 64, 3]: the shape somewhere near the middle on a dark, noisy ground."""
    across, down = np.meshgrid(np.arange(SIDE) - SIDE / 2, np.arange(SIDE) - SIDE / 2)
    x, y = across - random.uniform(-6, 6), down - random.uniform(-6, 6)
    far, size = np.hypot(x, y), random.uniform(14, 20)
    shape = [
        far < size,
        np.maximum(abs(x), abs(y)) < size,
        np.minimum(abs(x), abs(y)) < size / 3,
        (abs(far - size) < 4) | (far < 4),
    ][label]
    ground = random.integers(10, 50, (SIDE, SIDE, 3))
    return (
        np.where(shape[..., None], np.array(COLOURS[label]) + random.integers(-30, 30, 3), ground)
        .clip(0, 255)
        .astype(np.uint8)
    )
