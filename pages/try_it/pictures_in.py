"""Pictures from outside: files, the clipboard, the camera; and what the intake is to do with them."""

import streamlit as st

from core.judging import intake
from core.judging.intake import Steps
from pages.try_it import clipboard

MOST = 1000  # files at once
Named = tuple[str, bytes]
BACKGROUNDS = {"auto": None, "dark": False, "light": True}


def uploaded() -> list[Named]:
    """The chosen or pasted files by name, as far as they are kept: also when one comes back from another page."""
    found = st.file_uploader(
        "Pictures",
        type=list(intake.SUFFIXES),
        accept_multiple_files=True,
        help=f"PNG, JPEG, WebP, BMP or GIF (its first frame), up to {intake.LARGEST_BYTES // 2**20} MB each and {MOST:,} at "
        "once. They stay on this machine.",
    )
    state = st.session_state
    if found:
        state["_uploads"] = [(file.name, file.getvalue()) for file in found[:MOST]]
        state["_uploads_visit"] = state["_visit"]
        if len(found) > MOST:
            st.warning(
                f"{len(found):,} files were chosen; the first {MOST:,} are scored. Choose the others afterwards.",
                icon=":material/stacks:",
            )
    elif state.get("_uploads_visit") == state["_visit"]:  # taken away on this visit, not just left behind
        state.pop("_uploads", None)
    kept = state.get("_uploads", [])
    pasted = clipboard.show()
    if not kept and not pasted:
        st.info(
            "Choose a photo of one garment on a plain background, or many at once for a table.",
            icon=":material/upload:",
        )
    elif kept and not found:
        which = f"`{kept[0][0].replace('`', '')}`" if len(kept) == 1 else f"{len(kept):,} files"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                f":material/image: Still here from before: {which}. Choose others to replace them.", width="stretch"
            )
            st.button(
                "Put away", key="try_put_away", icon=":material/close:", on_click=state.pop, args=("_uploads", None)
            )
    return [*kept, *pasted]


def away() -> None:
    """Call it where the uploader is not shown: it forgets its files, which does not mean that somebody took them away."""
    st.session_state.pop("_uploads_visit", None)


def photographed() -> list[Named]:
    """The photo just taken, as a list of one or none."""
    shot = st.camera_input(
        "Camera", help="Hold one garment before a plain background. The photo stays on this machine."
    )
    if shot is None:
        st.info(
            "Allow the camera in the browser, hold one garment before a plain background, and take the photo. Browsers open "
            "the camera only for this machine itself or over https.",
            icon=":material/photo_camera:",
        )
        return []
    return [("The photo", shot.getvalue())]


def steps() -> Steps:
    """What the intake does that can be overruled: background, trimming, turning."""
    state = st.session_state
    state.setdefault("try_turn", 0)

    def turn() -> None:
        state["try_turn"] = (state["try_turn"] + 1) % 4

    with st.container(horizontal=True, vertical_alignment="bottom"):
        ground = st.segmented_control(
            "Background",
            list(BACKGROUNDS),
            default="auto",
            required=True,
            key="try_background",
            persist_state="session",
            help="A light background is inverted, because the data set shows light garments on black. Auto looks at the border.",
        )
        st.button(
            "Turn" if not state["try_turn"] else f"Turn ({90 * state['try_turn']}°)",
            key="try_turn_button",
            icon=":material/rotate_90_degrees_cw:",
            on_click=turn,
            help="A quarter turn clockwise. Photos are set upright by what the camera noted (EXIF) before.",
        )
        trim = st.toggle(
            "Trim",
            value=True,
            key="try_trim",
            persist_state="session",
            help="Cut to the garment and fit its longest edge to 28 pixels, as the data set's authors did.",
        )
    return Steps(BACKGROUNDS[ground], trim, state["try_turn"])
