"""Our own Streamlit components, made of files beside their page: no build step, nothing downloaded."""

from pathlib import Path
from typing import Any

import streamlit as st

_SHARED = Path(__file__).parent


def component(name: str, folder: Path, stem: str, *before: str, html: bool = False) -> Any:
    """Make the component `misfit_<name>` of stem.js, stem.css if there is one, and, with `html`, stem.html in `folder`.

    The scripts and style sheets in `before` come first, in this order, each from `folder` or else from pages/parts.
    """
    paths = [folder / name if (folder / name).exists() else _SHARED / name for name in before]
    paths += [path for path in (folder / f"{stem}.js", folder / f"{stem}.css") if path.exists()]
    return st.components.v2.component(
        f"misfit_{name}",
        html=(folder / f"{stem}.html").read_text("utf-8") if html else None,
        css=_joined(paths, ".css") or None,
        js=_joined(paths, ".js"),
    )


def _joined(paths: list[Path], suffix: str) -> str:
    return "\n".join(path.read_text("utf-8") for path in paths if path.suffix == suffix)
