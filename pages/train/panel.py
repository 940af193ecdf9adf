"""The panel: fixed validation images and what the generator made of them after each epoch, with a slider back through time."""

import base64
from pathlib import Path
from typing import Any

import streamlit as st

from core.runs import folders, frames
from core.runs.folders import Status
from pages.parts.link import class_name

_HERE = Path(__file__).parent
_panel = st.components.v2.component(
    "misfit_panel",
    css=(_HERE / "panel.css").read_text("utf-8"),
    js=(_HERE / "panel.js").read_text("utf-8"),
)


def show(status: Status, key: str, named: bool = False) -> None:
    """Draw it, once there is a frame; `named` says whose it is. The same data is not sent a second time: Streamlit keeps large messages."""
    folder = folders.folder(status.name) / "panel"
    found = frames.frames(folder)
    originals = folder / "originals.png"
    try:
        stamps = tuple((str(path), path.stat().st_mtime_ns) for path in [originals, *found])
        data = _data(stamps) if found else None
    except (OSError, ValueError, KeyError):  # a run of an older Misfit, or one that is being removed
        data = None
    if data is None:
        return
    whose = f"{status.name}: f" if named else "F"
    st.markdown(f"##### {whose}ixed validation images, redrawn after each epoch")
    st.caption(
        "Above the image, below what the generator makes of it; the number is its score, higher = more anomalous."
    )
    _panel(key=key, data=data | {"run": status.name})


@st.cache_data(max_entries=8, show_spinner=False)
def _data(stamps: tuple[tuple[str, int], ...]) -> dict[str, Any]:
    """Everything the component needs; read again only when a frame is new."""
    first, *rest = (Path(path) for path, _ in stamps)
    picture, notes = frames.read(first)
    classes = notes["classes"]
    normals = classes.count(classes[0])
    return {
        "originals": _address(picture),
        "names": [class_name(slug) for slug in classes],
        "normals": normals,
        "titles": [f"○ Normal: {class_name(classes[0])}", "✕ Anomalies: one of each other class"],
        "frames": [_frame(str(path), stamp) for path, (_, stamp) in zip(rest, stamps[1:], strict=True)],
    }


@st.cache_data(max_entries=500, show_spinner=False)
def _frame(path: str, stamp: int) -> dict[str, Any]:
    picture, notes = frames.read(Path(path))
    return {"epoch": int(Path(path).stem), "src": _address(picture), "scores": notes["scores"]}


def _address(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode()
