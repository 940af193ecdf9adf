"""Photos in hand: how they are to be used, the check, and keeping them."""

from dataclasses import replace

import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import as_line, plain
from core.data import catalog, drafts, idx_folder
from core.data.drafts import Draft
from core.data.photos.bringing import Gathered
from core.data.photos.findings import count
from core.data.photos.reading import SIDES, Shape
from pages.data import report
from pages.parts import reach

state = st.session_state
COLOURS = {3: "Colour", 1: "Grey"}
PARTS = {False: "The whole photo", True: "Its middle square"}


def show(draft: Draft) -> None:
    """Draw the photos in hand, from their options to the button that keeps them."""
    with st.container(key="draft"):
        st.subheader(f"2. Check: {plain(draft.name)}", anchor=False)
    st.button(
        "Start over",
        icon=":material/restart_alt:",
        key="data_put_away",
        on_click=_put_away,
        help="Puts these photos away and begins with others. Nothing of these is kept.",
    )
    if draft.adds or draft.key:
        st.caption(_change(draft))
    elif not _ask_options(draft):
        return
    if draft.gathered is None and not _check(draft):
        return
    gathered = draft.gathered
    assert gathered is not None
    report.show(gathered.entries, gathered.layout.kinds, gathered.findings, gathered.decoded.images, "draft")
    report.offer_split(gathered.entries, gathered.layout.kinds, draft.name, "draft")
    _ask_to_keep(draft, gathered)


def _change(draft: Draft) -> str:
    """Say what becomes of the data set that is here already."""
    facts = catalog.facts(draft.key or "")
    name = plain(facts.description.name if facts else draft.key)
    if draft.adds:
        return f"They are added to **{name}**, in its size and colours. No photo that is in it changes its place."
    return f"They become **{name}** anew. Photos that were in it keep their place; those that are no longer in the folder leave it."


def _ask_options(draft: Draft) -> bool:
    """Ask which folder is normal, where the names do not say so, and what the photos are brought to.

    Return whether that is known. Raises DataError when the photos cannot be listed.
    """
    choices = draft.choices()
    with st.form("data_options", border=True):
        if choices:
            st.markdown("None of the folders is called good. Which one has the **normal** items?")
            normal = st.selectbox(
                "Folder of normal items",
                choices,
                index=choices.index(draft.normal) if draft.normal in choices else None,
                placeholder="Choose a folder",
                key=f"data_normal_{draft.token}",
                help="The other folders count as anomalies.",
            )
        first, second, third = st.columns(3)
        side = first.selectbox(
            "Size (pixels)",
            SIDES,
            index=SIDES.index(draft.shape.side),
            key=f"data_side_{draft.token}",
            help="Each photo becomes a square of so many pixels on a side. 64 is a good start; small defects need 96 or 128, and training "
            "then takes two to four times as long.",
        )
        channels = second.selectbox(
            "Colours",
            list(COLOURS),
            index=list(COLOURS).index(draft.shape.channels),
            format_func=COLOURS.__getitem__,
            key=f"data_colours_{draft.token}",
            help="Grey is enough where colour says nothing about a defect, and trains faster.",
        )
        crop = third.selectbox(
            "Part of the photo",
            list(PARTS),
            index=int(draft.shape.crop),
            format_func=PARTS.__getitem__,
            key=f"data_crop_{draft.token}",
            help="A photo that is not square gets a margin that repeats its edge, or only its middle square is used.",
        )
        again = st.form_submit_button(
            "Check the photos" if choices and draft.normal is None else "Check again",
            icon=":material/fact_check:",
            type="primary" if choices and draft.normal is None else "secondary",
            help="Reads the photos with these settings. Nothing is kept yet.",
        )
    if again:
        draft.shape, draft.gathered = Shape(side, channels, crop), None
        draft.normal = normal if choices else None
    if choices and draft.normal is None:
        st.info("Choose the folder of normal items above, then check the photos.", icon=":material/arrow_upward:")
        return False
    return True


def _check(draft: Draft) -> bool:
    """Read the photos behind a progress bar; tell an error. Return whether they could be read."""
    bar = st.progress(0.0, "Reading the photos…")

    def progress(done: int, whole: int) -> None:
        bar.progress(done / max(1, whole), f"{done:,} of {count(whole)} read")

    try:
        draft.check(progress)
    except (MisfitError, OSError) as error:
        st.error(f"**Must be put right.** {plain(error)}", icon=":material/error:")
        return False
    finally:
        bar.empty()
    return True


def _ask_to_keep(draft: Draft, gathered: Gathered) -> None:
    """Ask for a name, and keep the photos as a data set, unless an error stands."""
    st.subheader("3. Keep them", anchor=False)
    errors = [finding for finding in gathered.findings if finding.severity == "error"]
    name = draft.name
    if not draft.key:
        name = st.text_input(
            "Name",
            draft.name if drafts.free_key(draft.name) == idx_folder.slug(draft.name) else drafts.free_key(draft.name),
            max_chars=60,
            key=f"data_name_{draft.token}",
            help="What the data set is called in the sidebar and in links.",
        )
    problem = _refused(draft, name)
    if errors:
        st.warning(
            "They cannot be kept as long as an error stands above. Put it right in your photos and bring them again.",
            icon=":material/block:",
        )
    elif problem:
        st.warning(plain(problem), icon=":material/edit:")
    pressed = st.button(
        "Add them" if draft.adds else "Keep as a data set",
        type="primary",
        icon=":material/save:",
        disabled=bool(errors or problem),
        key="data_keep",
        help="Stores the photos at this size on this machine, so that models can be trained on them.",
    )
    if pressed:
        _keep(draft, gathered, name)


def _refused(draft: Draft, name: str) -> str:
    """Return why a new data set cannot be called `name`; empty if it can."""
    key = idx_folder.slug(name)
    if draft.key:
        return ""
    if not key:
        return "The name needs a letter or a digit from a to z and 0 to 9."
    if key in catalog.available():
        return f"There is a data set called {key} already. Choose another name, or add these photos to it below."
    return ""


def _keep(draft: Draft, gathered: Gathered, name: str) -> None:
    """Store the photos, forget the draft, and show what is done."""
    key = draft.key or idx_folder.slug(name)
    if not draft.key:
        brought = replace(gathered.brought, name=as_line(name, 60))
        gathered = replace(gathered, brought=brought)
    try:
        with st.spinner("Keeping the photos…"):
            catalog.keep(gathered, key, None if draft.adds else draft.origin)
    except (MisfitError, OSError) as error:
        st.error(plain(error), icon=":material/error:")
        return
    drafts.drop(draft)
    state["_draft"] = state["draft"] = None
    state["_data_done"] = key
    state["_data_open_next"] = key
    reach.bring("data_done")  # the way on, at the top of the page
    st.rerun()


def _put_away() -> None:
    if draft := state.get("_draft"):
        drafts.drop(draft)
    state["_draft"] = state["draft"] = None
