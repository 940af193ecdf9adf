"""The kinds of test damage in plain words, and which of them suit a data set and its normal class.

core/data/damage.py makes those of things on black, core/data/photo_damage.py those of photos.
"""

from typing import NamedTuple

import numpy as np

from core.data import damage, photo_damage
from core.data.dataset import Description, Images


class Kind(NamedTuple):
    """`name` as an option, `having` after "with", `meaning` as a sentence."""

    name: str
    having: str
    meaning: str


NAMES = {
    "hole": Kind("Hole", "a hole", "A round hole through which the background shows."),
    "stain": Kind("Stain", "a stain", "A blot with a soft rim, lighter or darker than what is around it."),
    "patch": Kind("Foreign patch", "a foreign patch", "A square piece of an image of another class."),
    "tear": Kind("Tear", "a tear", "A zigzag slit through which the background shows."),
    "missing": Kind("Missing part", "a missing part", "A straight cut: what lies beyond it is gone."),
    "misprint": Kind("Misprint", "a misprint", "A field of light and dark stripes."),
    "added": Kind("Added part", "an added part", "A bar in the thing's own colour sticks out of it, like a strap or a stalk."),
    "sleeves": Kind("Long sleeves", "long sleeves", "Two bars hang down left and right, as on a pullover."),
    "spot": Kind("Spot", "a spot", "A blot of another colour, its edge soft or sharp."),
    "smudge": Kind("Smudge", "a smudge", "A pale shadow or gleam with a soft rim; the surface below still shows."),
    "scratch": Kind("Scratch", "a scratch", "A thin line, light or dark."),
    "foreign": Kind("Foreign piece", "a foreign piece", "A piece of something else, let into the surface."),
    "blur": Kind("Blur", "a blur", "A place out of focus, or worn smooth."),
    "colour": Kind("Colour stain", "a colour stain", "A stain of another hue, on grey photos of another brightness."),
}  # fmt: skip
EVERY = damage.KINDS + photo_damage.KINDS


def offered(data: Description, normal: str) -> list[str]:
    """List the kinds that make sense on images of the normal class."""
    if data.photos:  # there is no black ground that a hole could show
        return list(photo_damage.KINDS)
    return damage.suiting(data, normal)


def donors(test: Images, label: int) -> np.ndarray | None:
    """Return the test images of all classes but `label`, from which patches are cut; None where there are none."""
    others = test.images[test.labels != label]
    return others if len(others) else None
