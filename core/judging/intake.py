"""Intake: a drawing or photo → the model's input, uint8 [H, W, C] in the data set's shape.

Garments are treated as by the data set's authors (Xiao et al. 2017, section 2): grey, trimmed, longest edge fitted, light
on dark, centred. Other images are fitted whole, in their own colours. `python -m benchmarks.intake` measures the loss:
it blows up test images, puts them on other backgrounds and takes them in again.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from core.basics.errors import PictureError
from core.data.dataset import Description
from core.data.photos import shaping
from core.judging import fitting, outlining, segmenting, straightening
from core.judging.segmenting import Box, Found

SMALLEST_SIDE = 8  # pixels; a smaller picture shows no garment
FAINT, BLANK = 24, 10  # grey levels; a picture that spans fewer shows little, or nothing
WORKING_SIDE = 512  # pixels; larger pictures are reduced first
COARSE = 0.15  # least share of its variance that a garment keeps in the small image; a photo has 0.7, noise 0.05
TILT_SIDE = 128  # pixels; enough to see how a garment is turned


@dataclass(frozen=True)
class Steps:
    """The user's choices for the intake.

    invert  None inverts when the garment is darker than its background
    trim    cut to the garment
    turn    quarter turns clockwise, 0…3
    tilt    degrees by which the garment is turned back, counter-clockwise; None: as it seems to lie, up to 21
    item    which garment of several, 0 is the largest
    box     the part of the picture, after the turn, in which the garment lies: left, top, right, bottom as shares; None: all
    """

    invert: bool | None = None
    trim: bool = True
    turn: int = 0
    tilt: float | None = None
    item: int = 0
    box: Box | None = None


@dataclass(frozen=True)
class Taken:
    """The result of the intake: `original` is what a person sees, `image` uint8 [H, W, C] is what the model sees.

    `stages` are the pictures in between, uint8 [H, W] or [H, W, 3], each with a few words on the step. `items` are the
    boxes of all garments found in the picture, or in the box that was set, the largest first; `tilt` is in degrees.
    """

    original: Image.Image
    image: np.ndarray
    inverted: bool
    trimmed: bool
    stages: tuple[tuple[str, np.ndarray], ...] = ()
    items: tuple[Box, ...] = ()
    tilt: float = 0.0


def take(picture: Image.Image, data: Description, name: str = "The picture", steps: Steps | None = None) -> Taken:
    """Bring a picture to the shape of `data`, by the kind of intake that `data` names.

    A picture of that shape is left unchanged (a garment only if it is on black) unless `steps` demand a change: test
    images need no intake. Raises PictureError when the picture is too small or blank.
    """
    steps = steps or Steps()
    if min(picture.size) < SMALLEST_SIDE:
        raise PictureError(
            f"{name} is {picture.width}×{picture.height} pixels; it needs at least {SMALLEST_SIDE} on each side."
        )
    picture = picture.rotate(-90 * (steps.turn % 4), expand=True) if steps.turn % 4 else picture
    if data.intake != "garment":
        return _whole(picture, data, steps, name)
    flat = boxed(shaping.flattened(picture), steps.box)
    if max(flat.size) > WORKING_SIDE:
        flat.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.LANCZOS)
    colours = np.asarray(flat)
    levels = np.asarray(flat.convert("L"))
    span = max(int(np.ptp(levels)), int(np.ptp(colours, (0, 1)).max()))
    # White on white is hardly seen: then the finder decides. Of the data set's own shape nothing is so faint.
    if span < FAINT and (span < BLANK or max(flat.size) <= data.side or segmenting.find(colours) is None):
        what = name if steps.box is None else f"{name}, in the box,"
        raise PictureError(f"{what} is blank: there is nothing in it to score.")
    return _garment(picture, flat, data, steps, [("Upright", colours)])


def boxed(picture: Image.Image, box: Box | None) -> Image.Image:
    """Cut a picture to a box given in shares; the cut has at least SMALLEST_SIDE pixels on each side."""
    if box is None:
        return picture
    cut = []
    for first, last, length in ((box[0], box[2], picture.width), (box[1], box[3], picture.height)):
        low = min(max(0, math.floor(first * length)), length - SMALLEST_SIDE)
        cut.append((low, min(length, max(math.ceil(last * length), low + SMALLEST_SIDE))))
    return picture.crop((cut[0][0], cut[1][0], cut[0][1], cut[1][1]))


def _whole(picture: Image.Image, data: Description, steps: Steps, name: str) -> Taken:
    """Fit the whole picture, or the largest square in its middle, as photos of the data set were (core/data/photos/shaping.py)."""
    flat = shaping.flattened(shaping.cropped(picture) if data.intake == "crop" else picture)
    cut = data.intake == "crop" and picture.width != picture.height
    stages = [("Upright, cut to a square" if cut else "Upright", _small(flat))]
    flat = flat.convert("L") if data.channels == 1 else flat
    if steps.invert:
        flat = ImageOps.invert(flat)
        stages.append(("Inverted", _small(flat)))
    image = shaping.fitted(flat, data.side, data.outside)
    # Photos are often of plain surfaces: only one that is the same everywhere shows nothing.
    if int(np.ptp(image, (0, 1)).max()) < (1 if data.photos else FAINT):
        raise PictureError(f"{name} is blank: there is nothing in it to score.")
    return Taken(picture, image, bool(steps.invert), False, tuple(stages))


def _small(flat: Image.Image) -> np.ndarray:
    """Return a picture to look at, at most WORKING_SIDE wide and high: uint8 [H, W] or [H, W, 3]."""
    return np.asarray(flat.reduce(math.ceil(max(flat.size) / WORKING_SIDE)))


def _garment(picture: Image.Image, flat: Image.Image, data: Description, steps: Steps, stages: list) -> Taken:
    """Cut a garment out of its background, light on black and upright, and fit it by its longest edge."""
    colours, levels = np.asarray(flat), np.asarray(flat.convert("L"))
    side = data.side
    if _kept(flat, side) < COARSE:  # noise, a screen, a speck: there is no garment to cut out, so the whole is reduced
        image = np.asarray(Image.fromarray(levels).resize((side, side), Image.Resampling.BOX))[..., None].copy()
        return Taken(picture, image, False, False, (*stages, ("Grey", levels)))
    if levels.shape == (side, side) and _is_of_the_set(levels, steps):
        return Taken(picture, levels[..., None].copy(), False, False, (*stages, ("Grey", levels)))
    found = segmenting.find(colours, steps.item)
    if found is not None:
        stages.append(("Garment, outlined", outlining.outlined(colours, found)))
    stages.append(("Grey", levels))
    light, inverted = _light(colours, levels, found, steps)
    stages.append(("Inverted, on black" if inverted else "On black", light))
    tilt = _tilt(light, steps) if found else 0.0
    if tilt:
        light = np.asarray(Image.fromarray(light).rotate(tilt, Image.Resampling.BICUBIC, expand=True))
        stages.append((f"Straightened by {abs(tilt):.0f}°", light))
    rows, columns = (0.0, float(light.shape[0])), (0.0, float(light.shape[1]))
    if trimmed := steps.trim and light.max() >= FAINT:
        rows, columns = fitting.extent(light, 1, side), fitting.extent(light, 0, side)
        cut = (slice(int(rows[0]), math.ceil(rows[1])), slice(int(columns[0]), math.ceil(columns[1])))
        stages.append(("Trimmed", light[cut]))
    image = fitting.fitted(light, rows, columns, side)[..., None]
    items = found.items if found else ()
    return Taken(picture, image, inverted, trimmed, tuple(stages), items, tilt)


def _is_of_the_set(levels: np.ndarray, steps: Steps) -> bool:
    """Say whether grey levels of the data set's shape are taken unchanged: on black, and nothing else is asked for."""
    asked = steps != Steps() and steps.trim
    return not asked and not (np.median(shaping.border(levels)) > 127 if steps.invert is None else steps.invert)


