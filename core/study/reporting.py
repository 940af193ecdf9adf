"""results.csv → what it says: tables, differences with their intervals, sentences, and RESULTS.md. Imports no torch."""

import math

import numpy as np
import pandas as pd

from core.basics.files import ROOT, write_whole
from core.basics.names import METHOD_NAMES, REGIME_QUESTIONS
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import ANOMALIES, REGIMES
from core.study.published import PUBLISHED

MARKDOWN = ROOT / "RESULTS.md"
NOTES = ROOT / "docs" / "what-helped.md"


def main_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the main table: every loss, and all labels that the regime allows."""
    return rows[(rows["variant"] == "") & rows["anomalies"].isin((0, ANOMALIES))]


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Regime × method: AUROC of T-shirt/top and the mean of the classes, with the SD over seeds and over classes apart.

    `mean` is over classes (unseen: over left-out classes) of the mean over seeds, with `low` and `high`, its 95 % interval
    from the spread of those means (Student's t; none with fewer than three). sd_seeds: the SD over seeds within a class,
    pooled over classes. sd_classes: the SD of the classes' means. `seeds` is the fewest of any class.
    """
    lines = []
    for (regime, method), group in rows.groupby(["regime", "method"], sort=False):
        per_unit = group.groupby("left_out" if regime == "unseen" else "normal")["auroc"]
        means = per_unit.mean()
        variance = per_unit.var(ddof=1).dropna()
        mean, low, high = mean_interval(means.to_numpy())
        lines.append(
            {
                "regime": regime,
                "method": method,
                "t_shirt": group[group["normal"] == "t-shirt"]["auroc"].mean(),
                "mean": mean,
                "low": low,
                "high": min(high, 1.0) if high == high else high,  # no AUROC is above 1
                "classes": len(means),
                "seeds": int(per_unit.count().min()),
                "sd_seeds": float(np.sqrt(variance.mean())) if len(variance) else np.nan,
                "sd_classes": means.std(ddof=1) if len(means) > 1 else np.nan,
                "normal_error": group["normal_error"].mean(),
                "normal_ssim": group["normal_ssim"].mean(),
                "seconds": group["seconds"].median(),
            }
        )
    return pd.DataFrame(lines)


def mean_interval(values: np.ndarray) -> tuple[float, float, float]:
    """(mean, low, high): Student's 95 % interval of the mean of `values` [N]; low and high are nan when N < 3."""
    from scipy.special import stdtrit  # a tenth of the import time of scipy.stats

    mean = float(np.mean(values))
    if len(values) < 3:
        return mean, math.nan, math.nan
    reach = float(stdtrit(len(values) - 1, 0.975) * np.std(values, ddof=1) / math.sqrt(len(values)))
    return mean, mean - reach, mean + reach


def difference(rows: pd.DataFrame, regime: str) -> tuple[float, float, float, int] | None:
    """DCGAN minus traditional GAN in `regime`, paired by class: (mean, low, high, classes); None with fewer than three.

    Each class's difference is of the means over the seeds that both have.
    """
    here = rows[rows["regime"] == regime]
    unit = "left_out" if regime == "unseen" else "normal"
    pairs = here.pivot_table(index=[unit, "seed"], columns="method", values="auroc")
    if not {"dcgan", "traditional"} <= set(pairs.columns):
        return None
    pairs = pairs[["dcgan", "traditional"]].dropna()
    per_class = (pairs["dcgan"] - pairs["traditional"]).groupby(level=0).mean()
    if len(per_class) < 3:
        return None
    return (*mean_interval(per_class.to_numpy()), len(per_class))


def difference_sentence(rows: pd.DataFrame, regime: str) -> str | None:
    """The paired difference in words."""
    found = difference(rows, regime)
    if found is None:
        return None
    mean, low, high, classes = found
    better, worse = "DCGAN", "traditional GAN"
    if mean < 0:  # said of the one that is ahead
        better, worse, mean, low, high = worse, better, -mean, -high, -low
    what = f"{mean:.3f} (95 % interval {low:+.3f} to {high:+.3f}, paired over {classes} classes)"
    if low > 0:
        return f"The {better} is better than the {worse} by {what}."
    return f"Neither GAN is shown to be better: the {better} is ahead by {what}."


def class_table(rows: pd.DataFrame, regime: str) -> pd.DataFrame:
    """Method × normal class, mean AUROC over seeds; for unseen the columns are the left-out classes."""
    here = rows[rows["regime"] == regime]
    unit = "left_out" if regime == "unseen" else "normal"
    table = here.pivot_table(index="method", columns=unit, values="auroc")
    return table[[name for name in FASHION_MNIST.description.classes if name in table.columns]]


def ablation_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Variant → mean AUROC, its SD over seeds, normals' error and seeds; sorted by AUROC. Empty when not measured.

    "all six" are the main table's rows of the same class and seeds.
    """
    here = rows[rows["variant"] != ""]
    whole = (
        rows["variant"].eq("") & rows["method"].eq("dcgan") & rows["regime"].eq("seen") & rows["normal"].eq("t-shirt")
    )
    whole &= rows["anomalies"].eq(ANOMALIES) & rows["seed"].isin(here["seed"])
    here = pd.concat([here, rows[whole].assign(variant="all six")])
    table = here.groupby("variant").agg(
        auroc=("auroc", "mean"), sd=("auroc", "std"), normal_error=("normal_error", "mean"), seeds=("seed", "nunique")
    )
    return table.sort_values("auroc")


def ablation_sentence(rows: pd.DataFrame) -> str | None:
    """What the ABC loss alone gives of the gain from L1 to all six, against Kim's 94 %."""
    table = ablation_table(rows)["auroc"]
    if not {"L1", "L1 + abc", "all six"} <= set(table.index):
        return None
    gain, alone = table["all six"] - table["L1"], table["L1 + abc"] - table["L1"]
    if gain <= 0:
        return f"All six losses ({table['all six']:.3f}) are no better here than L1 alone ({table['L1']:.3f})."
    return (
        f"ABC beside L1 gives {100 * alone / gain:.0f} % of the gain from L1 alone ({table['L1']:.3f}) to all six losses "
        f"({table['all six']:.3f}); in Kim's ablation it gave 94 %."
    )


