import pandas as pd
import pytest

from core.data.tasks import REGIMES
from core.study import defect_reporting, documents_text, figures, reporting, results
from core.study.plan import ALL_SIX, CLASSES


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
            "recipe": "0" * 12,
        }
        | other
    )


def text(rows: pd.DataFrame, measured: int, total: int, lines: list[dict] = ()) -> str:
    """RESULTS.md of these rows and defects."""
    return documents_text.markdown(rows, pd.DataFrame(lines, columns=list(results.DEFECT_COLUMNS)), measured, total)


def defect(
    method: str, kind: str, hit: float, normal: str = "t-shirt", size: str = "small", seed: int = 0, **other
) -> dict:
    """A row of defects.csv."""
    base = {name: {str: "", int: 0, float: 0.5}[kind] for name, kind in results.DEFECT_COLUMNS.items()}
    regime = "seen" if method in ("dcgan", "traditional") else "one-class"
    known = {"method": method, "regime": regime, "normal": normal, "seed": seed, "kind": kind, "size": size, "hit": hit}
    base["recipe"] = "0" * 12
    return base | known | other


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
    values = {"L1": 0.80, "L1 + abc": 0.95, ALL_SIX: 0.96}
    rows = pd.DataFrame([row("dcgan", auroc, variant=name) for name, auroc in values.items()])
    others = [row("dcgan", 0.5, "bag"), row("dcgan", 0.5, seed=4), row("traditional", 0.5)]  # not of this study
    assert "94 % of the gain" in defect_reporting.ablation_sentence(pd.concat([rows, pd.DataFrame(others)]))
    assert defect_reporting.ablation_sentence(rows[rows["variant"] != "L1"]) is None


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
        "There, 30, 100 and 1,000 labels are not measured yet. Labels are spread evenly over the anomaly classes, so 10 are nine, one a class, "
        "and 100 are 99 (96 where a class is left out)."
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
    sections = text(rows, 3, 3).split("\n## ")
    seen = next(part for part in sections if part.startswith("Seen"))
    one_class = next(part for part in sections if part.startswith("One-class"))
    assert "Kim et al. |" in seen and "GANomaly" not in seen
    assert "GANomaly" in one_class and "| Kim et al. |" not in one_class


def test_a_part_of_the_sweep_says_that_it_is_one():
    rows = pd.DataFrame([row("traditional", 0.9)])
    assert "1 of 7 cells are measured" in text(rows, 1, 7)
    assert "the whole plan" in text(rows, 1, 1)


def test_a_spread_over_classes_is_never_called_an_interval():
    names = ("t-shirt", "bag", "coat")
    rows = [row("traditional", 0.9, name) for name in names] + [row("dcgan", 0.95, name) for name in names]
    written = text(pd.DataFrame(rows), 6, 6).split("## What helped")[0]
    assert "by 0.050 on the mean of 3 classes (+0.050 to +0.050, judged by how much the classes differ)" in written
    assert "| DCGAN | 0.950 | 0.950 | 0.950–0.950 | 3 | 1 | 0.000 |" in written
    assert "interval" not in written


def test_unseen_and_one_class_tables_say_which_labels_chose_their_recipe():
    rows = pd.DataFrame(
        [row("dcgan", 0.9, regime=regime, left_out="bag" if regime == "unseen" else "") for regime in REGIMES]
    )
    seen, unseen, one_class = text(rows, 3, 3).split("\n## ")[2:5]
    denied = "which this regime denies"
    assert denied not in " ".join(seen.split()) and denied in unseen and denied in one_class


def test_the_unseen_regime_has_a_mean_over_the_normal_classes_where_all_are_measured():
    def nine(method, normal, auroc):
        return [row(method, auroc, normal, regime="unseen", left_out=name) for name in CLASSES if name != normal]

    rows = [one for place, name in enumerate(CLASSES) for one in nine("traditional", name, 0.9 + place / 100)]
    rows += [one for name in CLASSES[:4] for one in nine("dcgan", name, 0.95)]
    heads, lines = reporting.unseen_cells(pd.DataFrame(rows))
    assert heads[:3] == ["normal", "Mean of ten", "T-shirt/top"] and len(heads) == 12
    assert {line[0]: line[1:6] for line in lines} == {
        "Traditional GAN": ["0.945", "0.900", "0.910", "0.920", "0.930"],
        "DCGAN": ["–", "0.950", "0.950", "0.950", "0.950"],
    }


def test_the_readmes_table_without_figures_says_so():
    assert "Nothing has been measured yet." in documents_text.headline(
        pd.DataFrame([row("kNN", 0.9, regime="one-class")])
    )


def against_maps(**hits: tuple[float, float]) -> pd.DataFrame:
    """The DCGAN's hits and those of a map without training, by kind."""
    return pd.DataFrame(
        [
            defect(name, kind, hit)
            for kind, pair in hits.items()
            for name, hit in zip(("dcgan", "nearest normals"), pair, strict=True)
        ]
    )


