import pandas as pd
import pytest

from core.data.tasks import REGIMES
from core.study import figures, reporting, results
from core.study.plan import CLASSES


def row(method, auroc, normal="t-shirt", seed=0, regime="seen", **other):
    base = {name: {str: "", int: 0, float: 0.1}[kind] for name, kind in results.COLUMNS.items()}
    anomalies = 0 if regime == "one-class" else 6003
    return (
        base
        | {
            "method": method,
            "auroc": auroc,
            "normal": normal,
            "seed": seed,
            "regime": regime,
            "anomalies": anomalies,
            "hardest_class": "shirt",
        }
        | other
    )


@pytest.mark.parametrize(
    ("gains", "said"),
    [
        ((0.02, 0.021, 0.022), "The DCGAN is better"),
        ((-0.02, -0.021, -0.022), "The traditional GAN is better"),
        ((-0.02, 0.0, 0.02), "Neither"),
    ],
)
def test_the_sentence_says_who_is_better_only_when_it_is_shown(gains, said):
    names = ("t-shirt", "bag", "coat")
    rows = [row("traditional", 0.9, name) for name in names]
    rows += [row("dcgan", 0.9 + gain, name) for name, gain in zip(names, gains, strict=True)]
    assert reporting.difference_sentence(pd.DataFrame(rows), "seen").startswith(said)


def test_the_ablation_sentence_counts_the_share_of_the_gain():
    values = {"L1": 0.80, "L1 + abc": 0.95, "all six": 0.96}
    variants = {name: name.removeprefix("all six") for name in values}  # all six are the main table's
    rows = pd.DataFrame([row("dcgan", auroc, variant=variants[name]) for name, auroc in values.items()])
    others = [row("dcgan", 0.5, "bag"), row("dcgan", 0.5, seed=4), row("traditional", 0.5)]  # not of this study
    assert "94 % of the gain" in reporting.ablation_sentence(pd.concat([rows, pd.DataFrame(others)]))
    assert reporting.ablation_sentence(rows[rows["variant"] != "L1"]) is None


def test_the_imbalance_sentence_finds_where_the_curve_is_flat():
    curve = {10: 0.90, 100: 0.955, 1000: 0.962, 6003: 0.964}
    rows = pd.DataFrame([row("traditional", auroc, anomalies=count) for count, auroc in curve.items()])
    assert "With 100 labelled anomalies" in reporting.imbalance_sentence(rows)


def few_labels(curve: dict[int, float], none: float = 0.95) -> pd.DataFrame:
    rows = [row("traditional", auroc, anomalies=count) for count, auroc in curve.items()]
    rows += [row("traditional", none, regime="one-class", anomalies=0)]
    others = CLASSES[1:]
    rows += [row("traditional", 0.951, regime="unseen", left_out=name) for name in others]
    rows += [row("traditional", 0.92, regime="unseen", left_out=name, anomalies=10) for name in others]
    rows += [row("traditional", 0.5, regime="unseen", left_out=name, anomalies=30) for name in others[:8]]
    return pd.DataFrame(rows)


def test_labels_that_cost_more_than_they_bring_are_said_to():
    sentence = reporting.imbalance_sentence(few_labels({10: 0.93, 30: 0.9494, 100: 0.9496, 1000: 0.97, 6003: 0.98}))
    assert sentence == (
        "Without a label the traditional GAN reaches 0.950, with 10 labelled anomalies 0.930, with 6,003 0.980. "
        "For kinds of anomaly that were labelled, 10 and 30 labels do worse than none. "
        "With 1,000 labelled anomalies it is within 0.01 of what 6,003 give (0.980). "
        "For a class that it has never seen: with 6,003 labels of other classes it reaches 0.951, with 10 0.920, "
        "without any label, on the same nine classes, 0.950. There, 10 labels do worse than none. "
        "There, 30, 100 and 1,000 labels are not measured yet."
    )


def test_labels_that_cost_nothing_are_said_to():
    sentence = reporting.imbalance_sentence(few_labels({10: 0.95, 100: 0.96, 6003: 0.98}))
    assert "For kinds of anomaly that were labelled, no number of labels measured does worse than none." in sentence


def test_a_point_for_which_not_every_class_was_left_out_is_no_point():
    table = figures.imbalance_table(few_labels({10: 0.95, 100: 0.96, 6003: 0.98}))
    assert list(table[table["regime"] == "unseen"]["anomalies"]) == [10, 6003]


def test_markdown_never_puts_two_regimes_in_one_table():
    rows = pd.DataFrame(
        [row("traditional", 0.9, regime=regime, left_out="bag" if regime == "unseen" else "") for regime in REGIMES]
    )
    sections = reporting.markdown(rows, 3).split("\n## ")
    seen = next(part for part in sections if part.startswith("Seen"))
    one_class = next(part for part in sections if part.startswith("One-class"))
    assert "Kim et al. |" in seen and "GANomaly" not in seen
    assert "GANomaly" in one_class and "| Kim et al. |" not in one_class


def test_a_part_of_the_sweep_says_that_it_is_one():
    rows = pd.DataFrame([row("traditional", 0.9)])
    assert "1 of 7 cells are measured" in reporting.markdown(rows, 7)
    assert "the whole plan" in reporting.markdown(rows, 1)


def test_a_spread_over_classes_is_never_called_an_interval():
    names = ("t-shirt", "bag", "coat")
    rows = [row("traditional", 0.9, name) for name in names] + [row("dcgan", 0.95, name) for name in names]
    text = reporting.markdown(pd.DataFrame(rows), 6).split("## What helped")[0]
    assert "by 0.050 on the mean of 3 classes (spread over the classes +0.050 to +0.050)" in text
    assert "| DCGAN | 0.950 | 0.950 | 0.950–0.950 | 3 | 1 | 0.000 |" in text
    assert "interval" not in text


def test_unseen_and_one_class_tables_say_which_labels_chose_their_recipe():
    rows = pd.DataFrame(
        [row("dcgan", 0.9, regime=regime, left_out="bag" if regime == "unseen" else "") for regime in REGIMES]
    )
    seen, unseen, one_class = reporting.markdown(rows, 3).split("\n## ")[1:4]
    denied = "which this regime denies"
    assert denied not in " ".join(seen.split()) and denied in unseen and denied in one_class


def test_the_readmes_table_without_figures_says_so():
    assert "Nothing has been measured yet." in reporting.headline(pd.DataFrame([row("kNN", 0.9, regime="one-class")]))
