import re
from pathlib import Path

import pytest

from core.basics.files import ROOT
from core.study import results
from core.study.plan import ALL_SIX, CLASSES
from pages.results import plots
from tests.core.study.test_reporting import defect, few_labels, row
from tests.pages.conftest import tables, words


@pytest.fixture(autouse=True)
def own_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small sweep whose figures are known: two trainings of T-shirt/top, one of every other class."""
    monkeypatch.setattr(results, "CSV", tmp_path / "results.csv")
    monkeypatch.setattr(results, "DEFECTS", tmp_path / "defects.csv")
    rows = [row("dcgan", 0.97 + place / 1000, name) for place, name in enumerate(CLASSES)]
    rows += [row("dcgan", 0.98, seed=1), row("supervised CNN", 0.99, looks_normal=float("nan"))]
    rows += [row("traditional", 0.95, regime="unseen", left_out=name) for name in CLASSES[1:]]
    rows += [row("traditional", 0.94, regime="one-class"), row("dcgan", 0.96, variant=ALL_SIX)]
    for number, line in enumerate(rows):
        results.add(line | {"recipe": f"{number:012x}"})
    lines = [defect("dcgan", "hole", 0.8), defect("dcgan", "tear", 0.4), defect("dcgan", "hole", 0.6, "bag")]
    lines += [defect("dcgan", "hole", 0.2, variant=ALL_SIX)]
    lines += [defect("nearest normals", "hole", 0.7), defect("nearest normals", "tear", 0.5, size="large")]
    results.add(None, lines)


def test_regimes_stand_apart_with_their_published_rows(open_page):
    app = open_page("results")
    headings = [element.value for element in app.subheader]
    assert "Seen regime" in headings
    shown = tables(app)
    assert any(name.startswith("Published figures") for name in shown)
    for table in shown.values():
        methods = " ".join(next(iter(line.values())) for line in table)
        assert not ("Kim" in methods and "GANomaly" in methods)


def test_figures_are_those_of_the_csv(open_page):
    app = open_page("results")
    shown = {name: {next(iter(line.values())): line for line in table} for name, table in tables(app).items()}
    seen, unseen = shown["Measured figures, seen regime"], shown["Measured figures, unseen regime"]
    assert seen["DCGAN"]["T-shirt/top"] == "0.975" and seen["DCGAN"]["Mean"] == "0.975"
    assert seen["DCGAN"]["Lowest–highest class"] == "0.971–0.979" and seen["DCGAN"]["Seeds"] == "1–2"
    assert seen["DCGAN"]["Looks normal"] == "0.10 (0.10)" and seen["Supervised CNN"]["Looks normal"] == "–"
    assert seen["Supervised CNN"]["T-shirt/top"] == "0.990"
    # T-shirt/top is normal in every unseen row: one mean, over the nine left-out classes.
    assert unseen["Traditional GAN"]["Mean"] == "0.950" and "T-shirt/top" not in unseen["Traditional GAN"]
    assert not any("interval" in heading for table in shown.values() for line in table.values() for heading in line)
    assert not any("nan" in cell for table in shown.values() for line in table.values() for cell in line.values())
    assert words(app).count("which this regime denies") == 2  # unseen and one-class


def test_unseen_with_another_normal_class_is_shown_apart(open_page):
    assert "Unseen regime, every normal class" not in tables(open_page("results"))
    for number, name in enumerate(CLASSES):
        if name != "bag":
            line = row("traditional", 0.85, "bag", regime="unseen", left_out=name)
            results.add(line | {"recipe": f"{100 + number:012x}"})
    shown = tables(open_page("results"))
    assert shown["Measured figures, unseen regime"][0]["Mean"] == "0.950"
    (line,) = shown["Unseen regime, every normal class"]
    assert (line["T-shirt/top"], line["Bag"]) == ("0.950", "0.850")


def test_the_box_and_the_means_are_linked_in_words_and_the_cells_are_counted(open_page):
    said = words(open_page("results"))
    assert "DCGAN 0.970 with seed 0, 0.975 on the mean of 2 seeds" in said
    assert re.search(r"\d+ of \d+ cells of the plan are measured so far", said)
    for number, (variant, area, error) in enumerate((("L1", 0.8, 0.05), ("L1 + abc", 0.9, 0.115))):
        results.add(row("dcgan", area, variant=variant, normal_error=error) | {"recipe": f"a{number:011x}"})
    said = words(open_page("results"))
    assert "reconstructed worse than with all six: an error of 0.115 against 0.100 (L1 alone: 0.050)" in said


def test_the_chart_of_labels_has_its_ticks_where_it_was_measured_and_says_why_regimes_share_it(open_page):
    table = few_labels({10: 0.93, 30: 0.9494, 40: 0.9496, 1000: 0.97, 6003: 0.98})
    axis = plots.imbalance(table).layout.xaxis
    assert list(axis.tickvals) == [10, 30, 40, 1000, 6003]
    assert list(axis.ticktext) == ["10", "", "40", "1,000", "6,003"]  # 30 would lie on 40
    for number, line in enumerate(table.to_dict("records")):
        results.add(line | {"recipe": f"b{number:011x}"})
    assert "One axis for three regimes" in words(open_page("results"))


def test_defects_are_told_by_method_and_the_choices_narrow_them(open_page):
    app = open_page("results")
    assert not app.exception
    assert "At tear (0.50 against 0.40) a map without training hits more often than the DCGAN's." in words(app)
    name, (gan, free) = next((name, table) for name, table in tables(app).items() if name.startswith("Defects"))
    assert name == "Defects, mean of the classes, mean of the sizes"
    assert (gan["Method"], gan["Regime"], gan["Hit"], gan["Classes"]) == ("DCGAN", "seen", "0.600", "2")
    assert (free["Method"], free["Regime"], free["Hit"]) == ("Nearest normals", "no training", "0.600")
    choice = app.selectbox(key="defects_normal")
    assert choice.options == ["Mean of the classes", "T-shirt/top", "Bag"]
    choice.select("bag").run()
    (line,) = tables(app)["Defects, Bag, mean of the sizes"]
    assert line["Hit"] == "0.600" and not app.exception


def test_a_choice_of_class_and_size_without_a_figure_is_said_to_have_none(open_page):
    app = open_page("results")
    app.selectbox(key="defects_normal").select("bag").run()
    app.segmented_control(key="defects_size").set_value("large").run()
    assert not app.exception
    assert "No defect of this class and size has been measured yet." in words(app)


def test_the_ablation_says_what_repair_changes(open_page):
    app = open_page("results")
    shown = tables(app)["Ablation, DCGAN, T-shirt/top, seen regime"]
    assert {line["Recipe"]: line["Hit"] for line in shown} == {"the whole recipe": "0.600", ALL_SIX: "0.200"}
    assert "hit from 0.200 to 0.600" in words(app)


def test_a_damaged_csv_is_said_to_be_damaged(open_page):
    results.CSV.write_text("method,auroc\nx,not a number\n")
    app = open_page("results")
    assert not app.exception
    assert "move it away" in app.error[0].value


def test_a_damaged_table_of_defects_is_said_to_be_damaged(open_page):
    results.DEFECTS.write_text("method,hit\nx,not a number\n")
    app = open_page("results")
    assert not app.exception
    assert any("defects.csv" in error.value for error in app.error)


def test_no_figures_yet_says_how_to_make_them(open_page):
    results.CSV.unlink()
    results.DEFECTS.unlink()
    app = open_page("results")
    assert not app.exception
    assert words(app).count("`python -m core results` does") == 2  # of figures, and of defects


def test_the_figures_of_the_repository_can_be_shown(open_page, monkeypatch):
    monkeypatch.setattr(results, "CSV", ROOT / "results.csv")
    monkeypatch.setattr(results, "DEFECTS", ROOT / "defects.csv")
    app = open_page("results")
    assert not app.exception and not app.error
    assert not any("nan" in cell for table in tables(app).values() for line in table for cell in line.values())
