"""The pictures of the Results page: the classes as a heat map, the defects, the ablation, the imbalance curve."""

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.basics.names import METHOD_NAMES, MODEL_NAMES
from core.data import damage
from core.data.fashion_mnist import FASHION_MNIST
from core.study import figures
from pages.parts import charts


def heat_map(rows: pd.DataFrame, regime: str) -> go.Figure:
    """Draw class × method, mean AUROC over seeds. Every cell shows its number, so that no reader needs the colours.

    Classes are rows, so that the numbers can be read on a phone, too.
    """
    table = figures.class_table(rows, regime)
    table = table.loc[table.mean(axis=1).sort_values(ascending=False).index].T  # the best method at the left
    values = table.to_numpy()
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=[METHOD_NAMES.get(name, name).replace(" ", "<br>") for name in table.columns],
            y=[FASHION_MNIST.description.class_name(slug) for slug in table.index],
            text=[["" if np.isnan(value) else f"{value:.3f}" for value in line] for line in values],
            texttemplate="%{text}",
            textfont={"size": 13, "color": charts.ON_PALE},
            colorscale=charts.GOODNESS,
            zmin=0.8,
            zmax=1.0,
            showscale=False,
            hovertemplate="%{y}<br>%{x}: %{z:.4f}<extra></extra>",
            hoverongaps=False,
            xgap=2,
            ygap=2,
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(side="top", tickangle=0, showgrid=False)
    return figure.update_layout(height=90 + 32 * len(table))


SYMBOLS = ("diamond-open", "square-open", "triangle-up-open", "cross-open")  # of the maps without training


def defects(lines: pd.DataFrame, column: str, title: str) -> go.Figure:
    """Draw a figure of `figures.defect_table` by kind: a dot for each method.

    A GAN has its colour, filled for seen and open for one-class; maps without training are grey, each with its own shape.
    """
    figure = go.Figure()
    free = figures.untrained(lines)
    symbols = dict(zip(lines[free]["method"].unique(), SYMBOLS, strict=False))
    for (regime, method), dots in lines.groupby(["regime", "method"], sort=False):
        name = METHOD_NAMES.get(str(method), str(method))
        if method in MODEL_NAMES:
            name, colour = f"{name}, {regime}", charts.MODELS[str(method)]
            symbol = "circle" if regime == "seen" else "circle-open"
        else:
            name, colour, symbol = f"{name}, no training", charts.NEUTRAL, symbols.get(method, "x-open")
        figure.add_scatter(
            x=dots[column],
            y=dots["kind"].str.capitalize(),
            mode="markers",
            name=name,
            marker={"size": 11, "color": colour, "symbol": symbol, "line": {"width": 2}},
            hovertemplate="%{y}: %{x:.3f}<extra>" + name + "</extra>",
        )
    kinds = [kind.capitalize() for kind in damage.KINDS if (lines["kind"] == kind).any()]
    figure.update_yaxes(categoryorder="array", categoryarray=kinds[::-1])
    figure.update_xaxes(title=title, rangemode="normal" if "AUROC" in title else "tozero")
    return figure.update_layout(height=180 + 40 * len(kinds))


def ablation(rows: pd.DataFrame) -> go.Figure:
    """Draw the AUROC of each combination of losses with its spread over seeds, and the normals' error beside it."""
    table = figures.ablation_table(rows)
    figure = go.Figure()
    for column, spread, name, colour, symbol, axis in (
        ("auroc", table["sd"], "AUROC (mean, SD over seeds)", charts.MODELS["dcgan"], "circle", "x"),
        ("normal_error", None, "normals' error", charts.NEUTRAL, "diamond-open", "x2"),
    ):
        figure.add_scatter(
            x=table[column],
            y=table.index,
            error_x={"array": spread} if spread is not None else None,
            mode="markers",
            name=name,
            marker={"size": 11, "color": colour, "symbol": symbol},
            xaxis=axis,
            hovertemplate="%{y}<br>%{x:.4f}<extra></extra>",
        )
    figure.update_layout(
        xaxis={"title": "Test AUROC", "domain": [0.0, 0.56]},
        xaxis2={"title": "Normals' error", "domain": [0.64, 1.0], "anchor": "y", "rangemode": "tozero"},
    )
    return figure.update_layout(height=140 + 36 * len(table))


NEAR = (
    1.6  # points of a logarithmic axis whose ratio is smaller would have labels over each other, on a phone above all
)


def _labels(counts: list[int]) -> list[str]:
    """Return a label for each tick, the largest first in line; empty where it would cover its right neighbour's."""
    labels, right = [], math.inf
    for count in reversed(counts):
        labels.append(f"{count:,}" if right / count >= NEAR else "")
        right = count if labels[-1] else right
    return labels[::-1]


def imbalance(rows: pd.DataFrame) -> go.Figure:
    """Draw AUROC over the number of labelled anomalies, a line for each regime; the level line has no labels."""
    table = figures.imbalance_table(rows)
    figure = go.Figure()
    for regime, colour, symbol, dash in (
        ("seen", charts.ANOMALY, "circle", "solid"),
        ("unseen", charts.NORMAL, "square", "dash"),
    ):
        points = table[table["regime"] == regime]
        figure.add_scatter(
            x=points["anomalies"],
            y=points["mean"],
            mode="lines+markers",
            name=f"{regime} ({int(points['count'].min())} or more trainings a point)" if len(points) else regime,
            line={"color": colour, "dash": dash},
            marker={"symbol": symbol, "size": 9},
            hovertemplate="%{x:,} labelled anomalies: %{y:.4f}<extra></extra>",
        )
    without = table[table["regime"] == "one-class"]
    if len(without):
        figure.add_hline(
            without["mean"].iloc[0],
            line={"color": charts.NEUTRAL, "dash": "dot"},
            annotation_text="no label (one-class)",
            annotation_position="bottom left",
        )
    counts = sorted(table.loc[table["regime"] != "one-class", "anomalies"].unique())
    figure.update_xaxes(
        title="Labelled anomalies in training (logarithmic)",
        type="log",
        tickvals=counts,
        ticktext=_labels(counts),
        tickangle=0,
    )
    figure.update_yaxes(title="Test AUROC, T-shirt/top normal")
    return figure.update_layout(height=380)
