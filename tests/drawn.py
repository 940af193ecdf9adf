"""A data set of drawn shapes in IDX files, for tests: any side, grey or colour, four classes that can be told apart."""

import gzip
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SHAPES = ("disc", "square", "cross", "ring")


def shapes(count: int | Sequence[int], side: int, channels: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """`count` shapes of each class, or count[k] of class k, shuffled: uint8 [N, side, side, channels] and labels uint8 [N]. A light shape of a
    random place, size and colour on dark noise."""
    random = np.random.default_rng(seed)
    counts = [count] * len(SHAPES) if isinstance(count, int) else count
    labels = random.permutation(np.repeat(np.arange(len(counts), dtype=np.uint8), counts))
    images = np.stack([_drawn(SHAPES[label], side, random) for label in labels])
    return (images if channels == 3 else images.mean(3, keepdims=True).astype(np.uint8)), labels


def _drawn(shape: str, side: int, random: np.random.Generator) -> np.ndarray:
    picture = Image.fromarray(random.integers(0, 30, (side, side, 3), np.uint8))
    draw = ImageDraw.Draw(picture)
    radius = side * random.uniform(0.22, 0.34)
    x, y = random.uniform(radius + 1, side - radius - 2, 2)
    colour = tuple(random.integers(120, 256, 3).tolist())
    box = (x - radius, y - radius, x + radius, y + radius)
    if shape == "disc":
        draw.ellipse(box, colour)
    elif shape == "ring":
        draw.ellipse(box, outline=colour, width=max(2, side // 12))
    elif shape == "square":
        draw.rectangle(box, colour)
    else:
        width = max(2, side // 10)
        draw.line((x - radius, y, x + radius, y), colour, width)
        draw.line((x, y - radius, x, y + radius), colour, width)
    return np.asarray(picture)


def write(
    folder: Path,
    side: int = 28,
    channels: int = 1,
    train: int | Sequence[int] = 40,
    test: int | Sequence[int] = 20,
    packed: bool = False,
    seed: int = 0,
) -> Path:
    """Write the four IDX files with `train` and `test` shapes of each class, and classes.txt. Returns the folder.

    Counts class by class make a data set of as many classes as `test` has, but at least two.
    """
    folder.mkdir(parents=True)
    for stem, count, part in (("train", train, 0), ("t10k", test, 1)):
        images, labels = shapes(count, side, channels, 2 * seed + part)
        kind = "images-idx3-ubyte" if channels == 1 else "images-idx4-ubyte"
        put(folder / f"{stem}-{kind}", images[..., 0] if channels == 1 else images, packed)
        put(folder / f"{stem}-labels-idx1-ubyte", labels, packed)
    named = SHAPES if isinstance(test, int) else SHAPES[: max(2, len(test))]
    (folder / "classes.txt").write_text("\n".join(name.capitalize() for name in named) + "\n")
    return folder


def pack(array: np.ndarray) -> bytes:
    """A uint8 array as the bytes of an IDX file."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def put(path: Path, array: np.ndarray, packed: bool = False) -> None:
    """Write an array as an IDX file, or a gzipped one beside its name."""
    if packed:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(pack(array), 1))
    else:
        path.write_bytes(pack(array))
