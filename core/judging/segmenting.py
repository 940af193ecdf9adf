"""Segmenting: where the garments are in a picture, and what they lie on.

On a ground of one colour, a garment is what differs from it. On any other the finder tells (core/judging/finder.py): once for
the whole picture, then from close by for the garment that is chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from core.data.photos import shaping

EVEN = 0.9  # share of the border that must have the ground's colour, for a ground of one colour
NEAR = 14  # grey levels by which such a border may differ from its median: a JPEG file's do
GARMENT = 12  # grey levels; where a pixel differs from the background by more, the garment begins
SOLID = 40  # grey levels; where a pixel differs by as much, it is garment only
HARDLY = 0.2  # share from which on a pixel on an even ground may be a white garment on white
SOFT, SHADED = 6, 0.045  # grey levels from which on a ground is shaded, and the share of the picture that must be
SLOW = 0.25  # share of what is soft that hardly differs: a white garment on white has an edge, a shadow has none
LOOK = 64  # pixels along a picture's longest edge, for what need not be fine
GAP = 0.05  # of the picture's longest edge: parts that are nearer to each other are one garment
ITEM, SPECK = 0.12, 0.006  # least area of an item: of the largest one's, and of the picture's
DARK, LIGHT = 70, 185  # grey levels: an even ground that is darker is black paper, one that is lighter white paper
CLEAR = 40  # grey levels by which a garment must differ from an even ground between the two, to be lighter or darker
LUMA = np.array([0.299, 0.587, 0.114])  # weights of red, green and blue (ITU-R BT.601), as in Pillow
MARGIN = 0.22  # of a garment's longest edge: how much of its surroundings is seen from close by
SHARP = (0.25, 0.7)  # what the finder gives less than the first is ground, more than the second garment

Box = tuple[float, float, float, float]  # left, top, right, bottom, each as a share of the picture


@dataclass(frozen=True)
class Found:
    """What lies in a picture.

    share    which share of each pixel is garment, float [H, W], 0…1: of the chosen item where there are several
    ground   the colour of a ground of one colour, RGB float [3]; None on any other
    items    the boxes of all items, the largest first
    chosen   the number of the chosen item
    darker   whether the garment is darker than what is around it
    """

    share: np.ndarray
    ground: np.ndarray | None
    items: tuple[Box, ...]
    chosen: int
    darker: bool


def find(colours: np.ndarray, item: int = 0) -> Found | None:
    """Find the garments in RGB uint8 [H, W, 3], and choose one of them by its number, the largest is 0; None: there is none."""
    ground, share = even_ground(colours), _looked(colours)
    if ground is not None:
        differs = difference(colours, ground)
        if (differs > HARDLY).mean() < SPECK or _shaded(
            colours, ground, share
        ):  # white on white, too, is for the finder
            ground = None
        else:
            seen, share = np.maximum(share, differs > HARDLY), differs
    labels, items = _items(share if ground is None else seen)
    if not items:
        return None
    chosen = min(item, len(items) - 1)
    if ground is None:
        share = _close(colours, labels, chosen + 1, items[chosen])
    elif len(items) > 1:
        share = share * _large(labels == chosen + 1, share.shape)
    return Found(share, ground, items, chosen, _darker(colours, share, ground))


def even_ground(colours: np.ndarray) -> np.ndarray | None:
    """Return the colour, RGB float [3], that the border of [H, W, 3] has nearly everywhere; None if it has several."""
    border = shaping.border(colours).astype(np.float64)
    ground = np.median(border, 0)
    return ground if (np.abs(border - ground).max(1) <= NEAR).mean() >= EVEN else None


def _shaded(colours: np.ndarray, ground: np.ndarray, share: np.ndarray) -> bool:
    """Say whether [H, W, 3] differs softly from its border's colour, RGB [3], where no garment is: a shadow, a gradient."""
    small = [max(2, round(2 * LOOK * length / max(share.shape))) for length in share.shape]
    distance = np.abs(np.asarray(Image.fromarray(colours).resize(small[::-1], Image.Resampling.BOX)) - ground).max(2)
    garment = ndimage.binary_dilation((_large(share, small) > 0.2) | (distance >= SOLID), iterations=4)
    soft = distance[~garment & (distance > SOFT)]
    return len(soft) > SHADED * distance.size and bool((soft < 2 * SOFT).mean() > SLOW)


