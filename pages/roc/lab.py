"""The threshold lab: curve, distributions, slider and confusion matrix that move together in the browser (lab.js).

The browser gets the scores once, sorted, as float32 in base64. It sends a threshold when pointer or key is released.
Python's threshold counts: Python sends it on each run, with the serial number of the last release that it received, so
that the browser can tell an answer to an older release from a threshold that was set elsewhere. A new session (after
the server has restarted) counts from 0 and has another name.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st

from core.metrics.costs import Stakes
from pages.parts import charts, fields, release
from pages.parts.chosen import Chosen
from pages.parts.component import component
from pages.parts.packed import packed

_DASHES = {"solid": "none", "dash": "9 5", "dot": "2 5"}  # plotly's words for a line, as SVG has them
_lab = component("threshold_lab", Path(__file__).parent, "lab", "svg.js", "packed.js", "lab_drawing.js", html=True)
KEYS = {True: "threshold_lab", False: "normals_lab"}  # by whether there are anomalies; style.css reserves room for each


@st.cache_data(max_entries=32, show_spinner=False)
def _scores(mark: str, _chosen: Chosen) -> dict[str, str]:
    test = _chosen.scores.test
    return {"normal": packed(np.sort(test[_chosen.normal])), "anomaly": packed(np.sort(test[_chosen.anomaly]))}


def show(
    chosen: Chosen, auroc: float | None, threshold: float, stakes: Stakes | None, on_release: Callable[[float], None]
) -> None:
    """Draw the lab at `threshold`; `on_release` gets the threshold at which pointer or key was released.

    Without an AUROC the test has no anomalies, and the lab shows only the normals.
    """
    key = KEYS[auroc is not None]

    card = chosen.checkpoint.card
    data = _scores(chosen.mark, chosen) | {
        "id": chosen.mark,
        **release.known("lab"),
        "threshold": threshold,
        "largest": fields.LARGEST_THRESHOLD,
        "stakes": None if stakes is None else vars(stakes),
        "model": f"{chosen.title}, {chosen.regime}",
        "auroc": auroc,
        "normal_name": chosen.normal_name,
        "colours": {"normal": charts.NORMAL, "anomaly": charts.ANOMALY, "model": charts.MODELS[card.model]},
        "dash": _DASHES[charts.DASHES[card.model]],
        "file": f"misfit-roc-{card.model}-{chosen.checkpoint.task.normal}",
    }
    _lab(key=key, data=data, on_release_change=lambda: release.receive("lab", key, on_release))
