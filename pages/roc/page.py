"""ROC: the curves of both GANs, the threshold, and what it does to the test images."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core import evaluation
from pages.parts import charts, link, models
from pages.parts.link import class_name
from pages.parts.models import Chosen

DRAWN = 400  # points a curve; more cannot be told apart and cost seconds
STEP = 0.0005

st.title("ROC and threshold")
rivals = models.rivals()
one = rivals[0]
test = one.scores.test
normal, anomaly = test[one.normal], test[one.anomaly]
state = st.session_state
POINTS = {
    "youden": ("Largest Youden J", "The largest TPR − FPR on validation images (Youden 1950)."),
    "fpr_5": ("False alarms ≤ 5 %", "At most 5 % of the validation normals are flagged."),
    "fpr_1": ("False alarms ≤ 1 %", "At most 1 % of the validation normals are flagged."),
}


@st.cache_data(max_entries=32, show_spinner=False)
def curve(mark: str, _one: Chosen) -> tuple[evaluation.Curve, tuple[float, float, float]]:
    """The test ROC curve, thinned for drawing, and the AUROC with its interval of the whole."""
    scores, masks = _one.scores.test, (_one.normal, _one.anomaly)
    whole = evaluation.roc(scores[masks[0]], scores[masks[1]])
    keep = np.unique(np.linspace(0, len(whole.fpr) - 1, DRAWN).round().astype(int))
    thinned = evaluation.Curve(whole.thresholds[keep], whole.fpr[keep], whole.tpr[keep])
    return thinned, evaluation.auroc_interval(scores[masks[0]], scores[masks[1]])


def set_threshold(value: float) -> None:
    state["threshold"] = value
    link.push()


def from_slider() -> None:
    state["_slider_shows"] = state["threshold_slider"]
    set_threshold(state["threshold_slider"])


def roc_figure(counts: evaluation.Confusion) -> go.Figure:
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name="chance",
        line={"color": charts.NEUTRAL, "dash": "dot", "width": 1},
        hoverinfo="skip",
    )
    for rival in rivals:
        model = rival.checkpoint.card.model
        drawn, (area, low, high) = curve(rival.checkpoint.card.scores_sha256, rival)
        figure.add_scatter(
            x=np.concatenate([[0.0], drawn.fpr]),
            y=np.concatenate([[0.0], drawn.tpr]),
            customdata=np.concatenate([[np.nan], drawn.thresholds]),
            mode="lines",
            name=f"{rival.title}, {rival.regime}: AUROC {area:.3f} ({low:.3f}–{high:.3f})",
            line={"color": charts.MODELS[model], "dash": charts.DASHES[model], "width": 3 if rival is one else 2},
            hovertemplate="FPR %{x:.3f}<br>TPR %{y:.3f}<br>threshold %{customdata:.4f}<extra></extra>",
        )
    figure.add_scatter(
        x=[counts.fpr],
        y=[counts.tpr],
        mode="markers",
        name=f"threshold {counts.threshold:.4f}",
        marker={"size": 14, "color": charts.ANOMALY, "symbol": "diamond", "line": {"color": "white", "width": 2}},
        hovertemplate="FPR %{x:.3f}<br>TPR %{y:.3f}<extra>threshold in force</extra>",
    )
    figure.update_xaxes(title="False positive rate: share of normal images flagged", range=[-0.01, 1.01])
    figure.update_yaxes(title="True positive rate: share of anomalies caught", range=[-0.01, 1.02])
    return charts.styled(figure, 470, uirevision=one.checkpoint.card.scores_sha256)


def score_figure(limit: float) -> go.Figure:
    edges = np.linspace(min(test.min(), limit), max(test.max(), limit), 61)
    figure = go.Figure()
    for name, scores, colour, pattern in (
        (class_name(one.checkpoint.task.normal), normal, charts.NORMAL, ""),
        ("anomalies", anomaly, charts.ANOMALY, "/"),
    ):
        heights, _ = np.histogram(scores, edges)
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=100 * heights / len(scores),
            width=np.diff(edges),
            name=f"{name} ({len(scores):,})",
            marker={"color": colour, "pattern": {"shape": pattern, "solidity": 0.3}},
            opacity=0.65,
            hovertemplate="score %{x:.3f}: %{y:.1f} %<extra></extra>",
        )
    figure.add_vline(limit, line={"color": charts.NEUTRAL, "width": 2, "dash": "dash"}, annotation_text="threshold")
    figure.update_xaxes(title="Score: mean absolute reconstruction error")
    figure.update_yaxes(title="Share of the images, %")
    return charts.styled(figure, 300, barmode="overlay")


def table(counts: evaluation.Confusion) -> str:
    """The confusion matrix as an HTML table with headings a screen reader can follow."""
    return f"""<style>
