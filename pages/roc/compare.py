"""Compare: trained models, anomaly classes, precision–recall and seeds, in plotly."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import comparison, decisions, evaluation, results
from core.data import class_index
from core.decisions import Stakes
from core.errors import MisfitError
from pages.parts import charts, link, models
from pages.parts.link import VIEWS, class_name
from pages.parts.models import Chosen

DRAWN = 400  # points a curve; more cannot be told apart and cost seconds
LABELS = {
    "curves": "ROC, 95 % bands",
    "classes": "Anomaly classes",
    "precision": "Precision–recall",
    "seeds": "Seeds and baselines",
}
GRID = np.unique(np.concatenate([np.geomspace(5e-4, 1.0, 120), np.linspace(0.0, 1.0, 101)]))
METHODS = models.MODEL_NAMES | {"isolation forest": "Isolation forest", "supervised CNN": "Supervised CNN"}
# A sign beside each colour, for as many curves as there are anomaly classes.
_LINES = [
    (colour, dash)
    for dash in ("solid", "dash", "dot")
    for colour in (charts.ANOMALY, charts.NORMAL, charts.MODELS["dcgan"])
]


@st.cache_data(max_entries=128, show_spinner=False)
def curve(mark: str, anomaly_class: str | None, _one: Chosen) -> tuple[evaluation.Curve, tuple[float, float, float]]:
    """The test curve thinned for drawing, and the whole one's AUROC with its interval; of one anomaly class when named."""
    scores, kept = _one.scores.test, _one.anomaly
    if anomaly_class is not None:
        kept = kept & (models.test_images().labels == class_index(anomaly_class))
    whole = evaluation.roc(scores[_one.normal], scores[kept])
    keep = np.unique(np.linspace(0, len(whole.fpr) - 1, DRAWN).round().astype(int))
    thinned = evaluation.Curve(whole.thresholds[keep], whole.fpr[keep], whole.tpr[keep])
    return thinned, evaluation.auroc_interval(scores[_one.normal], scores[kept])


@st.cache_data(max_entries=32, show_spinner="Drawing the bands…")
def band(mark: str, _one: Chosen) -> tuple[np.ndarray, np.ndarray]:
    scores = _one.scores.test
    return comparison.roc_band(scores[_one.normal], scores[_one.anomaly], GRID)


def mark(one: Chosen) -> str:
    return one.checkpoint.card.scores_sha256


def sound(one: Chosen) -> list[Chosen]:
    """The chosen model first, then every other one trained for its class; a damaged one is said to be so and left out."""
    others = []
    for checkpoint in [c for model in models.MODEL_NAMES for c in models.of(model, one.checkpoint.task.normal)]:
        if checkpoint.folder != one.checkpoint.folder:
            try:
                others.append(models.opened(checkpoint))
            except MisfitError as error:
                st.warning(str(error), icon=":material/warning:")
    return [one, *others]


def named(one: Chosen) -> str:
    name = one.checkpoint.name
    return f"{one.title}, {one.regime}" + ("" if name == "shipped" else f", {name}")


def styles(everyone: list[Chosen]) -> list[tuple[str, str]]:
    """(colour, dash) of each model: the colour is the GAN's, the dash tells several trainings of one GAN apart."""
    found, counts = [], dict.fromkeys(models.MODEL_NAMES, 0)
    for one in everyone:
        model = one.checkpoint.card.model
        more = ("dashdot", "longdash", "dot", "longdashdot")
        found.append(
            (charts.MODELS[model], charts.DASHES[model] if not counts[model] else more[(counts[model] - 1) % len(more)])
        )
        counts[model] += 1
    return found


def asked_for(one: Chosen) -> list[Chosen]:
    """The chosen model and those to hold against it: at first the ones of its own regime, which answer its question."""
    others = {named(other): other for other in sound(one)[1:]}
    if len(others) < 2 and all(other.regime == one.regime for other in others.values()):
        return [one, *others.values()]
    picked = st.multiselect(
        "Hold against",
        list(others),
        default=[name for name, other in others.items() if other.regime == one.regime],
        key=f"against_{mark(one)}",
        help="Every model trained for this class, shipped or your own. Regimes answer different questions: a model that saw labelled "
        "anomalies in training is no better method than one that did not, it was told more.",
    )
    return [one, *(others[name] for name in picked)]


