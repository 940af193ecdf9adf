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

SMALLEST_SIDE = 8  # pixels; a smaller picture shows no garment
FAINT = 24  # grey levels; a picture that spans fewer is blank
GARMENT = 12  # grey levels; where a pixel differs from the background by more, the garment begins
SOLID = 40  # grey levels; where a pixel differs by as much, it is garment only
INWARD = 0.7  # pixels of the result; how far inward from the garment's first trace its edge is searched
NEUTRAL = 24  # grey levels; a background whose channels differ by less is grey paper, not coloured
WORKING_SIDE = 512  # pixels; larger pictures are reduced first
COARSE = 0.15  # least share of its variance that a garment keeps in the small image; a photo has 0.7, noise 0.05
_LUMA = np.array([0.299, 0.587, 0.114])  # weights of red, green and blue (ITU-R BT.601), as in Pillow


@dataclass(frozen=True)
class Steps:
    """The user's choices for the intake.

    `invert`: None inverts when the border is light. `trim`: cut to the garment. `turn`: quarter turns clockwise, 0…3.
    """

    invert: bool | None = None
    trim: bool = True
    turn: int = 0


@dataclass(frozen=True)
class Taken:
    """The result of the intake: `original` is what a person sees, `image` uint8 [H, W, C] is what the model sees.

    `stages` are the pictures in between, uint8 [H, W] or [H, W, 3], each with a few words on the step.
    """

    original: Image.Image
    image: np.ndarray
    inverted: bool
    trimmed: bool
    stages: tuple[tuple[str, np.ndarray], ...] = ()


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
    flat = shaping.flattened(picture)
    if max(flat.size) > WORKING_SIDE:
        flat.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.LANCZOS)
    colours = np.asarray(flat)
    levels = np.asarray(flat.convert("L"))
    if int(levels.max()) - int(levels.min()) < FAINT and int(np.ptp(colours, (0, 1)).max()) < FAINT:
        raise PictureError(f"{name} is blank: there is nothing in it to score.")
    return _garment(picture, flat, data, steps, [("Upright", colours)])


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
    """Cut a garment out of its background, light on black, and fit it by its longest edge."""
    colours, levels = np.asarray(flat), np.asarray(flat.convert("L"))
    stages.append(("Grey", levels))
    side = data.side
    if _kept(flat, side) < COARSE:  # noise, a screen, a speck: there is no garment to cut out, so the whole is reduced
        image = np.asarray(Image.fromarray(levels).resize((side, side), Image.Resampling.BOX))[..., None].copy()
        return Taken(picture, image, False, False, tuple(stages))
    background = np.median(_border(colours), 0)
    light = bool(np.median(_border(levels[..., None])) > 127)
    inverted = light if steps.invert is None else steps.invert

    if levels.shape == (data.side, data.side) and not inverted and (steps == Steps() or not steps.trim):
        return Taken(picture, levels[..., None].copy(), False, False, tuple(stages))

    on_black = _on_black(colours, levels, background, inverted, overruled=inverted != light)
    stages.append(("Inverted, on black" if inverted else "On black", on_black))
    rows, columns = (0.0, float(on_black.shape[0])), (0.0, float(on_black.shape[1]))
    if trimmed := steps.trim and on_black.max() >= FAINT:
        rows, columns = _extent(on_black, 1, data.side), _extent(on_black, 0, data.side)
        cut = (slice(int(rows[0]), math.ceil(rows[1])), slice(int(columns[0]), math.ceil(columns[1])))
        stages.append(("Trimmed", on_black[cut]))
    image = _fitted(on_black, rows, columns, data.side)[..., None]
    return Taken(picture, image, inverted, trimmed, tuple(stages))


def _kept(flat: Image.Image, side: int) -> float:
    """Return the share of an RGB picture's variance, 0…1, that remains at `side` pixels along its longest edge."""
    scale = side / max(flat.size)
    if scale >= 1:
        return 1.0
    small = flat.resize((max(1, round(flat.width * scale)), max(1, round(flat.height * scale))), Image.Resampling.BOX)
    return float(np.asarray(small).var((0, 1)).sum() / np.asarray(flat).var((0, 1)).sum())


def _border(pixels: np.ndarray) -> np.ndarray:
    """Return the outermost pixels of [H, W, C] as [N, C]."""
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def _on_black(
    colours: np.ndarray, levels: np.ndarray, background: np.ndarray, inverted: bool, overruled: bool
) -> np.ndarray:
    """Put the garment light on black: uint8 [H, W], from RGB [H, W, 3], grey levels [H, W], background RGB [3]."""
    values = levels.astype(np.float64)
    ground = float(background @ _LUMA)
    if overruled:  # then the border is garment, and the background is unknown
        return (255.0 - values if inverted else values).round().astype(np.uint8)
    if inverted and np.ptp(background) < NEUTRAL:  # grey paper is white paper in dim light
        values = (values * (255.0 / ground)).clip(0, 255)
        ground = 255.0
    if inverted:
        values, ground = 255.0 - values, 255.0 - ground
    # A pixel, for example at an edge, is `share` garment and the rest background: subtract the background's part.
    distance = np.abs(colours - background).max(2)
    share = ((distance - GARMENT) / (SOLID - GARMENT)).clip(0, 1)
    return (values - (1 - share) * ground).clip(0, 255).round().astype(np.uint8)


def _extent(on_black: np.ndarray, axis: int, side: int) -> tuple[float, float]:
    """Return where the garment begins and ends along the other axis, in pixels.

    An enlargement smears the first trace outward. So an edge is where the garment reaches half of its largest level
    within the outermost pixel of the result, which has `side` pixels.
    """
    profile = on_black.max(axis).astype(np.float64)
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


def _fitted(on_black: np.ndarray, rows: tuple[float, float], columns: tuple[float, float], side: int) -> np.ndarray:
    """Fit the part between `rows` and `columns` to `side` by its longest edge, centred: uint8 [side, side]."""
    height, width = rows[1] - rows[0], columns[1] - columns[0]
    scale = side / max(height, width)  # a large original is reduced by averaging, a tiny one enlarged
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    garment = Image.fromarray(on_black).resize(
        size,
        Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC,
        box=(columns[0], rows[0], columns[1], rows[1]),
    )
    canvas = Image.new("L", (side, side), 0)
    # A spare row or column goes above or to the left, as in the data set.
    canvas.paste(garment, ((side - size[0] + 1) // 2, (side - size[1] + 1) // 2))
    return np.asarray(canvas).copy()
