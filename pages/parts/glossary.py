"""The glossary, opened from the sidebar on any page."""

import streamlit as st

from core.basics.text import plain
from pages.parts import vocabulary


def button() -> None:
    """Draw the button that opens the glossary."""
    if st.button(
        "Glossary", icon=":material/menu_book:", key="glossary_open", help="Every term of these pages in plain words."
    ):
        _panel()


@st.dialog("Glossary", width="large", icon=":material/menu_book:")
def _panel() -> None:
    st.caption(
        "By keyboard: F1 on a field explains it, and the arrow keys move in the list of pages and among the buttons of a chart."
    )
    wanted = st.text_input(
        "Find a term",
        key="glossary_find",
        placeholder="for example: recall",
        help="Looks in names, in what else a term is called, and in the explanations.",
    )
    groups = vocabulary.find(wanted)
    if not groups:
        st.info(f"No term fits “{plain(wanted)}”. Try a shorter word.", icon=":material/search_off:")
    for group, terms in groups.items():
        st.markdown(f"##### {group}")
        lines = (
            f"**{term.name}**" + (f" *(also: {', '.join(term.also)})*" if term.also else "") + f"  \n{term.meaning}"
            for term in terms
        )
        st.markdown("\n\n".join(lines))
