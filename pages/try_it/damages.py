"""Ready-made damages: one click puts a hole, a stain or long sleeves on the picture, one more brings it back.

A damage is seeded, so that a link to a damaged test image shows the same damage again.
"""

from collections.abc import Callable

import numpy as np
import streamlit as st

from core.basics.files import sha256
from core.data import damage, photo_damage
from core.data.dataset import Description
from pages.parts import damages, link, models
from pages.parts.damages import NAMES
from pages.try_it import pad

SIZE = "medium"
state = st.session_state


def put(image: np.ndarray, kind: str, number: int) -> np.ndarray | None:
    """Return uint8 [H, W, C] with the damage of this kind and number on it; None if nothing of it would be seen."""
    result = photo_damage.of_any_kind(image[None], kind, SIZE, number, models.test_images().images)
    return result.images[0] if result.visible[0] else None


def linked(image: np.ndarray) -> np.ndarray:
    """Return a test image with the damage that the link names, or as it is if there is none."""
    before = image.copy()
    state["_damaged"] = None
    if state.get("damage") is None:
        return before
    kind, number = state["damage"].split("-")
    state["_damages"] = max(state.get("_damages", 0), int(number))
    after = put(before, kind, int(number))
    if after is None:
        state["damage"] = None
        return before
    state["_damaged"] = before, after
    return after


def on_pad(data: Description) -> None:
    """Offer the damages for what is on the pad."""
    _offer(data, _damage_pad, state.get("_damaged") is not None)


def _damage_pad(kind: str | None) -> None:
    """Put a damage of `kind` on the pad in place of the last one; None brings back the picture without it."""
    now, kept = state["_pad_drawing"], state.get("_damaged")
    # What was drawn after the last damage stays: then this one is put on top.
    before = kept[0] if kept and (kind is None or np.array_equal(now, kept[1])) else now
    after, number = _another(before, kind)
    if after is None:
        return
    state["_damaged"] = None if kind is None else (before, after)
    state["damage"] = f"{kind}-{number}" if kind and _is_test_image(before) else None
    pad.put(after)
    pad.settle()
    link.push()


def _is_test_image(image: np.ndarray) -> bool:
    edit = state.get("edit")
    return edit is not None and np.array_equal(image, models.test_images().images[edit])


def on_brought(data: Description, image: np.ndarray) -> np.ndarray:
    """Offer the damages for a picture from outside, uint8 [H, W, C]; return it with the one that was chosen for it."""
    of = sha256(image.tobytes())
    kept = state.get("_damaged_brought")
    if kept is not None and kept[0] != of:  # another picture begins undamaged
        kept = state["_damaged_brought"] = None

    def pressed(kind: str | None) -> None:
        after, _ = _another(image, kind)
        if after is not None:
            state["_damaged_brought"] = None if kind is None else (of, after)

    _offer(data, pressed, kept is not None)
    return image if kept is None else kept[1]


def _another(before: np.ndarray, kind: str | None) -> tuple[np.ndarray | None, int]:
    """Return the picture with the next damage of `kind` (None: without any) and the damage's number.

    The picture is None, and the page says so, when nothing of the damage would be seen.
    """
    state["_damage_vain"] = None
    if kind is None:
        return before, 0
    number = state["_damages"] = state.get("_damages", 0) + 1
    after = put(before, kind, number)
    if after is None:
        state["_damage_vain"] = NAMES[kind].name
    return after, number


def _offered(data: Description) -> list[str]:
    """List the kinds that are offered; long sleeves on every garment, because anything may be on the pad."""
    if data.intake == "garment":
        return list(damage.KINDS)
    return damages.offered(data, data.normal_choices[0])


def _offer(data: Description, pressed: Callable[[str | None], None], damaged: bool) -> None:
    st.caption(
        "Put a damage on it",
        help="Each press puts another one in place of the last, and the heat map and the verdict follow. Models learn from other "
        "kinds of damage than these.",
    )
    with st.container(horizontal=True, gap="xsmall", key="damages"):
        for kind in _offered(data):
            st.button(
                NAMES[kind].name,
                key=f"try_damage_{kind}",
                on_click=pressed,
                args=(kind,),
                help=NAMES[kind].meaning,
            )
        st.button(
            "Undamaged",
            key="try_undamaged",
            icon=":material/healing:",
            on_click=pressed,
            args=(None,),
            disabled=not damaged,
            help="The picture as it was before the damage.",
        )
    if vain := state.pop("_damage_vain", None):
        st.info(
            f"**{vain}** changes nothing here: nothing of it would be seen on this picture, so it stays as it is. It needs "
            f"a picture that shows a {data.noun}.",
            icon=":material/visibility_off:",
        )
