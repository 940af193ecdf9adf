"""Every figure that is shown of results.csv and defects.csv, computed in this module alone; core/metrics/reports.py
computes a card's.

Arguments `rows` are results.csv's, `defects` those of defects.csv (core/study/results.py). Pages, README and RESULTS.md take their figures from this
module, and `python -m core documents --check` compares the written ones with it. pandas and numpy only.
"""

import math

import numpy as np
import pandas as pd

from core.basics.names import MODEL_NAMES
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import ANOMALIES

CLASSES = FASHION_MNIST.description.classes
WHOLE = "the whole recipe"  # in the ablation: the main table's
DEFECT_FIGURES = ["image_auroc", "pixel_auroc", "aupro", "hit"]


def main_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the main table: every loss, and all labels that the regime allows. No other study's rows.

    In the unseen regime T-shirt/top is normal; `unseen_table` has the other classes.
    """
    whole = rows[(rows["variant"] == "") & rows["anomalies"].isin((0, ANOMALIES))]
    return whole[whole["regime"].ne("unseen") | whole["normal"].eq(CLASSES[0])]


def unseen_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Build the table of the unseen regime with every class as the normal one, seed 0: a row for each method, a column for
    each normal class, the mean over the nine classes left out in turn. nan where one of the nine is not measured, and no
    column where no method has all.
    """
    group = rows[
        rows["variant"].eq("") & rows["anomalies"].eq(ANOMALIES) & rows["regime"].eq("unseen") & rows["seed"].eq(0)
    ]
    areas = group.groupby(["method", "normal"])["auroc"]
    table = areas.mean().where(areas.count() == len(CLASSES) - 1).unstack().dropna(axis=1, how="all")
    return table[[name for name in CLASSES if name in table.columns]]


def unit(regime: str) -> str:
    """Return the column that a mean is over: normal classes, in the unseen regime left-out classes."""
    return "left_out" if regime == "unseen" else "normal"


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the summary of `rows`' main table, a line for each regime and method.

    mean: over classes (unseen: left-out classes) of the mean over seeds. lowest, highest, sd_classes: how uneven these
    classes are (nan for one class). t_shirt: the mean over seeds of T-shirt/top; nan in the unseen regime, where
    T-shirt/top is normal in every row and `mean` is its figure. sd_seeds: the SD over seeds within a class, pooled over
    classes. normal_error, normal_ssim, looks_normal, looks_normal_own: means like `mean`. seeds, seeds_most: the fewest and the most of any class.
    trainings: the number of rows.
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
                "looks_normal": classes["looks_normal"].mean().mean(),
                "looks_normal_own": classes["looks_normal_own"].mean().mean(),
            }
        )
    return pd.DataFrame(lines)


def auroc(rows: pd.DataFrame, method: str, regime: str, normal: str) -> float | None:
    """Return the summary's mean for one method, regime and normal class; None when it is not measured."""
    group = rows[(rows["method"] == method) & (rows["regime"] == regime) & (rows["normal"] == normal)]
    return float(lines["mean"].iloc[0]) if len(lines := summary(group)) else None


def trainings(rows: pd.DataFrame, method: str, regime: str, normal: str) -> pd.DataFrame:
    """Return the rows of the main table of one method, regime and normal class: one for each seed."""
    group = main_rows(rows)
    return group[(group["method"] == method) & (group["regime"] == regime) & (group["normal"] == normal)]


def training(rows: pd.DataFrame, method: str, regime: str, normal: str, seed: int = 0) -> pd.Series | None:
    """Return the row of one training of the main table (seed 0 is in the box); None when it is not measured."""
    group = trainings(rows, method, regime, normal)
    group = group[group["seed"] == seed]
    return group.iloc[0] if len(group) else None


def box_and_mean(rows: pd.DataFrame, method: str, regime: str, normal: str) -> tuple[float, float, int] | None:
    """Return (AUROC of seed 0, which is in the box; mean over seeds; number of seeds); None with fewer than two seeds.

    Also None in the unseen regime: no such model is in the box.
    """
    if regime == "unseen":
        return None
    boxed, group = training(rows, method, regime, normal), trainings(rows, method, regime, normal)
    if boxed is None or len(group) < 2:
        return None
    return float(boxed["auroc"]), float(group["auroc"].mean()), len(group)


def class_table(rows: pd.DataFrame, regime: str) -> pd.DataFrame:
    """Build the table of mean AUROCs over seeds: a row for each method, a column for each normal class.

    `rows` are those of the main study. In the unseen regime a column is a left-out class.
    """
    group = main_rows(rows)
    group = group[group["regime"] == regime]
    table = group.pivot_table(index="method", columns=unit(regime), values="auroc")
    return table[[name for name in CLASSES if name in table.columns]]


def class_means(rows: pd.DataFrame, regime: str) -> pd.Series:
    """Return class → mean AUROC of the methods that are measured on every class, hardest first.

    Empty unless both GANs are among these methods and there are at least three classes.
    """
    whole = class_table(rows, regime).dropna()
    if not {"traditional", "dcgan"} <= set(whole.index) or len(whole.columns) < 3:
        return pd.Series(dtype=float)
    return whole.mean().sort_values()


def class_spread(values: np.ndarray) -> tuple[float, float, float]:
    """Return (mean, low, high) of `values` [N], one per class: mean ± Student's t at 95 % · SD / √N.

    low and high are nan when N < 3. The classes are all there are, not a sample: the bounds show whether the mean
    stands out from the spread of the classes. They are no interval for other classes, other images or another training.
    """
    from scipy.special import stdtrit  # a tenth of the import time of scipy.stats

    mean = float(np.mean(values))
    if len(values) < 3:
        return mean, math.nan, math.nan
    reach = float(stdtrit(len(values) - 1, 0.975) * np.std(values, ddof=1) / math.sqrt(len(values)))
    return mean, mean - reach, mean + reach


