"""Test defects with masks: undamaged normal images, damaged by kinds that training never makes.

Other code and other kinds than core/gans/defects.py, which damages images for training. Seeded: an image, kind, size, seed
and set of donors give the same damage, whatever images stand beside it.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.basics.errors import MisfitError
from core.data.dataset import Description
from core.data.fashion_mnist import FASHION_MNIST
from core.data.photos.shaping import border

KINDS = ("hole", "stain", "patch", "tear", "missing", "misprint", "added", "sleeves")
SIZES = ("small", "medium", "large")
VISIBLE = 25  # levels of 255: a pixel that changed by more belongs to the mask
FEWEST = 4  # pixels in a mask; a place where fewer change is not taken
PLACES = 20  # tried for each image before it stays as it is


def suiting(data: Description, normal: str) -> list[str]:
    """List the kinds that are a defect on things on black of the normal class.

    Added long sleeves are one on Fashion-MNIST's T-shirts and dresses alone: pullovers, coats and most shirts have them anyway,
    and trousers, shoes and bags have no shoulders to add them to.
    """
    sleeves = data == FASHION_MNIST.description and normal in ("t-shirt", "dress")
    return [kind for kind in KINDS if kind != "sleeves" or sleeves]


class DamageError(MisfitError):
    """A kind or size of damage that there is not, or images it cannot be put on."""


@dataclass(frozen=True)
class Damaged:
    """`images` as given, but damaged; `masks` bool [N, H, W], the pixels that changed noticeably.

    A mask is empty where no place showed the damage (a black image with a black hole): such an image is not damaged and
    counts in no figure. It is full where every pixel changed: then no map can be right or wrong (core/metrics/localisation.py).
    """

    images: np.ndarray
    masks: np.ndarray

    @property
    def visible(self) -> np.ndarray:
        """Say of each image whether anything is to be seen: bool [N]."""
        return np.asarray(self.masks.any((1, 2)))


@dataclass(frozen=True)
class _Scene:
    """An image that is to be damaged: float [H, W, C], its object bool [H, W], its background [C], another image."""

    image: np.ndarray
    object: np.ndarray
    background: np.ndarray
    donor: np.ndarray
    random: np.random.Generator

    @property
    def side(self) -> int:
        return min(self.image.shape[:2])

    def place(self) -> tuple[int, int]:
        """Draw a pixel of the object: (row, column)."""
        spots = np.argwhere(self.object)
        row, column = spots[self.random.integers(len(spots))]
        return int(row), int(column)

    def away(self) -> np.ndarray:
        """Count rows and columns of every pixel from a pixel of the object: float [2, H, W]."""
        rows, columns = np.mgrid[: self.image.shape[0], : self.image.shape[1]]
        row, column = self.place()
        return np.stack([rows - row, columns - column]).astype(float)

    def between(self, ranges: dict[str, tuple[float, float]], size: str) -> float:
        """Draw a length between the two that belong to `size`."""
        low, high = ranges[size]
        return float(self.random.uniform(low, high))


def damage(
    images: np.ndarray, kind: str, size: str = "medium", seed: int = 0, donors: np.ndarray | None = None
) -> Damaged:
    """Damage each of the images uint8 [N, H, W, C] with a defect of that kind and size.

    `donors` are images of the same shape from which a foreign patch is cut (without: the images themselves, upside down).
    A defect larger than its object covers what there is of it and may reach beyond it; the frame cuts it off.
    Raises DamageError for an unknown kind or size and for images that are not uint8 [N, H, W, C].
    """
    if kind not in KINDS:
        raise DamageError(f"Unknown damage {kind!r:.80}; the kinds are: {', '.join(KINDS)}.")
    if size not in SIZES:
        raise DamageError(f"Unknown size of damage {size!r:.80}; the sizes are: {', '.join(SIZES)}.")
    if images.dtype != np.uint8 or images.ndim != 4 or min(images.shape[1:3]) < 8:
        raise DamageError(
            f"Images to damage must be uint8 [N, H, W, C] of at least 8×8 pixels, not {images.dtype} {list(images.shape)}."
        )
    donors = images[:, ::-1] if donors is None else donors
    if donors.shape[1:] != images.shape[1:] or (len(images) and not len(donors)):
        raise DamageError(f"Donors must be images like those to damage, not {list(donors.shape)}.")
    results, masks = images.copy(), np.zeros(images.shape[:3], bool)
    number = KINDS.index(kind) * len(SIZES) + SIZES.index(size)
    for index, image in enumerate(images):
        random = np.random.default_rng((seed, number, _fingerprint(image)))
        for _ in range(PLACES):
            changed = _damaged(image, donors[random.integers(len(donors))], kind, size, random)
            mask = (np.abs(changed.astype(np.int16) - image) > VISIBLE).any(-1)
            if mask.sum() >= FEWEST:
                results[index], masks[index] = changed, mask
                break
    return Damaged(results, masks)


def _fingerprint(image: np.ndarray) -> int:
    """Return a number that an image alone decides."""
    return zlib.crc32(np.ascontiguousarray(image).tobytes())


def _damaged(image: np.ndarray, donor: np.ndarray, kind: str, size: str, random: np.random.Generator) -> np.ndarray:
    """Damage an image uint8 [H, W, C] once, wherever `random` says."""
    pixels = image.astype(float)
    background = np.median(border(pixels), 0)
    inside = (np.abs(pixels - background) > VISIBLE).any(-1)
    if inside.sum() < FEWEST:  # an empty image: anywhere
        inside = np.ones_like(inside)
    scene = _Scene(pixels, inside, background, donor.astype(float), random)
    return _MAKERS[kind](scene, size).round().clip(0, 255).astype(np.uint8)


def _painted(scene: _Scene, share: np.ndarray, content: np.ndarray) -> np.ndarray:
    """Return the image with `content` where `share` [H, W] is 1, itself where it is 0."""
    return scene.image + share[..., None] * (content - scene.image)


def _hole(scene: _Scene, size: str) -> np.ndarray:
    """Paint a disc of background on the object."""
    radius = scene.between({"small": (0.05, 0.07), "medium": (0.08, 0.11), "large": (0.14, 0.19)}, size) * scene.side
    return _painted(scene, np.hypot(*scene.away()) <= radius, scene.background)


def _stain(scene: _Scene, size: str) -> np.ndarray:
    """Paint a blot of three discs with a soft rim, up to 110 levels lighter or darker, whichever there is room for."""
    radius = scene.between({"small": (0.05, 0.07), "medium": (0.08, 0.11), "large": (0.14, 0.19)}, size) * scene.side
    away, share = scene.away(), np.zeros(scene.object.shape)
    for _ in range(3):
        offset = scene.random.normal(0.0, 0.5 * radius, 2)[:, None, None]
        share = np.maximum(share, np.clip((radius - np.hypot(*(away - offset))) / (0.5 * radius) + 0.5, 0, 1))
    middle = scene.image[share > 0.5].mean() if (share > 0.5).any() else 128.0
    amount = scene.random.uniform(80, 110) * (1 if middle < 128 else -1)
    return _painted(scene, share * scene.object, scene.image + amount)


def _patch(scene: _Scene, size: str) -> np.ndarray:
    """Paint a square piece of another image's object."""
    side = scene.between({"small": (0.14, 0.20), "medium": (0.20, 0.30), "large": (0.32, 0.42)}, size) * scene.side
    down, right = scene.away()
    foreign = (np.abs(scene.donor - scene.background) > VISIBLE).any(-1)
    spots = np.argwhere(foreign if foreign.any() else np.ones_like(foreign))
    row, column = spots[scene.random.integers(len(spots))]
    shift = (int(-down[0, 0]) - row, int(-right[0, 0]) - column)
    inside = (np.abs(down) <= side / 2) & (np.abs(right) <= side / 2)
    return _painted(scene, inside, np.roll(scene.donor, shift, (0, 1)))


