"""The models that can be held against each other: which, under what name and line, their curves, bands and differences."""

import numpy as np
import streamlit as st

from core.basics.errors import CheckpointError
from core.basics.text import plain
from core.data.fashion_mnist import class_index
from core.metrics import comparison, evaluation
from pages.parts import charts, models
from pages.parts.models import Chosen

DRAWN = 400  # points a curve; more cannot be told apart and cost seconds
GRID = np.unique(np.concatenate([np.geomspace(5e-4, 1.0, 120), np.linspace(0.0, 1.0, 101)]))


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
    """The pointwise 95 % band of the whole test curve at GRID's false positive rates: (low, high)."""
    scores = _one.scores.test
    return comparison.roc_band(scores[_one.normal], scores[_one.anomaly], GRID)


def mark(one: Chosen) -> str:
    """What tells its scores from any others: the caches' key."""
    return one.checkpoint.card.scores_sha256


def sound(one: Chosen) -> list[Chosen]:
    """The chosen model first, then every other one trained for its class; a damaged one is said to be so and left out."""
    others = []
    for checkpoint in [c for model in models.MODEL_NAMES for c in models.of(model, one.checkpoint.task.normal)]:
        if checkpoint.folder != one.checkpoint.folder:
            try:
                others.append(models.opened(checkpoint))
            except CheckpointError as error:
                st.warning(plain(error), icon=":material/warning:")
    return [one, *others]


def named(one: Chosen) -> str:
    """GAN, regime, and the run's name unless it is shipped."""
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
