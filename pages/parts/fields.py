"""The fields of a link: each with its default, and how its text is read.

The values that a field allows can depend on the chosen data set: its classes, and its number of test images.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.basics.errors import DataError
from core.data.damage import SIZES
from core.gans.config import CONFIGS
from core.metrics.outcomes import OUTCOMES
from pages.parts import damages, datasets, form_link

LARGEST_THRESHOLD = 2.0  # no score is larger: pixels are on [-1, 1], so neither the mean residual nor the heat is
VIEWS = ("curves", "classes", "precision", "seeds")
SECTIONS = ("gallery", "defects", "lessons", "by-class", "map")
SORTS = ("most anomalous", "least anomalous", "closest to the threshold", "most disputed by the two GANs", "as stored")
DRIFTS = ("none", "darker", "moved", "doubled")
EVERY_SCORE = (0.0, LARGEST_THRESHOLD)
MAPS = ("pca", "t-sne")
COLOURINGS = ("class", "score", "outcome")


@dataclass(frozen=True)
class Field:
    """One field of the link: its session key (also the parameter's name), its default, and how its text is read.

    `parse` raises ValueError that says which values are right. A field `of_data` has a meaning for one data set only.
    """

    key: str
    default: Any
    parse: Callable[[str], Any]
    of_data: bool = False


def _one_of(options: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in options:
            raise ValueError(f"one of {', '.join(options)}")
        return text

    return parse


def _several_of(options: tuple[str, ...]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        return [_one_of(options)(part) for part in text.split(",") if part]

    return parse


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 9 and low <= int(text) <= high):
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def _threshold(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= LARGEST_THRESHOLD:  # also refuses nan
        raise ValueError("a number from 0 to 2")
    return value


def _between(low: float, high: float, right: str) -> Callable[[str], float]:
    """Return a parser of a finite number above `low` and below `high`; `right` names these limits in words."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = low
        if not low < value < high:  # also refuses nan
            raise ValueError(right)
        return value

    return parse


def _range(text: str) -> tuple[float, float]:
    """Parse two scores with a comma between them, the lower score first. Raises ValueError."""
    try:
        low, high = (_threshold(part) for part in text.split(","))
    except ValueError:
        low, high = 1.0, 0.0
    if low > high:
        raise ValueError("two numbers from 0 to 2 with a comma between them, the lower one first")
    return low, high


def _name(text: str) -> str:
    if not text or len(text) > 80 or not all(c.isascii() and (c.isalnum() or c == "-") for c in text):
        raise ValueError("the name of a trained model")
    return text


def _token(text: str) -> str:
    """Parse the name of photos that are not kept yet (core/data/drafts.py). Raises ValueError."""
    if not text or len(text) > 40 or not all(c.isascii() and (c.isalnum() or c in "-_") for c in text):
        raise ValueError("the name of photos that were brought here")
    return text


def _data_set(text: str) -> str:
    return _one_of(tuple(datasets.choices()[0]))(text)


def _test_image(text: str) -> int:
    try:
        count = datasets.count("test")
    except DataError:  # the page reports that the images are not here
        count = 10**8
    return _whole(0, count - 1)(text)


def _damage(text: str) -> str:
    """Parse a kind of damage and its number with a hyphen between them. Raises ValueError."""
    kind, _, number = text.partition("-")
    _one_of(damages.EVERY)(kind)
    _whole(1, 10**7)(number)
    return text


DATA = Field("data", datasets.DEFAULT, _data_set)
_STAKES = (
    Field("rarity", 5.0, _between(0.0, 100.0, "a percentage above 0 and below 100")),
    Field("cost_missed", 10.0, _between(0.0, math.inf, "a number above 0")),
    Field("cost_alarm", 1.0, _between(0.0, math.inf, "a number above 0")),
)
_ROC = (
    *_STAKES,
    Field("view", VIEWS[0], _one_of(VIEWS)),
    Field("log_fpr", "", _one_of(("", "on"))),
)
_LINE = (*_STAKES, Field("line_seed", 0, _whole(0, 10**6)), Field("drift", DRIFTS[0], _one_of(DRIFTS)))


def everywhere() -> tuple[Field, ...]:
    """Return the fields of every page's link. Raises DataError when the chosen data set cannot be described."""
    normals = datasets.description().normal_choices
    return (
        DATA,
        Field("model", "dcgan", _one_of(tuple(CONFIGS))),
        Field("normal", normals[0], _one_of(normals), of_data=True),
        Field("trained", None, _name, of_data=True),
        Field("threshold", None, _threshold, of_data=True),
    )


def own(page: str) -> tuple[Field, ...]:
    """Return the fields that only this page's link has. Raises DataError like `everywhere`."""
    if page == "":  # the Overview
        return (Field("example", None, _test_image, of_data=True),)
    if page == "try":
        return (Field("edit", None, _test_image, of_data=True), Field("damage", None, _damage, of_data=True))
    if page == "browse":
        data = datasets.description()
        kinds = damages.offered(data, data.normal_choices[0])
        return (
            Field("section", SECTIONS[0], _one_of(SECTIONS)),
            Field("image", None, _test_image, of_data=True),
            Field("classes", [], _several_of(data.classes), of_data=True),
            Field("outcomes", [], _several_of(OUTCOMES)),
            Field("scores", EVERY_SCORE, _range),
            Field("sort", SORTS[0], _one_of(SORTS)),
            Field("shelf", 1, _whole(1, 10_000), of_data=True),
            Field("kind", kinds[0], _one_of(damages.EVERY), of_data=True),
            Field("size", SIZES[1], _one_of(SIZES)),
            Field("layout", MAPS[0], _one_of(MAPS)),
            Field("colours", COLOURINGS[0], _one_of(COLOURINGS)),
        )
    if page == "data":
        return (Field("draft", None, _token),)
    if page == "train":
        return (Field("form", "", form_link.parse, of_data=True),)
    return {"roc": _ROC, "line": _LINE}.get(page, ())
