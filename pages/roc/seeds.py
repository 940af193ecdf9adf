"""The main trainings in results.csv: methods and seeds, with a panel and a table for each regime."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.basics.names import METHOD_NAMES, REGIME_HELP
from core.basics.text import plain
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import REGIMES
from core.study import figures, results
from pages.parts import charts
from pages.parts.chosen import Chosen


def draw(chosen: Chosen) -> None:
    """Draw the main trainings in results.csv for this class: a panel and a table for each regime."""
    data, normal = FASHION_MNIST.description, chosen.checkpoint.task.normal
    if chosen.data.key != data.key:
        st.info(
            f"Seeds and baselines are measured by the sweep (`python -m core results`), and that is of {data.name}. "
            f"{plain(chosen.data.name)} has not been measured that way.",
            icon=":material/table_chart:",
        )
        return
    rows = figures.main_rows(results.read())
    rows = rows[rows["normal"] == normal]
    if rows.empty:
        st.info(
            f"results.csv has no figures for {data.class_name(normal)} yet. `python -m core results --normal {normal}` measures them.",
            icon=":material/table_chart:",
        )
        return
    st.caption(
        "From results.csv: whole test split, one dot a training. Baselines store no scores per image, only these figures; "
        "that is why they have no curve here. Regimes answer different questions and stand apart. In the unseen regime a mean is over "
        "the left-out classes, each a mean over seeds, and SD over seeds is within a class. Trainings with fewer losses or "
        "fewer labels are on the Results page."
    )
    for regime in REGIMES:
        group = rows[rows["regime"] == regime]
        if group.empty:
            continue
        lines = figures.summary(group).sort_values("mean", ascending=False)
        st.markdown(f"###### {regime.capitalize()} regime", help=REGIME_HELP[regime])
        means = (f"{METHOD_NAMES.get(line.method, line.method)} {line.mean:.3f}" for line in lines.itertuples())
        alt = f"AUROC in the {regime} regime: {'; '.join(means)}."
        charts.show(_panel(group, list(lines["method"])), f"seeds_{regime}", alt)
        shown = {"method": "Method", "trainings": "Trainings", "mean": "Mean", "sd_seeds": "SD over seeds"}
        if regime == "unseen":
            shown["sd_classes"] = "SD over left-out classes"
        number = st.column_config.NumberColumn(format="%.4f")
        st.dataframe(
            lines.replace({"method": METHOD_NAMES})[list(shown)].rename(columns=shown),
            hide_index=True,
            column_config=dict.fromkeys(("Mean", "SD over seeds", "SD over left-out classes"), number),
            key=f"seed_table_{regime}",
        )


def _panel(group: pd.DataFrame, methods: list[str]) -> go.Figure:
    """Draw a line for each method with a dot for each training and its interval; the first method is at the top."""
    figure, data = go.Figure(), FASHION_MNIST.description
    for method in reversed(methods):
        cells = group[group["method"] == method].sort_values("auroc")
        areas, name = cells["auroc"].to_numpy(), METHOD_NAMES.get(method, method)
        left_out = [data.class_name(slug) if slug else "all others" for slug in cells["left_out"]]
        figure.add_scatter(
            x=areas,
            y=[name] * len(areas),
            error_x={
                "type": "data",
                "symmetric": False,
                "array": cells["auroc_high"] - areas,
                "arrayminus": areas - cells["auroc_low"],
                "thickness": 1,
            },
            customdata=np.stack([cells["seed"], left_out], 1),
            mode="markers",
            showlegend=False,
            marker={
                "size": 10,
                "color": charts.MODELS.get(method, charts.NEUTRAL),
                "symbol": {"dcgan": "diamond", "traditional": "square"}.get(method, "circle"),
            },
            hovertemplate=f"{name}, seed %{{customdata[0]}}<br>anomalies: %{{customdata[1]}}<br>AUROC %{{x:.4f}}<extra></extra>",
        )
    figure.update_xaxes(title="Test AUROC; bars: 95 % interval over test images")
    return figure.update_layout(height=110 + 42 * len(methods))
