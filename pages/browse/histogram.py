"""A histogram of scores, about as high as a line of text, above the slider of the score range. It is our own component:
st.html removes SVG, and the first tile would wait for plotly's 4.7 MB."""

from pathlib import Path

import numpy as np
import streamlit as st

from pages.parts import charts
from pages.parts.fields import EVERY_SCORE

BINS = 100
_histogram = st.components.v2.component(
    "misfit_histogram",
    html='<svg role="img" preserveAspectRatio="none"></svg>',
    css="svg {width:100%; height:44px; display:block; color:var(--st-text-color)}",
    js=(Path(__file__).parent / "histogram.js").read_text("utf-8"),
)


def show(normals: np.ndarray, anomalies: np.ndarray, chosen: tuple[float, float], threshold: float) -> None:
    """Draw both kinds' scores, float [N] and [A]. Bars outside `chosen` are faint; the threshold is a line."""
    edges = np.linspace(*EVERY_SCORE, BINS + 1)
    _histogram(
        key="score_histogram",
        data={
            "normals": np.histogram(normals, edges)[0].tolist(),
            "anomalies": np.histogram(anomalies, edges)[0].tolist(),
            "range": list(chosen),
            "largest": EVERY_SCORE[1],
            "threshold": threshold,
            "colours": {"normal": charts.NORMAL, "anomaly": charts.ANOMALY},
            "label": f"Histogram of {len(normals)} normal and {len(anomalies)} anomaly scores; the threshold is {threshold:.4f}.",
        },
    )
