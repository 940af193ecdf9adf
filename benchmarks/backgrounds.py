"""Grounds on which the benchmark of the intake lays test garments: real textures, made wood, gradients, noise, shadows.

Brick, gravel and grass are photographs that come with scikit-image (van der Walt et al. 2014), grey as they are, in random
pieces, sizes and turns, lighter or darker. The rest is drawn here. Nothing in core/ knows this file.
"""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage import morphology

Ground = Callable[[tuple[int, int], np.random.Generator], np.ndarray]  # (height, width) → RGB, float [H, W, 3]
CONTRAST = 30  # grey levels between a garment's median and its ground, at least: nobody photographs what is not seen
SOLID = 16  # grey levels from which on a pixel of the data set hides what lies behind it
HOLE = 12  # pixels of the data set: what is black within a garment and no larger is a print, not a hole
TURNS = 20  # degrees, at most


def plain(size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """White, black, mid grey or one colour."""
    colour = random.uniform(40, 230) * random.uniform(0.8, 1, 3)
    whole = [np.full(3, 255.0), np.zeros(3), np.full(3, random.uniform(90, 165)), colour][random.integers(4)]
    return np.broadcast_to(whole, (*size, 3)).copy()


def texture(name: str) -> Ground:
    """Return random pieces of scikit-image's photograph `name`, 512×512."""

    def piece(size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
        from skimage import data

        photo = np.rot90(getattr(data, name)(), int(random.integers(4))).astype(np.uint8)
        part = int(random.integers(200, 513))
        top, left = random.integers(0, 513 - part, 2)
        cut = Image.fromarray(photo[top : top + part, left : left + part])
        levels = np.asarray(cut.resize((size[1], size[0]), Image.Resampling.BICUBIC), np.float64)
        return (levels * random.uniform(0.5, 1.6))[..., None] * np.ones(3)

    return piece


def wood(size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """Boards with a grain: rings that are cut lengthwise, fibres, and a dark joint between boards."""
    height, width = size
    across = np.arange(width)[None] / width + smooth(size, random, 0.35) * 0.1
    rings = np.sin(2 * np.pi * across * random.uniform(8, 22) + 6 * smooth(size, random, 0.25))
    fibres = ndimage.gaussian_filter(random.normal(size=size), (max(2, height / 30), 0.7))
    levels = 1 + 0.10 * rings + 0.08 * fibres / fibres.std()
    boards = int(random.integers(1, 5))
    for joint in np.arange(1, boards) * width // boards:
        levels[:, joint : joint + 2] *= 0.55
    tone = np.array([1.0, random.uniform(0.66, 0.85), random.uniform(0.4, 0.65)]) * random.uniform(70, 210)
    levels = levels if random.random() < 0.5 else np.rot90(_to(levels, (width, height)))
    return levels[..., None] * tone


def gradient(size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """From one tone to another in any direction, or from the middle outward."""
    down, right = np.mgrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j]
    angle = random.uniform(0, 2 * np.pi)
    way = np.hypot(down, right) if random.random() < 0.3 else (down * np.sin(angle) + right * np.cos(angle))
    way = (way - way.min()) / np.ptp(way)
    first, second = (random.uniform(60, 245) * random.uniform(0.85, 1, 3) for _ in range(2))
    return first + way[..., None] * (second - first)


def noise(size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """One colour under noise of any grain, which may be coloured."""
    strength, grain = random.uniform(8, 40), random.uniform(0, 1.5)
    grains = random.normal(size=(*size, 3 if random.random() < 0.5 else 1))
    grains = ndimage.gaussian_filter(grains, (grain, grain, 0))
    return plain(size, random) * 0.8 + 25 + grains / grains.std() * strength


def smooth(size: tuple[int, int], random: np.random.Generator, scale: float) -> np.ndarray:
    """Return soft blotches of about `scale` of the picture, with mean 0 and deviation 1: float [H, W]."""
    cells = max(3, round(2 / scale))
    levels = _to(random.normal(size=(cells, cells)), size)
    return (levels - levels.mean()) / levels.std()


def _to(levels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    picture = Image.fromarray(levels.astype(np.float32))
    return np.asarray(picture.resize((size[1], size[0]), Image.Resampling.BICUBIC), np.float64)


def shaded(ground: np.ndarray, solid: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Cast the garment's shadow on its ground, and often that of somebody beside it over a part: float [H, W, 3]."""
    side = min(solid.shape)
    shift = (random.uniform(-0.08, 0.08, 2) * side).round().astype(int)
    cast = ndimage.gaussian_filter(np.roll(solid, shift, (0, 1)), random.uniform(0.01, 0.05) * side)
    light = 1 - random.uniform(0.2, 0.6) * cast
    if random.random() < 0.6:
        down, right = np.mgrid[-1 : 1 : solid.shape[0] * 1j, -1 : 1 : solid.shape[1] * 1j]
        angle = random.uniform(0, 2 * np.pi)
        edge = (down * np.sin(angle) + right * np.cos(angle) - random.uniform(-0.6, 0.6)) / random.uniform(0.05, 0.5)
        light *= 1 - random.uniform(0.1, 0.4) / (1 + np.exp(-4 * edge))
    return ground * light[..., None]


GROUNDS: dict[str, Ground] = {
    "plain": plain,
    "brick": texture("brick"),
    "gravel": texture("gravel"),
    "grass": texture("grass"),
    "wood": wood,
    "gradient": gradient,
    "noise": noise,
    "shadow": plain,
    "turned": plain,
}
KINDS = tuple(GROUNDS)


def cover(levels: np.ndarray) -> np.ndarray:
    """Return which share of each pixel of [28, 28] is garment, 0…1: at an edge, as its level is to the brightest one beside it.

    In the data set a pixel at an edge is garment mixed with black. Laid on another ground as it is, it would be a dark rim.
    """
    solid = morphology.remove_small_holes(levels > SOLID, max_size=HOLE)
    inner = ndimage.binary_erosion(solid)
    beside = ndimage.grey_dilation(np.where(inner, levels, 0), 3)
    share = np.where(beside > 0, levels / np.maximum(beside, 1.0), 1.0)
    return np.where(solid, np.where(inner, 1.0, share), 0.0).clip(0, 1)


def composed(image: np.ndarray, kind: str, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Lay a garment uint8 [28, 28, 1] on a ground of `kind`: a picture uint8 [H, W, 3], and where the garment is, 0…1 [H, W].

    The garment is shown dark, as the data set's authors photographed it, where that is darker than the ground, or light, as
    the data set has it, where that is lighter; where neither holds, whichever is seen better.
    """
    levels = image[:, :, 0].astype(np.float32)
    side = round(random.uniform(6, 14) * len(levels))
    how = (Image.Resampling.NEAREST, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)[random.integers(3)]
    angle = random.uniform(-TURNS, TURNS) if kind == "turned" else 0.0
    margins = random.integers(round(side * 0.06), round(side * 0.4), 4)

    def large(part: np.ndarray) -> np.ndarray:
        picture = Image.fromarray(part.astype(np.float32)).resize((side, side), how)
        picture = picture.rotate(angle, Image.Resampling.BICUBIC, expand=True) if angle else picture
        return np.pad(np.asarray(picture, np.float64), (margins[:2], margins[2:]))

    share = cover(levels)
    solid, garment = large(share).clip(0, 1), large(np.where(share > 0, levels, 0))
    ground = GROUNDS[kind](solid.shape, random)
    if kind == "shadow":
        ground = shaded(ground, solid, random)
    level = float(np.median(levels[share == 1])) if (share == 1).any() else 128.0
    under = float(ground.mean(2)[solid == 0].mean())
    ways = {False: level - under, True: under - (255 - level)}  # shown dark?: how far on the right side of the ground
    seen = [dark for dark, contrast in ways.items() if contrast >= CONTRAST]
    dark = seen[random.integers(len(seen))] if seen else max(ways, key=lambda dark: abs(ways[dark]))
    shown = 255 * solid - garment if dark else garment
    picture = shown[..., None] + (1 - solid[..., None]) * ground
    if kind == "noise":  # the camera's, on the garment, too
        picture += random.normal(0, 6, picture.shape)
    return picture.clip(0, 255).round().astype(np.uint8), solid


def jpeg(picture: np.ndarray, random: np.random.Generator) -> bytes:
    """Encode a picture, uint8 [H, W, 3], as somebody might upload it."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=int(random.integers(80, 96)))
    return stream.getvalue()
