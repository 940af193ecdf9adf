"""The figures of results.csv, with values reckoned by hand."""

import csv
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from core.basics.files import ROOT
from core.study import figures, results
from tests.core.study.test_reporting import defect, row


def uneven() -> pd.DataFrame:
    """Unseen: two trainings with Dress left out, one with Coat. The mean over rows would be 0.8333, that of classes is 0.85."""
    rows = [
        row("dcgan", 0.78, seed=0, regime="unseen", left_out="dress", normal_error=0.10, normal_ssim=0.80),
        row("dcgan", 0.82, seed=1, regime="unseen", left_out="dress", normal_error=0.12, normal_ssim=0.82),
        row("dcgan", 0.90, seed=0, regime="unseen", left_out="coat", normal_error=0.07, normal_ssim=0.91),
    ]
    return pd.DataFrame(rows)


def test_one_quantity_has_one_mean_however_many_seeds_a_class_has():
    line = figures.summary(uneven()).iloc[0]
    assert line["mean"] == pytest.approx(0.85)
    assert math.isnan(line["t_shirt"])
    assert (line["lowest"], line["highest"]) == pytest.approx((0.80, 0.90))
    assert (line["seeds"], line["seeds_most"], line["trainings"], line["classes"]) == (1, 2, 3, 2)
    assert line["normal_error"] == pytest.approx(0.09) and line["normal_ssim"] == pytest.approx(0.86)
    assert figures.auroc(uneven(), "dcgan", "unseen", "t-shirt") == pytest.approx(0.85)
    assert figures.class_table(uneven(), "unseen").mean(axis=1)["dcgan"] == pytest.approx(0.85)


def test_no_model_of_the_unseen_regime_is_in_the_box():
    assert figures.box_and_mean(uneven(), "dcgan", "unseen", "t-shirt") is None
    rows = pd.DataFrame([row("dcgan", 0.98, seed=0), row("dcgan", 0.96, seed=1)])
    assert figures.box_and_mean(rows, "dcgan", "seen", "t-shirt") == pytest.approx((0.98, 0.97, 2))


def test_the_spread_over_seeds_and_over_classes_stay_apart():
    rows = [
        row("m", 0.90, "t-shirt", 0),
        row("m", 0.92, "t-shirt", 1),
        row("m", 0.98, "bag", 0),
        row("m", 1.0, "bag", 1),
    ]
    line = figures.summary(pd.DataFrame(rows)).iloc[0]
    assert (line["t_shirt"], line["mean"]) == pytest.approx((0.91, 0.95))
    assert line["sd_seeds"] == pytest.approx(0.014142, abs=1e-6)
    assert line["sd_classes"] == pytest.approx(0.056569, abs=1e-6)


def test_unseen_with_another_normal_class_has_a_table_of_its_own():
    shirts = [row("m", 0.9, regime="unseen", left_out=name) for name in figures.CLASSES[1:]]
    others = [name for name in figures.CLASSES if name != "bag"]
    bags = [row("m", 0.5 + 0.01 * place, "bag", regime="unseen", left_out=name) for place, name in enumerate(others)]
    rows = pd.DataFrame(shirts + bags)
    assert figures.summary(rows)["mean"].tolist() == pytest.approx([0.9])
    assert figures.unseen_table(rows).loc["m"].to_dict() == pytest.approx({"t-shirt": 0.9, "bag": 0.54})
    assert list(figures.unseen_table(rows[:-1])) == ["t-shirt"]  # eight of nine classes are no mean over nine
    both = pd.concat([rows, rows[:-1].assign(method="n")])
    assert math.isnan(figures.unseen_table(both).loc["n", "bag"])
    assert figures.unseen_table(pd.DataFrame([row("m", 0.9)])).empty


def test_studies_are_no_part_of_the_main_figures():
    rows = pd.DataFrame([row("dcgan", 0.98), row("dcgan", 0.5, variant="L1"), row("dcgan", 0.6, anomalies=10)])
    assert figures.auroc(rows, "dcgan", "seen", "t-shirt") == pytest.approx(0.98)
    assert figures.summary(rows)["trainings"].tolist() == [1]
    assert figures.class_table(rows, "seen").loc["dcgan", "t-shirt"] == pytest.approx(0.98)
    assert figures.auroc(rows, "dcgan", "seen", "bag") is None


def test_the_figures_of_the_repository_are_those_of_its_file():
    with (ROOT / "results.csv").open() as file:
        lines = [line for line in csv.DictReader(file) if line["normal"] == "t-shirt" and line["regime"] == "seen"]
    own = [float(line["auroc"]) for line in lines if line["method"] == "supervised CNN"]
    rows = results.read()
    assert figures.auroc(rows, "supervised CNN", "seen", "t-shirt") == pytest.approx(sum(own) / len(own))
    assert figures.training(rows, "supervised CNN", "seen", "t-shirt")["seed"] == 0
    assert figures.training(rows, "supervised CNN", "seen", "t-shirt", seed=9) is None


def test_the_hardest_class_is_named_where_both_gans_have_it():
    rows = [
        row(name, area, normal)
        for name in ("dcgan", "traditional")
        for normal, area in {"shirt": 0.96, "bag": 0.99, "coat": 0.98}.items()
    ]
    assert list(figures.class_means(pd.DataFrame(rows), "seen").index) == ["shirt", "coat", "bag"]
    assert figures.class_means(pd.DataFrame(rows[:3]), "seen").empty


def test_a_mean_over_defects_counts_every_class_and_kind_once():
    rows = [defect("dcgan", "hole", 0.6, seed=0), defect("dcgan", "hole", 0.8, seed=1), defect("dcgan", "tear", 0.1)]
    rows += [defect("dcgan", "hole", 0.9, "bag"), defect("dcgan", "hole", 0.0, "bag", variant="without repair")]
    (line,) = figures.defect_table(pd.DataFrame(rows)).to_dict("records")
    assert line["hit"] == pytest.approx(((0.7 + 0.1) / 2 + 0.9) / 2)
    assert (line["classes"], line["seeds"]) == (2, 1)
    kinds = figures.defect_table(pd.DataFrame(rows), "kind").set_index("kind")
    assert kinds["hit"].to_dict() == pytest.approx({"hole": 0.8, "tear": 0.1})
    assert kinds["classes"].to_dict() == {"hole": 2, "tear": 1}
    assert figures.defect_table(pd.DataFrame(rows), normal="bag")["hit"].tolist() == [0.9]
    assert figures.defect_table(pd.DataFrame(rows), size="large").empty


def test_the_spread_over_classes_is_students():
    values = np.random.default_rng(0).normal(0.9, 0.02, 10)
    mean, low, high = figures.class_spread(values)
    expected = stats.t.interval(0.95, 9, values.mean(), stats.sem(values))
    assert (low, high) == pytest.approx(expected) and mean == pytest.approx(values.mean())
    assert np.isnan(figures.class_spread(values[:2])[1])


def test_the_difference_is_paired_by_class_and_by_the_seeds_that_both_have():
    better = {"t-shirt": 0.01, "bag": 0.02, "coat": 0.03}
    rows = [row("traditional", 0.9, name, seed) for name in better for seed in (0, 1)]
    rows += [row("dcgan", 0.9 + by, name, 0) for name, by in better.items()]  # one seed only
    mean, low, high, classes = figures.difference(pd.DataFrame(rows), "seen")
    assert mean == pytest.approx(0.02) and classes == 3
    assert (low, high) == pytest.approx((-0.00484, 0.04484), abs=1e-5)  # t(2) = 4.3027, SD 0.01, √3
    assert figures.difference(pd.DataFrame(rows), "one-class") is None
