"""The figures of defects and of the ablation as sentences and as the cells of tables. Imports no torch."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from core.basics.names import MODEL_NAMES
from core.basics.text import percent
from core.data import damage
from core.study import figures
from core.study.plan import ALL_SIX
from core.study.reporting import listed, method_name, number, summary_cell

# Heading → (column of figures.defect_table, explanation).
DEFECTS = {
    "Image AUROC": (
        "image_auroc",
        "The chance that a damaged image scores higher than another, undamaged one. By the model's own score; by the map's largest value "
        "where nothing is trained.",
    ),
    "Pixel AUROC": (
        "pixel_auroc",
        "The chance that a pixel of the defect is hotter on the map than another pixel of the image.",
    ),
    "AUPRO": (
        "aupro",
        "How much of each defective region is covered when up to 30 % of the other pixels are flagged too, as for MVTec AD; 0 to 1.",
    ),
    "Hit": ("hit", "Share of the damaged images on which the hottest pixel of the map is on the defect."),
}
DEFECTS_ABOUT = (
    "300 normal test images are damaged in known places and held against 300 others. The kinds of damage are not those of training, and no "
    "label of any regime shows one, so here the regimes may stand side by side. Added long sleeves are a defect on T-shirt/top and "
    "Dress alone: pullovers, coats and most shirts have them, trousers, shoes and bags have no shoulders for them."
)


def defect_cells(lines: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Return the headings and rows of `figures.defect_table` as text: GANs first, the best hit first."""
    rows = [
        [*who(line), *(number(line[name]) for name, _ in DEFECTS.values()), str(line["classes"]), str(line["seeds"])]
        for line in ordered(lines).to_dict("records")
    ]
    return ["Method", "Regime", *DEFECTS, "Classes", "Seeds"], rows


def ordered(lines: pd.DataFrame) -> pd.DataFrame:
    """Sort lines of `figures.defect_table`: GANs first, then maps without training, the best hit first."""
    return lines.assign(free=figures.untrained(lines)).sort_values(["free", "hit"], ascending=[True, False])


def who(line: Mapping[Hashable, Any]) -> tuple[str, str]:
    """Return method and regime of a line of `ordered`; a map without training has no regime."""
    return method_name(line["method"]), "no training" if line["free"] else line["regime"]


def defects_sentence(defects: pd.DataFrame) -> str | None:
    """Write how often each GAN's map and the best map without training point at the defect, and where a GAN's does worse.

    Of the classes that all methods are measured on, and of each GAN in the regime with the better hit. None when no GAN or
    no map is measured.
    """
    shared = figures.shared_classes(defects)
    lines = ordered(figures.defect_table(shared))
    gans, maps = lines[~lines["free"]].drop_duplicates("method"), lines[lines["free"]]
    if gans.empty or maps.empty:
        return None
    classes = maps["classes"].iloc[0]
    where = "T-shirt/top" if set(shared["normal"]) == {"t-shirt"} else f"mean of {classes} classes"
    shares = [
        f"{percent(line['hit'])} ({method_name(line['method'])}, {line['regime']})" for line in gans.to_dict("records")
    ]
    best = maps.iloc[0]
    text = (
        f"The hottest spot of the map is on the defect in {listed(shares)} of the damaged images, with the best map that costs no training in "
        f"{percent(best['hit'])} ({best['method']}; {where})."
    )
    worse = [_worse(shared, line["method"], line["regime"]) for line in gans.to_dict("records")]
    return " ".join([text, *worse, _ahead(lines)]).strip()


def _ahead(lines: pd.DataFrame) -> str:
    """Write in which other figures a map without training is ahead of every GAN; "" where in none."""
    clauses = []
    for title, (name, _) in DEFECTS.items():
        gan, free = (lines.loc[lines["free"] == kind, name].max() for kind in (False, True))
        if name != "hit" and round(free, 3) > round(gan, 3):
            clauses.append(f"{title} ({number(free)} against {number(gan)} at best)")
    return f"A map without training is ahead of both GANs in {listed(clauses)}." if clauses else ""


def _worse(defects: pd.DataFrame, method: str, regime: str) -> str:
    """Write at which kinds of damage a map without training has more hits than that GAN."""
    hits = figures.defect_table(defects, "kind").pivot(index=["method", "regime"], columns="kind", values="hit")
    hits = hits.round(2)  # as they are written: what looks equal is
    own, others = hits.loc[(method, regime)], hits[~hits.index.get_level_values(0).isin(list(MODEL_NAMES))].max()
    kinds = [kind for kind in damage.KINDS if own.get(kind, 1.0) < others.get(kind, 0.0)]
    if not kinds:
        return f"At no kind of damage does a map without training hit more often than the {MODEL_NAMES[method]}'s."
    clauses = [f"{kind} ({others[kind]:.2f} against {own[kind]:.2f})" for kind in kinds]
    return f"At {listed(clauses)} a map without training hits more often than the {MODEL_NAMES[method]}'s."


