"""Uploads: the boxes, and the way from the server's memory to a scratch folder."""

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.basics.errors import MisfitError
from core.basics.text import plain
from core.data import decoding
from core.data.drafts import Draft
from pages.parts import reach

LARGEST_ZIP = 500  # megabytes; .streamlit/config.toml allows so much for a file
LARGEST_PHOTO = decoding.LARGEST_BYTES // 2**20  # megabytes
PICTURES = list(decoding.SUFFIXES)
FORMATS = "PNG, JPEG, WebP, BMP or GIF"
state = st.session_state


def uploader(label: str, name: str, help: str, **more: Any) -> list[Any]:
    """Ask for files; they are forgotten once `begin` has stored them."""
    return st.file_uploader(label, key=f"{name}_{state.get('_uploads_stored', 0)}", help=help, **more) or []


def ask_for_bad(name: str = "upload", known: tuple[str, ...] = ()) -> tuple[list[Any], str]:
    """Ask for bad photos, which may be missing, and for what is wrong with them.

    `name` begins the widgets' keys; `known` are kinds of defect that are there already.
    """
    left, right = st.columns([2, 1])
    with left:
        bad = uploader(
            "Photos of **bad** items (if you have any)",
            f"{name}_bad",
            "A few are enough to see how many are caught; with more of them training can learn from them, too.",
            type=PICTURES,
            accept_multiple_files=True,
            max_upload_size=LARGEST_PHOTO,
        )
    defect = right.text_input(
        "What is wrong with them?",
        key=f"{name}_defect_{state.get('_uploads_stored', 0)}",
        max_chars=40,
        placeholder="for example: dent",
        help="One word for the kind of defect; figures are shown for each kind. Several kinds: add the others once these are kept, or "
        "bring a zip with a folder for each." + (f" Here already: {', '.join(known)}." if known else ""),
    )
    return bad, str(defect)


def begin(make: Callable[[], Draft]) -> None:
    """Take photos in hand; they are checked in the next run. Show an error where they cannot be taken."""
    try:
        state["_draft"] = make()
    except MisfitError as error:
        st.error(plain(error), icon=":material/error:")
        return
    except OSError as error:
        st.error(plain(f"The photos could not be stored: {error.strerror or error}."), icon=":material/error:")
        return
    state["_uploads_stored"] = state.get("_uploads_stored", 0) + 1  # a new key: empty uploaders
    state.pop("_data_done", None)
    reach.bring("draft")
    st.rerun()


def begin_stored(make: Callable[[], Draft], uploaded: list[Any]) -> None:
    """Take uploaded photos in hand, and let the server forget them in memory."""

    def and_forget() -> Draft:
        made = make()
        _forget(uploaded)
        return made

    begin(and_forget)


def _forget(uploaded: list[Any]) -> None:
    """Let the server forget uploaded files, which it holds in memory, once they are on disk."""
    context = get_script_run_ctx()
    manager = context and context.uploaded_file_mgr
    if context and isinstance(manager, MemoryUploadedFileManager):
        for file in uploaded:
            manager.remove_file(context.session_id, file.file_id)


def named(uploaded: list[Any]) -> list[tuple[str, Any]]:
    return [(file.name, file) for file in uploaded]
