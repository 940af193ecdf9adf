"""Compare: trained models, anomaly classes, precision–recall and seeds, in plotly."""

from html import escape

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.basics.text import percent, plain
from core.metrics import comparison, costs, evaluation
from core.metrics.costs import Stakes
from pages.parts import charts, link, trouble
from pages.parts.chosen import Chosen
from pages.parts.fields import VIEWS
from pages.roc import curves, seeds
from pages.roc.rivals import GRID, asked_for, band, curve, named, styles, verdict

LABELS = {
    "curves": "ROC, 95 % bands",
    "classes": "Anomaly classes",
    "precision": "Precision–recall",
    "seeds": "Seeds and baselines",
}
# A dash beside each colour: as many curves as can be told apart.
_LINES = [
    (colour, dash)
    for dash in ("solid", "dash", "dot")
    for colour in (charts.ANOMALY, charts.NORMAL, charts.MODELS["dcgan"])
]


def _draw_band(figure: go.Figure, rival: Chosen, colour: str, log: bool) -> None:
    """Draw the pointwise band of a model's curve."""
    lowest, highest = band(rival.mark, rival)
    shown = GRID > 0 if log else GRID >= 0
    group = {"legendgroup": rival.mark, "showlegend": False, "hoverinfo": "skip", "mode": "lines"}
    figure.add_scatter(x=GRID[shown], y=lowest[shown], line={"width": 0}, **group)
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    figure.add_scatter(
        x=GRID[shown], y=highest[shown], line={"width": 0}, fill="tonexty",
        fillcolor=f"rgba({red},{green},{blue},0.2)", **group,
    )  # fmt: skip


def draw_curves(chosen: Chosen, everyone: list[Chosen], log: bool) -> None:
    """Draw ROC curves with pointwise bands, and say how each other model compares with the chosen one."""
    for rival in everyone[1:]:
        st.markdown(
            verdict(chosen, rival),
            help="Paired on the same images with DeLong's covariance: "
            "var(A₁ − A₂) = var A₁ + var A₂ − 2 cov(A₁, A₂); interval = difference ± 1.96·√var.",
        )
    if len(everyone) == 1:
        st.caption("Nothing to hold against it: choose or train another model of this class.")
    figure, areas = go.Figure(), []
    chance = np.geomspace(5e-4, 1, 60)
    figure.add_scatter(
        x=chance, y=chance, mode="lines", name="chance", hoverinfo="skip",
        line={"color": charts.NEUTRAL, "dash": "dot", "width": 1},
    )  # fmt: skip
    for rival, (colour, dash) in zip(everyone, styles(everyone), strict=True):
        drawn, (area, low, high) = curve(rival.mark, None, rival)
        if rival.copies is None:
            _draw_band(figure, rival, colour, log)
        name = f"{named(rival)}: AUROC {area:.3f} ({low:.3f}–{high:.3f})"
        line = {"color": colour, "dash": dash, "width": 3 if rival is chosen else 2}
        curves.add(figure, drawn, log, name, line, legendgroup=rival.mark)
        areas.append(f"{named(rival)} {area:.3f}")
    curves.axes(figure, log)
    figure.update_layout(height=460, uirevision=str(log))
    charts.show(figure, "roc_curve", "ROC curves; AUROC: " + "; ".join(areas) + ".")
    if chosen.copies is not None:
        st.caption(
            f"In brackets: the 95 % interval over the {len(np.unique(chosen.copies.of))} {chosen.data.noun}s below the defects, not over "
            "their copies (Obuchowski 1997). It says nothing about other kinds of defects, or about another training."
        )
        return
    st.caption(
        "Bands: 95 % at each FPR by itself (pointwise), percentile bootstrap over the test images, normals and anomalies "
        f"drawn apart, {comparison.DRAWS} draws. In brackets: DeLong's interval on the logit scale. Both are over test images and "
        "say nothing about another training."
    )


