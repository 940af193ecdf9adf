"""Pictures from files, the clipboard or the camera, and the steps that the intake applies to them."""

import streamlit as st

from core.basics.names import BACKGROUNDS
from core.data import decoding
from core.data.dataset import Description
from core.judging.intake import Steps
from core.judging.segmenting import Box
from pages.parts.vocabulary import article
from pages.try_it import clipboard

MOST = 1000  # files at once
LEAST = 5  # per cent of the picture: a box's least width and height
Named = tuple[str, bytes]


def uploaded(data: Description) -> list[Named]:
    """Ask for files and return them with pasted pictures; they are kept during visits to other pages."""
    files = st.file_uploader(
        "Pictures",
        type=list(decoding.SUFFIXES),
        accept_multiple_files=True,
        max_upload_size=decoding.LARGEST_BYTES // 2**20,
        help=f"PNG, JPEG, WebP, BMP or GIF (its first frame), up to {decoding.LARGEST_BYTES // 2**20} MB each and {MOST:,} at "
        "once. They stay on this machine.",
    )
    state = st.session_state
    if files:
        state["_uploads"] = [(file.name, file.getvalue()) for file in files[:MOST]]
        state["_uploads_visit"] = state["_visit"]
        if len(files) > MOST:
            st.warning(
                f"{len(files):,} files were chosen; the first {MOST:,} are scored. Choose the others afterwards.",
                icon=":material/stacks:",
            )
    elif state.get("_uploads_visit") == state["_visit"]:  # the user removed them on this visit
        state.pop("_uploads", None)
    kept = state.get("_uploads", [])
    pasted = clipboard.show()
    if not kept and not pasted:
        st.info(
            f"Choose {_photo(data)}, or many at once for a table.",
            icon=":material/upload:",
        )
    elif kept and not files:
        names = f"`{kept[0][0].replace('`', '')}`" if len(kept) == 1 else f"{len(kept):,} files"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                f":material/image: Still here from before: {names}. Choose others to replace them.", width="stretch"
            )
            st.button(
                "Put away", key="try_put_away", icon=":material/close:", on_click=state.pop, args=("_uploads", None)
            )
    return [*kept, *pasted]


def away() -> None:
    """Keep the uploaded files while the uploader is hidden: its empty list does not mean that the user removed them."""
    st.session_state.pop("_uploads_visit", None)


def photographed(data: Description) -> list[Named]:
    """Ask for a photo; return a list with the photo, or an empty list."""
    hold = f"Hold one {data.noun} before {'a plain background' if data.intake == 'garment' else 'the camera'}"
    shot = st.camera_input("Camera", help=f"{hold}. The photo stays on this machine.")
    if shot is None:
        st.info(
            f"Allow the camera in the browser. {hold}, and take the photo. Browsers open the camera only for this machine itself "
            "or over https.",
            icon=":material/photo_camera:",
        )
        return []
    return [("The photo", shot.getvalue())]


def _photo(data: Description) -> str:
    if data.intake == "garment":
        return f"a photo of a {data.noun}, best on a plain background"
    return article(data.noun) if data.noun in ("image", "photo", "picture") else f"a picture of one {data.noun}"


def steps(data: Description) -> Steps:
    """Ask for the steps of the intake: a garment's background, trimming, turn and box, or inversion; and quarter turns."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if data.intake == "garment":
            ground, turn, trim, straight, boxed = _garment_steps(data)
        elif data.photos:  # they are taken as they are
            return Steps(invert=False, turn=_turn())
        else:
            inverted = st.toggle(
                "Invert",
                key="try_invert",
                persist_state="session",
                help="Dark for light, for a picture that is dark where the data set is light.",
            )
            return Steps(invert=inverted, turn=_turn())
    tilt = None if straight else -float(_tilted(data))
    return Steps(ground, trim, turn, tilt, st.session_state.get("try_item") or 0, _box() if boxed else None)


def _garment_steps(data: Description) -> tuple[bool | None, int, bool, bool, bool]:
    """Draw the switches; return inversion, quarter turns, and whether to trim, to straighten, and to set a box."""
    ground = st.segmented_control(
        "Background",
        list(BACKGROUNDS),
        default="auto",
        required=True,
        key="try_background",
        persist_state="session",
        help=f"Where the {data.noun} is darker than its background, both are inverted, because the data set shows light {data.noun}s "
        "on black. Auto compares the two; light inverts, dark does not.",
    )
    turn = _turn()
    trim = st.toggle(
        "Trim",
        value=True,
        key="try_trim",
        persist_state="session",
        help=f"Cut to the {data.noun} and fit its longest edge to {data.side} pixels, as the data set's authors did.",
    )
    straight = st.toggle(
        "Straighten",
        value=True,
        key="try_straight",
        persist_state="session",
        help=f"Turn the {data.noun} upright where it is turned by up to 20°. Off, a slider turns it by hand.",
    )
    boxed = st.toggle(
        "Box",
        key="try_box",
        persist_state="session",
        help=f"Say yourself where the {data.noun} is: what lies outside of the box is cut off before anything else. Two sliders set "
        "the box, by mouse, finger or arrow keys.",
    )
    return BACKGROUNDS[ground], turn, trim, straight, boxed


def _tilted(data: Description) -> int:
    return st.slider(
        "Turn by",
        -45,
        45,
        0,
        format="%d°",
        key="try_tilt",
        persist_state="session",
        help=f"Degrees by which the {data.noun} is turned, clockwise above 0.",
    )


def _box() -> Box:
    """Draw the two sliders of the box; return it."""
    left, right = _sides("From left to right", "try_across", "left and right edges")
    top, bottom = _sides("From top to bottom", "try_down", "upper and lower edges")
    return left, top, right, bottom


def _sides(label: str, key: str, edges: str) -> tuple[float, float]:
    """Draw a slider with two ends; return them as shares. They stay LEAST per cent apart."""
    low, high = st.slider(
        label,
        0,
        100,
        (10, 90),
        format="%d %%",
        key=key,
        persist_state="session",
        help=f"The {edges} of the box, in per cent of the picture.",
    )
    if high - low < LEAST:
        low, high = (low, low + LEAST) if low + LEAST <= 100 else (100 - LEAST, 100)
    return low / 100, high / 100


def _turn() -> int:
    """Draw the button that turns the picture; return the quarter turns clockwise, 0…3."""
    state = st.session_state
    state.setdefault("try_turn", 0)

    def turn() -> None:
        state["try_turn"] = (state["try_turn"] + 1) % 4

    st.button(
        "Turn" if not state["try_turn"] else f"Turn ({90 * state['try_turn']}°)",
        key="try_turn_button",
        icon=":material/rotate_90_degrees_cw:",
        on_click=turn,
        help="A quarter turn clockwise. Photos are set upright by what the camera noted (EXIF) before.",
    )
    return state["try_turn"]
