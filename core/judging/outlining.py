"""Outlining: the garments that were found, drawn into the picture; the chosen one is outlined, the others are boxed."""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from core.judging.segmenting import Box, Found

CHOSEN, OTHER = (213, 94, 0), (0, 114, 178)  # vermilion and blue (Okabe and Ito)


def outlined(colours: np.ndarray, found: Found) -> np.ndarray:
    """Draw what was found into a copy of RGB uint8 [H, W, 3]: the chosen garment's edge, and boxes with numbers if there are several."""
    picture = colours.copy()
    thick = max(1, max(colours.shape) // 120)
    inside = np.pad(found.share > 0.5, 1)
    edge = (inside & ~ndimage.binary_erosion(inside, iterations=thick))[1:-1, 1:-1]
    picture[edge] = CHOSEN
    return boxed(picture, found.items, found.chosen) if len(found.items) > 1 else picture


def boxed(colours: np.ndarray, boxes: tuple[Box, ...], chosen: int | None) -> np.ndarray:
    """Draw boxes into a copy of RGB uint8 [H, W, 3], the `chosen` one in another colour; several get their numbers."""
    picture = Image.fromarray(colours)
    pen = ImageDraw.Draw(picture)
    thick = max(2, max(picture.size) // 140)
    for number, box in enumerate(boxes):
        corners = [share * length for share, length in zip(box, picture.size * 2, strict=True)]
        colour = CHOSEN if number == chosen else OTHER
        pen.rectangle(corners, outline=colour, width=thick)
        if len(boxes) > 1:
            size = max(12, max(picture.size) // 14)
            at = corners[0] + thick, corners[1] + thick
            pen.rectangle((*at, at[0] + size, at[1] + size * 1.2), fill=colour)
            pen.text((at[0] + size / 2, at[1] + size * 0.6), str(number + 1), "white", font_size=size, anchor="mm")
    return np.asarray(picture)