def difference(rows: pd.DataFrame, regime: str) -> tuple[float, float, float, int] | None:
    """Return DCGAN minus traditional GAN in `regime`, paired by class: (mean, low, high, classes), see `class_spread`.

    The difference of a class is between the means over the seeds that both models have. None with fewer than three
    classes.
    """
    group = main_rows(rows)
    pairs = group[group["regime"] == regime].pivot_table(index=[unit(regime), "seed"], columns="method", values="auroc")
    if not {"dcgan", "traditional"} <= set(pairs.columns):
        return None
    pairs = pairs[["dcgan", "traditional"]].dropna()
    per_class = (pairs["dcgan"] - pairs["traditional"]).groupby(level=0).mean()
    if len(per_class) < 3:
        return None
    return (*class_spread(per_class.to_numpy()), len(per_class))


def ablation_table(
    rows: pd.DataFrame, defects: pd.DataFrame | None = None, method: str = "dcgan", regime: str = "seen"
) -> pd.DataFrame:
    """Return variant → AUROC, its SD over seeds, normals' error, looks normal and the figures of defects, T-shirt/top normal.

    Means over seeds, sorted by AUROC; figures of defects are nan where a variant has none. seeds, seeds_most: the fewest
    and the most that any of its figures rests on. WHOLE are the main table's rows of the same seeds. Empty when not measured.
    """
    group = rows[rows["variant"].ne("") & rows["method"].eq(method) & rows["regime"].eq(regime)]
    whole = main_rows(rows)
    whole = whole[whole["method"].eq(method) & whole["regime"].eq(regime) & whole["normal"].eq("t-shirt")]
    group = pd.concat([group, whole[whole["seed"].isin(group["seed"])].assign(variant=WHOLE)])
    table = group.groupby("variant").agg(
        auroc=("auroc", "mean"),
        sd=("auroc", "std"),
        normal_error=("normal_error", "mean"),
        looks_normal=("looks_normal", "mean"),
        seeds_most=("seed", "nunique"),
    )
    counts = group.groupby("variant")[["auroc", "looks_normal"]].count()
    if defects is not None:
        seen = defects[defects["method"].eq(method) & defects["regime"].eq(regime) & defects["normal"].eq("t-shirt")]
        seen = seen.assign(variant=seen["variant"].replace("", WHOLE)).merge(group[["variant", "seed"]])
        table = table.join(seen.groupby("variant")[DEFECT_FIGURES].mean())
        counts = counts.join(seen.groupby("variant")["seed"].nunique())
    table["seeds"] = counts.where(counts > 0).min(axis=1).astype(int)
    return table.sort_values("auroc")


def defect_table(
    defects: pd.DataFrame, by: str | None = None, normal: str | None = None, size: str | None = None
) -> pd.DataFrame:
    """Return the figures of defects, a line for each regime and method and, if given, each value of `by` (kind or size).

    Means over seeds, then over kinds and sizes of a class, then over classes; `classes` and `seeds` (the fewest of any
    class) say how many. Of one class or of one size where given. Variants are left out.
    """
    rows = defects[defects["variant"] == ""]
    rows = rows if normal is None else rows[rows["normal"] == normal]
    rows = rows if size is None else rows[rows["size"] == size]
    group = ["regime", "method", *([by] if by else [])]
    runs = rows.groupby(list(dict.fromkeys([*group, "normal", "kind", "size"])))
    once = runs[DEFECT_FIGURES].mean().assign(seeds=runs["seed"].nunique())
    of_class = once.groupby([*group, "normal"]).agg(dict.fromkeys(DEFECT_FIGURES, "mean") | {"seeds": "min"})
    table = of_class.groupby(group).agg(dict.fromkeys(DEFECT_FIGURES, "mean") | {"seeds": "min"})
    return table.assign(classes=of_class.groupby(group).size()).reset_index()


def shared_classes(defects: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the classes that all methods are measured on, so that methods can be compared."""
    rows = defects[defects["variant"] == ""]
    methods = rows.drop_duplicates(["normal", "method", "regime"])["normal"].value_counts()
    return rows[rows["normal"].isin(methods.index[methods == methods.max()])]


def untrained(lines: pd.DataFrame) -> pd.Series:
    """Say of each line whether its method is a map that costs no training: bool [N]."""
    return ~lines["method"].isin(list(MODEL_NAMES))


def imbalance_table(rows: pd.DataFrame, method: str = "traditional") -> pd.DataFrame:
    """Return AUROC by regime and number of anomalies, T-shirt/top normal: the mean over left-out classes of the mean over
    seeds; and the number of trainings.

    Trainings without labels are in the one-class regime. The unseen curve has a point only when each of the nine
    classes has been left out, because the classes differ more than the numbers of labels do.
    """
    group = rows[(rows["method"] == method) & (rows["normal"] == "t-shirt") & (rows["variant"] == "")]
    left_out = group.groupby(["regime", "anomalies"])["left_out"].transform("nunique")
    group = group[(group["regime"] != "unseen") | (left_out == len(CLASSES) - 1)]
    of_class = group.groupby(["regime", "anomalies", "left_out"])["auroc"].agg(["mean", "count"])
    return of_class.groupby(level=[0, 1]).agg({"mean": "mean", "count": "sum"}).reset_index()
