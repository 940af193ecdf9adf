"""Fitting: a garment that has been found → light on black, trimmed, fitted by its longest edge, as the data set has it."""

import numpy as np
from PIL import Image

from core.judging.segmenting import LUMA, Found, difference

GARMENT = 12  # grey levels; what differs from black by more is garment
INWARD = 0.7  # pixels of the result; how far inward from the garment's first trace its edge is searched
# Grey levels: a ground whose channels differ by less than the first, and as light as the second.
NEUTRAL, PAPER = 24, 170
# Grey levels: a garment that hardly reaches the first is brightened to the second, as white on white is.
DIM, LIT = 60, 130


def on_black(colours: np.ndarray, levels: np.ndarray, found: Found, inverted: bool) -> np.ndarray:
    """Put the garment light on black: uint8 [H, W], from RGB [H, W, 3] and grey levels [H, W]."""
    values = levels.astype(np.float64)
    ground = found.ground
    if ground is None:
        light = (255.0 - values if inverted else values) * found.share
        return _brightened(light, found.share)
    under = float(ground @ LUMA)
    if inverted and np.ptp(ground) < NEUTRAL and under > PAPER:  # white paper in dim light
        values = (values * (255.0 / under)).clip(0, 255)
        under = 255.0
    if inverted:
        values, under = 255.0 - values, 255.0 - under
    # A pixel, for example at an edge, is `share` garment and the rest ground: subtract the ground's part.
    share = difference(colours, ground)
    light = (values - (1 - share) * under).clip(0, 255) * (found.share >= share)  # other items go
    return light.round().astype(np.uint8)


def _brightened(light: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Round to uint8 [H, W]; a garment that is dimmer than any of the data set is made as bright as a dim one there."""
    solid = light[share > 0.8]
    most = float(np.quantile(solid, 0.95)) if len(solid) else 255.0
    return (light * (LIT / max(most, 1.0) if most < DIM else 1.0)).clip(0, 255).round().astype(np.uint8)


def extent(light: np.ndarray, axis: int, side: int) -> tuple[float, float]:
    """Return where the garment begins and ends along the other axis, in pixels.

    An enlargement smears the first trace outward. So an edge is where the garment reaches half of its largest level
    within the outermost pixel of the result, which has `side` pixels.
    """
    profile = light.max(axis).astype(np.float64)
    garment = np.flatnonzero(profile > GARMENT)
    if not len(garment):
        garment = np.flatnonzero(profile)
    reach = max(1, round(INWARD * (garment[-1] + 1 - garment[0]) / side))

    def edge(levels: np.ndarray, start: int) -> int:
        half = levels[start : start + reach + 1].max() / 2
        return start + int(np.argmax(levels[start:] >= half))

    low = edge(profile, int(garment[0]))
    high = len(profile) - edge(profile[::-1], int(len(profile) - 1 - garment[-1]))
    return float(low), float(high)


def fitted(light: np.ndarray, rows: tuple[float, float], columns: tuple[float, float], side: int) -> np.ndarray:
    """Fit the part between `rows` and `columns` to `side` by its longest edge, centred: uint8 [side, side]."""
    height, width = rows[1] - rows[0], columns[1] - columns[0]
    scale = side / max(height, width)  # a large original is reduced by averaging, a tiny one enlarged
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    garment = Image.fromarray(light).resize(
        size,
        Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC,
        box=(columns[0], rows[0], columns[1], rows[1]),
    )
    canvas = Image.new("L", (side, side), 0)
    # A spare row or column goes above or to the left, as in the data set.
    canvas.paste(garment, ((side - size[0] + 1) // 2, (side - size[1] + 1) // 2))
    return np.asarray(canvas).copy()
