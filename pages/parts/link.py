"""The link and the session agree: data set, model, class and every choice on a page are in the address bar.

Widget keys hold the state. `pull` reads the address once, on a new session or a page change. `push` writes what differs
from the defaults into the address, at the end of the router. (Streamlit's own query-parameter binding breaks
`st.switch_page`.)
"""

from typing import NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.basics.errors import DataError
from pages.parts import datasets
from pages.parts.fields import DATA, Field, everywhere, own


def pull(page: str) -> None:
    """Read the address when the session is new, the page has changed, or the browser's Back or Forward was pressed.

    At no other time: during quick presses the address lags behind the session. `problems` lists unreadable values.
    """
    context = get_script_run_ctx()
    travelled = context is not None and context.is_history_navigation
    if st.session_state.get("_page") == page and not travelled:
        return
    st.session_state["_page"] = page
    st.session_state["_visit"] = st.session_state.get("_visit", 0) + 1
    if "threshold" in st.query_params:  # it belongs to the model of this link, whichever model is chosen now
        st.session_state.pop("_threshold_of", None)
    wrong: list[str] = []
    parameters = st.query_params.to_dict()
    before = st.session_state.get("data")
    # A link omits the data set where it is the default.
    _adopt(DATA, parameters, travelled or "normal" in parameters or "threshold" in parameters, wrong)
    if st.session_state["data"] != before:
        forget()
    for field in everywhere()[1:]:
        _adopt(field, parameters, travelled or "threshold" in parameters, wrong)
    for field in own(page):
        _adopt(field, parameters, travelled, wrong)
        # Where the page before has a field of the same key (the stakes of ROC and Line), Streamlit would begin this page's
        # at its smallest value: what is written counts as given.
        st.session_state[field.key] = st.session_state[field.key]
    st.session_state["_link_problems"] = wrong


def _adopt(field: Field, parameters: dict[str, str], left_out: bool, wrong: list[str]) -> None:
    """Set a field from the link; to its default if the link omits it and `left_out` is true or it has no value yet."""
    state, text = st.session_state, parameters.get(field.key)
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
    """Reset every choice that was made for another data set to its default."""
    for field in everywhere() + own("") + own("browse") + own("try") + own("train"):
        if field.of_data:
            _reset(field)


def settle_data() -> str:
    """Choose the default data set if the chosen one is gone or damaged; return a message about it, else ""."""
    try:
        datasets.description()
    except DataError as error:
        st.session_state["data"] = datasets.DEFAULT
        forget()
        return f"{error} {datasets.description().name} is shown instead."
    return ""


def edit(number: int, damage: str | None = None) -> None:
    """Go to Try it with a test image on the pad, as it is in the data set or with that damage, a field of the link.

    An earlier drawing on the pad is replaced.

    Stops the script, so call it in the code after a pressed button, not in the button's callback.
    """
    state = st.session_state
    state["edit"], state["damage"] = number, damage
    state.pop("_pad_of", None)  # so that even the same image as last time is put on the pad again
    state["image"] = None  # closes Browse's dialog; the browser's Back opens it again from the link
    go("try")


def go(page: str) -> NoReturn:
    """Switch to the page with this address, so that one press of Back returns to the current view.

    Streamlit first makes a history entry of the old page with the parameters passed in this call, so they must hold
    what the old page needs, too. `push` leaves them until something changes.
    """
    folder = {"": "overview", "try": "try_it"}.get(page, page)
    both = st.query_params.to_dict() | _wanted(page)
    st.session_state["_arrived_with"] = both
    st.switch_page(f"pages/{folder}/page.py", query_params=both)


def problems() -> list[str]:
    """Return a message for each value in the address that could not be used, until the page changes."""
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
    """Return the parameters of a page's link: each value that differs from its default, as text."""
    wanted = {}
    for field in everywhere() + own(page):
        value = st.session_state.get(field.key, field.default)
        if field.key == "trained" and value == st.session_state.get("_trained_first"):
            continue  # nobody chose it
        if value is not None and value != field.default:
            wanted[field.key] = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return wanted
