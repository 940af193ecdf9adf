"""The figures of core/study/figures.py as sentences, as RESULTS.md, and as the README's figures. Imports no torch."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from core.basics.files import ROOT
from core.basics.names import CHOSEN_WITH_LABELS, METHOD_NAMES, REGIME_QUESTIONS
from core.basics.text import markdown_table
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import REGIMES
from core.study import figures
from core.study.published import DECK, PUBLISHED

NOTES = ROOT / "docs" / "what-helped.md"

# Heading → (column of figures.summary, explanation). "Lowest–highest class" takes two columns.
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
}
_HEADLINE = {  # method → its name in the README, and the command that prints its figures
    "traditional": ("traditional GAN", "python -m core evaluate --model traditional --normal t-shirt"),
    "dcgan": ("DCGAN", "python -m core evaluate --model dcgan --normal t-shirt"),
    "supervised CNN": (
        "supervised CNN, the ceiling",
        'python -m core results --normal t-shirt --method "supervised CNN"',
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
    what = f"{mean:.3f} on the mean of {classes} classes (spread over the classes {low:+.3f} to {high:+.3f})"
    if low > 0:
        return f"The {better} is better than the {worse} by {what}."
    return f"Neither GAN is shown to be better: the {better} is ahead by {what}."


def ablation_sentence(rows: pd.DataFrame) -> str | None:
    """Write what share of the gain from L1 to all six losses ABC alone gives, against Kim's 94 %; None if not measured."""
    table = figures.ablation_table(rows)["auroc"]
    if not {"L1", "L1 + abc", "all six"} <= set(table.index):
        return None
    gain, alone = table["all six"] - table["L1"], table["L1 + abc"] - table["L1"]
    if gain <= 0:
        return f"All six losses ({table['all six']:.3f}) are no better here than L1 alone ({table['L1']:.3f})."
    return (
        f"ABC beside L1 gives {100 * alone / gain:.0f} % of the gain from L1 alone ({table['L1']:.3f}) to all six losses "
        f"({table['all six']:.3f}); in Kim's ablation it gave 94 %."
    )


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
        text += [f"There, {_listed(unmeasured)} labels are not measured yet."] if unmeasured else []
    return " ".join(text)


def _cost(curve: pd.Series, none: float) -> str:
    """Write which measured numbers of labels do worse than none; differences below 0.0005 are ignored."""
    worse = [count for count in curve.index if curve[count] < none - 0.0005]
    return (
        f"{_listed(worse)} labels do worse than none" if worse else "no number of labels measured does worse than none"
    )


def _listed(counts: list[int]) -> str:
    words = [f"{count:,}" for count in counts]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def hardest_sentence(rows: pd.DataFrame) -> str | None:
    """Write each method's hardest anomaly class (T-shirt/top normal, seen, seed 0); None when not measured."""
    lines = {method: figures.training(rows, method, "seen", "t-shirt") for method in _HEADLINE}
    clauses = [
        f"{_class(line['hardest_class'])} from the {name.partition(',')[0]} (AUROC {line['hardest_auroc']:.3f} for that class alone)"
        for method, (name, _) in _HEADLINE.items()
        if (line := lines[method]) is not None
    ]
    return f"What hides best among T-shirts, seed 0: {', '.join(clauses)}." if clauses else None


def headline(rows: pd.DataFrame) -> str:
    """Write the README's figures: T-shirt/top, seen, of the models in the box and over seeds."""
    lines, errors = [], []
    for method, (name, command) in _HEADLINE.items():
        line = figures.training(rows, method, "seen", "t-shirt")
        if line is None:
            continue
        group = rows[rows["method"].eq(method) & rows["regime"].eq("seen") & rows["normal"].eq("t-shirt")]
        over = figures.summary(group).iloc[0]
        seeds = f"{number(over['mean'])} (SD {over['sd_seeds']:.4f}, {over['trainings']} trainings)"
        interval = f"{line['auroc_low']:.3f}–{line['auroc_high']:.3f}"
        deck = number(DECK[method]) if method in DECK else ""
        lines.append([name, number(line["auroc"]), interval, seeds, deck, f"`{command}`"])
        if not math.isnan(line["normal_error"]):
            errors.append(f"{number(line['normal_error'])} by the {name}")
    heads = ["", "AUROC, seed 0", "95 % interval over test images", "mean over seeds", "slide deck", "command"]
    parts = [
        f"Normal test images are reconstructed with a mean absolute error of {' and '.join(errors)} (scale 0 to 2)."
    ]
    parts = [*(parts if errors else []), hardest_sentence(rows) or "Nothing has been measured yet."]
    return markdown_table(heads, lines) + "\n\n" + " ".join(parts)


