"""A row of filters with the count of each, as our own component. `st.pills` sends an option's whole label as its value:
a count that changes between two quick clicks would make Streamlit drop the second click."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.component import component

_chips = component("chips", Path(__file__).parent, "chips")


def show(
    label: str, options: Sequence[tuple[str, str, int]], key: str, on_change: Callable[[], None], help: str
) -> None:
    """Draw the filters. Options are (name, label, count); `st.session_state[key]` holds the chosen names."""
    state = st.session_state
    widget, turn = f"chips_{key}", f"_turn_{key}"
    names = [name for name, _, _ in options]

    def picked() -> None:
        known = chosen_of(state[widget].get("picked"), names)
        if known is not None:
            state[key], state[turn] = known
            on_change()

    st.markdown(label, help=help)
    _chips(
        key=widget,
        data={
            "label": label,
            "options": [{"name": name, "label": text, "count": count} for name, text, count in options],
            "chosen": state[key],
            "turn": state.setdefault(turn, 0),
        },
        on_picked_change=picked,
    )


def chosen_of(value: Any, names: Sequence[str]) -> tuple[list[str], int] | None:
    """Return (chosen names in the order of `names`, the click's number), or None for a malformed value."""
    if not isinstance(value, dict):
        return None
    chosen, turn = value.get("chosen"), value.get("turn")
    if not isinstance(chosen, list) or not isinstance(turn, int) or not set(map(str, chosen)) <= set(names):
        return None
    return [name for name in names if name in chosen], turn
