"""One style for every plotly figure. The colours are Okabe and Ito's, told apart in every common colour blindness.

The colour of text on axes and legends is in style.css, so that it follows a change of theme at once.
"""

from itertools import cycle
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.basics.names import MODEL_NAMES

if TYPE_CHECKING:  # pages without a chart import colours from this file and should not wait for plotly
    import plotly.graph_objects as go

NORMAL = "#0072B2"  # blue
ANOMALY = "#D55E00"  # vermilion
# Each model's line colour, in the order of MODEL_NAMES: purple, green, orange, sky blue; and a dash beside each colour.
MODELS = dict(zip(MODEL_NAMES, cycle(("#CC79A7", "#009E73", "#E69F00", "#56B4E9")), strict=False))
DASHES = dict(zip(MODEL_NAMES, cycle(("dash", "solid", "dot")), strict=False))
NEUTRAL = "#7a8594"
# Worse than 0.9, at 0.9, better: pale colours, so that dark numbers can be read on each.
GOODNESS = [[0.0, "#f3b98a"], [0.5, "#fbf7ef"], [1.0, "#9fd0ee"]]
ON_PALE = "#0b1118"

LAYOUT: dict[str, Any] = {
    "margin": {"l": 10, "r": 10, "t": 30, "b": 10},
    "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0.0},  # above the plot
    "hoverlabel": {"namelength": -1},
    "font": {"size": 13},
    "meta": "misfit",
}
HEIGHT = 420
CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}


def styled(figure: "go.Figure") -> "go.Figure":
    """Give `figure` the house style and return it. A height or `uirevision` that it has already stays."""
    figure.update_layout(LAYOUT)
    if figure.layout.height is None:
        figure.update_layout(height=HEIGHT)
    figure.update_xaxes(title_standoff=8)
    figure.update_yaxes(automargin=True, title_standoff=8)
    return figure


def show(figure: "go.Figure", key: str, alt: str, **options: Any) -> Any:
    """Draw a plotly figure in the house style. Every page uses this function. `alt` is text for screen readers."""
    return st.plotly_chart(styled(figure), key=key, config=CONFIG, alt=alt, **options)
