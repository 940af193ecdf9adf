"""Data sets of photos that are kept here: the list, one of them opened, and photos added to it."""

import time

import streamlit as st

from core.basics.errors import DataError
from core.basics.text import plain
from core.data import catalog, drafts
from core.data.photos import files
from core.data.photos.stored import Facts
from pages.data import dialogs, report, uploads
from pages.parts import link, style, trained

state = st.session_state


def say_done() -> None:
    """Say which data set has just been kept, with the button that goes on to training."""
    key = state.get("_data_done")
    if key is None or key not in catalog.available():
        return
    name = plain(catalog.get(key).description.name)
    with st.container(border=True, key="data_done"):
        models = trained.of_data(key)
        here = " A trained model of it is here already." if models else ""
        st.markdown(f":material/check_circle: **{name} is kept.** Next: train a model on it.{here}")
        with st.container(horizontal=True):
            _ways_on(key, bool(models), "_now")


def show(busy: bool) -> None:
    """Draw the list and the opened data set; `busy` tells whether other photos are in hand."""
    listed = catalog.kept()
    if not listed:
        return
    with st.container(key="kept"):
        st.subheader("Data sets here", anchor=False)
    known: dict[str, Facts] = {}
    rows = []
    for kept in listed:
        try:
            facts = catalog.facts(kept.key)
        except DataError as error:
            st.warning(plain(error), icon=":material/broken_image:")
            continue
        if facts is None:  # deleted by somebody else just now
            continue
        known[kept.key] = facts
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(kept.time))
        size = f"{facts.description.side}×{facts.description.side}, {'colour' if facts.description.channels == 3 else 'grey'}"
        classes = ", ".join(facts.description.class_names)
        rows.append((facts.description.name, f"{len(facts.entries):,}", classes, size, when, _megabytes(kept.size)))
    if not known:
        return
    columns = [
        ("Name", "What the sidebar calls it"), ("Photos", "In all splits"), ("Classes", "The normal one first"),
        ("Shape", "Pixels and colours of a photo"), ("Kept", "When"), ("On disk", "Megabytes"),
    ]  # fmt: skip
    style.table("Data sets here", columns, rows, words=(0, 2, 3))
    if (wanted := state.pop("_data_open_next", None)) in known:
        state["data_open"] = wanted
    if state.get("data_open") not in known:
        state["data_open"] = None
    key = st.selectbox(
        "Open one",
        list(known),
        format_func=lambda each: known[each].description.name,
        key="data_open",
        persist_state="session",
        placeholder="Choose a data set",
        help="Its check and its photos, to add photos, or to delete it.",
    )
    if key:
        _opened(key, known[key], busy)


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.1f} MB"


def _opened(key: str, facts: Facts, busy: bool) -> None:
    """Draw one data set: train on it, its check, its photos, adding to it, deleting it."""
    kinds, images = facts.description.class_names, catalog.photos(key)
    with st.container(horizontal=True):
        if state.get("_data_done") != key or busy:
            _ways_on(key, bool(trained.of_data(key)))
        report.offer_split(facts.entries, kinds, key, "kept")
        if st.button("Delete", icon=":material/delete:", key="data_delete", help="Asks once more before it does."):
            dialogs.forget()
            dialogs.delete(key, facts.description.name)
    parts = {
        "check": ":material/fact_check: Its check",
        "photos": ":material/photo_library: Its photos",
        "add": ":material/add_photo_alternate: Add photos",
    }
    part = st.segmented_control(
        "Show",
        list(parts),
        format_func=parts.__getitem__,
        default="check",
        required=True,
        key="data_part",
        persist_state="session",
        label_visibility="collapsed",
        help="What the check found, the photos of each split, or more photos.",
    )
    if part == "photos":
        report.by_split(facts.entries, kinds, images, "kept")
    elif part == "add":
        _add(key, facts, busy)
    else:
        report.show(facts.entries, kinds, facts.findings, images, f"kept_{key}")


def _ways_on(key: str, modelled: bool, place: str = "") -> None:
    """Draw the button to Train and, if a model of this data set is here, to the Overview; `place` ends their keys."""
    ways = [
        ("Train on it", "model_training", "data_train", "train", "Goes to the page Train with this data set chosen.")
    ]
    if modelled:
        meaning = "Goes to the Overview with this data set chosen: how good its trained model is."
        ways.append(("Look at its model", "visibility", "data_look", "", meaning))

    def choose() -> None:
        state["data"] = key
        link.forget()

    for label, icon, name, page, meaning in ways:
        if st.button(
            label,
            type="primary" if page == "train" else "secondary",
            icon=f":material/{icon}:",
            key=name + place,
            on_click=choose,
            help=meaning,
        ):
            state.pop("_data_done", None)
            link.go(page)


def _add(key: str, facts: Facts, busy: bool) -> None:
    """Ask for more photos, and say when they help."""
    normal, *others = facts.description.class_names
    st.markdown(
        "- **A good item was flagged?** Add its photo to the good ones, and train again.\n"
        "- **A bad item got through?** Add its photo to the bad ones, with a word for what is wrong, and train again: with bad photos in "
        "training the model learns from them (regime *seen*).\n"
        "- Photos that are here keep their place, so figures stay comparable. Models that are trained already do not change; they keep their "
        "stored figures until a new one is trained."
    )
    if busy:
        st.info(
            "Other photos are being checked above. Keep them, or start over, first.", icon=":material/arrow_upward:"
        )
    elif facts.origin:
        _read_again(facts)
    else:
        good = uploads.uploader(
            f"More photos of **{plain(normal)}** items",
            "added_good",
            f"{uploads.FORMATS}, up to {uploads.LARGEST_PHOTO} MB each.",
            type=uploads.PICTURES,
            accept_multiple_files=True,
            max_upload_size=uploads.LARGEST_PHOTO,
        )
        bad, defect = uploads.ask_for_bad("added", tuple(others))
        if st.button(
            "Check the photos",
            type="primary",
            icon=":material/fact_check:",
            disabled=not (good or bad),
            key="data_check_added",
            help="Nothing is added yet.",
        ):
            uploads.begin_stored(
                lambda: drafts.of_photos(uploads.named(good), uploads.named(bad), defect, key), [*good, *bad]
            )


def _read_again(facts: Facts) -> None:
    """Offer to read the folder again that the data set was made of, or say how that is done."""
    st.markdown(f"It was made of {plain(facts.origin)}. Put the new photos there, into the folder of their class.")
    try:
        files.offered(facts.origin)
    except DataError:
        st.caption("Pages may not read that place. On the command line:")
        st.code(f"python -m core data '{facts.origin}' --keep", language=None)
        return
    if st.button(
        "Read it again",
        type="primary",
        icon=":material/refresh:",
        key="data_read_again",
        help="Checks what is there now; nothing changes before you keep it.",
    ):
        uploads.begin(lambda: drafts.of_place(facts.origin))
