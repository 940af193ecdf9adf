"""One style for every plotly figure. Colours are Okabe and Ito's, told apart in every common colour blindness."""

from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:  # pages without a chart take colours from here and should not wait for plotly
    import plotly.graph_objects as go

NORMAL = "#0072B2"  # blue
ANOMALY = "#D55E00"  # vermilion
MODELS = {"traditional": "#CC79A7", "dcgan": "#009E73"}  # purple, green
DASHES = {"traditional": "dash", "dcgan": "solid"}  # a sign beside each colour
NEUTRAL = "#7a8594"


def styled(figure: "go.Figure", height: int = 420, **layout: Any) -> "go.Figure":
    """Give `figure` the house style: no title inside, tight margins, legend on top, background of the page."""
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0.0},
        hoverlabel={"namelength": -1},
        **layout,
    )
    return figure


def show(figure: "go.Figure", key: str, alt: str, **options: Any) -> Any:
    """Draw it; `alt` says in a sentence what a screen reader's user should know."""
    config = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}
    return st.plotly_chart(figure, key=key, config=config, alt=alt, **options)
