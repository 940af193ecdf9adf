"""Data: bring photos, read the check, keep them as a data set, train on it; and the data sets that are here."""

import streamlit as st

from core.basics.errors import DataError
from core.basics.text import plain
from core.data import drafts
from pages.data import draft, kept, ways

st.markdown(
    "Bring photos of good items, 50 to 500 of them, and of bad ones if you have any. Misfit checks them before anything is trained, "
    "and says which are for training and which for the test. They stay on this machine."
)
state = st.session_state
if problem := state.pop("_data_trouble", None):
    st.error(plain(problem), icon=":material/error:")


def in_hand() -> "drafts.Draft | None":
    """Return the photos that are being checked; after a reload, those that the link names. Forget them when they are gone."""
    found = state.get("_draft")
    if found is None and state.get("draft"):
        found = drafts.find(state["draft"])
        if found is None:
            state["draft"] = None
            st.info(
                "The photos of this link were not kept, and have been put away. Bring them again.",
                icon=":material/folder_off:",
            )
    if found is not None:
        try:
            found.touch()
        except DataError as error:
            st.info(plain(error), icon=":material/folder_off:")
            found = None
    state["_draft"], state["draft"] = found, found and found.token
    return found


photos = in_hand()
if photos is None:
    kept.say_done()
    ways.show()
else:
    draft.show(photos)
kept.show(busy=photos is not None)
