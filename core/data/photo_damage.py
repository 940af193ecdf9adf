"""Test defects for photos of any side and colour, with masks: kinds and code that training never uses.

Like core/data/damage.py, whose garments lie on plain black; a photo may be all texture or show a thing on any ground. Where
a thing stands out from the frame's own colour, defects are put on it; else anywhere. Seeded: an image, kind, size, seed
and set of donors give the same defect, whatever images stand beside it.

Edges are soft or sharp, as the seed says; a smudge is always soft and pale. A defect larger than its thing covers it and may
reach beyond it, and the frame cuts it off. Where it covers the whole image its mask is full, and where nothing of it would be
seen the image stays as it is and its mask is empty: core/metrics/localisation.py counts neither.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.data import damage as on_black
from core.data.damage import SIZES, Damaged, DamageError
from core.data.photos.shaping import border

KINDS = ("spot", "smudge", "scratch", "foreign", "blur", "colour")
VISIBLE = 10  # levels of 255: a change that can be seen
SEEN = 0.15  # share of a defect's region that must have changed visibly
STANDS_OUT = 25  # levels of 255: a pixel this far from the frame's colour belongs to a thing
FEWEST = 4  # pixels of a region
PLACES = 20  # tried for each image before it stays as it is
_RADIUS = {"small": (0.06, 0.09), "medium": (0.10, 0.15), "large": (0.18, 0.26)}  # of the side
_LENGTH = {"small": (0.20, 0.30), "medium": (0.35, 0.50), "large": (0.60, 0.90)}


@dataclass(frozen=True)
class _Scene:
    """An image to damage, float [H, W, C], another image, and the rows and columns from the defect's place, [H, W] each."""

    image: np.ndarray
    donor: np.ndarray
    down: np.ndarray
    right: np.ndarray
    random: np.random.Generator

    @property
    def side(self) -> int:
        return min(self.image.shape[:2])

    def between(self, ranges: dict[str, tuple[float, float]], size: str) -> float:
        """Draw a length in pixels between the two that belong to `size`."""
        return float(self.random.uniform(*ranges[size])) * self.side

    def blob(self, size: str, soft: bool | None = None) -> np.ndarray:
        """Draw a turned ellipse: share of the defect in each pixel, 0…1, [H, W]. `soft`: half of them, unless given."""
        radius, angle = self.between(_RADIUS, size), self.random.uniform(0, np.pi)
        squeezed = self.random.uniform(0.6, 1.0)
        along = self.down * np.sin(angle) + self.right * np.cos(angle)
        across = self.down * np.cos(angle) - self.right * np.sin(angle)
        distance = np.hypot(along, across / squeezed) / max(radius, 1.0)
        soft = bool(self.random.random() < 0.5) if soft is None else soft
        rim = 1.0 if soft else 1.0 / max(radius, 1.0)  # of the radius
        return np.clip((1.0 - distance) / rim + 0.5, 0.0, 1.0)


def of_any_kind(
    images: np.ndarray, kind: str, size: str = "medium", seed: int = 0, donors: np.ndarray | None = None
) -> Damaged:
    """Damage images with a kind of this file or of core/data/damage.py, as the functions there do. Raises DamageError."""
    made_by = damage if kind in KINDS else on_black.damage
    return made_by(images, kind, size, seed, donors)


def damage(
    images: np.ndarray,
    kind: str,
    size: str = "medium",
    seed: int = 0,
    donors: np.ndarray | None = None,
    things: np.ndarray | None = None,
) -> Damaged:
    """Damage each of the images uint8 [N, H, W, C] with a defect of that kind and size.

    `donors` are images of the same shape from which a foreign patch is cut (without: each image itself, turned upside down
    and inverted). `things`, bool [N, H, W], says where the things are, for frames that have no colour of their own.
    Raises DamageError for an unknown kind or size, and for images that are not uint8 [N, H, W, C].
    """
    if kind not in KINDS or size not in SIZES:
        raise DamageError(
            f"Unknown defect {kind!r:.80}, {size!r:.80}; the kinds are {', '.join(KINDS)}, the sizes {', '.join(SIZES)}."
        )
    if images.dtype != np.uint8 or images.ndim != 4 or min(images.shape[1:3]) < 8:
        raise DamageError(
            f"Images to damage must be uint8 [N, H, W, C] of at least 8×8 pixels, not {images.dtype} {list(images.shape)}."
        )
    if donors is not None and (donors.shape[1:] != images.shape[1:] or not len(donors)):
        raise DamageError(f"Donors must be images like those to damage, not {list(donors.shape)}.")
    results, masks = images.copy(), np.zeros(images.shape[:3], bool)
    number = KINDS.index(kind) * len(SIZES) + SIZES.index(size)
    for index, image in enumerate(images):
        random = np.random.default_rng((seed, number, zlib.crc32(np.ascontiguousarray(image).tobytes())))
        foreign = 255 - image[None, ::-1] if donors is None else donors
        thing = _thing(image) if things is None else things[index]
        for _ in range(PLACES):
            changed, region = _damaged(image, foreign[random.integers(len(foreign))], thing, kind, size, random)
            visible = (np.abs(changed.astype(np.int16) - image) > VISIBLE).any(-1) & region
            if visible.sum() >= max(FEWEST, SEEN * region.sum()):
                results[index], masks[index] = changed, region
                break
    return Damaged(results, masks)