def markdown(rows: pd.DataFrame, measured: int, total: int) -> str:
    """Write the text of RESULTS.md; `measured` of a `total` of planned cells are."""
    parts = [
        "# Results",
        "Written by `python -m core documents` from `results.csv`; do not edit. AUROC on the whole test split, which chose "
        f"nothing. {measured} of {total} cells are measured"
        + (
            "; a mean over fewer seeds or classes than planned says how many."
            if measured < total
            else ", the whole plan."
        ),
    ]
    for regime in REGIMES:
        group = rows[rows["regime"] == regime]
        if len(figures.main_rows(group)):
            parts += [f"## {regime.capitalize()} regime", REGIME_QUESTIONS[regime], _summary_text(group, regime)]
            parts += [CHOSEN_WITH_LABELS.get(regime, ""), difference_sentence(rows, regime) or ""]
            parts += [_class_text(rows, regime), hardest_sentence(rows) or "" if regime == "seen" else ""]
            parts += [_published_text(regime)]
    if sentence := ablation_sentence(rows):
        table = figures.ablation_table(rows).reset_index()
        lines = [[v, number(a), number(s), number(e), str(k)] for v, a, s, e, k in table.itertuples(index=False)]
        parts += ["## Which loss does what", sentence + " T-shirt/top, seen."]
        parts += [markdown_table(["losses", "AUROC", "SD over seeds", "normals' error", "seeds"], lines)]
    if sentence := imbalance_sentence(rows):
        lines = [
            [r, f"{n:,}", number(a), str(k)] for r, n, a, k in figures.imbalance_table(rows).itertuples(index=False)
        ]
        parts += ["## How many labels are worth having", sentence]
        parts += [markdown_table(["regime", "labelled anomalies", "AUROC", "trainings"], lines)]
    parts.append(NOTES.read_text("utf-8").strip())
    return "\n\n".join(part for part in parts if part) + "\n"


def _summary_text(rows: pd.DataFrame, regime: str) -> str:
    lines = figures.summary(rows).sort_values(["t_shirt", "mean"], ascending=False)
    columns = {head: name for head, (name, _) in SUMMARY.items() if lines[name].notna().any()}
    cells = [
        [METHOD_NAMES.get(line["method"], line["method"]), *(summary_cell(line, name) for name in columns.values())]
        for line in lines.to_dict("records")
    ]
    return markdown_table(["method", *columns], cells)


def summary_cell(line: Mapping[Hashable, Any], name: str) -> str:
    """Format one cell of a line of `figures.summary`."""
    if name == "lowest" and not math.isnan(line["lowest"]):
        return f"{line['lowest']:.3f}–{line['highest']:.3f}"
    if name == "seeds":
        return f"{line['seeds']}" + (f"–{line['seeds_most']}" if line["seeds_most"] > line["seeds"] else "")
    return str(line[name]) if name == "classes" else number(line[name])


def _class_text(rows: pd.DataFrame, regime: str) -> str:
    table = figures.class_table(rows, regime)
    if len(table.columns) < 2:
        return ""
    lines = [[METHOD_NAMES.get(method, method), *map(number, table.loc[method])] for method in table.index]
    return markdown_table(
        ["left out" if regime == "unseen" else "normal", *(_class(name) for name in table.columns)], lines
    )


def _published_text(regime: str) -> str:
    lines = [[p.method, number(p.t_shirt), number(p.mean), p.source] for p in PUBLISHED if p.regime == regime]
    return (
        "Published, as printed:\n\n" + markdown_table(["method", "T-shirt/top", "mean of ten", "source"], lines)
        if lines
        else ""
    )


def _class(slug: str) -> str:
    return FASHION_MNIST.description.class_name(slug)


def number(value: float | None) -> str:
    """Format a figure with three decimals; a dash for none."""
    return "–" if value is None or math.isnan(value) else f"{value:.3f}"