def imbalance_table(rows: pd.DataFrame, method: str = "traditional") -> pd.DataFrame:
    """regime, anomalies → AUROC (mean over seeds and left-out classes), for T-shirt/top; no labels stands as one-class."""
    here = rows[(rows["method"] == method) & (rows["normal"] == "t-shirt") & (rows["variant"] == "")]
    return here.groupby(["regime", "anomalies"])["auroc"].agg(["mean", "count"]).reset_index()


def imbalance_sentence(rows: pd.DataFrame) -> str | None:
    """From how many labels on the seen curve stays within 0.01 of its end, and what they are worth for unseen classes."""
    table = imbalance_table(rows)
    seen = table[table["regime"] == "seen"].set_index("anomalies")["mean"]
    if len(seen) < 3:
        return None
    end = seen.iloc[-1]
    enough = next(count for count in seen.index if (seen.loc[count:] >= end - 0.01).all())
    text = f"With {enough:,} labelled anomalies the traditional GAN is within 0.01 of what {seen.index[-1]:,} give ({end:.3f})."
    unseen = table[table["regime"] == "unseen"].set_index("anomalies")["mean"]
    if len(unseen) >= 2:
        text += f" For a class it has never seen, it goes from {unseen.iloc[0]:.3f} to {unseen.iloc[-1]:.3f}."
    return text


def write_markdown(rows: pd.DataFrame, total: int) -> None:
    """Write RESULTS.md. `total` is the number of cells planned, so that a part of the sweep says that it is one."""
    write_whole(MARKDOWN, markdown(rows, total).encode())


def markdown(rows: pd.DataFrame, total: int) -> str:
    """RESULTS.md's text."""
    main = main_rows(rows)
    parts = [
        "# Results",
        "Written by `python -m core results` from `results.csv`; do not edit. AUROC on the whole test split, which chose "
        f"nothing. {len(rows)} of {total} cells are measured"
        + (
            "; a mean over fewer seeds or classes than planned says how many."
            if len(rows) < total
            else ", the whole plan."
        ),
    ]
    for regime in REGIMES:
        here = main[main["regime"] == regime]
        if len(here):
            parts += [f"## {regime.capitalize()} regime", REGIME_QUESTIONS[regime], _summary_text(here)]
            parts += [sentence] if (sentence := difference_sentence(main, regime)) else []
            parts += [_class_text(main, regime), _published_text(regime)]
    if sentence := ablation_sentence(rows):
        table = ablation_table(rows).reset_index()
        lines = [[v, _n(a), _n(s), _n(e), str(k)] for v, a, s, e, k in table.itertuples(index=False)]
        parts += ["## Which loss does what", sentence + " T-shirt/top, seen."]
        parts += [_table(["losses", "AUROC", "SD over seeds", "normals' error", "seeds"], lines)]
    if sentence := imbalance_sentence(rows):
        lines = [[r, f"{n:,}", _n(a), str(k)] for r, n, a, k in imbalance_table(rows).itertuples(index=False)]
        parts += ["## How many labels are worth having", sentence]
        parts += [_table(["regime", "labelled anomalies", "AUROC", "trainings"], lines)]
    parts.append(NOTES.read_text("utf-8").strip())
    return "\n\n".join(part for part in parts if part) + "\n"


def _summary_text(rows: pd.DataFrame) -> str:
    lines = []
    for line in summary(rows).sort_values("t_shirt", ascending=False).to_dict("records"):
        interval = f" ({_n(line['low'])}–{_n(line['high'])})" if not math.isnan(line["low"]) else ""
        lines.append(
            [
                METHOD_NAMES.get(line["method"], line["method"]),
                _n(line["t_shirt"]),
                _n(line["mean"]) + interval,
                str(line["classes"]),
                str(line["seeds"]),
                *(_n(line[name]) for name in ("sd_seeds", "sd_classes", "normal_error", "normal_ssim")),
            ]
        )
    heads = ["method", "T-shirt/top", "mean (95 % interval)", "classes", "seeds", "SD over seeds", "SD over classes"]
    return _table([*heads, "normals' error", "normals' SSIM"], lines)


def _class_text(rows: pd.DataFrame, regime: str) -> str:
    table = class_table(rows, regime)
    if len(table.columns) < 2:
        return ""
    lines = [[METHOD_NAMES.get(method, method), *map(_n, table.loc[method])] for method in table.index]
    return _table(["left out" if regime == "unseen" else "normal", *(_class(name) for name in table.columns)], lines)


def _published_text(regime: str) -> str:
    lines = [[p.method, _n(p.t_shirt), _n(p.mean), p.source] for p in PUBLISHED if p.regime == regime]
    return (
        "Published, as printed:\n\n" + _table(["method", "T-shirt/top", "mean of ten", "source"], lines)
        if lines
        else ""
    )


def _class(slug: str) -> str:
    return FASHION_MNIST.description.class_name(slug)


def _n(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.3f}"


def _table(heads: list[str], lines: list[list[str]]) -> str:
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