def _thing(image: np.ndarray) -> np.ndarray:
    """Return where something stands out from the frame's colour, everywhere if nothing does: bool [H, W]."""
    pixels = image.astype(float)
    thing = np.asarray((np.abs(pixels - np.median(border(pixels), 0)) > STANDS_OUT).any(-1))
    return thing if thing.sum() >= FEWEST else np.ones_like(thing)


def _damaged(
    image: np.ndarray, donor: np.ndarray, thing: np.ndarray, kind: str, size: str, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Damage an image uint8 [H, W, C] once, centred on the `thing`: (the image, its region bool [H, W])."""
    pixels = image.astype(float)
    spots = np.argwhere(thing)
    row, column = spots[random.integers(len(spots))]
    down, right = np.mgrid[: image.shape[0], : image.shape[1]].astype(float)
    scene = _Scene(pixels, donor.astype(float), down - row, right - column, random)
    share, content = _MAKERS[kind](scene, size)
    changed = pixels + share[..., None] * (content - pixels)
    return changed.round().clip(0, 255).astype(np.uint8), share >= 0.5


def _towards(scene: _Scene, share: np.ndarray, low: float, high: float) -> np.ndarray:
    """Take the image, lighter or darker by `low` to `high` levels, whichever there is more room for."""
    inside = scene.image[share > 0.5]
    middle = float(inside.mean()) if inside.size else 128.0
    return scene.image + scene.random.uniform(low, high) * (1 if middle < 128 else -1)


def _spot(scene: _Scene, size: str) -> tuple[np.ndarray, np.ndarray]:
    """A blot of one colour, far from what is below it."""
    share = scene.blob(size)
    inside = scene.image[share > 0.5]
    ground = inside.mean(0) if inside.size else np.full(scene.image.shape[-1], 128.0)
    colour = np.where(ground < 128, scene.random.uniform(170, 250), scene.random.uniform(5, 85))
    return share, np.broadcast_to(colour, scene.image.shape)


def _smudge(scene: _Scene, size: str) -> tuple[np.ndarray, np.ndarray]:
    """A pale shadow or gleam with a soft rim; the texture stays."""
    share = scene.blob(size, soft=True)
    return share, _towards(scene, share, 30, 55)


def _scratch(scene: _Scene, size: str) -> tuple[np.ndarray, np.ndarray]:
    """A thin, slightly bent line, light or dark."""
    length, angle = scene.between(_LENGTH, size), scene.random.uniform(0, np.pi)
    bend = scene.random.uniform(-0.6, 0.6) / max(length, 1.0)
    width = scene.random.uniform(0.012, 0.022) * scene.side
    along = scene.down * np.sin(angle) + scene.right * np.cos(angle)
    across = scene.down * np.cos(angle) - scene.right * np.sin(angle) - bend * along**2
    inside = np.clip(max(width, 0.6) + 0.5 - np.abs(across), 0.0, 1.0) * (np.abs(along) <= length / 2)
    return inside, _towards(scene, inside, 80, 130)


def _foreign(scene: _Scene, size: str) -> tuple[np.ndarray, np.ndarray]:
    """A piece of another image, from anywhere in it."""
    share = scene.blob(size)
    shift = (int(scene.random.integers(scene.side)), int(scene.random.integers(scene.side)))
    return share, np.roll(scene.donor, shift, (0, 1))


def _blur(scene: _Scene, size: str) -> tuple[np.ndarray, np.ndarray]:
    """A place out of focus."""
    from scipy.ndimage import gaussian_filter

    sigma = scene.random.uniform(0.03, 0.06) * scene.side
    return scene.blob(size), gaussian_filter(scene.image, (sigma, sigma, 0), mode="nearest")


def _colour(scene: _Scene, size: str) -> tuple[np.ndarray, np.ndarray]:
    """A stain of another hue; on grey photos another brightness."""
    share = scene.blob(size)
    if scene.image.shape[-1] == 1:
        return share, _towards(scene, share, 45, 75)
    raised = scene.random.integers(3)
    shift = np.where(np.arange(3) == raised, 1.0, -0.5) * scene.random.uniform(45, 75)
    return share, scene.image + shift


_MAKERS: dict[str, Callable[[_Scene, str], tuple[np.ndarray, np.ndarray]]] = {
    "spot": _spot,
    "smudge": _smudge,
    "scratch": _scratch,
    "foreign": _foreign,
    "blur": _blur,
    "colour": _colour,
}
