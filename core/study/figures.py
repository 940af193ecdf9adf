"""Every figure that is shown of results.csv, computed here and nowhere else; core/metrics/figures.py does it for a card's.

Arguments `rows` are results.csv's (core/study/results.py). Pages, README and RESULTS.md take their figures from here, and
`python -m core documents --check` holds the written ones to it. pandas and numpy only.
"""

import math

import numpy as np
import pandas as pd

from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import ANOMALIES

CLASSES = FASHION_MNIST.description.classes


def main_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the main table: every loss, and all labels that the regime allows. The studies' rows are not in it."""
    return rows[(rows["variant"] == "") & rows["anomalies"].isin((0, ANOMALIES))]


def unit(regime: str) -> str:
    """The column that names what a mean is over: normal classes, in the unseen regime left-out classes."""
    return "left_out" if regime == "unseen" else "normal"


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Regime × method of `rows`' main table, a line each.

    mean: over classes (unseen: left-out classes) of the mean over seeds; `lowest` and `highest` of those classes, and
    sd_classes, say how uneven they are (nan for one class). t_shirt: the mean over seeds of that class; nan in the unseen
    regime, where T-shirt/top is normal in every row and the mean says it. sd_seeds: the SD over seeds within a class,
    pooled over classes. normal_error, normal_ssim: means like `mean`. seeds, seeds_most: the fewest and the most of any
    class. trainings: how many rows there are.
    """
    lines = []
    for (regime, method), group in main_rows(rows).groupby(["regime", "method"], sort=False):
        classes = group.groupby(unit(str(regime)))
        means, count = classes["auroc"].mean(), classes["auroc"].count()
        variance = classes["auroc"].var(ddof=1).dropna()
        several = len(means) > 1
        lines.append(
            {
                "regime": regime,
                "method": method,
                "t_shirt": means.get("t-shirt", math.nan),  # never a left-out class
                "mean": means.mean(),
                "lowest": means.min() if several else math.nan,
                "highest": means.max() if several else math.nan,
                "classes": len(means),
                "seeds": int(count.min()),
                "seeds_most": int(count.max()),
                "trainings": len(group),
                "sd_seeds": float(np.sqrt(variance.mean())) if len(variance) else math.nan,
                "sd_classes": means.std(ddof=1) if several else math.nan,
                "normal_error": classes["normal_error"].mean().mean(),
                "normal_ssim": classes["normal_ssim"].mean().mean(),
            }
        )
    return pd.DataFrame(lines)


def auroc(rows: pd.DataFrame, method: str, regime: str, normal: str) -> float | None:
    """The summary's mean for one method, regime and normal class; None when it is not measured."""
    here = rows[(rows["method"] == method) & (rows["regime"] == regime) & (rows["normal"] == normal)]
    return float(lines["mean"].iloc[0]) if len(lines := summary(here)) else None


def training(rows: pd.DataFrame, method: str, regime: str, normal: str, seed: int = 0) -> pd.Series | None:
    """The row of one training of the main table, seed 0 being the one in the box; None when it is not measured."""
    here = main_rows(rows)
    here = here[(here["method"] == method) & (here["regime"] == regime) & (here["normal"] == normal)]
    here = here[here["seed"] == seed]
    return here.iloc[0] if len(here) else None


def class_table(rows: pd.DataFrame, regime: str) -> pd.DataFrame:
    """Method × class, mean AUROC over seeds, of the main table; for unseen the columns are the left-out classes."""
    here = main_rows(rows)
    here = here[here["regime"] == regime]
    table = here.pivot_table(index="method", columns=unit(regime), values="auroc")
    return table[[name for name in CLASSES if name in table.columns]]


def class_means(rows: pd.DataFrame, regime: str) -> pd.Series:
    """Class → mean AUROC of the methods that are measured on every class, hardest first; empty when no GAN pair is."""
    whole = class_table(rows, regime).dropna()
    if not {"traditional", "dcgan"} <= set(whole.index) or len(whole.columns) < 3:
        return pd.Series(dtype=float)
    return whole.mean().sort_values()


def class_spread(values: np.ndarray) -> tuple[float, float, float]:
    """(mean, low, high) of `values` [N], a value a class: mean ± Student's t at 95 % · SD / √N; nan when N < 3.

    The classes are all there are, not drawn from more: this says whether a mean stands out of their spread, and is no
    interval for other classes, other images or another training.
    """
    from scipy.special import stdtrit  # a tenth of the import time of scipy.stats

    mean = float(np.mean(values))
    if len(values) < 3:
        return mean, math.nan, math.nan
    reach = float(stdtrit(len(values) - 1, 0.975) * np.std(values, ddof=1) / math.sqrt(len(values)))
    return mean, mean - reach, mean + reach


def difference(rows: pd.DataFrame, regime: str) -> tuple[float, float, float, int] | None:
    """DCGAN minus traditional GAN in `regime`, paired by class: (mean, low, high, classes), see `class_spread`.

    Each class's difference is of the means over the seeds that both have. None with fewer than three classes.
    """
    here = main_rows(rows)
    pairs = here[here["regime"] == regime].pivot_table(index=[unit(regime), "seed"], columns="method", values="auroc")
    if not {"dcgan", "traditional"} <= set(pairs.columns):
        return None
    pairs = pairs[["dcgan", "traditional"]].dropna()
    per_class = (pairs["dcgan"] - pairs["traditional"]).groupby(level=0).mean()
    if len(per_class) < 3:
        return None
    return (*class_spread(per_class.to_numpy()), len(per_class))


def ablation_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Variant → mean AUROC, its SD over seeds, normals' error and seeds; sorted by AUROC. Empty when not measured.

    "all six" are the main table's rows of the same class and seeds.
    """
    here = rows[rows["variant"] != ""]
    whole = main_rows(rows)
    whole = whole[whole["method"].eq("dcgan") & whole["regime"].eq("seen") & whole["normal"].eq("t-shirt")]
    here = pd.concat([here, whole[whole["seed"].isin(here["seed"])].assign(variant="all six")])
    table = here.groupby("variant").agg(
        auroc=("auroc", "mean"), sd=("auroc", "std"), normal_error=("normal_error", "mean"), seeds=("seed", "nunique")
    )
    return table.sort_values("auroc")


def imbalance_table(rows: pd.DataFrame, method: str = "traditional") -> pd.DataFrame:
    """regime, anomalies → AUROC (mean over seeds and left-out classes), for T-shirt/top; no labels stands as one-class.

    A point of the unseen curve is there once each of the nine classes has been left out: they differ more than labels do.
    """
    here = rows[(rows["method"] == method) & (rows["normal"] == "t-shirt") & (rows["variant"] == "")]
    left_out = here.groupby(["regime", "anomalies"])["left_out"].transform("nunique")
    here = here[(here["regime"] != "unseen") | (left_out == len(CLASSES) - 1)]
    return here.groupby(["regime", "anomalies"])["auroc"].agg(["mean", "count"]).reset_index()
