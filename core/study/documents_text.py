"""RESULTS.md and the README's figures, as markdown. Imports no torch."""

import math
import re

import pandas as pd

from core.basics.files import ROOT
from core.basics.names import CHOSEN_WITH_LABELS, MODEL_NAMES, REGIME_QUESTIONS
from core.basics.text import markdown_table
from core.data import damage
from core.data.tasks import REGIMES
from core.study import defect_reporting, figures, goals, reporting
from core.study.published import DECK, PUBLISHED
from core.study.reporting import class_name, method_name, number

_TERMS = (
    "*AUROC* is the chance that a random anomaly scores higher than a random normal image: 0.5 is guessing, 1 is perfect. *Normals' error* is the "
    "mean absolute difference between normal test images and their reconstructions, 0 to 2; *SSIM* is their structural similarity, 1 is "
    "identical. *ABC* is the loss that is small when an anomaly comes back changed (Yamanaka et al. 2019)."
)
NOTES = ROOT / "docs" / "what-helped.md"

_HEADLINE = {  # method → its name in the README, and the command that prints its figures
    "traditional": ("traditional GAN", "python -m core evaluate --model traditional --normal t-shirt"),
    "dcgan": ("DCGAN", "python -m core evaluate --model dcgan --normal t-shirt"),
    "supervised CNN": (
        "supervised CNN",
        'python -m core results --normal t-shirt --method "supervised CNN"',
    ),
}


def hardest_sentence(rows: pd.DataFrame) -> str | None:
    """Write each method's hardest anomaly class (T-shirt/top normal, seen, seed 0); None when not measured."""
    lines = {method: figures.training(rows, method, "seen", "t-shirt") for method in _HEADLINE}
    clauses = [
        f"{class_name(line['hardest_class'])} from the {name.partition(',')[0]} (AUROC {line['hardest_auroc']:.3f} for that class alone)"
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
        if over["trainings"] == 1:
            seeds = "not measured yet"
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


def markdown(rows: pd.DataFrame, defects: pd.DataFrame, measured: int, total: int) -> str:
    """Write the text of RESULTS.md; `measured` of a `total` of planned cells are."""
    parts = [
        "# Results",
        "Written by `python -m core documents` from `results.csv` and `defects.csv`; do not edit. AUROC on the whole test split, which "
        f"chose nothing. {measured} of {total} cells are measured"
        + (
            "; a mean over fewer seeds or classes than planned says how many."
            if measured < total
            else ", the whole plan."
        ),
        _TERMS,
        defect_reporting.looks_sentence(rows) or "",
        "## Goals",
        "What is asked of these figures, reached or not. The goals of speed stand in [benchmarks/RESULTS.md](benchmarks/RESULTS.md); what the "
        "figures owe to the split and the number of images, in [docs/protocol.md](docs/protocol.md).",
        markdown_table(goals.HEADS, [goal.cells for goal in goals.goals(rows, defects)]),
    ]
    for regime in REGIMES:
        group = rows[rows["regime"] == regime]
        if len(figures.main_rows(group)):
            parts += [f"## {regime.capitalize()} regime", REGIME_QUESTIONS[regime], _summary_text(group)]
            parts += [CHOSEN_WITH_LABELS.get(regime, ""), reporting.difference_sentence(rows, regime) or ""]
            parts += [_class_text(rows, regime), hardest_sentence(rows) or "" if regime == "seen" else ""]
            parts += [_unseen_text(rows) if regime == "unseen" else "", _published_text(regime)]
    parts += _defects_text(defects)
    parts += _ablation_text(rows, defects)
    if sentence := reporting.imbalance_sentence(rows):
        lines = [
            [r, f"{n:,}", number(a), str(k)] for r, n, a, k in figures.imbalance_table(rows).itertuples(index=False)
        ]
        parts += ["## How many labels are worth having", sentence]
        parts += [markdown_table(["regime", "labelled anomalies", "AUROC", "trainings"], lines)]
    notes = NOTES.read_text("utf-8").strip()
    parts.append(re.sub(r"\]\((?!https?:)", "](docs/", notes))  # its links are from its own folder
    return "\n\n".join(part for part in parts if part) + "\n"


def _ablation_text(rows: pd.DataFrame, defects: pd.DataFrame) -> list[str]:
    """Write the section on the ablation, a table for each GAN and regime; empty when none is measured."""
    parts = []
    for method, name in MODEL_NAMES.items():
        for regime in REGIMES:
            heads, lines = defect_reporting.ablation_cells(figures.ablation_table(rows, defects, method, regime))
            parts += [f"{name}, T-shirt/top, {regime}:", markdown_table(heads, lines)] if lines else []
    return ["## Which loss does what", defect_reporting.ablation_sentences(rows, defects), *parts] if parts else []


def _summary_text(rows: pd.DataFrame) -> str:
    lines = figures.summary(rows).sort_values(["t_shirt", "mean"], ascending=False)
    columns = {head: name for head, (name, _) in reporting.SUMMARY.items() if lines[name].notna().any()}
    cells = [
        [method_name(line["method"]), *(reporting.summary_cell(line, name) for name in columns.values())]
        for line in lines.to_dict("records")
    ]
    return markdown_table(["method", *columns], cells)


def _class_text(rows: pd.DataFrame, regime: str) -> str:
    table = figures.class_table(rows, regime)
    if len(table.columns) < 2:
        return ""
    lines = [[method_name(method), *map(number, table.loc[method])] for method in table.index]
    return markdown_table(
        ["left out" if regime == "unseen" else "normal", *(class_name(name) for name in table.columns)], lines
    )


def _unseen_text(rows: pd.DataFrame) -> str:
    heads, lines = reporting.unseen_cells(rows)
    return f"{reporting.UNSEEN}\n\n{markdown_table(heads, lines)}" if lines else ""


def _published_text(regime: str) -> str:
    lines = [[p.method, number(p.t_shirt), number(p.mean), p.source] for p in PUBLISHED if p.regime == regime]
    return (
        "Published, as printed:\n\n" + markdown_table(["method", "T-shirt/top", "mean of ten", "source"], lines)
        if lines
        else ""
    )


def _defects_text(defects: pd.DataFrame) -> list[str]:
    """Write the section on defects for RESULTS.md, paragraph by paragraph; empty when none is measured."""
    if defects.empty:
        return []
    terms = "\n".join(f"- *{head}*: {about}" for head, (_, about) in defect_reporting.DEFECTS.items())
    parts = ["## Defects", defect_reporting.DEFECTS_ABOUT, terms, defect_reporting.defects_sentence(defects) or ""]
    for title, normal in (("T-shirt/top normal, mean over kinds and sizes:", "t-shirt"), ("Mean over classes:", None)):
        heads, cells = defect_reporting.defect_cells(figures.defect_table(defects, normal=normal))
        parts += [title, markdown_table(heads, cells)] if cells else []
    for by, values in (("kind", damage.KINDS), ("size", damage.SIZES)):
        table = figures.defect_table(defects, by).set_index(["regime", "method", by])
        lines = []
        for line in defect_reporting.ordered(figures.defect_table(defects)).to_dict("records"):
            own = table.loc[(line["regime"], line["method"])].reindex(list(values))
            pairs = [f"{number(pixel)} / {number(hit)}" for pixel, hit in own[["pixel_auroc", "hit"]].to_numpy()]
            lines.append([*defect_reporting.who(line), *pairs])
        heads = ["Method", "Regime", *values]
        parts += [f"Pixel AUROC / hit by {by}, mean over classes:", markdown_table(heads, lines)]
    return parts
