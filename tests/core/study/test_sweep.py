import msgspec
import numpy as np
import pandas as pd
import pytest

from core.basics.errors import MisfitError
from core.basics.files import ROOT
from core.data import damage
from core.data.tasks import Task
from core.gans import config
from core.gans.config import TraditionalConfig
from core.store import checkpoints
from core.study import plan, results, sweep
from core.study.plan import CLASSES, Cell
from core.study.untrained import MAPS


@pytest.fixture(autouse=True)
def own_files(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "CSV", tmp_path / "results.csv")
    monkeypatch.setattr(results, "DEFECTS", tmp_path / "defects.csv")
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")


class Quick(TraditionalConfig, frozen=True):
    """Stands in for the traditional GAN's config: the same in one epoch."""

    epochs: int = 1


@pytest.fixture
def quick_cell(monkeypatch) -> Cell:
    monkeypatch.setitem(config.CONFIGS, "traditional", Quick)
    return Cell("traditional", Task(), 0)


def pca(seed: int = 0) -> Cell:
    return Cell("PCA residual", Task("trouser", "one-class", 0), seed)


def test_the_plan_covers_every_method_class_and_seed_once():
    cells = plan.plan()
    assert len({cell.recipe for cell in cells}) == len(cells)
    for method in ("traditional", "dcgan", "supervised CNN"):
        for normal in CLASSES:
            seeds = [c.seed for c in cells if (c.method, c.task.normal, c.task.regime) == (method, normal, "seen")]
            assert seeds == list(range(5 if normal == "t-shirt" else 3))
    for method, seeds in (("dcgan", 3), ("traditional", 3), ("supervised CNN", 1)):
        unseen = [c for c in cells if c.method == method and c.task.regime == "unseen" and c.task.normal == "t-shirt"]
        assert {c.task.left_out for c in unseen} == set(CLASSES) - {"t-shirt"}
        assert len(unseen) == 9 * seeds
    elsewhere = {(c.task.normal, c.task.left_out) for c in cells if c.method == "dcgan" and c.task.regime == "unseen"}
    assert len(elsewhere) == 90


def test_another_config_is_another_cell(monkeypatch):
    before = Cell("traditional", Task(), 0).recipe
    monkeypatch.setitem(config.CONFIGS, "traditional", Quick)
    assert Cell("traditional", Task(), 0).recipe != before


def test_recipes_stay_what_they_are():
    """Those of rows in results.csv: a row whose cell has another recipe is measured anew."""
    recipes = {(cell.method, cell.variant, cell.task.regime, cell.seed): cell.recipe for cell in plan.ablation()}
    assert recipes["traditional", "without repair", "seen", 0] == "a792fade15ec"
    assert recipes["traditional", "without repair", "one-class", 0] == "899e2bee799a"
    assert recipes["dcgan", plan.ALL_SIX, "seen", 0] == "c22e53cd965e"
    assert recipes["dcgan", plan.ALL_SIX, "one-class", 0] == "95bbf00026ca"
    usual, other = Task(), msgspec.structs.replace(Task(), data=msgspec.structs.replace(Task().data, key="other"))
    assert Cell("dcgan", usual, 0).recipe != Cell("dcgan", other, 0).recipe


def test_every_ablation_of_the_paper_is_still_that_of_its_rows(monkeypatch):
    monkeypatch.setattr(results, "CSV", ROOT / "results.csv")
    rows = results.read().set_index("recipe")
    losses = [cell for cell in plan.ablation() if cell.variant.startswith("L1")]
    assert len(losses) == 18
    assert [rows["variant"][cell.recipe] for cell in losses] == [cell.variant for cell in losses]


def test_one_seed_of_every_class_comes_before_a_second_one_and_before_unseen_classes():
    cells = [cell for cell in plan.plan() if cell.method == "dcgan"]
    elsewhere = [cell.task.regime == "unseen" and cell.task.normal != "t-shirt" for cell in cells]
    assert elsewhere.index(True) == len(cells) - 81 and all(elsewhere[-81:])  # last of all
    cells = cells[:-81]
    places = {(cell.task.regime, cell.seed): place for place, cell in enumerate(cells)}  # the last of each
    order = [(regime, seed) for seed in range(3) for regime in ("seen", "one-class")]
    order += [("unseen", seed) for seed in range(3)] + [
        (regime, seed) for seed in (3, 4) for regime in ("seen", "one-class")
    ]
    assert sorted(places, key=places.__getitem__) == order


def test_settings_of_the_repair_have_no_effect_without_it():
    def recipe(**changes: object) -> str:
        return Cell("dcgan", Task(), 0, "a variant", tuple(changes.items())).recipe

    off = {"repair": 0.0, "as_normal": 0.0, "judge_all": False}
    assert recipe(**off) == recipe(**off, damaged=0.1)
    assert recipe(repair=0.0) == recipe(repair=0.0, damaged=0.1) != recipe(**off)
    assert recipe() != recipe(damaged=0.1)


