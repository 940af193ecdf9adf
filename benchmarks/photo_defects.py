"""The defects that test photos in the benchmark: spot, scratch, foreign patch, blur, colour. Training never sees them.

Other code than what training damages with (core/gans/defects.py, core/gans/faint.py), on float images in numpy, drawn with
shapes of its own. Seeded: the same image, kind and seed give the same defect.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

from core.data.damage import Damaged

KINDS = ("spot", "scratch", "foreign", "blur", "colour")
VISIBLE = 8  # levels of 255: a pixel that changed by more belongs to the mask
FEWEST = 12  # pixels of a mask


def damage(images: np.ndarray, kind: str, seed: int, foreign: np.ndarray, inside: np.ndarray | None = None) -> Damaged:
    """Put a defect of that kind on each image: uint8 [N, H, W, 3]. `foreign`, of the same shape, are what foreign patches are cut of.

    The centre of a defect lies in `inside`, bool [N, H, W], where it is given; otherwise anywhere but near the border.
    """
    damaged, masks = images.copy(), np.zeros(images.shape[:3], bool)
    for place, image in enumerate(images):
        random = np.random.default_rng([seed, place, KINDS.index(kind)])
        donor = foreign[random.integers(len(foreign))]
        for _ in range(20):
            made = _once(
                image.astype(float), donor.astype(float), kind, random, None if inside is None else inside[place]
            )
            mask = (np.abs(made.astype(int) - image) > VISIBLE).any(-1)
            if mask.sum() >= FEWEST:
                damaged[place], masks[place] = made, mask
                break
    return Damaged(damaged, masks)


def _once(
    image: np.ndarray, donor: np.ndarray, kind: str, random: np.random.Generator, inside: np.ndarray | None
) -> np.ndarray:
    """Put a defect somewhere: float [H, W, 3] → uint8."""
    side = len(image)
    if inside is None:
        row, column = random.uniform(0.2 * side, 0.8 * side, 2)
    else:
        spots = np.argwhere(inside)
        row, column = spots[random.integers(len(spots))]
    rows, columns = np.mgrid[:side, :side]
    away = np.hypot(rows - row, columns - column)
    share, content = _MAKERS[kind](image, donor, rows - row, columns - column, away, random)
    return (image + share[..., None] * (content - image)).round().clip(0, 255).astype(np.uint8)


def _spot(image, donor, down, right, away, random):
    """A dark or pale round spot, its edge a fifth of its radius wide."""
    radius = random.uniform(0.06, 0.11) * len(image)
    share = np.clip((radius - away) / (0.2 * radius) + 0.5, 0, 1) * random.uniform(0.55, 0.8)
    return share, np.full_like(image, random.choice([25.0, 235.0]))


def _scratch(image, donor, down, right, away, random):
    """A bent line, one to two pixels wide on 64×64, lighter or darker."""
    side, angle = len(image), random.uniform(0, np.pi)
    along, across = down * np.sin(angle) + right * np.cos(angle), down * np.cos(angle) - right * np.sin(angle)
    length, bend = random.uniform(0.15, 0.3) * side, random.uniform(-0.15, 0.15)
    distance = np.abs(across - bend * along**2 / length)
    share = np.clip(1.3 * side / 64 - distance, 0, 1) * (np.abs(along) < length)
    return share * 0.8, np.full_like(image, random.choice([10.0, 250.0]))


def _foreign(image, donor, down, right, away, random):
    """A six-cornered piece of another picture."""
    radius, turn = random.uniform(0.09, 0.15) * len(image), random.uniform(0, np.pi)
    angles = turn + np.arange(6) * np.pi / 3
    edge = np.max([down * np.sin(angle) + right * np.cos(angle) for angle in angles], 0)
    return (edge < radius).astype(float), donor


def _blur(image, donor, down, right, away, random):
    """A disc out of focus: a Gaussian blur of two to three pixels on 64×64."""
    radius = random.uniform(0.12, 0.2) * len(image)
    share = np.clip((radius - away) / 2 + 0.5, 0, 1)
    amount = random.uniform(2.0, 3.0) * len(image) / 64
    return share, gaussian_filter(image, (amount, amount, 0), mode="nearest")


def _colour(image, donor, down, right, away, random):
    """A discoloured ellipse: one channel up, another one down."""
    radius, flat, turn = random.uniform(0.1, 0.18) * len(image), random.uniform(0.5, 1), random.uniform(0, np.pi)
    along, across = down * np.sin(turn) + right * np.cos(turn), down * np.cos(turn) - right * np.sin(turn)
    share = np.clip((radius - np.hypot(along, across / flat)) / (0.3 * radius) + 0.5, 0, 1)
    tint = np.zeros(3)
    up, lower = random.permutation(3)[:2]
    tint[up], tint[lower] = random.uniform(25, 50), -random.uniform(25, 50)
    return share, image + tint


_MAKERS: dict[str, Callable] = {
    "spot": _spot,
    "scratch": _scratch,
    "foreign": _foreign,
    "blur": _blur,
    "colour": _colour,
}