def _tear(scene: _Scene, size: str) -> np.ndarray:
    """Paint a zigzag slit in the colour of the background, a pixel and a half wide on 28×28."""
    length = scene.between({"small": (0.18, 0.25), "medium": (0.3, 0.4), "large": (0.5, 0.7)}, size) * scene.side
    down, right = scene.away()
    angle, swing = scene.random.uniform(0, np.pi), scene.random.uniform(0.03, 0.06) * scene.side
    along = down * np.sin(angle) + right * np.cos(angle)
    across = down * np.cos(angle) - right * np.sin(angle)
    wave = 4 * np.abs((along / (0.25 * scene.side)) % 1 - 0.5) - 1
    inside = (np.abs(along) <= length / 2) & (np.abs(across - swing * wave) <= max(0.027 * scene.side, 0.6))
    return _painted(scene, inside & scene.object, scene.background)


def _missing(scene: _Scene, size: str) -> np.ndarray:
    """Make a straight cut: what lies beyond it is gone, a share of the object."""
    share = scene.between({"small": (0.05, 0.08), "medium": (0.12, 0.18), "large": (0.28, 0.38)}, size)
    angle = scene.random.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[: scene.image.shape[0], : scene.image.shape[1]]
    projected = rows * np.sin(angle) + columns * np.cos(angle)
    limit = np.quantile(projected[scene.object], 1 - share)
    return _painted(scene, projected > limit, scene.background)


