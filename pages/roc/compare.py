"""Compare: trained models, anomaly classes, precision–recall and seeds, in plotly."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.metrics import comparison, costs, evaluation
from core.metrics.costs import Stakes
from pages.parts import charts, link, trouble
from pages.parts.fields import VIEWS
from pages.parts.models import Chosen
from pages.roc import seeds
from pages.roc.rivals import GRID, asked_for, band, curve, mark, named, styles, verdict

LABELS = {
    "curves": "ROC, 95 % bands",
    "classes": "Anomaly classes",
    "precision": "Precision–recall",
    "seeds": "Seeds and baselines",
}
# A sign beside each colour, for as many curves as there are anomaly classes.
_LINES = [
    (colour, dash)
    for dash in ("solid", "dash", "dot")
    for colour in (charts.ANOMALY, charts.NORMAL, charts.MODELS["dcgan"])
]


def roc_axes(figure: go.Figure, log: bool) -> None:
    figure.update_yaxes(title="TPR: share of anomalies caught", range=[-0.01, 1.02])
    title = "FPR: share of normal images flagged"
    if log:
        ticks = [0.001, 0.01, 0.1, 1]
        figure.update_xaxes(
            title=title, type="log", range=[-3.1, 0.01], tickvals=ticks, ticktext=[f"{v:g}" for v in ticks]
        )
    else:
        figure.update_xaxes(title=title, range=[-0.01, 1.01])


def draw_curves(one: Chosen, everyone: list[Chosen], log: bool) -> None:
    """ROC curves with pointwise bands, and each other model against the chosen one."""
    for rival in everyone[1:]:
        st.markdown(
            verdict(one, rival),
            help="Paired on the same images with DeLong's covariance: "
            "var(A₁ − A₂) = var A₁ + var A₂ − 2 cov(A₁, A₂); interval = difference ± 1.96·√var.",
        )
    if len(everyone) == 1:
        st.caption("Nothing to hold against it: choose or train another model of this class.")
    figure, told = go.Figure(), []
    chance = np.geomspace(5e-4, 1, 60)
    figure.add_scatter(
        x=chance, y=chance, mode="lines", name="chance", hoverinfo="skip",
        line={"color": charts.NEUTRAL, "dash": "dot", "width": 1},
    )  # fmt: skip
    for rival, (colour, dash) in zip(everyone, styles(everyone), strict=True):
        drawn, (area, low, high) = curve(mark(rival), None, rival)
        lowest, highest = band(mark(rival), rival)
        shown = GRID > 0 if log else GRID >= 0
        group = {"legendgroup": mark(rival), "showlegend": False, "hoverinfo": "skip", "mode": "lines"}
        figure.add_scatter(x=GRID[shown], y=lowest[shown], line={"width": 0}, **group)
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        figure.add_scatter(
            x=GRID[shown], y=highest[shown], line={"width": 0}, fill="tonexty",
            fillcolor=f"rgba({red},{green},{blue},0.2)", **group,
        )  # fmt: skip
        name = f"{named(rival)}: AUROC {area:.3f} ({low:.3f}–{high:.3f})"
        line = {"color": colour, "dash": dash, "width": 3 if rival is one else 2}
        add_curve(figure, drawn, log, name, line, legendgroup=mark(rival))
        told.append(f"{named(rival)} {area:.3f}")
    roc_axes(figure, log)
    figure.update_layout(height=460, uirevision=str(log))
    charts.show(figure, "roc_curve", "ROC curves; AUROC: " + "; ".join(told) + ".")
    st.caption(
        "Bands: 95 % at each FPR by itself (pointwise), percentile bootstrap over the test images, normals and anomalies "
        f"drawn apart, {comparison.DRAWS} draws. In brackets: DeLong's interval on the logit scale. Both are over test images and "
        "say nothing about another training."
    )


def add_curve(
    figure: go.Figure, drawn: evaluation.Curve, log: bool, name: str, line: dict, lead: str = "", **more: str
) -> None:
    """One ROC curve; `lead` begins what hovering says. On a logarithmic axis the points at FPR 0 are left out."""
    kept = drawn.fpr > 0 if log else drawn.fpr >= 0
    figure.add_scatter(
        x=drawn.fpr[kept],
        y=drawn.tpr[kept],
        customdata=drawn.thresholds[kept],
        mode="lines",
        name=name,
        line=line,
        hovertemplate=lead + "FPR %{x:.4f}<br>TPR %{y:.3f}<br>threshold %{customdata:.4f}<extra></extra>",
        **more,
    )


def draw_classes(one: Chosen, log: bool) -> None:
    """One curve for each anomaly class of the chosen model: who hides best?"""
    parts = sorted(
        ((name, *curve(mark(one), name, one)) for name in one.checkpoint.task.test_classes), key=lambda part: part[2][0]
    )
    figure = go.Figure()
    for (name, drawn, (area, low, high)), (colour, dash) in zip(parts, _LINES, strict=False):
        title = f"{class_name(name)} {area:.3f} ({low:.3f}–{high:.3f})"
        add_curve(figure, drawn, log, title, {"color": colour, "dash": dash, "width": 2}, f"{class_name(name)}<br>")
    roc_axes(figure, log)
    name, _, (area, low, high) = parts[0]
    st.markdown(
        f"**{class_name(name)}** hides best from {named(one)}: AUROC **{area:.3f}** ({low:.3f}–{high:.3f}) against "
        f"{class_name(one.checkpoint.task.normal)}."
        + (f" {class_name(parts[-1][0])} is found most easily: {parts[-1][2][0]:.3f}." if len(parts) > 1 else "")
    )
    figure.update_layout(height=480, uirevision=str(log))
    charts.show(
        figure,
        "roc_classes",
        "ROC curve of each anomaly class, hardest first: "
        + ", ".join(f"{class_name(p[0])} {p[2][0]:.3f}" for p in parts)
        + ".",
    )


def draw_precision(everyone: list[Chosen], stakes: Stakes | None) -> None:
    """Precision over recall where anomalies are as rare as stated."""
    if stakes is None:
        st.info("State costs and a share of anomalies above first.", icon=":material/edit:")
        return
    figure, told = go.Figure(), []
    for rival, (colour, dash) in zip(everyone, styles(everyone), strict=True):
        drawn, _ = curve(mark(rival), None, rival)
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
        told.append(f"{named(rival)} {mean:.3f}")
    figure.add_hline(
        stakes.prevalence, line={"color": charts.NEUTRAL, "dash": "dot", "width": 1}, annotation_text="flag everything"
    )
    figure.update_xaxes(title="Recall = TPR: share of anomalies caught", range=[-0.01, 1.01])
    figure.update_yaxes(title="Precision: share of flagged that are anomalies", range=[-0.01, 1.02])
    figure.update_layout(height=460)
    charts.show(figure, "precision_recall", "Average precision: " + "; ".join(told) + ".")
    st.caption(
        f"At the stated rarity, {100 * stakes.prevalence:g} % anomalies: precision = π·TPR ÷ (π·TPR + (1 − π)·FPR). Average "
        f"precision = Σ (step of recall)·precision. The test of the {everyone[0].title} has {everyone[0].prevalence:.0%} anomalies: "
        "precision counted on it would be another."
    )


@st.fragment
@trouble.told()
def show(one: Chosen, stakes: Stakes | None) -> None:
    """One view at a time: what is not looked at costs nothing."""
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
    everyone = asked_for(one) if view in ("curves", "precision") else [one]
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
        draw_curves(one, everyone, log)
    elif view == "classes":
        draw_classes(one, log)
    elif view == "precision":
        draw_precision(everyone, stakes)
    elif view == "seeds":
        seeds.draw(one)
