"""What helps whoever works by keyboard or with a screen reader, and what brings a part of the page into view (reach.js)."""

from pathlib import Path

import streamlit as st

from pages.parts.component import component

_reach = component("reach", Path(__file__).parent, "reach")
state = st.session_state


def bring(key: str) -> None:
    """Scroll to the container with this key, and put the keyboard's focus there, once the page has been drawn anew."""
    state["_bring"] = key, state.get("_bring", ("", 0))[1] + 1


def apply() -> None:
    """Put the script on the page, where it takes no room."""
    key, serial = state.get("_bring", ("", 0))
    _reach(key="reach", data={"bring": key, "serial": serial})
