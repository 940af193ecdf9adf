"""The goals that the measured figures are held against, and what others have reached. pandas and numpy only."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from core.basics.names import MODEL_NAMES
from core.data.tasks import ANOMALIES
from core.study import figures
from core.study.plan import LABELS
from core.study.reporting import class_name, number

NEAR = 0.0005  # a figure is compared as it is shown, with three decimals


class Goal(NamedTuple):
    """A figure (nan: not measured), the value it should reach, and what to hold both against. `least` says which way is
    better: at least the goal, or at most.
    """

    figure: str
    measured: float
    goal: float
    anchor: str = ""
    least: bool = True

    @property
    def reached(self) -> bool:
        """Tell whether the figure, rounded as it is shown, reaches the goal."""
        shown = round(self.measured, 3)
        return shown >= self.goal if self.least else shown <= self.goal

    @property
    def cells(self) -> list[str]:
        """Return the cells of a line: figure, measured, goal, whether it is reached, anchor."""
        word = "not measured yet" if math.isnan(self.measured) else "reached" if self.reached else "open"
        sign = "≥" if self.least else "≤"
        measured, goal = (
            f"{value:.0f}" if self.goal > 1 and not math.isnan(value) else number(value)  # a count has no decimals
            for value in (self.measured, self.goal)
        )
        return [self.figure, measured, f"{sign} {goal}", word, self.anchor or "–"]


HEADS = ["figure", "measured", "goal", "", "to hold it against"]


def goals(rows: pd.DataFrame, defects: pd.DataFrame) -> list[Goal]:
    """Return every goal with its figure: `rows` of results.csv, `defects` of defects.csv. Test AUROC unless it says otherwise."""
    return [*_one_class(rows), *_unseen(rows), *_few_labels(rows), *_seen(rows), *_defects(defects)]


def _means(rows: pd.DataFrame, regime: str, column: str = "mean") -> dict[str, float]:
    """Return method → that column of the summary of a regime; nan for a method that is not measured."""
    lines = figures.summary(rows[rows["regime"] == regime])
    known = dict(zip(lines["method"], lines[column], strict=True)) if len(lines) else {}
    return {name: float(known.get(name, math.nan)) for name in (*MODEL_NAMES, "kNN", "fusion", "supervised CNN")}


def _better(values: dict[str, float]) -> float:
    known = [values[name] for name in MODEL_NAMES if not math.isnan(values[name])]
    return max(known, default=math.nan)


def _one_class(rows: pd.DataFrame) -> Iterator[Goal]:
    means = _means(rows, "one-class")
    others = "GOAD 0.941 and ESAD 0.940 without pretrained networks, PANDA 0.956 with one"
    fused = f"; the fusion, which is three methods, {number(means['fusion'])}"
    yield Goal("one-class, better of the two GANs, mean of ten", _better(means), 0.950, others + fused)
    yield Goal("one-class, DCGAN, mean of ten", means["dcgan"], 0.940, others)
    table = figures.class_table(rows, "one-class")
    if {"kNN", "traditional", "dcgan"} <= set(table.index):
        behind = table.loc["kNN"] > table.loc[["traditional", "dcgan"]].max() + NEAR
        names = ", ".join(class_name(name) for name in table.columns[behind])
        anchor = f"kNN {number(means['kNN'])} on the mean" + (f"; better than both GANs on {names}" if names else "")
        yield Goal("one-class, classes on which a GAN is at least as good as kNN", float((~behind).sum()), 10.0, anchor)


def _unseen(rows: pd.DataFrame) -> Iterator[Goal]:
    means = _means(rows, "unseen")
    whole = figures.class_table(rows, "unseen").dropna(axis=0).index  # a mean over fewer classes is another figure
    cnn = means["supervised CNN"] if "supervised CNN" in whole else math.nan
    anchor = f"a supervised CNN trained on the same eight classes {number(cnn)}"
    for name, goal in (("traditional", 0.965), ("dcgan", 0.955)):
        yield Goal(f"unseen, T-shirt/top, {MODEL_NAMES[name]}, mean of nine", means[name], goal, anchor)


def _few_labels(rows: pd.DataFrame) -> Iterator[Goal]:
    table = figures.imbalance_table(rows)
    curve = {(regime, count): mean for regime, count, mean, _ in table.itertuples(index=False)}
    none = curve.get(("one-class", 0), math.nan)
    for count, goal in ((10, 0.960), (100, 0.972)):
        anchor = f"without a label {number(none)}"
        yield Goal(
            f"seen, {count} labelled anomalies, Traditional GAN", curve.get(("seen", count), math.nan), goal, anchor
        )
    points = [(regime, count) for regime in ("seen", "unseen") for count in (*LABELS, ANOMALIES)]
    worst = min(curve[point] for point in points) if set(points) <= set(curve) else math.nan
    yield Goal("any number of labels, seen or unseen, at least what none gives", worst, round(none, 3))


def _seen(rows: pd.DataFrame) -> Iterator[Goal]:
    means, first, errors = (_means(rows, "seen", column) for column in ("mean", "t_shirt", "normal_error"))
    looks = _means(rows, "seen", "looks_normal")
    cnn, first_cnn = (f"the supervised CNN {number(of['supervised CNN'])}" for of in (means, first))
    yield Goal("seen, DCGAN, mean of ten", means["dcgan"], 0.991, f"Kim et al. 0.986; {cnn}")
    yield Goal("seen, DCGAN, share of the CNN's", means["dcgan"] / means["supervised CNN"], 0.997)
    yield Goal("seen, DCGAN, T-shirt/top", first["dcgan"], 0.986, f"slide deck 0.899; Kim et al. 0.995; {first_cnn}")
    yield Goal("seen, Traditional GAN, mean of ten", means["traditional"], 0.982, cnn)
    yield Goal("seen, Traditional GAN, T-shirt/top", first["traditional"], 0.978, f"slide deck 0.870; {first_cnn}")
    yield Goal("seen, DCGAN, anomalies that look normal once redrawn", looks["dcgan"], 0.800)
    for name, goal in (("dcgan", 0.075), ("traditional", 0.130)):
        yield Goal(f"seen, {MODEL_NAMES[name]}, normals' error", errors[name], goal, least=False)


def _defects(defects: pd.DataFrame) -> Iterator[Goal]:
    if defects.empty:
        return
    table = figures.defect_table(defects).set_index(["method", "regime"])
    best = table[figures.untrained(table.reset_index()).to_numpy()].max()
    for regime, column, what, goal in (
        ("seen", "image_auroc", "image AUROC", 0.920),
        ("one-class", "image_auroc", "image AUROC", 0.900),
        ("seen", "pixel_auroc", "pixel AUROC", 0.960),
        ("seen", "hit", "hottest spot on the defect", 0.800),
    ):
        value = float(table[column].get(("dcgan", regime), math.nan))
        anchor = f"the best map without training {number(best[column])}"
        yield Goal(f"defects, {regime}, DCGAN, {what}, mean of ten", value, goal, anchor)