.mf-confusion {{border-collapse:collapse; width:100%}}
.mf-confusion th, .mf-confusion td {{border:1px solid color-mix(in srgb, currentColor 25%, transparent); padding:.45rem .6rem; text-align:right}}
.mf-confusion th {{font-weight:600; text-align:left}} .mf-confusion td b {{font-size:1.15rem; font-variant-numeric:tabular-nums}}
.mf-confusion small {{opacity:.8}}
</style><table class="mf-confusion"><caption style="position:absolute;clip:rect(0 0 0 0)">Confusion matrix at the threshold</caption>
<tr><th scope="col"></th><th scope="col">Flagged</th><th scope="col">Not flagged</th></tr>
<tr><th scope="row">Anomalies</th><td><b>{counts.caught:,}</b><br><small>✓ caught</small></td><td><b>{counts.missed:,}</b><br><small>✗ missed</small></td></tr>
<tr><th scope="row">Normal images</th><td><b>{counts.false_alarms:,}</b><br><small>! false alarms</small></td><td><b>{counts.passed:,}</b><br><small>○ passed</small></td></tr>
</table>"""


@st.fragment
def lab() -> None:
    """Threshold, counts and both charts: only this reruns when the threshold moves."""
    limit = models.threshold(one)
    low, high = float(np.floor(test.min() / STEP) * STEP), float(np.ceil(test.max() / STEP) * STEP)
    if state.get("_slider_shows") != limit or "threshold_slider" not in state:
        # Only when it was set elsewhere (a button, a link, another model): writing on each run loses quick key presses.
        state["threshold_slider"] = float(min(max(limit, low), high))
        state["_slider_shows"] = limit

    left, right = st.columns([5, 4], gap="large")
    with right:
        st.slider(
            "Threshold",
            low,
            high,
            step=STEP,
            format="%.4f",
            key="threshold_slider",
            on_change=from_slider,
            help="An image whose score reaches the threshold is flagged as an anomaly. The threshold is applied to stored scores; nothing is trained again.",
        )
        with st.container(horizontal=True):
            for name, (label, meaning) in POINTS.items():
                point = one.checkpoint.card.thresholds[name]
                st.button(
                    label,
                    key=f"point_{name}",
                    on_click=set_threshold,
                    args=(point,),
                    help=f"{meaning} Chosen on validation images, never on test: {point:.4f}.",
                )
        counts = evaluation.confusion(normal, anomaly, limit)
        st.html(table(counts))
        precision = "–" if np.isnan(counts.precision) else f"{counts.precision:.1%}"
        st.markdown(
            f"TPR **{counts.tpr:.1%}** · FPR **{counts.fpr:.1%}** · precision **{precision}**",
            help="TPR, true positive rate = caught / all anomalies. FPR, false positive rate = false alarms / all normal images. "
            "Precision = caught / all flagged, on this test set, nine tenths of which are anomalies; where anomalies are rare, "
            "precision is far lower.",
        )
    with left:
        charts.show(
            roc_figure(counts),
            "roc_curve",
            f"ROC curves. At threshold {limit:.4f}, {counts.tpr:.1%} of anomalies are caught and {counts.fpr:.1%} of normal images flagged.",
        )
    charts.show(
        score_figure(limit),
        "score_histogram",
        f"Distribution of scores: {class_name(one.checkpoint.task.normal)} against anomalies, with the threshold at {limit:.4f}.",
    )


st.markdown(
    f"**{one.title}**, normal class **{class_name(one.checkpoint.task.normal)}**, {one.regime} regime. "
    "Move the threshold and watch what it does to the 10,000 test images."
)
lab()
st.page_link("pages/browse/page.py", label="See the images at this threshold", icon=":material/grid_view:")