def verdict(first: Chosen, second: Chosen) -> str:
    """The difference of two AUROCs as a plain sentence."""
    if not (np.array_equal(first.normal, second.normal) and np.array_equal(first.anomaly, second.anomaly)):
        return f"{named(first)} and {named(second)} are tested on other anomalies: their AUROCs cannot be set against each other."
    pairs = [(one.scores.test[one.normal], one.scores.test[one.anomaly]) for one in (first, second)]
    found = comparison.auroc_difference(*pairs)
    better, worse, low, high = (
        (first, second, found.low, found.high) if found.value >= 0 else (second, first, -found.high, -found.low)
    )
    if found.clear:
        text = f"**{named(better)}** is better than {named(worse)} by **{abs(found.value):.3f}** AUROC, 95 % interval {low:.3f}–{high:.3f}."
    else:
        text = (
            f"{named(better)} and {named(worse)} cannot be told apart on these images: they differ by {abs(found.value):.3f} "
            f"AUROC, and the 95 % interval ({low:.3f} to {high:.3f}) holds zero."
        )
    if first.checkpoint.task.regime != second.checkpoint.task.regime:
        text += " They answer different questions: what was known in training was not the same."
    return text


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
        kept = drawn.fpr > 0 if log else drawn.fpr >= 0
        figure.add_scatter(
            x=drawn.fpr[kept],
            y=drawn.tpr[kept],
            customdata=drawn.thresholds[kept],
            mode="lines",
            legendgroup=mark(rival),
            name=f"{named(rival)}: AUROC {area:.3f} ({low:.3f}–{high:.3f})",
            line={"color": colour, "dash": dash, "width": 3 if rival is one else 2},
            hovertemplate="FPR %{x:.4f}<br>TPR %{y:.3f}<br>threshold %{customdata:.4f}<extra></extra>",
        )
        told.append(f"{named(rival)} {area:.3f}")
    roc_axes(figure, log)
    charts.show(
        charts.styled(figure, 460, uirevision=str(log)), "roc_curve", "ROC curves; AUROC: " + "; ".join(told) + "."
    )
    st.caption(
        "Bands: 95 % at each FPR by itself (pointwise), percentile bootstrap over the test images, normals and anomalies "
        f"drawn apart, {comparison.DRAWS} draws. In brackets: DeLong's interval on the logit scale. Both are over test images and "
        "say nothing about another training."
    )


