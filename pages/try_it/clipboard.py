"""Pictures pasted from the clipboard (clipboard.js), kept until they are put away."""

import base64
import binascii
from pathlib import Path

import streamlit as st

from core.data import decoding

KEY = "try_clipboard"
MOST = 20  # pasted pictures at most
_clipboard = st.components.v2.component(
    "misfit_clipboard",
    html='<div class="clipboard"><button type="button"><i aria-hidden="true">content_paste</i>Paste a picture</button> '
    '<small>or Ctrl+V</small> <span role="status"></span></div>',
    css="""
.clipboard { font: 0.9rem/1.6 var(--st-font); color: var(--st-text-color); }
button { display: inline-flex; gap: 6px; align-items: center; font: inherit; color: inherit; cursor: pointer; padding: 4px 12px;
  background: var(--st-background-color); border: 1px solid var(--st-border-color); border-radius: 8px; }
button:hover { border-color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
i { font: normal 1.15rem/1 "Material Symbols Rounded"; }
span:not(:empty) { display: block; }
""",
    js=(Path(__file__).parent / "clipboard.js").read_text("utf-8"),
)


def show() -> list[tuple[str, bytes]]:
    """Draw the button and return the pasted pictures as (name, content) pairs."""
    state = st.session_state
    kept: list[tuple[str, bytes]] = state.setdefault("_pasted", [])

    def pasted() -> None:
        sent = state[KEY].get("pasted")
        for content in sent[:MOST] if isinstance(sent, list) else []:
            if not isinstance(content, str) or len(content) > 4 * (decoding.LARGEST_BYTES // 3 + 1):
                continue
            try:
                picture = base64.b64decode(content, validate=True)
            except (binascii.Error, TypeError, ValueError):
                continue
            if len(kept) < MOST:
                state["_pastes"] = state.get("_pastes", 0) + 1
                kept.append((f"Pasted picture {state['_pastes']}", picture))

    _clipboard(key=KEY, data={"largest": decoding.LARGEST_BYTES}, on_pasted_change=pasted)
    if kept:
        st.button(
            f"Put away {'the pasted picture' if len(kept) == 1 else f'{len(kept)} pasted pictures'}",
            key="try_put_away_pasted",
            icon=":material/close:",
            on_click=kept.clear,
            help="They are forgotten; files you chose stay.",
        )
    return kept
