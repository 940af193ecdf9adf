"""The address bar and the session say the same: model, class and whatever a page lets one choose are in the link.

Widget keys are the state. `pull` adopts the address once, on a new session or a page change; `push` writes what differs
from the defaults back, last in the router. (Streamlit's own query-parameter binding breaks `st.switch_page`.)
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.data.fashion_mnist import CLASS_NAMES, CLASSES
from core.gans.config import CONFIGS
from core.metrics.outcomes import OUTCOMES

TEST_IMAGES = 10_000
LARGEST_THRESHOLD = 2.0  # no score is larger: the mean absolute difference of pixels on [-1, 1]
VIEWS = ("curves", "classes", "precision", "seeds")
SECTIONS = ("gallery", "lessons", "by-class", "map")
SORTS = ("most anomalous", "least anomalous", "closest to the threshold", "most disputed by the two GANs", "as stored")
EVERY_SCORE = (0.0, LARGEST_THRESHOLD)
MAPS = ("pca", "t-sne")
COLOURINGS = ("class", "score", "outcome")


@dataclass(frozen=True)
class Field:
    """One thing in the link: its session key and parameter name, its default, and how its text is read.

    `parse` raises ValueError with what would be right.
    """

    key: str
    default: Any
    parse: Callable[[str], Any]


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
    """A finite number above `low` and below `high`; `right` says so in words."""

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
    """Two scores with a comma between them, the lower one first."""
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


EVERYWHERE = (
    Field("model", "dcgan", _one_of(tuple(CONFIGS))),
    Field("normal", "t-shirt", _one_of(CLASSES)),
    Field("trained", None, _name),
    Field("threshold", None, _threshold),
)
PAGES: dict[str, tuple[Field, ...]] = {
    "": (Field("example", None, _whole(0, TEST_IMAGES - 1)),),  # the Overview
    "browse": (
        Field("section", SECTIONS[0], _one_of(SECTIONS)),
        Field("image", None, _whole(0, TEST_IMAGES - 1)),
        Field("classes", [], _several_of(CLASSES)),
        Field("outcomes", [], _several_of(OUTCOMES)),
        Field("scores", EVERY_SCORE, _range),
        Field("sort", SORTS[0], _one_of(SORTS)),
        Field("shelf", 1, _whole(1, 10_000)),
        Field("layout", MAPS[0], _one_of(MAPS)),
        Field("colours", COLOURINGS[0], _one_of(COLOURINGS)),
    ),
    "roc": (
        Field("rarity", 5.0, _between(0.0, 100.0, "a percentage above 0 and below 100")),
        Field("cost_missed", 10.0, _between(0.0, math.inf, "a number above 0")),
        Field("cost_alarm", 1.0, _between(0.0, math.inf, "a number above 0")),
        Field("view", VIEWS[0], _one_of(VIEWS)),
        Field("log_fpr", "", _one_of(("", "on"))),
    ),
    "try": (Field("edit", None, _whole(0, TEST_IMAGES - 1)),),
}


def class_name(slug: str) -> str:
    """What a class is called in sentences and on labels."""
    return CLASS_NAMES[CLASSES.index(slug)]


def pull(page: str) -> None:
    """Adopt the address when the session is new, the page has changed, or the browser's Back or Forward was pressed.

    Not whenever it differs: during quick presses it lags behind the session. Unreadable values are kept for `problems`.
    """
    context = get_script_run_ctx()
    travelled = context is not None and context.is_history_navigation
    if st.session_state.get("_page") == page and not travelled:
        return
    st.session_state["_page"] = page
    st.session_state["_visit"] = st.session_state.get("_visit", 0) + 1
    if "threshold" in st.query_params:  # it was set for the model of this link, whatever is chosen now
        st.session_state.pop("_threshold_of", None)
    wrong = []
    for field in _fields(page):
        text = st.query_params.get(field.key)
        if text is not None:
            try:
                st.session_state[field.key] = field.parse(text)
            except ValueError as right:
                wrong.append(f"“{field.key}” in the link is {text[:60]!r}; it should be {right}. It was left out.")
        left_out = travelled or (field in EVERYWHERE and "threshold" in st.query_params)  # a default is not in a link
        if field.key not in st.session_state or (left_out and text is None):
            default = field.default
            st.session_state[field.key] = list(default) if isinstance(default, list) else default
    st.session_state["_link_problems"] = wrong


def edit(number: int) -> None:
    """Go to Try it with a test image on the pad, as it is in the data set, whatever was drawn on it before.

    Stops the script, so call it where a button says that it was pressed, not in its callback.
    """
    state = st.session_state
    state["edit"] = number
    state.pop("_pad_of", None)  # the same image as last time starts anew, too
    state["image"] = None  # Browse's dialog is closed by this; the browser's Back opens it again from the link
    go("try")


def go(page: str) -> NoReturn:
    """Switch to the page with this address so that one Back leads to what is shown now.

    Streamlit first makes a history entry of the old page with the parameters given here, so they hold what the old page
    needs, too; `push` leaves them until something changes.
    """
    folder = {"": "overview", "try": "try_it"}.get(page, page)
    both = st.query_params.to_dict() | _wanted(page)
    st.session_state["_arrived_with"] = both
    st.switch_page(f"pages/{folder}/page.py", query_params=both)


def problems() -> list[str]:
    """What in the address could not be used, in words, until the page changes."""
    return st.session_state.get("_link_problems", [])


def push() -> None:
    """Write what differs from the defaults into the address. Call it from `on_change` inside fragments."""
    wanted = _wanted(st.session_state.get("_page", ""))
    now = st.query_params.to_dict()
    if now == st.session_state.get("_arrived_with") and all(now.get(key) == text for key, text in wanted.items()):
        return
    if now != wanted:
        st.query_params.from_dict(wanted)


def _wanted(page: str) -> dict[str, str]:
    """What of a page's state differs from the defaults, as its link says it."""
    wanted = {}
    for field in _fields(page):
        value = st.session_state.get(field.key, field.default)
        if field.key == "trained" and value == st.session_state.get("_trained_first"):
            continue  # nobody chose it
        if value is not None and value != field.default:
            wanted[field.key] = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return wanted


def _fields(page: str) -> tuple[Field, ...]:
    return EVERYWHERE + PAGES.get(page, ())
