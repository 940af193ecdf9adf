"""One style for every plotly figure. Colours are Okabe and Ito's, told apart in every common colour blindness.

The colour of text on axes and legends is in style.css, so that it follows the theme while one looks.
"""

from itertools import cycle
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.basics.names import MODEL_NAMES

if TYPE_CHECKING:  # pages without a chart take colours from here and should not wait for plotly
    import plotly.graph_objects as go

NORMAL = "#0072B2"  # blue
ANOMALY = "#D55E00"  # vermilion
# Each model's line, in the order of their names: purple, green, orange, sky blue; and a sign beside each colour.
MODELS = dict(zip(MODEL_NAMES, cycle(("#CC79A7", "#009E73", "#E69F00", "#56B4E9")), strict=False))
DASHES = dict(zip(MODEL_NAMES, cycle(("dash", "solid", "dot")), strict=False))
NEUTRAL = "#7a8594"
# Worse than 0.9, 0.9, better: pale, so that dark numbers can be read on each.
GOODNESS = [[0.0, "#f3b98a"], [0.5, "#fbf7ef"], [1.0, "#9fd0ee"]]
ON_PALE = "#0b1118"

LAYOUT: dict[str, Any] = {
    "margin": {"l": 10, "r": 10, "t": 30, "b": 10},
    "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0.0},  # on top, no title inside
    "hoverlabel": {"namelength": -1},
    "font": {"size": 13},
    "meta": "misfit",
}
HEIGHT = 420
CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}


def styled(figure: "go.Figure") -> "go.Figure":
    """Give `figure` the house style. A height and a `uirevision` of its own stay."""
    figure.update_layout(LAYOUT)
    if figure.layout.height is None:
        figure.update_layout(height=HEIGHT)
    figure.update_xaxes(title_standoff=8)
    figure.update_yaxes(automargin=True, title_standoff=8)
    return figure


def show(figure: "go.Figure", key: str, alt: str, **options: Any) -> Any:
    """Draw it in the house style, the one way to put a plotly figure on a page; `alt` says in a sentence what a screen
    reader's user should know."""
    return st.plotly_chart(styled(figure), key=key, config=CONFIG, alt=alt, **options)
