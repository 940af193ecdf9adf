"""The kinds of test damage in plain words, and which of them suit a normal class (core/data/damage.py makes them)."""

from typing import NamedTuple

import numpy as np

from core.data.damage import KINDS
from core.data.dataset import Description, Images
from core.data.fashion_mnist import FASHION_MNIST


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
}  # fmt: skip
SLEEVELESS = ("t-shirt", "dress")  # the classes of Fashion-MNIST on which long sleeves are a defect


def offered(data: Description, normal: str) -> list[str]:
    """List the kinds that make sense on images of the normal class."""
    sleeves = data == FASHION_MNIST.description and normal in SLEEVELESS
    return [kind for kind in KINDS if kind != "sleeves" or sleeves]


def donors(test: Images, label: int) -> np.ndarray | None:
    """Return the test images of all classes but `label`, from which patches are cut; None where there are none."""
    others = test.images[test.labels != label]
    return others if len(others) else None