def test_where_a_gan_points_worse_than_a_map_without_training_is_said():
    sentence = defect_reporting.defects_sentence(against_maps(hole=(0.9, 0.7), stain=(0.5, 0.6), tear=(0.7, 0.8)))
    assert sentence == (
        "The hottest spot of the map is on the defect in 70.0 % (DCGAN, seen) of the damaged images, with the best map that costs no training "
        "in 70.0 % (nearest normals; T-shirt/top). At stain (0.60 against 0.50) and tear (0.80 against 0.70) a map without training hits more often than "
        "the DCGAN's."
    )
    better = defect_reporting.defects_sentence(against_maps(hole=(0.9, 0.7)))
    assert better.endswith("At no kind of damage does a map without training hit more often than the DCGAN's.")


def test_figures_in_which_a_map_without_training_is_ahead_of_every_gan_are_named():
    rows = against_maps(hole=(0.9, 0.7))
    assert "ahead of both GANs" not in defect_reporting.defects_sentence(rows)
    rows.loc[rows["method"] == "nearest normals", "pixel_auroc"] += 0.01
    best = rows["pixel_auroc"].max()
    text = (
        f"A map without training is ahead of both GANs in Pixel AUROC ({best:.3f} against {best - 0.01:.3f} at best)."
    )
    assert defect_reporting.defects_sentence(rows).endswith(text)


def test_without_a_gan_or_without_a_map_nothing_is_compared():
    rows = against_maps(hole=(0.9, 0.7))
    for method in ("dcgan", "nearest normals"):
        assert defect_reporting.defects_sentence(rows[rows["method"] == method]) is None
    assert defect_reporting.defects_sentence(rows[:0]) is None


def test_a_class_that_a_method_lacks_is_not_compared():
    rows = [defect("dcgan", "hole", 0.8), defect("dcgan", "hole", 0.1, "bag"), defect("nearest normals", "hole", 0.7)]
    assert "80.0 % (DCGAN, seen)" in defect_reporting.defects_sentence(pd.DataFrame(rows))


def test_results_have_a_section_on_defects_when_they_are_measured():
    rows = pd.DataFrame([row("dcgan", 0.9, judge_accuracy=0.916)])
    assert "## Defects" not in text(rows, 1, 2)
    lines = [defect("dcgan", kind, 0.8) for kind in ("hole", "tear")] + [defect("nearest normals", "hole", 0.7)]
    written = text(rows, 1, 2, lines).split("## Defects")[1].split("\n## ")[0]
    assert "| DCGAN | seen | 0.500 | 0.500 | 0.500 | 0.800 | 1 | 1 |" in written
    assert "| Nearest normals | no training | 0.500 | 0.500 | 0.500 | 0.700 | 1 | 1 |" in written
    assert "| DCGAN | seen | 0.500 / 0.800 | – / – |" in written  # a hole, no stain
    assert "is right about 92 % of those held out" in text(rows, 1, 2)


def test_the_ablation_says_what_repair_brings_and_leaves_out_what_is_not_measured():
    rows = [row("dcgan", 0.986, variant=ALL_SIX, looks_normal=0.02), row("dcgan", 0.985, looks_normal=0.9)]
    lines = [defect("dcgan", "hole", 0.2, variant=ALL_SIX), defect("dcgan", "hole", 0.8)]
    rows, found = pd.DataFrame(rows), pd.DataFrame(lines)
    assert defect_reporting.repair_sentence(rows, found) == (
        "What repair changes (T-shirt/top, seen; the same seeds with and without, so not all that the tables above have). DCGAN: AUROC from 0.986 to 0.985, hit from 0.200 to 0.800 and "
        "share of anomalies that look normal from 0.020 to 0.900."
    )
    assert defect_reporting.repair_sentence(rows[:1], found) is None
    heads, cells = defect_reporting.ablation_cells(figures.ablation_table(rows, found))
    assert heads[:2] == ["Recipe", "AUROC"] and {"Normals' error", "Hit", "Looks normal"} <= set(heads)
    assert {line[0]: line[heads.index("Hit")] for line in cells} == {figures.WHOLE: "0.800", ALL_SIX: "0.200"}
    assert {line[-1] for line in cells} == {"1"}
    more = pd.concat([rows, rows[rows["variant"] == ALL_SIX].assign(seed=1, looks_normal=float("nan"))])
    _, cells = defect_reporting.ablation_cells(figures.ablation_table(more, found))
    assert {line[0]: line[-1] for line in cells} == {figures.WHOLE: "1", ALL_SIX: "1–2"}  # looks and hits of one
    heads, _ = defect_reporting.ablation_cells(
        figures.ablation_table(rows.assign(looks_normal=float("nan")), found[:0])
    )
    assert "Hit" not in heads and "Looks normal" not in heads