def _light(colours: np.ndarray, levels: np.ndarray, found: Found | None, steps: Steps) -> tuple[np.ndarray, bool]:
    """Return the picture as light on black, uint8 [H, W], and whether it was inverted."""
    darker = found.darker if found else False
    inverted = darker if steps.invert is None else steps.invert
    if found is None or (
        found.ground is not None and inverted != darker
    ):  # then the ground is not known: take it as told
        return (255 - levels if inverted else levels), inverted
    return fitting.on_black(colours, levels, found, inverted), inverted


def _tilt(light: np.ndarray, steps: Steps) -> float:
    """Return by how many degrees the garment on black [H, W] is to be turned back, counter-clockwise."""
    if steps.tilt is not None:
        return steps.tilt
    scale = TILT_SIDE / max(light.shape)
    small = Image.fromarray(light).resize([max(1, round(scale * length)) for length in light.shape[::-1]])
    return straightening.tilt(np.asarray(small) > FAINT)


def _kept(flat: Image.Image, side: int) -> float:
    """Return the share of an RGB picture's variance, 0…1, that remains at `side` pixels along its longest edge."""
    scale = side / max(flat.size)
    if scale >= 1:
        return 1.0
    small = flat.resize((max(1, round(flat.width * scale)), max(1, round(flat.height * scale))), Image.Resampling.BOX)
    return float(np.asarray(small).var((0, 1)).sum() / np.asarray(flat).var((0, 1)).sum())