def looks_sentence(rows: pd.DataFrame) -> str | None:
    """Write who says that a reconstruction looks normal, and how often that is right; None when it is not measured."""
    accuracy = rows["judge_accuracy"].mean()
    if math.isnan(accuracy):
        return None
    return (
        "“Looks normal” is the share of test anomalies whose reconstruction a small CNN takes for the normal class. It was trained on training "
        f"images of all ten classes and is right about {percent(accuracy, 0)} of those held out from it. In brackets: the same share of normal "
        "test images."
    )


def ablation_sentence(rows: pd.DataFrame) -> str | None:
    """Write what share of the gain from L1 to all six losses ABC alone gives, against Kim's 94 %; None if not measured."""
    table = figures.ablation_table(rows)["auroc"]
    if not {"L1", "L1 + abc", ALL_SIX} <= set(table.index):
        return None
    gain, alone = table[ALL_SIX] - table["L1"], table["L1 + abc"] - table["L1"]
    if gain <= 0:
        return f"All six losses ({table[ALL_SIX]:.3f}) are no better here than L1 alone ({table['L1']:.3f})."
    return (
        f"Of the paper's losses, ABC beside L1 gives {percent(alone / gain, 0)} of the gain from L1 alone ({table['L1']:.3f}) to all six "
        f"({table[ALL_SIX]:.3f}); in Kim's ablation it gave 94 %."
    )


def abc_price_sentence(rows: pd.DataFrame) -> str | None:
    """Write what normals' error ABC alone has, and all six losses: AUROC is not all. None where it is not measured."""
    errors = figures.ablation_table(rows)["normal_error"].dropna()
    if not {"L1", "L1 + abc", ALL_SIX} <= set(errors.index):
        return None
    alone, whole, none = errors["L1 + abc"], errors[ALL_SIX], errors["L1"]
    word = "worse" if alone > whole + 0.0005 else "better" if alone < whole - 0.0005 else "as well"
    against = "as" if word == "as well" else "than"
    return (
        f"With ABC beside L1 normals are reconstructed {word} {against} with all six: an error of {alone:.3f} against {whole:.3f} "
        f"(L1 alone: {none:.3f})."
    )


_CHANGED = {"AUROC": "auroc", "hit": "hit", "share of anomalies that look normal": "looks_normal"}


def repair_sentence(rows: pd.DataFrame, defects: pd.DataFrame) -> str | None:
    """Write what repair brings each GAN on T-shirt/top, seen; None where no GAN is measured with and without it."""
    clauses = []
    for method, name in MODEL_NAMES.items():
        table = figures.ablation_table(rows, defects, method)
        before = table[table.index.str.endswith("without repair")]
        if figures.WHOLE not in table.index or not len(before):
            continue
        after, before = table.loc[figures.WHOLE], before.iloc[0]
        changes = [
            f"{what} from {before[column]:.3f} to {after[column]:.3f}"
            for what, column in _CHANGED.items()
            if not math.isnan(before[column]) and not math.isnan(after[column])
        ]
        clauses.append(f"{name}: {listed(changes)}")
    return (
        f"What repair changes (T-shirt/top, seen; the same seeds with and without, so not all that the tables above have). {'; '.join(clauses)}."
        if clauses
        else None
    )


def ablation_sentences(rows: pd.DataFrame, defects: pd.DataFrame) -> str:
    """Write what the ablation shows, one sentence after the other; "" where nothing is measured."""
    sentences = ablation_sentence(rows), abc_price_sentence(rows), repair_sentence(rows, defects)
    return " ".join(sentence for sentence in sentences if sentence)


def ablation_cells(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Return the headings and rows of `figures.ablation_table` as text, columns without any figure left out."""
    columns = {
        "AUROC": "auroc",
        "SD over seeds": "sd",
        "Normals' error": "normal_error",
        "Looks normal": "looks_normal",
        **{head: name for head, (name, _) in DEFECTS.items() if name != "aupro"},
    }
    columns = {head: name for head, name in columns.items() if name in table and table[name].notna().any()}
    lines = [
        [line["variant"], *(number(line[name]) for name in columns.values()), summary_cell(line, "seeds")]
        for line in table.reset_index().to_dict("records")
    ]
    return ["Recipe", *columns, "Seeds"], lines