def test_a_setting_that_does_nothing_makes_no_other_cell():
    def recipe(anomalies: int, enough: int) -> str:
        return Cell("traditional", Task(anomalies=anomalies), 0, "a variant", (("enough_labels", enough),)).recipe

    assert recipe(6003, 1) == recipe(6003, 250)  # enough are labelled anyway
    assert recipe(10, 1) != recipe(10, 250)


def test_a_title_says_the_number_of_labels_only_where_it_is_not_the_usual_one():
    assert Cell("dcgan", Task("bag"), 3).title == "dcgan, bag, seen, seed 3"
    assert Cell("dcgan", Task(anomalies=10), 0).title == "dcgan, t-shirt, seen, 10 labels, seed 0"


def test_the_scale_of_a_loss_that_is_off_makes_no_other_cell():
    def recipe(weight: float, scale: float) -> str:
        return Cell("dcgan", Task(), 0, "a variant", (("abc", weight), ("abc_scale", scale))).recipe

    assert recipe(0.0, 1.0) == recipe(0.0, 8.0)
    assert recipe(1.0, 1.0) != recipe(1.0, 8.0)


def test_an_interrupted_sweep_goes_on_where_it_was():
    cells = [pca(0), pca(1), Cell("kNN", Task("trouser", "one-class", 0), 0)]
    running = sweep.run(cells)
    first = next(running)
    running.close()
    todo = results.missing(cells)
    assert len(todo) == 2 and first.row["recipe"] not in {cell.recipe for cell in todo}
    list(sweep.run(todo))
    assert results.missing(cells) == []
    assert len(results.read()) == 3


def test_a_row_holds_what_the_scores_say(test_split):
    ((_, row, _),) = sweep.run([pca()])
    again = results.read().iloc[0]
    assert again["auroc"] == pytest.approx(row["auroc"], abs=1e-6)
    assert row["auroc_low"] < row["auroc"] < row["auroc_high"]
    assert row["auroc"] > 0.9
    assert row["hardest_auroc"] < row["auroc"]


def test_a_gan_cell_ships_its_model_and_a_second_sweep_uses_it(quick_cell):
    cell = quick_cell
    ((_, row, _),) = sweep.run([cell])
    card = (cell.shipped / checkpoints.CARD).read_bytes()
    assert 0 < row["normal_error"] < 2 and -1 <= row["normal_ssim"] <= 1
    results.CSV.unlink()
    ((_, again, _),) = sweep.run([cell])
    assert (cell.shipped / checkpoints.CARD).read_bytes() == card
    assert again["auroc"] == row["auroc"]


def test_a_gan_cell_has_its_rows_of_defects_and_what_the_judge_says(quick_cell):
    ((_, row, _),) = sweep.run([quick_cell])
    assert 0 <= row["looks_normal"] <= 1 and 0 <= row["looks_normal_own"] <= 1
    assert row["judge_accuracy"] > 0.8  # of a judge trained on the starter set
    found = results.read_defects()
    assert set(found["recipe"]) == {quick_cell.recipe} and set(found["kind"]) == set(damage.KINDS)
    assert len(found) == len(damage.KINDS) * len(damage.SIZES)
    assert (
        found[["image_auroc", "pixel_auroc", "aupro", "hit"]].apply(lambda column: column.between(0, 1)).all(axis=None)
    )
    assert results.missing([quick_cell]) == []
    results.DEFECTS.unlink()
    assert results.missing([quick_cell]) == [quick_cell]  # half measured is not measured
    found.to_csv(results.DEFECTS, index=False)
    results.CSV.unlink()
    assert results.missing([quick_cell]) == [quick_cell]


def test_unseen_classes_few_labels_and_losses_alone_have_no_defects():
    cells = [cell for study in plan.STUDIES.values() for cell in study()]
    without = [cell for cell in cells if cell.config and not cell.has_defects]
    assert {cell.task.regime for cell in without} == {"seen", "unseen"}
    assert all(cell.task.left_out or cell.task.anomalies < 6003 or cell.variant[:2] == "L1" for cell in without)
    assert {cell.method for cell in cells if cell.has_defects} == {"traditional", "dcgan", plan.UNTRAINED}


def test_maps_without_training_have_defects_alone():
    cell = Cell(plan.UNTRAINED, Task("trouser", "one-class", 0), 0)
    (measured,) = sweep.run([cell])
    assert measured.row is None and results.read().empty
    assert results.missing([cell]) == []
    found = results.read_defects()
    assert set(found["method"]) == set(MAPS) and "sleeves" not in set(found["kind"])
    means = found.groupby("method")["pixel_auroc"].mean()
    assert (means > 0.7).all()  # far better than chance, on 900 normals


