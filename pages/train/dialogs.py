"""Two dialogs: rename a run, and confirm that a run is to be deleted."""

import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import plain
from core.data.idx_folder import slug
from core.runs import listing
from pages.parts import reach

RULE = "Lower-case letters, digits and hyphens."
DONE = "_dialog_done"  # set when a dialog has done its work and must close


def forget() -> None:
    """Forget that an earlier dialog was done. Call it before another is opened."""
    st.session_state.pop(DONE, None)


@st.dialog("Rename the run", icon=":material/edit:")
def rename(name: str) -> None:
    """Ask for a new name and rename the run."""
    state = st.session_state

    def now(new: str | None = None) -> None:
        new = state["rename_to"].strip() if new is None else new
        try:
            if not new:
                raise MisfitError("The name is empty. Write one of lower-case letters, digits and hyphens.")
            listing.rename(name, new)
        except (MisfitError, OSError) as error:
            state["_rename_trouble"] = str(error), new
            return
        state["run_shown"] = new
        if state.get("trained") in (name, f"{name}-best"):  # the other pages keep showing it
            state["trained"] = new + state["trained"].removeprefix(name)
        state[DONE] = True

    _close_when_done()
    with st.form("rename", border=False):
        st.text_input(f"New name. {RULE}", name, max_chars=80, key="rename_to", help="Enter renames the run.")
        st.form_submit_button("Rename it", type="primary", on_click=now, key="rename_now")
    trouble, tried = state.pop("_rename_trouble", ("", ""))
    if trouble:
        st.error(plain(trouble), icon=":material/error:")
        if (fitting := slug(tried)) and fitting != tried:
            st.button(
                f"Take {fitting}",
                on_click=now,
                args=(fitting,),
                key="rename_slug",
                help="The same in letters that a name may have.",
            )


@st.dialog("Delete the run?", icon=":material/delete:")
def delete(name: str) -> None:
    """Ask whether to delete the run, and delete it on yes."""
    state = st.session_state

    def now() -> None:
        try:
            listing.delete(name)
            state[DONE] = True
        except (MisfitError, OSError) as error:
            state["_delete_trouble"] = str(error)

    _close_when_done()
    st.markdown(f"**{name}** and its models will be gone for good. Export them first if you may want them again.")
    if trouble := state.pop("_delete_trouble", None):
        st.error(plain(trouble), icon=":material/error:")
    with st.container(horizontal=True):
        st.button("Delete for good", icon=":material/delete_forever:", key="delete_now", on_click=now)
        if st.button("Keep it", key="delete_not"):
            st.rerun()


def _close_when_done() -> None:
    """Rerun the whole page, which closes the dialog, once the dialog has done its work.

    The button that opened it goes with the run's name, so the keyboard's focus is put on the list of runs.
    """
    if st.session_state.pop(DONE, False):
        reach.bring("runs")
        st.rerun()
