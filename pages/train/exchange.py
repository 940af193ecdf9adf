"""Export of models as a zip, and import from files."""

import contextlib
from functools import partial

import streamlit as st

from core.basics.errors import DataError, MisfitError
from core.basics.text import plain
from core.data import catalog
from core.store import checkpoints
from core.store.checkpoints import Checkpoint
from pages.parts import reach

LARGEST_UPLOAD = 64  # megabytes


def export(kept: dict[str, Checkpoint]) -> None:
    """Offer each model of a run as a zip; `kept` maps the name of a model's folder to its checkpoint."""
    from core.runs import transfer

    photos = False
    if kept and _has_photos(next(iter(kept.values()))):
        photos = st.toggle(
            "With its photos",
            key="export_photos",
            help="The zip then holds the data set, too, so that another machine can show and check everything. Without, photos stay here: "
            "only their description travels.",
        )
    for folder, checkpoint in sorted(kept.items(), reverse=True):
        suffix = "" if len(kept) == 1 else " last" if folder == checkpoints.LAST else " best"
        st.download_button(
            f"Export{suffix}",
            data=partial(transfer.pack, checkpoint, photos),
            file_name=f"{checkpoint.name}.zip",
            mime="application/zip",
            icon=":material/download:",
            key=f"export_{checkpoint.name}",
            on_click="ignore",
            help="A zip of a folder, with the pictures of its training; unpacked, `python -m core evaluate --checkpoint FOLDER` reads it.",
        )


def _has_photos(checkpoint: Checkpoint) -> bool:
    """Tell whether the model's data set is one of photos that is kept here."""
    with contextlib.suppress(DataError):
        return catalog.facts(checkpoint.task.data.key) is not None
    return False


def ask_for_model() -> None:
    """Ask for a model's files, and import it."""
    with st.expander("Import a model", icon=":material/upload:"):
        files = st.file_uploader(
            "An exported zip, or generator.safetensors with card.json",
            type=["zip", "safetensors", "json"],
            accept_multiple_files=True,
            max_upload_size=LARGEST_UPLOAD,
            key=f"import_{st.session_state.get('_imported', 0)}",
            help="Weights as safetensors, and the card; scores.safetensors where you have it. Nothing else is read.",
        )
        given = [(file.name, file.getvalue()) for file in files]
        ready = _told(given)
        if st.button("Import", icon=":material/upload:", disabled=not ready, key="import_now"):
            _take(given)


def _told(files: list[tuple[str, bytes]]) -> bool:
    """Say of each file, as soon as it is here, whether it can be read, and what is still missing; return whether all is well."""
    from core.runs import unpacking

    problems = [unpacking.problem(*file) for file in files]
    for (name, _), problem in zip(files, problems, strict=True):
        if problem:
            st.error(plain(problem), icon=":material/error:")
        else:
            st.markdown(f":material/check: {plain(name[:80])} can be read.")
    if files and not any(problems):
        try:
            unpacking.unpacked(files)
        except MisfitError as error:
            st.info(plain(error), icon=":material/hourglass_empty:")
            return False
    return bool(files) and not any(problems)


def _take(files: list[tuple[str, bytes]]) -> None:
    """Import the model in the files, given as (name, content) pairs, and show its run."""
    from core.runs import transfer

    state = st.session_state
    bar = st.progress(0.0, "Reading…")
    word = "Scoring every image again, to hold the scores against the weights…"
    try:
        name = transfer.take(files, lambda share: bar.progress(share, word))
    except (MisfitError, OSError) as error:
        bar.empty()
        st.error(plain(error), icon=":material/error:")
        return
    state["_imported"] = state.get("_imported", 0) + 1  # a new key, for an empty uploader
    state["_run_next"] = name
    reach.bring("runs")
    st.rerun()