def _misprint(scene: _Scene, size: str) -> np.ndarray:
    """Paint a field of stripes, two pixels light and two dark on 28×28."""
    side = scene.between({"small": (0.16, 0.22), "medium": (0.24, 0.34), "large": (0.4, 0.55)}, size) * scene.side
    down, right = scene.away()
    inside = (np.abs(down) <= side / 2) & (np.abs(right) <= side / 2) & scene.object
    stripe = np.floor((down if scene.random.random() < 0.5 else right) / (scene.side / 14)) % 2
    return _painted(scene, inside, scene.image + (140 * stripe - 70)[..., None])


def _added(scene: _Scene, size: str) -> np.ndarray:
    """Paint a bar like a strap or a stalk that sticks out of the object, in the object's own typical colour."""
    length = scene.between({"small": (0.14, 0.2), "medium": (0.24, 0.34), "large": (0.42, 0.6)}, size) * scene.side
    width = scene.random.uniform(0.07, 0.14) * scene.side
    angle = scene.random.uniform(0, 2 * np.pi)
    down, right = scene.away()
    along = down * np.sin(angle) + right * np.cos(angle)
    across = down * np.cos(angle) - right * np.sin(angle)
    lane = np.abs(across) <= width / 2
    start = along[lane & scene.object].max(initial=0.0)  # where the object ends on this line
    inside = lane & (along > start - 2) & (along <= start + length) & ~scene.object
    return _painted(scene, inside, _typical(scene))


def _sleeves(scene: _Scene, size: str) -> np.ndarray:
    """Paint two bars that hang down left and right from the ends of the object's upper half: long sleeves on a T-shirt."""
    height = scene.image.shape[0]
    reach = scene.between({"small": (0.2, 0.28), "medium": (0.35, 0.45), "large": (0.5, 0.6)}, size) * height
    width = scene.random.uniform(0.11, 0.17) * scene.side
    upper = np.argwhere(scene.object & (np.arange(height)[:, None] < 0.55 * height))
    share = np.zeros(scene.object.shape, bool)
    if len(upper):
        rows, columns = np.mgrid[:height, : scene.image.shape[1]]
        lean = scene.random.uniform(0.0, 0.12)
        for edge, outwards in ((upper[:, 1].min(), -1), (upper[:, 1].max(), 1)):
            top = upper[np.abs(upper[:, 1] - edge) <= 1][:, 0].max()
            middle = edge - outwards * width / 2 + outwards * lean * (rows - top)
            share |= (np.abs(columns - middle) <= width / 2) & (rows > top - 1) & (rows <= top + reach)
    return _painted(scene, share & ~scene.object, _typical(scene))


def _typical(scene: _Scene) -> np.ndarray:
    """Take the median colour of the object, [C]."""
    return np.median(scene.image[scene.object], 0)


_MAKERS: dict[str, Callable[[_Scene, str], np.ndarray]] = {
    "hole": _hole,
    "stain": _stain,
    "patch": _patch,
    "tear": _tear,
    "missing": _missing,
    "misprint": _misprint,
    "added": _added,
    "sleeves": _sleeves,
}
