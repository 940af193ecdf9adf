"""Styles that the theme cannot set, and tables that fit their page."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import streamlit as st

_CSS = (Path(__file__).parent / "style.css").read_text("utf-8")


def apply() -> None:
    """Put the style sheet on the page, where it takes no room."""
    st.html(f"<style>{_CSS}</style>")


def table(
    label: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]], words: Sequence[int] = (0,)
) -> None:
    """Draw a small table as HTML: headings wrap, where a grid would cut columns off, and the keyboard can scroll it.

    `columns` are (heading, explanation) pairs. `rows` are cells as text; the first cell is the row's name. Columns
    whose numbers are in `words` hold text and are aligned left.
    """

    def kind(at: int) -> str:
        return ' class="words"' if at in words else ""

    head = "".join(
        f'<th scope="col"{kind(at)} title="{escape(explanation)}">{_unbroken(name)}</th>'
        for at, (name, explanation) in enumerate(columns)
    )
    body = "".join(
        f'<tr><th scope="row"{kind(0)}>{escape(first)}</th>'
        + "".join(f"<td{kind(at)}>{escape(cell)}</td>" for at, cell in enumerate(rest, 1))
        + "</tr>"
        for first, *rest in rows
    )
    st.html(
        f'<div class="mf-scroll" tabindex="0" role="region" aria-label="{escape(label)}">'
        f'<table class="mf-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )
    told = "".join(f"<dt>{escape(name)}</dt><dd>{escape(about)}</dd>" for name, about in columns if about)
    if told:  # a heading's explanation needs a mouse
        st.html(f'<details class="mf-columns"><summary>What the columns say</summary><dl>{told}</dl></details>')


def _unbroken(name: str) -> str:
    """Return a heading that breaks at spaces only."""
    return " ".join(f'<span class="mf-word">{escape(word)}</span>' for word in name.split(" "))
