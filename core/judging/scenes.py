"""Made pictures that teach the finder: training garments, recoloured and turned, on all sorts of grounds.

Grounds are drawn (cells, strokes, tiles, blotches, stripes, tones) or pieces of photographs that come with scikit-image. Those
of the benchmark (benchmarks/backgrounds.py: brick, gravel, grass) are not among them.
"""

import functools

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.spatial import cKDTree

from core.judging.finder import SIDE

PHOTOS = ("camera", "coffee", "chelsea", "rocket", "moon", "coins", "immunohistochemistry", "page", "text", "clock")
SOLID = 16  # grey levels from which on a pixel of the data set is garment
EMPTY, SHAPE, MORE = 0.06, 0.08, 0.15  # shares of pictures with nothing, with another thing, with several garments
TURN = 25  # degrees

Random = np.random.Generator


def scene(garments: np.ndarray, random: Random) -> tuple[np.ndarray, np.ndarray]:
    """Make a picture, uint8 [64, 64, 3], with some of `garments`, uint8 [N, 28, 28, 1], and where they are, float32 [64, 64]."""
    picture = _ground(random)
    covered = np.zeros((SIDE, SIDE), np.float32)
    kind = random.random()
    count = 0 if kind < EMPTY else int(random.integers(2, 4)) if kind > 1 - MORE else 1
    for _ in range(count):
        image = _thing(random) if kind < EMPTY + SHAPE else garments[random.integers(len(garments)), :, :, 0]
        share, colours = _placed(image, count > 1, random)
        if count > 1 and (ndimage.binary_dilation(share > 0.1, iterations=2) & (covered > 0.1)).any():
            continue  # they do not touch
        colours = _seen(colours, share, picture, random)
        picture = _shaded(picture, share, covered, random)
        picture = share[..., None] * colours + (1 - share[..., None]) * picture
        covered = np.maximum(covered, share)
    if random.random() < 0.5:
        picture = _lit(picture, random)
    if random.random() < 0.4:
        picture = ndimage.gaussian_filter(picture, (*[random.uniform(0.3, 1.0)] * 2, 0))
    picture = picture + random.normal(0, random.choice((0, 2, 6, 15)), picture.shape)
    return picture.clip(0, 255).astype(np.uint8), covered


def _placed(image: np.ndarray, small: bool, random: Random) -> tuple[np.ndarray, np.ndarray]:
    """Return a garment, grey [28, 28], enlarged, turned and put anywhere: its share [64, 64] and its colours [64, 64, 3]."""
    large = Image.fromarray(image).resize((112, 112), Image.Resampling.BICUBIC)
    rim = np.asarray(large, np.float32)
    solid = rim > SOLID * random.uniform(1, 3)
    solid = ndimage.binary_fill_holes(solid) if random.random() < 0.3 else solid
    inner = ndimage.binary_erosion(solid, iterations=4)
    nearest = (
        ndimage.distance_transform_edt(~inner, return_distances=False, return_indices=True) if inner.any() else None
    )
    levels = rim[tuple(nearest)] if nearest is not None else rim  # without the dark rim
    longest = SIDE * (random.uniform(0.25, 0.5) if small else random.uniform(0.3, 1.05))
    reach = max(1, *(np.ptp(np.flatnonzero(solid.any(axis))) if solid.any() else 1 for axis in (0, 1)))
    scale, angle = reach / longest, np.deg2rad(random.uniform(-TURN, TURN) if random.random() < 0.7 else 0)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * scale
    matrix = matrix @ np.diag(
        [1, random.choice((-1, 1)) * random.uniform(0.75, 1.33)]
    )  # squeezed, as wide pictures are
    spare = max(SIDE - longest, 0) / 2 + 2
    middle = SIDE / 2 + random.uniform(-spare, spare, 2)
    offset = np.full(2, 56) - matrix @ middle

    def laid(part: np.ndarray) -> np.ndarray:
        soft = ndimage.gaussian_filter(part, 0.4 * scale) if scale > 1 else part
        return ndimage.affine_transform(soft, matrix, offset, (SIDE, SIDE), order=1, mode="constant")

    share = laid(solid.astype(np.float32)).clip(0, 1)
    return share, np.repeat(laid(levels)[..., None], 3, 2)


def _thing(random: Random) -> np.ndarray:
    """Draw something that is no garment: a polygon, a disc or a letter, grey [28, 28]."""
    canvas = Image.new("L", (28, 28))
    pen, level = ImageDraw.Draw(canvas), int(random.integers(60, 256))
    kind = random.integers(3)
    if kind == 0:
        pen.polygon([tuple(at) for at in random.integers(2, 27, (int(random.integers(3, 7)), 2)).tolist()], level)
    elif kind == 1:
        (left, top), (right, bottom) = random.integers(1, 10, 2), random.integers(17, 27, 2)
        pen.ellipse((int(left), int(top), int(right), int(bottom)), level)
    else:
        pen.text((8, 0), chr(int(random.integers(48, 91))), level, font_size=26)
    return np.asarray(canvas)


