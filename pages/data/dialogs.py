"""The dialog that asks before a data set is deleted."""

import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import plain
from core.data import catalog
from pages.parts import datasets, link, reach, trained

DONE = "_data_dialog_done"  # set when the dialog has done its work and must close
state = st.session_state


def forget() -> None:
    """Forget that an earlier dialog was done. Call it before another is opened."""
    state.pop(DONE, None)


@st.dialog("Delete the data set?", icon=":material/delete:")
def delete(key: str, name: str) -> None:
    """Ask whether to delete the data set, say what its models then lack, and delete it on yes."""

    def now() -> None:
        try:
            catalog.delete(key)
        except (MisfitError, OSError) as error:
            state["_data_delete_trouble"] = str(error)
            return
        if state.get("data") == key:
            state["data"] = datasets.DEFAULT
            link.forget()
        if state.get("_data_done") == key:
            state.pop("_data_done")
        state[DONE] = True

    if state.pop(DONE, False):
        reach.bring("kept")  # the button that opened the dialog is gone
        st.rerun()
    models = len(trained.of_data(key))
    st.markdown(
        f"The photos of **{plain(name)}** that are kept here will be gone for good. Your own files are not touched."
        + (
            f" {'The model' if models == 1 else f'The {models} models'} trained on it stay{'s' * (models == 1)}: the stored figures can still be "
            "shown, but no test images, and new photos cannot be compared with the training photos."
            if models
            else ""
        )
    )
    if trouble := state.pop("_data_delete_trouble", None):
        st.error(plain(trouble), icon=":material/error:")
    with st.container(horizontal=True):
        st.button("Delete for good", icon=":material/delete_forever:", key="data_delete_now", on_click=now)
        if st.button("Keep it", key="data_delete_not"):
            st.rerun()
