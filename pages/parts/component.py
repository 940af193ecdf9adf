"""Our own Streamlit components, made of files beside their page: no build step, nothing downloaded."""

from pathlib import Path
from typing import Any

import streamlit as st

_SHARED = Path(__file__).parent


def component(name: str, folder: Path, stem: str, *before: str, html: bool = False) -> Any:
    """Make the component `misfit_<name>` of stem.js, stem.css if there is one, and, with `html`, stem.html in `folder`.

    The scripts in `before` come first, in this order, each from `folder` or else from pages/parts.
    """
    style = folder / f"{stem}.css"
    scripts = [folder / script if (folder / script).exists() else _SHARED / script for script in before]
    return st.components.v2.component(
        f"misfit_{name}",
        html=(folder / f"{stem}.html").read_text("utf-8") if html else None,
        css=style.read_text("utf-8") if style.exists() else None,
        js="\n".join(path.read_text("utf-8") for path in [*scripts, folder / f"{stem}.js"]),
    )