def _seen(colours: np.ndarray, share: np.ndarray, ground: np.ndarray, random: Random) -> np.ndarray:
    """Colour a garment: dark or light, dyed, printed, striped, folded; always so that it is seen on its ground."""
    levels = colours[..., :1]
    inside = share > 0.5
    if random.random() < 0.25:  # one plain cloth instead of the data set's shades
        levels = levels * 0.2 + 0.8 * random.uniform(30, 240)
    dyes = random.uniform(0.35, 1, 3) if random.random() < 0.5 else np.ones(3)
    ways = [levels * dyes, 255 - levels * dyes, (255 - levels) * dyes]
    here = ground[inside].mean(0) if inside.any() else np.full(3, 128.0)
    contrast = [np.abs(way[inside].mean(0) - here).max() if inside.any() else 1.0 for way in ways]
    chances = np.maximum(contrast, 1.0) * (np.array(contrast) > 22) + 1e-3
    cloth = ways[random.choice(3, p=chances / chances.sum())]
    if random.random() < 0.3:
        cloth = cloth * (1 + random.uniform(0.03, 0.15) * _blotches(random.uniform(0.08, 0.3), random))[..., None]
    if random.random() < 0.15:
        cloth = cloth + random.uniform(10, 60) * np.sign(_waves(random))[..., None]
    if random.random() < 0.2:
        print_ = np.zeros((SIDE, SIDE), bool)
        top, left = random.integers(SIDE // 4, SIDE // 2, 2)
        print_[top : top + random.integers(4, 17), left : left + random.integers(4, 17)] = True
        cloth = np.where(print_[..., None], random.uniform(0, 255, 3), cloth)
    return cloth.clip(0, 255)


def _shaded(picture: np.ndarray, share: np.ndarray, covered: np.ndarray, random: Random) -> np.ndarray:
    """Cast the garment's shadow on the picture, in half of the cases."""
    if random.random() < 0.5:
        return picture
    shift = random.uniform(-5, 5, 2).round().astype(int)
    cast = ndimage.gaussian_filter(np.roll(share, shift, (0, 1)), random.uniform(0.5, 4))
    return picture * (1 - random.uniform(0.15, 0.7) * cast * (1 - covered))[..., None]


def _lit(picture: np.ndarray, random: Random) -> np.ndarray:
    """Light a picture unevenly: from one side, from the middle, or with a shadow's edge across it."""
    down, right = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    angle = random.uniform(0, 2 * np.pi)
    way = down * np.sin(angle) + right * np.cos(angle)
    kind = random.integers(3)
    if kind == 0:
        light = 1 + random.uniform(0, 0.4) * way
    elif kind == 1:
        light = 1 - random.uniform(0, 0.3) * (down**2 + right**2)
    else:
        light = 1 - random.uniform(0.1, 0.5) / (1 + np.exp(-(way - random.uniform(-0.7, 0.7)) * random.uniform(4, 60)))
    return picture * light[..., None]


def _ground(random: Random) -> np.ndarray:
    """Make a ground, float [64, 64, 3]."""
    kind = random.random()
    if kind < 0.2:
        colour = (
            random.uniform(20, 255) * random.uniform(0.6, 1, 3) if random.random() < 0.6 else random.uniform(0, 255)
        )
        return np.ones((SIDE, SIDE, 3)) * (colour if random.random() < 0.8 else random.choice((0, 255)))
    if kind < 0.35:
        return _photo(random)
    if kind < 0.45:  # from one tone to another
        first, second = random.uniform(20, 255, (2, 3)) * (1 - random.choice((0, 1)) * random.uniform(0, 0.4, 3))
        return first + (_lit(np.ones((SIDE, SIDE, 1)), random) * 1.5 - 0.75).clip(0, 1) * (second - first)
    make = (_cells, _strokes, _tiles, _waves, _fractal)[random.integers(5)]
    levels = make(random)
    levels = (levels - levels.mean()) / (levels.std() + 1e-3)
    if random.random() < 0.3:
        levels = levels + 0.5 * _fractal(random)
    tone = random.uniform(50, 220) * (random.uniform(0.6, 1, 3) if random.random() < 0.6 else np.ones(3))
    return (tone * (1 + random.uniform(0.05, 0.35) * levels[..., None])).clip(0, 255)


@functools.cache
def _photos() -> list[np.ndarray]:
    from skimage import color, data

    photos = [getattr(data, name)() for name in PHOTOS]
    return [photo[..., :3] if photo.ndim == 3 else color.gray2rgb(photo) for photo in photos]


def _photo(random: Random) -> np.ndarray:
    """Cut a piece from a photograph, in any turn, lighter or darker."""
    photo = _photos()[random.integers(len(PHOTOS))]
    part = int(random.integers(40, min(photo.shape[:2])))
    top, left = (random.integers(0, length - part + 1) for length in photo.shape[:2])
    cut = Image.fromarray(photo[top : top + part, left : left + part]).resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.rot90(np.asarray(cut, np.float64), int(random.integers(4))) * random.uniform(0.5, 1.4)


def _cells(random: Random) -> np.ndarray:
    """Stones: each place has the shade of the nearest of many points, darker between two of them."""
    points = random.uniform(0, SIDE, (int(random.integers(20, 900)), 2))
    grid = np.mgrid[:SIDE, :SIDE].reshape(2, -1).T
    distances, nearest = cKDTree(points).query(grid, 2)
    gap = (distances[:, 1] - distances[:, 0]).clip(0, 2)
    return (random.normal(size=len(points))[nearest[:, 0]] + gap * random.uniform(0, 1.5)).reshape(SIDE, SIDE)


def _strokes(random: Random) -> np.ndarray:
    """Blades, straw, hair: many short lines in all or in similar directions."""
    canvas = Image.new("L", (SIDE, SIDE), 128)
    pen = ImageDraw.Draw(canvas)
    mean, spread = random.uniform(0, np.pi), random.uniform(0.1, 3)
    for x, y in random.uniform(-5, SIDE + 5, (int(random.integers(100, 500)), 2)):
        angle, length = mean + spread * random.normal(), random.uniform(3, 17)
        to = x + length * np.cos(angle), y + length * np.sin(angle)
        pen.line((x, y, *to), int(random.integers(0, 256)), int(random.integers(1, 3)))
    return np.asarray(canvas, np.float64)


def _tiles(random: Random) -> np.ndarray:
    """Boards, tiles, masonry: rows of pieces of any length with joints between them."""
    high, wide = random.uniform(3, 27), random.uniform(4, 80)
    angle = random.uniform(-0.2, 0.2) + random.integers(2) * np.pi / 2
    down, right = np.mgrid[:SIDE, :SIDE]
    along, across = right * np.cos(angle) + down * np.sin(angle), down * np.cos(angle) - right * np.sin(angle)
    row = np.floor(across / high).astype(int)
    place = along / wide + random.uniform(0, 1) * (row % 2)
    shade = random.normal(size=(64, 64))[row % 64, np.floor(place).astype(int) % 64]
    joint = (across / high % 1 * high < random.uniform(0.5, 3)) | (place % 1 * wide < random.uniform(0.5, 3))
    return shade * random.uniform(0.1, 1) + joint * random.uniform(-3, 3) + random.uniform(0, 0.5) * _fractal(random)


def _waves(random: Random) -> np.ndarray:
    """Stripes, checks, grain: waves that are bent a little."""
    down, right = np.mgrid[:SIDE, :SIDE] / SIDE
    angle = random.uniform(0, np.pi)
    way = (
        down * np.sin(angle)
        + right * np.cos(angle)
        + random.uniform(0, 0.1) * _blotches(random.uniform(0.2, 0.6), random)
    )
    levels = np.sin(2 * np.pi * way * random.uniform(2, 30))
    if random.random() < 0.25:
        levels = levels + np.sin(2 * np.pi * (down * np.cos(angle) - right * np.sin(angle)) * random.uniform(2, 30))
    return levels


def _fractal(random: Random) -> np.ndarray:
    """Noise of any grain, and of any direction: carpet, stone, cloth, wood."""
    fine, coarse = (random.uniform(0, 1.5), random.uniform(0, 1.5)), random.uniform(1, 5)
    stretch = random.choice((1, 1, 6))
    levels = ndimage.gaussian_filter(random.normal(size=(SIDE, SIDE)), fine)
    rough = ndimage.gaussian_filter(random.normal(size=(SIDE, SIDE)), (coarse * stretch, coarse))
    levels = levels / levels.std() * random.uniform(0, 1) + rough / rough.std() * random.uniform(0.1, 1)
    return levels if random.random() < 0.5 else levels.T


def _blotches(scale: float, random: Random) -> np.ndarray:
    """Soft blotches of about `scale` of the picture, mean 0 and deviation 1: float [64, 64]."""
    cells = max(3, round(2 / scale))
    small = Image.fromarray(random.normal(size=(cells, cells)).astype(np.float32))
    levels = np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float64)
    return (levels - levels.mean()) / levels.std()
