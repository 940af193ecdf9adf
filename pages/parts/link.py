"""The address bar and the session say the same: data set, model, class and whatever a page lets one choose are in the link.

Widget keys are the state. `pull` adopts the address once, on a new session or a page change; `push` writes what differs
from the defaults back, last in the router. (Streamlit's own query-parameter binding breaks `st.switch_page`.)
"""

from typing import NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.basics.errors import DataError
from core.data.dataset import Description
from pages.parts import datasets
from pages.parts.fields import DATA, Field, everywhere, own


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
    wrong: list[str] = []
    given = st.query_params.to_dict()
    before = st.session_state.get("data")
    _adopt(DATA, given, travelled or "normal" in given or "threshold" in given, wrong)  # a default is not in a link
    if st.session_state["data"] != before:
        forget()
    for field in everywhere()[1:]:
        _adopt(field, given, travelled or "threshold" in given, wrong)
    for field in own(page):
        _adopt(field, given, travelled, wrong)
    st.session_state["_link_problems"] = wrong


def _adopt(field: Field, given: dict[str, str], left_out: bool, wrong: list[str]) -> None:
    """Set a field as the link has it; to its default where the link says nothing and `left_out`, or nothing was chosen yet."""
    state, text = st.session_state, given.get(field.key)
    if text is not None:
        try:
            state[field.key] = field.parse(text)
        except ValueError as right:
            wrong.append(f"“{field.key}” in the link is {text[:60]!r}; it should be {right}. It was left out.")
    if field.key not in state or (left_out and text is None):
        _reset(field)


def _reset(field: Field) -> None:
    default = field.default
    st.session_state[field.key] = list(default) if isinstance(default, list) else default


def forget() -> None:
    """Set everything that was chosen for another data set to what it is at first."""
    for field in everywhere() + own("") + own("browse") + own("try"):
        if field.of_data:
            _reset(field)


def settle_data() -> str:
    """Go back to the first data set where the chosen one has gone or is damaged; returns a line that says so, else ""."""
    try:
        datasets.description()
    except DataError as error:
        st.session_state["data"] = datasets.DEFAULT
        forget()
        return f"{error} {datasets.description().name} is shown instead."
    return ""


LARGEST_PAD = 32  # pixels a side of the largest image that can be drawn on pixel by pixel


def why_no_pad(data: Description) -> str:
    """Say why images of this data set cannot be drawn on Try it's pad; "" where they can."""
    if data.channels == 1 and data.side <= LARGEST_PAD:
        return ""
    has = "in colour" if data.channels > 1 else f"of {data.side}×{data.side} pixels"
    return f"The pad draws grey pixels one by one, at most {LARGEST_PAD} on a side; images of {data.name} are {has}."


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
    for field in everywhere() + own(page):
        value = st.session_state.get(field.key, field.default)
        if field.key == "trained" and value == st.session_state.get("_trained_first"):
            continue  # nobody chose it
        if value is not None and value != field.default:
            wanted[field.key] = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return wanted
