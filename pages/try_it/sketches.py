"""Sketches to start from: filled outlines on Fashion-MNIST's grid, which look like its garments."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from core.data.fashion_mnist import DESCRIPTION

SIDE = DESCRIPTION.side
_TIMES = 16  # drawn larger and reduced, for soft edges

# Polygons (grey level, points in pixels); later polygons cover earlier ones.
_BODY = [(9, 1), (11.5, 3), (16.5, 3), (19, 1)]
_SHAPES: dict[str, list[tuple[int, list[tuple[float, float]]]]] = {
    "T-shirt": [
        (205, [*_BODY, (27, 6), (24.5, 11.5), (20.5, 9.5), (20.5, 27), (7.5, 27), (7.5, 9.5), (3.5, 11.5), (1, 6)]),
        (150, [(9.5, 1.2), (11.5, 3), (16.5, 3), (18.5, 1.2), (17, 4.4), (11, 4.4)]),
    ],
    "Long sleeves": [
        (205, [*_BODY, (23, 3.5), (26.5, 26), (22.5, 26.5), (20, 11), (20, 27), (8, 27), (8, 11), (5.5, 26.5), (1.5, 26), (5, 3.5)]),
        (150, [(9.5, 1.2), (11.5, 3), (16.5, 3), (18.5, 1.2), (17, 4.4), (11, 4.4)]),
    ],
    "Trousers": [
        (200, [(9, 0), (19, 0), (21, 28), (15.5, 28), (14, 9), (12.5, 28), (7, 28)]),
        (150, [(9, 0), (19, 0), (19.2, 2), (8.8, 2)]),
    ],
    "Ankle boot": [
        (190, [(13, 2), (25, 2), (25.5, 15), (27.5, 21), (27.5, 25.5), (0.5, 25.5), (0.5, 21), (7, 17.5), (12, 12)]),
        (110, [(0.5, 23), (27.5, 23), (27.5, 26), (20, 26), (19, 25), (0.5, 25.5)]),
    ],
    "Bag": [
        (190, [(1, 11), (27, 11), (27, 26), (1, 26)]),
        (190, [(8, 11), (9, 3), (19, 3), (20, 11)]),
        (0, [(10, 11), (11, 5), (17, 5), (18, 11)]),
    ],
    "A digit": [
        (230, [(8, 3), (20, 3), (20, 6), (11, 6), (11, 11), (17, 11), (21, 15), (21, 20), (17, 25), (8, 25), (8, 22), (15.5, 22), (18, 19.5), (18, 16), (15.5, 14), (8, 14)]),
    ],
}  # fmt: skip
NAMES = tuple(_SHAPES)


@lru_cache
def sketch(name: str) -> np.ndarray:
    """Draw the sketch called `name`: uint8 [28, 28, 1]."""
    canvas = Image.new("L", (SIDE * _TIMES, SIDE * _TIMES))
    pen = ImageDraw.Draw(canvas)
    for level, points in _SHAPES[name]:
        pen.polygon([(x * _TIMES, y * _TIMES) for x, y in points], level)
    return np.asarray(canvas.resize((SIDE, SIDE), Image.Resampling.BOX))[..., None]