def draw_classes(one: Chosen, log: bool) -> None:
    """One curve for each anomaly class of the chosen model: who hides best?"""
    parts = sorted(
        ((name, *curve(mark(one), name, one)) for name in one.checkpoint.task.test_classes), key=lambda part: part[2][0]
    )
    figure = go.Figure()
    for (name, drawn, (area, low, high)), (colour, dash) in zip(parts, _LINES, strict=False):
        kept = drawn.fpr > 0 if log else drawn.fpr >= 0
        figure.add_scatter(
            x=drawn.fpr[kept],
            y=drawn.tpr[kept],
            customdata=drawn.thresholds[kept],
            mode="lines",
            name=f"{class_name(name)} {area:.3f} ({low:.3f}–{high:.3f})",
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate=f"{class_name(name)}<br>FPR %{{x:.4f}}<br>TPR %{{y:.3f}}<br>threshold %{{customdata:.4f}}<extra></extra>",
        )
    roc_axes(figure, log)
    name, _, (area, low, high) = parts[0]
    st.markdown(
        f"**{class_name(name)}** hides best from {named(one)}: AUROC **{area:.3f}** ({low:.3f}–{high:.3f}) against "
        f"{class_name(one.checkpoint.task.normal)}."
        + (f" {class_name(parts[-1][0])} is found most easily: {parts[-1][2][0]:.3f}." if len(parts) > 1 else "")
    )
    charts.show(
        charts.styled(figure, 480, uirevision=str(log)),
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
            y=decisions.precision(drawn.fpr, drawn.tpr, stakes.prevalence),
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
    charts.show(charts.styled(figure, 460), "precision_recall", "Average precision: " + "; ".join(told) + ".")
    st.caption(
        f"At the stated rarity, {100 * stakes.prevalence:g} % anomalies: precision = π·TPR ÷ (π·TPR + (1 − π)·FPR). Average "
        "precision = Σ (step of recall)·precision. At the test set's own 90 % every model would look far better."
    )


def draw_seeds(one: Chosen) -> None:
    """Every finished training of results.csv for this class: methods and seeds, a table and a panel for each regime."""
    rows = results.read()
    normal = one.checkpoint.task.normal
    rows = rows[rows["normal"] == normal]
    if rows.empty:
        st.info(
            f"results.csv has no figures for {class_name(normal)} yet. `python -m core results --normal {normal}` measures them.",
            icon=":material/table_chart:",
        )
        return
    st.caption(
        "From results.csv: whole test split, one dot a training. Baselines store no scores per image, only these figures; "
        "that is why they have no curve here. Regimes answer different questions and stand apart."
    )
    for regime, group in rows.groupby("regime", sort=False):
        st.markdown(f"###### {str(regime).capitalize()} regime", help=models.REGIME_HELP[str(regime)])
        figure, table = go.Figure(), []
        order = group.groupby("method")["auroc"].mean().sort_values().index
        for method in order:
            cells = group[group["method"] == method].sort_values("auroc")
            areas, name = cells["auroc"].to_numpy(), METHODS.get(method, method)
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
                customdata=np.stack([cells["seed"], [class_name(c) if c else "all nine" for c in cells["left_out"]]], 1),
                mode="markers",
                showlegend=False,
                marker={"size": 10, "color": charts.MODELS.get(method, charts.NEUTRAL),
                        "symbol": {"dcgan": "diamond", "traditional": "square"}.get(method, "circle")},
                hovertemplate=f"{name}, seed %{{customdata[0]}}<br>anomalies: %{{customdata[1]}}<br>AUROC %{{x:.4f}}<extra></extra>",
            )  # fmt: skip
            deviation = areas.std(ddof=1) if len(areas) > 1 else np.nan
            table.append((name, len(areas), areas.mean(), deviation, areas.min(), areas.max()))
        figure.update_xaxes(title="Test AUROC; bars: 95 % interval over test images")
        charts.show(
            charts.styled(figure, 110 + 42 * len(order)),
            f"seeds_{regime}",
            f"AUROC in the {regime} regime: " + "; ".join(f"{name} {mean:.3f}" for name, _, mean, *_ in table) + ".",
        )
        frame = pd.DataFrame(reversed(table), columns=["Method", "Trainings", "Mean", "SD", "Lowest", "Highest"])
        number = st.column_config.NumberColumn(format="%.4f")
        st.dataframe(
            frame.dropna(axis="columns", how="all"),
            hide_index=True,
            column_config=dict.fromkeys(("Mean", "SD", "Lowest", "Highest"), number),
            key=f"seed_table_{regime}",
        )


@st.fragment
def show(one: Chosen, stakes: Stakes | None) -> None:
    """One view at a time: what is not looked at costs nothing."""
    state = st.session_state
    st.subheader(
        "Compare",
        anchor=False,
        help="The same test images through every model that is trained for this class, with how sure the figures are.",
    )
    view = st.segmented_control(
        "View", VIEWS, format_func=LABELS.get, key="view", persist_state="session", on_change=link.push,
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
    try:
        if view == "curves":
            draw_curves(one, everyone, log)
        elif view == "classes":
            draw_classes(one, log)
        elif view == "precision":
            draw_precision(everyone, stakes)
        elif view == "seeds":
            draw_seeds(one)
    except MisfitError as error:
        st.error(str(error), icon=":material/error:")
