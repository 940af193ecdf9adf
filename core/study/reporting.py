"""The figures of core/study/figures.py as sentences and as the cells of tables. Imports no torch."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from core.basics.names import METHOD_NAMES, MODEL_NAMES
from core.basics.text import signed
from core.data.fashion_mnist import FASHION_MNIST
from core.study import figures

# Heading → (column of figures.summary, explanation). "Lowest–highest class", "Seeds" and "Looks normal" show two columns in one.
SUMMARY = {
    "T-shirt/top": ("t_shirt", "Test AUROC with T-shirt/top as the normal class, mean over seeds."),
    "Mean": ("mean", "Test AUROC, mean over the classes (unseen: over the left-out classes) of the mean over seeds."),
    "Lowest–highest class": ("lowest", "The mean over seeds of the hardest and of the easiest class."),
    "Classes": ("classes", "How many normal classes (unseen: left-out classes) are measured."),
    "Seeds": ("seeds", "How many trainings there are of a class."),
    "SD over seeds": (
        "sd_seeds",
        "Standard deviation between trainings of the same class: how much luck is in one run.",
    ),
    "SD over classes": ("sd_classes", "Standard deviation between the classes' means: how uneven the classes are."),
    "Normals' error": (
        "normal_error",
        "Mean absolute reconstruction error of normal test images, scale 0 to 2; a mean like the AUROC's.",
    ),
    "Normals' SSIM": (
        "normal_ssim",
        "Structural similarity of normal test images and their reconstructions; 1 is identical. A mean like the AUROC's.",
    ),
    "Looks normal": (
        "looks_normal",
        "Share of test anomalies whose reconstruction a small CNN calls the normal class; in brackets that of normal test "
        "images, more than which cannot be expected. Means like the AUROC's.",
    ),
}


def difference_sentence(rows: pd.DataFrame, regime: str) -> str | None:
    """Write the paired difference of the two GANs as a sentence; None when it is not measured."""
    difference = figures.difference(rows, regime)
    if difference is None:
        return None
    mean, low, high, classes = difference
    better, worse = "DCGAN", "traditional GAN"
    if mean < 0:  # name first the GAN that is ahead
        better, worse, mean, low, high = worse, better, -mean, -high, -low
    spread = f"{signed(low, '+.3f')} to {signed(high, '+.3f')}"
    what = f"{mean:.3f} on the mean of {classes} classes ({spread}, judged by how much the classes differ)"
    if low > 0:
        return f"The {better} is better than the {worse} by {what}."
    return f"Neither GAN is shown to be better: the {better} is ahead by {what}."


def box_sentence(rows: pd.DataFrame, regime: str) -> str | None:
    """Write how the models in the box, which have seed 0, stand to the table's means; None where no class has several seeds."""
    clauses = []
    for method, name in MODEL_NAMES.items():
        if (known := figures.box_and_mean(rows, method, regime, "t-shirt")) is not None:
            boxed, mean, seeds = known
            clauses.append(f"{name} {boxed:.3f} with seed 0, {mean:.3f} on the mean of {seeds} seeds")
    if not clauses:
        return None
    return f"The models in the box, which the other pages show, are trainings with seed 0. T-shirt/top: {'; '.join(clauses)}."


UNSEEN = "Every class as the normal one, seed 0, mean over the nine classes left out in turn; a dash where not all nine are measured:"


def unseen_cells(rows: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Return headings and lines of `figures.unseen_table` with the mean of each; no line where T-shirt/top alone is measured."""
    table = figures.unseen_table(rows)
    means = table.reindex(columns=figures.CLASSES).mean(axis=1, skipna=False)
    lines = [
        [method_name(str(method)), number(means[method]), *map(number, table.loc[method])] for method in table.index
    ]
    return ["normal", "Mean of ten", *map(class_name, table.columns)], lines if len(table.columns) > 1 else []


def method_name(method: str) -> str:
    """Return a method's name for people."""
    return METHOD_NAMES.get(method, method)


def imbalance_sentence(rows: pd.DataFrame) -> str | None:
    """Write what labels gain over none, how many bring the seen curve within 0.01 of its end, and what they gain for
    unseen classes. None with fewer than three points on the seen curve.
    """
    table = figures.imbalance_table(rows)
    seen, unseen, without = (
        table[table["regime"] == regime].set_index("anomalies")["mean"] for regime in ("seen", "unseen", "one-class")
    )
    if len(seen) < 3:
        return None
    end, none = seen.iloc[-1], without.iloc[0] if len(without) else math.nan
    enough = next(count for count in seen.index if (seen.loc[count:] >= end - 0.01).all())
    text = []
    if len(without):
        text += [
            f"Without a label the traditional GAN reaches {none:.3f}, with {seen.index[0]:,} labelled anomalies {seen.iloc[0]:.3f}, "
            f"with {seen.index[-1]:,} {end:.3f}.",
            f"For kinds of anomaly that were labelled, {_cost(seen, none)}.",
        ]
    text += [f"With {enough:,} labelled anomalies it is within 0.01 of what {seen.index[-1]:,} give ({end:.3f})."]
    if len(unseen):
        last = f"with {unseen.index[-1]:,} labels of other classes it reaches {unseen.iloc[-1]:.3f}"
        first = f", with {unseen.index[0]:,} {unseen.iloc[0]:.3f}" if len(unseen) > 1 else ""
        against = f", without any label, on the same nine classes, {none:.3f}" if len(without) else ""
        text += [f"For a class that it has never seen: {last}{first}{against}."]
        text += [f"There, {_cost(unseen, none)}."] if len(without) else []
        unmeasured = [count for count in seen.index if count not in unseen.index]
        text += [f"There, {_counted(unmeasured)} labels are not measured yet."] if unmeasured else []
    text.append(
        "Labels are spread evenly over the anomaly classes, so 10 are nine, one a class, and 100 are 99 (96 where a class is left out)."
    )
    return " ".join(text)


def _cost(curve: pd.Series, none: float) -> str:
    """Write which measured numbers of labels do worse than none; differences below 0.0005 are ignored."""
    worse = [count for count in curve.index if curve[count] < none - 0.0005]
    return (
        f"{_counted(worse)} labels do worse than none" if worse else "no number of labels measured does worse than none"
    )


def _counted(counts: list[int]) -> str:
    return listed([f"{count:,}" for count in counts])


def listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def summary_cell(line: Mapping[Hashable, Any], name: str) -> str:
    """Format one cell of a line of `figures.summary`."""
    if name == "lowest" and not math.isnan(line["lowest"]):
        return f"{line['lowest']:.3f}–{line['highest']:.3f}"
    if name == "looks_normal" and not math.isnan(line["looks_normal"]):
        return f"{line['looks_normal']:.2f} ({line['looks_normal_own']:.2f})"
    if name == "seeds":
        return f"{line['seeds']}" + (f"–{line['seeds_most']}" if line["seeds_most"] > line["seeds"] else "")
    return str(line[name]) if name == "classes" else number(line[name])


def class_name(slug: str) -> str:
    return FASHION_MNIST.description.class_name(slug)


def number(value: float | None) -> str:
    """Format a figure with three decimals; a dash for none."""
    return "–" if value is None or math.isnan(value) else f"{value:.3f}"
