"""The models to compare: their names and line styles, their curves, bands and differences."""

import numpy as np
import streamlit as st

from core.basics.errors import CheckpointError
from core.basics.names import MODEL_NAMES
from core.basics.text import plain, signed
from core.metrics import comparison, evaluation
from pages.parts import charts, models
from pages.parts.chosen import Chosen, on_synthetic
from pages.roc.curves import thinned

GRID = np.unique(np.concatenate([np.geomspace(5e-4, 1.0, 120), np.linspace(0.0, 1.0, 101)]))


@st.cache_data(max_entries=128, show_spinner=False)
def curve(mark: str, kind: str | None, _chosen: Chosen) -> tuple[evaluation.Curve, tuple[float, float, float]]:
    """Return the thinned test curve, and (AUROC, low, high) of the whole curve; of one kind of anomaly if it is named."""
    anomaly = _chosen.anomaly if kind is None else _chosen.kinds()[kind]
    return thinned(_chosen.scores.test[_chosen.normal], _chosen.scores.test[anomaly]), _chosen.area(anomaly)


@st.cache_data(max_entries=32, show_spinner="Drawing the bands…")
def band(mark: str, _chosen: Chosen) -> tuple[np.ndarray, np.ndarray]:
    """Return the pointwise 95 % band (low, high) of the whole test curve at GRID's false positive rates."""
    scores = _chosen.scores.test
    return comparison.roc_band(scores[_chosen.normal], scores[_chosen.anomaly], GRID)


def sound(chosen: Chosen) -> list[Chosen]:
    """List the chosen model, then every other model of its class that was tested on the same kinds of anomalies.

    Warn about a damaged model and leave it out.
    """
    others = []
    for checkpoint in [c for model in MODEL_NAMES for c in models.of(model, chosen.checkpoint.task.normal)]:
        if checkpoint.folder != chosen.checkpoint.folder:
            try:
                other = on_synthetic(models.opened(checkpoint))
                if (other.copies is None) == (chosen.copies is None):
                    others.append(other)
            except CheckpointError as error:
                st.warning(plain(error), icon=":material/warning:")
    return [chosen, *others]


def named(chosen: Chosen) -> str:
    """Return a model's name: the GAN, the run's name unless it is shipped, and the regime."""
    return f"{chosen.title}, {chosen.regime}"


def styles(everyone: list[Chosen]) -> list[tuple[str, str]]:
    """Return (colour, dash) of each model: the GAN's colour, and a dash that tells trainings of the same GAN apart."""
    looks, counts = [], dict.fromkeys(MODEL_NAMES, 0)
    more = ("dashdot", "longdash", "dot", "longdashdot")
    for model in (each.checkpoint.card.model for each in everyone):
        dash = more[(counts[model] - 1) % len(more)] if counts[model] else charts.DASHES[model]
        looks.append((charts.MODELS[model], dash))
        counts[model] += 1
    return looks


def asked_for(chosen: Chosen) -> list[Chosen]:
    """Ask which models to compare with the chosen one; return it and them. The default is the models of its regime."""
    others = {named(other): other for other in sound(chosen)[1:]}
    if len(others) < 2 and all(other.regime == chosen.regime for other in others.values()):
        return [chosen, *others.values()]
    picked = st.multiselect(
        "Hold against",
        list(others),
        default=[name for name, other in others.items() if other.regime == chosen.regime],
        key=f"against_{chosen.mark}",
        help="Every model trained for this class, shipped or your own. Regimes answer different questions: a model that saw labelled "
        "anomalies in training is no better method than one that did not, it was told more.",
    )
    return [chosen, *(others[name] for name in picked)]


def verdict(first: Chosen, second: Chosen) -> str:
    """Say the difference of two AUROCs in a sentence of markdown."""
    if not (np.array_equal(first.normal, second.normal) and np.array_equal(first.anomaly, second.anomaly)):
        return (
            f"{plain(named(first))} and {plain(named(second))} are tested on other anomalies: their AUROCs cannot be set against "
            "each other."
        )
    if first.copies is not None:
        ours, theirs = first.area(first.anomaly)[0], second.area(second.anomaly)[0]
        return f"On the same synthetic defects {plain(named(first))} has AUROC **{ours:.3f}**, {plain(named(second))} **{theirs:.3f}**."
    pairs = [(each.scores.test[each.normal], each.scores.test[each.anomaly]) for each in (first, second)]
    difference = comparison.auroc_difference(*pairs)
    low, high = difference.low, difference.high
    better, worse = plain(named(first)), plain(named(second))
    if difference.value < 0:
        better, worse, low, high = worse, better, -high, -low
    by = f"{abs(difference.value):.3f}"
    if difference.clear:
        text = f"**{better}** is better than {worse} by **{by}** AUROC, 95 % interval {low:.3f}–{high:.3f}."
    else:
        text = (
            f"{better} and {worse} cannot be told apart on these images: they differ by {by} AUROC, and the 95 % interval "
            f"({signed(low)} to {signed(high)}) holds zero."
        )
    if first.checkpoint.task.regime != second.checkpoint.task.regime:
        text += " They answer different questions: what was known in training was not the same."
    return text
