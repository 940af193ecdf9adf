"""A drawing, a photo, a picture from anywhere → the model's input: uint8 [H, W, C] of the data set's shape.

Garments follow the data set's authors (Xiao et al. 2017, section 2): grey, trimmed, longest edge fitted, light on dark,
centred. Other images are fitted whole, in their own colours.
How far a picture that went out of the data set and came back is from where it was: `python -m benchmarks.intake`.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.basics.errors import PictureError
from core.data.dataset import Description

SMALLEST_SIDE = 8  # pixels; a smaller picture shows no garment
FAINT = 24  # grey levels; a picture that spans fewer shows nothing
GARMENT = 12  # grey levels by which a pixel differs from the background where the garment begins
SOLID = 40  # by which it differs where nothing of the background shines through any more
INWARD = 0.7  # of a pixel of the result: how far in from its first trace an edge is looked at
NEUTRAL = 24  # grey levels between the channels of a background that is grey paper, not coloured
WORKING_SIDE = 512  # pixels; larger pictures are reduced first
COARSE = 0.15  # share of a picture's variance that the small image keeps: a photo of a garment 0.7, one of noise 0.05
_LUMA = np.array([0.299, 0.587, 0.114])  # of red, green and blue (ITU-R BT.601), as Pillow has it


@dataclass(frozen=True)
class Steps:
    """What is done to a picture beyond what always is. Defaults: as the picture itself suggests.

    `invert` None: invert when the border is light. `trim`: cut to the garment. `turn`: quarter turns clockwise, 0…3.
    """

    invert: bool | None = None
    trim: bool = True
    turn: int = 0


@dataclass(frozen=True)
class Taken:
    """A picture on its way in: `original` as a person sees it, `image` uint8 [H, W, C] as the model sees it.

    `stages` are what it was in between, each with what was done in a few words; uint8 [H, W] or [H, W, 3].
    """

    original: Image.Image
    image: np.ndarray
    inverted: bool
    trimmed: bool
    stages: tuple[tuple[str, np.ndarray], ...] = ()


def take(picture: Image.Image, data: Description, name: str = "The picture", steps: Steps | None = None) -> Taken:
    """Bring a picture to the shape of `data`, as its `intake` says.

    A picture of that shape comes out as it is, bit for bit (a garment only on black), unless `steps` say otherwise: test
    images need no intake. Raises PictureError when the picture is too small or shows nothing.
    """
    steps = steps or Steps()
    if min(picture.size) < SMALLEST_SIDE:
        raise PictureError(
            f"{name} is {picture.width}×{picture.height} pixels; it needs at least {SMALLEST_SIDE} on each side."
        )
    picture = picture.rotate(-90 * (steps.turn % 4), expand=True) if steps.turn % 4 else picture
    flat = _flattened(picture)
    if max(flat.size) > WORKING_SIDE:
        flat.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.LANCZOS)
    colours = np.asarray(flat)
    levels = np.asarray(flat.convert("L"))
    stages = [("Upright", colours), ("Grey", levels)]
    if int(levels.max()) - int(levels.min()) < FAINT and int(np.ptp(colours, (0, 1)).max()) < FAINT:
        raise PictureError(f"{name} is blank: there is nothing in it to score.")
    stages = [("Upright", colours)]
    if data.intake == "fit":
        return _whole(picture, flat, data, steps, stages, name)
    return _garment(picture, flat, data, steps, stages)


def _whole(picture: Image.Image, flat: Image.Image, data: Description, steps: Steps, stages: list, name: str) -> Taken:
    """The whole picture, its longest edge fitted to the side, what is missing filled as the data set says."""
    flat = flat.convert("L") if data.channels == 1 else flat
    values = np.asarray(flat).reshape(flat.height, flat.width, -1)
    if steps.invert:
        values = 255 - values
        stages.append(("Inverted", values.squeeze()))
    scale = data.side / max(flat.size)
    size = (max(1, round(flat.width * scale)), max(1, round(flat.height * scale)))
    if size != flat.size:
        method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
        values = np.asarray(Image.fromarray(values.squeeze()).resize(size, method)).reshape(size[1], size[0], -1)
    spare_rows, spare_columns = data.side - values.shape[0], data.side - values.shape[1]
    margin = (
        (spare_rows // 2, spare_rows - spare_rows // 2),
        (spare_columns // 2, spare_columns - spare_columns // 2),
        (0, 0),
    )
    image = np.pad(values, margin, mode="edge" if data.outside == "edge" else "constant")
    if int(image.max()) - int(image.min()) < FAINT:
        raise PictureError(f"{name} is blank: there is nothing in it to score.")
    return Taken(picture, np.ascontiguousarray(image), bool(steps.invert), False, tuple(stages))


def _garment(picture: Image.Image, flat: Image.Image, data: Description, steps: Steps, stages: list) -> Taken:
    """A garment cut out of its background, light on black, its longest edge fitted to the side."""
    colours, levels = np.asarray(flat), np.asarray(flat.convert("L"))
    stages.append(("Grey", levels))
    side = data.side
    if _kept(flat, side) < COARSE:  # noise, a screen, a speck: nothing to look for, the models see what is left of it
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
    """The share of an RGB picture's variance, 0…1, that is still there at `side` pixels along its longest edge."""
    scale = side / max(flat.size)
    if scale >= 1:
        return 1.0
    small = flat.resize((max(1, round(flat.width * scale)), max(1, round(flat.height * scale))), Image.Resampling.BOX)
    return float(np.asarray(small).var((0, 1)).sum() / np.asarray(flat).var((0, 1)).sum())


