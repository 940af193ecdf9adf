"""A threshold that is moved in the browser: what the component is told of it, and how its release is received.

The browser numbers its releases. Python sends back the number of the last one that it received, so that the browser can tell an
answer to an older release from a threshold that was set elsewhere. A new session counts from 0 and has another name.
"""

import math
import secrets
from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.parts import fields


def known(name: str) -> dict[str, Any]:
    """Return what the component `name` is told: its session and the number of the last release that was received."""
    state = st.session_state
    return {
        "session": state.setdefault(f"_{name}_session", secrets.token_hex(8)),
        "serial": state.get(f"_{name}_serial", 0),
    }


def receive(name: str, key: str, on_release: Callable[[float], None]) -> None:
    """Receive a release of the component `name`, whose widget has this key; `on_release` gets its threshold if it is one."""
    state = st.session_state
    release = state[key].get("release") or {}
    value, serial = release.get("threshold"), release.get("serial")
    if not (isinstance(serial, int) and serial > 0):
        return
    # Count every message as received: the browser then takes Python's threshold again.
    state[f"_{name}_serial"] = serial
    if isinstance(value, int | float) and math.isfinite(value) and 0.0 <= value <= fields.LARGEST_THRESHOLD:
        on_release(float(value))