def difference(colours: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Return which share of each pixel of [H, W, 3] is not of the colour `ground`, RGB [3]: float [H, W], 0…1."""
    return ((np.abs(colours - ground).max(2) - GARMENT) / (SOLID - GARMENT)).clip(0, 1)


def _looked(colours: np.ndarray) -> np.ndarray:
    """Ask the finder about a picture [H, W, 3], squeezed to its square: float [H, W], 0…1."""
    from core.judging import finder

    small = Image.fromarray(colours).resize((finder.SIDE, finder.SIDE), Image.Resampling.BOX)
    return _large(finder.share(np.asarray(small)), colours.shape[:2])


def _large(share: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Enlarge or reduce [h, w] to `size`, (H, W), softly: float [H, W], 0…1."""
    picture = Image.fromarray(share.astype(np.float32))
    return np.asarray(picture.resize((size[1], size[0]), Image.Resampling.BILINEAR)).clip(0, 1)


def _items(share: np.ndarray) -> tuple[np.ndarray, tuple[Box, ...]]:
    """Divide [H, W] into items: their numbers, the largest is 1, int [h, w] at LOOK pixels, and their boxes."""
    scale = LOOK / max(share.shape)
    small = _large(share, [max(2, round(length * scale)) for length in share.shape]) > 0.5
    joined, count = ndimage.label(ndimage.binary_dilation(small, iterations=round(GAP * LOOK / 2)))
    sizes = np.bincount(np.where(small, joined, 0).ravel(), minlength=count + 1)[1:]
    least = max(SPECK * small.size, ITEM * sizes.max(initial=0))
    order = [place for place in np.argsort(-sizes, kind="stable") if sizes[place] >= least]
    labels, boxes = np.zeros(small.shape, int), []
    height, width = small.shape
    for number, place in enumerate(order, 1):
        labels[joined == place + 1] = number
        rows, columns = (np.flatnonzero((small & (joined == place + 1)).any(axis)) for axis in (1, 0))
        (left, right), (top, bottom) = columns[[0, -1]].tolist(), rows[[0, -1]].tolist()
        boxes.append((left / width, top / height, (right + 1) / width, (bottom + 1) / height))
    return labels, tuple(boxes)


def _close(colours: np.ndarray, labels: np.ndarray, number: int, box: Box) -> np.ndarray:
    """Ask the finder again, about one item from close by: float [H, W], 0…1.

    `labels`, int [h, w], are the items as seen from afar. What hangs together with the item is its own, also a sleeve that
    was not seen then.
    """
    height, width = colours.shape[:2]
    left, top, right, bottom = (share * length for share, length in zip(box, (width, height) * 2, strict=True))
    half = (0.5 + MARGIN) * max(right - left, bottom - top, 8)
    x, y = (left + right) / 2, (top + bottom) / 2
    columns = slice(max(0, round(x - half)), min(width, round(x + half)))
    rows = slice(max(0, round(y - half)), min(height, round(y + half)))
    share = np.zeros((height, width))
    share[rows, columns] = _looked(np.ascontiguousarray(colours[rows, columns]))
    small = _large(share, labels.shape) > SHARP[0]
    small &= (labels == 0) | (labels == number)
    parts, _ = ndimage.label(small)
    own = np.isin(parts, np.unique(parts[(labels == number) & small]))
    share *= _large(ndimage.binary_dilation(own & small), share.shape)
    return ((share - SHARP[0]) / (SHARP[1] - SHARP[0])).clip(0, 1)


def _darker(colours: np.ndarray, share: np.ndarray, ground: np.ndarray | None) -> bool:
    """Say whether the garment is darker than the ground beside it.

    On white and on black paper the authors' way decides, and where garment and ground are nearly alike.
    """
    levels = colours @ LUMA
    solid = share > 0.8 if (share > 0.8).any() else share > 0.5
    around = ~ndimage.binary_dilation(share > 0.1, iterations=2)
    if not around.any() or not solid.any():
        return False
    garment, beside = float(np.median(levels[solid])), float(np.median(levels[around]))
    if ground is not None and (not DARK < beside < LIGHT or abs(garment - beside) < CLEAR):
        return beside > 127
    return garment < beside