def _flattened(picture: Image.Image) -> Image.Image:
    """RGB, with transparency laid over white or black, whichever its visible pixels stand out from more."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    grey = np.asarray(picture.convert("RGB").convert("L"), np.float64)
    alpha = np.asarray(picture.getchannel("A"), np.float64) / 255.0
    mean = float((grey * alpha).sum() / max(alpha.sum(), 1e-9))
    ground = Image.new("RGBA", picture.size, (0, 0, 0, 255) if mean > 127 else (255, 255, 255, 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


def _border(pixels: np.ndarray) -> np.ndarray:
    """The outermost pixels of [H, W, C] as [N, C]."""
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def _on_black(
    colours: np.ndarray, levels: np.ndarray, background: np.ndarray, inverted: bool, overruled: bool
) -> np.ndarray:
    """The garment light on black: uint8 [H, W], from RGB [H, W, 3], its grey levels and the background's colour [3]."""
    values = levels.astype(np.float64)
    ground = float(background @ _LUMA)
    if overruled:  # the border is garment then, and nothing is known about the background
        return (255.0 - values if inverted else values).round().astype(np.uint8)
    if inverted and np.ptp(background) < NEUTRAL:  # grey paper is white paper in dim light
        values = (values * (255.0 / ground)).clip(0, 255)
        ground = 255.0
    if inverted:
        values, ground = 255.0 - values, 255.0 - ground
    # A pixel is `share` garment and the rest background (at the garment's edge, say): take the background's part away.
    distance = np.abs(colours - background).max(2)
    share = ((distance - GARMENT) / (SOLID - GARMENT)).clip(0, 1)
    return (values - (1 - share) * ground).clip(0, 255).round().astype(np.uint8)


def _extent(on_black: np.ndarray, axis: int, side: int) -> tuple[float, float]:
    """Where the garment begins and ends along the other axis, in pixels.

    Not where its first trace is, which an enlargement smears outward, but where it reaches half of what it is within the
    outermost pixel of the result, which has `side`.
    """
    profile = on_black.max(axis).astype(np.float64)
    there = np.flatnonzero(profile > GARMENT)
    if not len(there):
        there = np.flatnonzero(profile)
    reach = max(1, round(INWARD * (there[-1] + 1 - there[0]) / side))

    def first(one_way: np.ndarray, start: int) -> int:
        level = one_way[start : start + reach + 1].max() / 2
        return start + int(np.argmax(one_way[start:] >= level))

    low = first(profile, int(there[0]))
    high = len(profile) - first(profile[::-1], int(len(profile) - 1 - there[-1]))
    return float(low), float(high)


def _fitted(on_black: np.ndarray, rows: tuple[float, float], columns: tuple[float, float], side: int) -> np.ndarray:
    """What lies between `rows` and `columns`, its longest edge fitted to `side`, centred: uint8 [side, side]."""
    height, width = rows[1] - rows[0], columns[1] - columns[0]
    scale = side / max(height, width)  # reduced with averaging; a tiny original is enlarged the same way
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
