"""A test's ROC curve thinned for drawing, and its static drawings: in plotly for the page, as SVG for the report.

The drawing that moves with the threshold is made in the browser (lab_drawing.js).
"""

import numpy as np
import plotly.graph_objects as go

from core.basics.text import percent
from core.metrics import evaluation
from core.metrics.evaluation import Curve
from pages.parts import charts

DRAWN = 400  # points of a curve; more cannot be told apart and cost seconds


def thinned(normal: np.ndarray, anomaly: np.ndarray) -> Curve:
    """Return the ROC curve of scores [N] and [A] of both kinds, with at most DRAWN points. Raises EvaluationError."""
    whole = evaluation.roc(normal, anomaly)
    keep = np.unique(np.linspace(0, len(whole.fpr) - 1, DRAWN).round().astype(int))
    return Curve(whole.thresholds[keep], whole.fpr[keep], whole.tpr[keep])


def add(figure: go.Figure, curve: Curve, log: bool, name: str, line: dict, lead: str = "", **more: str) -> None:
    """Add a curve to a figure, from (0, 0) on; `lead` begins the hover text. On a logarithmic axis the points at FPR 0 are left out."""
    curve = curve.from_zero()
    thresholds = np.array(["above every score", *(f"{threshold:.4f}" for threshold in curve.thresholds[1:])])
    kept = curve.fpr > 0 if log else curve.fpr >= 0
    figure.add_scatter(
        x=curve.fpr[kept],
        y=curve.tpr[kept],
        customdata=thresholds[kept],
        mode="lines",
        name=name,
        line=line,
        hovertemplate=lead + "FPR %{x:.4f}<br>TPR %{y:.3f}<br>threshold %{customdata}<extra></extra>",
        **more,
    )


def axes(figure: go.Figure, log: bool) -> None:
    """Give a figure the axes of a ROC curve; `log` spreads out small false-alarm rates."""
    figure.update_yaxes(title="TPR: share of anomalies caught", range=[-0.01, 1.02])
    title = "FPR: share of normal images flagged"
    if log:
        ticks = [0.001, 0.01, 0.1, 1]
        figure.update_xaxes(
            title=title, type="log", range=[-3.1, 0.01], tickvals=ticks, ticktext=[f"{v:g}" for v in ticks]
        )
    else:
        figure.update_xaxes(title=title, range=[-0.01, 1.01])


def as_svg(curve: Curve, fpr: float, tpr: float, colour: str) -> str:
    """Draw a curve with the operating point (fpr, tpr) as a figure of HTML that needs no script."""
    size, left, top = 380, 40, 24

    def at(x: float, y: float) -> tuple[float, float]:
        return left + size * x, top + size * (1 - y)

    curve = curve.from_zero()
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(at, curve.fpr, curve.tpr))
    lines = []
    for tick in (0, 0.2, 0.4, 0.6, 0.8, 1):
        (x, _), (_, y) = at(tick, 0), at(0, tick)
        lines.append(
            f'<path d="M{x} {top}v{size}M{left} {y}h{size}" stroke="#7a859440"/>'
            f'<text x="{x}" y="{top + size + 16}" text-anchor="middle">{tick:g}</text>'
            f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{tick:g}</text>'
        )
    x, y = at(fpr, tpr)
    (x0, y0), (x1, y1) = at(0, 0), at(1, 1)
    return (
        f'<figure><svg width="{size + 60}" height="{size + 70}" viewBox="0 0 {size + 60} {size + 70}" role="img" '
        f'aria-label="ROC curve with the operating point at FPR {fpr:.3f} and TPR {tpr:.3f}">{"".join(lines)}'
        f'<path d="M{x0} {y0}L{x1} {y1}" stroke="{charts.NEUTRAL}" stroke-dasharray="2 4"/>'
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="{charts.ANOMALY}" stroke="white" stroke-width="2"/>'
        f'<text x="0" y="14">TPR</text><text x="{left + size}" y="{top + size + 36}" text-anchor="end">FPR</text></svg>'
        f"<figcaption>● the operating point: FPR {percent(fpr, 2)}, TPR {percent(tpr, 2)}. Dotted: chance.</figcaption></figure>"
    )