def draw_classes(chosen: Chosen, log: bool) -> None:
    """Draw a curve for each anomaly class, hardest first, at most as many as there are line styles."""
    parts = sorted(
        ((name, *curve(chosen.mark, name, chosen)) for name in chosen.kinds()),
        key=lambda part: part[2][0],
    )
    figure = go.Figure()
    for (name, drawn, (area, low, high)), (colour, dash) in zip(parts, _LINES, strict=False):
        title = f"{escape(name)} {area:.3f} ({low:.3f}–{high:.3f})"
        curves.add(figure, drawn, log, title, {"color": colour, "dash": dash, "width": 2}, f"{escape(name)}<br>")
    curves.axes(figure, log)
    name, _, (area, low, high) = parts[0]
    easiest, _, (most, _, _) = parts[-1]
    st.markdown(
        f"**{plain(name)}** hides best from {plain(named(chosen))}: AUROC **{area:.3f}** ({low:.3f}–{high:.3f}) against "
        f"{plain(chosen.normal_name)}."
        + (f" {plain(easiest)} is found most easily: {most:.3f}." if most > area else "")
        + (f" Drawn are the {len(_LINES)} of {len(parts)} classes that hide best." if len(parts) > len(_LINES) else "")
    )
    figure.update_layout(height=480, uirevision=str(log))
    areas = ", ".join(f"{name} {area:.3f}" for name, _, (area, _, _) in parts)
    charts.show(figure, "roc_classes", f"ROC curve of each anomaly class, hardest first: {areas}.")


def draw_precision(everyone: list[Chosen], stakes: Stakes | None) -> None:
    """Draw precision over recall at the stated share of anomalies."""
    if stakes is None:
        st.info("State costs and a share of anomalies above first.", icon=":material/edit:")
        return
    figure, means = go.Figure(), []
    for rival, (colour, dash) in zip(everyone, styles(everyone), strict=True):
        drawn, _ = curve(rival.mark, None, rival)
        scores = rival.scores.test
        mean = evaluation.average_precision(scores[rival.normal], scores[rival.anomaly], stakes.prevalence)
        figure.add_scatter(
            x=drawn.tpr,
            y=costs.precision(drawn.fpr, drawn.tpr, stakes.prevalence),
            customdata=drawn.thresholds,
            mode="lines",
            name=f"{named(rival)}: average precision {mean:.3f}",
            line={"color": colour, "dash": dash, "width": 3 if rival is everyone[0] else 2},
            hovertemplate="recall %{x:.3f}<br>precision %{y:.3f}<br>threshold %{customdata:.4f}<extra></extra>",
        )
        means.append(f"{named(rival)} {mean:.3f}")
    figure.add_hline(
        stakes.prevalence, line={"color": charts.NEUTRAL, "dash": "dot", "width": 1}, annotation_text="flag everything"
    )
    figure.update_xaxes(title="Recall = TPR: share of anomalies caught", range=[-0.01, 1.01])
    figure.update_yaxes(title="Precision: share of flagged that are anomalies", range=[-0.01, 1.02])
    figure.update_layout(height=460)
    charts.show(figure, "precision_recall", "Average precision: " + "; ".join(means) + ".")
    st.caption(
        f"At the stated rarity, {100 * stakes.prevalence:g} % anomalies: precision = π·TPR ÷ (π·TPR + (1 − π)·FPR). Average "
        f"precision = Σ (step of recall)·precision. The test of the {everyone[0].title} has {percent(everyone[0].prevalence, 0)} anomalies: "
        "precision counted on it would be another."
    )


@st.fragment
@trouble.told()
def show(chosen: Chosen, stakes: Stakes | None) -> None:
    """Draw the chosen view; only this view is computed."""
    state = st.session_state
    st.subheader(
        "Compare",
        anchor=False,
        help="The same test images through every model that is trained for this class, with how sure the figures are.",
    )
    view = st.segmented_control(
        "View", VIEWS, format_func=LABELS.__getitem__, key="view", persist_state="session", on_change=link.push,
        label_visibility="collapsed", required=True,
    )  # fmt: skip
    everyone = asked_for(chosen) if view in ("curves", "precision") else [chosen]
    if view in ("curves", "classes"):

        def toggled() -> None:
            state["log_fpr"] = "on" if state["log_switch"] else ""
            link.push()

        st.toggle(
            "Log scale for false alarms",
            value=state["log_fpr"] == "on",
            key="log_switch",
            on_change=toggled,
            help="Small false-alarm rates are where factories live: on a log scale 0.1 %, 1 % and 10 % stand equally far apart.",
        )
    log = state["log_fpr"] == "on"
    if view == "curves":
        draw_curves(chosen, everyone, log)
    elif view == "classes":
        draw_classes(chosen, log)
    elif view == "precision":
        draw_precision(everyone, stakes)
    elif view == "seeds":
        seeds.draw(chosen)