def test_a_changed_recipes_defects_replace_the_old_ones_and_gone_ones_are_dropped():
    def lines(recipe: str, hit: float, **other: object) -> list[dict]:
        base = {name: {str: "", int: 0, float: hit}[kind] for name, kind in results.DEFECT_COLUMNS.items()}
        base |= {"method": "dcgan", "regime": "seen", "normal": "bag", "recipe": recipe} | other
        return [base | {"kind": kind, "size": "small"} for kind in ("hole", "tear")]

    old, other, new = ("a" * 12, "b" * 12, "c" * 12)
    results.add(None, lines(old, 0.1))
    results.add(None, lines(other, 0.2, seed=1))
    results.add(None, lines(new, 0.3))
    found = results.read_defects()
    assert found.groupby("recipe")["hit"].agg(["count", "first"]).to_dict("index") == {
        new: {"count": 2, "first": 0.3},
        other: {"count": 2, "first": 0.2},
    }
    results.drop_gone()
    assert results.read_defects().empty


def test_a_damaged_table_of_defects_is_not_overwritten():
    header = ",".join(results.DEFECT_COLUMNS)
    results.DEFECTS.write_text(f"{header}\ndcgan,seen,bag,0,,hole,tiny,0.5,0.5,0.5,0.5,x\n")
    with pytest.raises(MisfitError, match=r"defects\.csv is damaged \(line 2"):
        results.missing([pca()])
    with pytest.raises(MisfitError, match="damaged"):
        list(sweep.run([pca()]))
    assert not results.CSV.exists() and "tiny" in results.DEFECTS.read_text()


def test_a_damaged_model_in_the_box_is_named_set_aside_and_redone(quick_cell, capsys):
    cell = quick_cell
    ((_, row, _),) = sweep.run([cell])
    weights = cell.shipped / checkpoints.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:100])
    ((_, again, _),) = sweep.run([cell])
    assert "was set aside" in capsys.readouterr().out
    aside = list((checkpoints.RUNS / "set-aside").iterdir())
    assert [len((path / checkpoints.WEIGHTS).read_bytes()) for path in aside] == [100]
    assert again["auroc"] == row["auroc"]


def test_a_damaged_csv_is_not_overwritten():
    results.CSV.write_text("method,auroc\nx,not a number\n")
    with pytest.raises(MisfitError, match="damaged"):
        results.read()
    with pytest.raises(MisfitError, match="damaged"):
        list(sweep.run([pca()]))
    assert results.CSV.read_text() == "method,auroc\nx,not a number\n"


def test_ssim_is_one_for_the_same_image_and_less_for_another(test_split):
    images = test_split.images[:4]
    same = images.astype(np.float32) / 127.5 - 1
    assert sweep.ssim(images, same) == pytest.approx(1.0, abs=1e-5)
    assert sweep.ssim(images, same[::-1]) < 0.8


def test_a_changed_recipes_row_replaces_the_old_one(monkeypatch):
    list(sweep.run([pca()]))
    old = results.read().iloc[0]["recipe"]
    monkeypatch.setattr(Cell, "recipe", property(lambda cell: "d" * 12))
    assert results.missing([pca()]) == [pca()]
    list(sweep.run([pca()]))
    assert list(results.read()["recipe"]) == ["d" * 12] != [old]


def test_a_row_of_a_recipe_that_is_gone_does_not_stay():
    list(sweep.run([pca()]))
    rows = results.read()
    old = pd.concat([rows, rows.assign(method="traditional", recipe="000000000000", auroc=0.5)])
    old.to_csv(results.CSV, index=False)
    assert results.drop_gone() == 1
    assert results.read()["method"].tolist() == ["PCA residual"]
    assert results.drop_gone() == 0


def test_every_row_of_the_repository_is_of_todays_recipes(monkeypatch):
    monkeypatch.setattr(results, "CSV", ROOT / "results.csv")
    monkeypatch.setattr(results, "DEFECTS", ROOT / "defects.csv")
    planned = {cell.recipe for study in plan.STUDIES.values() for cell in study()}
    assert set(results.read()["recipe"]) | set(results.read_defects()["recipe"]) <= planned


def test_a_dask_cluster_measures_the_same_rows():
    from distributed import LocalCluster

    cells = [pca(0), pca(1), Cell("kNN", Task("trouser", "one-class", 0), 0)]
    # Processes of their own, like the cluster's: they find the same data as it does.
    here = {row["recipe"]: row["auroc"] for _, row, _ in sweep.run(cells, workers=2)}
    results.CSV.unlink()
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster,
        sweep.dask_cluster(cluster.scheduler_address) as workers,
    ):
        assert workers == 2
        there = {row["recipe"]: row["auroc"] for _, row, _ in sweep.run(cells, workers)}
    assert there == here
    assert results.missing(cells) == []


def test_an_address_without_a_scheduler_is_said_so():
    for address in ("tcp://127.0.0.1:9", "nonsense://"):
        with pytest.raises(MisfitError, match="No Dask scheduler"), sweep.dask_cluster(address):
            raise AssertionError("not reached")
