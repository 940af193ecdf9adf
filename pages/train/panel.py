"""The panel: fixed validation images and their reconstructions after each epoch, with a slider back through time."""

import base64
from pathlib import Path
from typing import Any

import streamlit as st

from core.basics.errors import MisfitError
from core.data.dataset import Description
from core.runs import folders, frames
from core.runs.status import Status
from pages.parts.component import component

_panel = component("panel", Path(__file__).parent, "panel", "slider.css")


def show(status: Status, key: str, named: bool = False) -> None:
    """Draw the panel once there is a frame; with `named`, name its run. The same data is not sent twice: Streamlit
    caches large messages."""
    folder = folders.folder(status.name) / "panel"
    paths = frames.frames(folder)
    originals = folder / "originals.png"
    try:
        stamps = tuple((str(path), path.stat().st_mtime_ns) for path in [originals, *paths])
        data = _data(stamps, status.request.task.data) if paths else None
    except (MisfitError, OSError, ValueError):  # a run of an older Misfit, or a run that is being removed
        data = None
    if data is None:
        return
    whose = f"{status.name}: f" if named else "F"
    st.markdown(f"##### {whose}ixed validation images, reconstructed after each epoch")
    st.caption(
        "Above the image, below its reconstruction; the number is how much is changed on average, the mean residual."
    )
    _panel(key=key, data=data | {"run": status.name})


@st.cache_data(max_entries=8, show_spinner=False, hash_funcs={Description: hash})
def _data(stamps: tuple[tuple[str, int], ...], description: Description) -> dict[str, Any]:
    """Read the component's data; read again only when a frame is new. Each PNG holds its images side by side."""
    first, *rest = (Path(path) for path, _ in stamps)
    picture, notes = frames.read(first)
    classes = notes.classes
    return {
        "originals": _address(picture),
        "names": [description.class_name(slug) for slug in classes],
        "normals": classes.count(classes[0]),
        "titles": [
            f"○ Normal: {description.class_name(classes[0])}",
            "✕ Anomalies: one of each class in validation",
        ],
        "frames": [_frame(str(path), stamp) for path, (_, stamp) in zip(rest, stamps[1:], strict=True)],
    }


@st.cache_data(max_entries=500, show_spinner=False)
def _frame(path: str, stamp: int) -> dict[str, Any]:
    picture, notes = frames.read(Path(path))
    return {"epoch": int(Path(path).stem), "src": _address(picture), "scores": notes.scores}


def _address(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode()
