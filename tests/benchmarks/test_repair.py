"""The trials of the repair objective: recipes from the command line, batches, targets, and a trial that runs to its row."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.repair import __main__ as trials
from benchmarks.repair import figures, judge
from benchmarks.repair.batches import RepairBatches, targets
from benchmarks.repair.recipes import Recipe, parse
from benchmarks.repair.training import Repairing
from core.basics.errors import ConfigError
from core.data import tasks
from core.data.tasks import Split, Task


def batches(split: Split, quick, recipe: Recipe, **changes: object) -> RepairBatches:
    return RepairBatches(split, recipe, quick("traditional", **changes), 32, 0)


def test_the_best_recipe_is_of_its_model_and_regime() -> None:
    trial = parse("best-dcgan", "seen")
    assert (trial.config.epochs, trial.config.widths, trial.recipe.anomalies) == (20, (16, 32, 64, 64), 32)
    trial = parse("best-traditional", "one-class")
    assert (trial.config.epochs, trial.recipe.negative, trial.recipe.abc) == (10, 0.5, 0.0)


def test_settings_change_the_recipe_or_the_network() -> None:
    trial = parse("best-dcgan:epochs=26,abc=3,patch=0,widths=8-16-32-64,learning_rate=0.001", "seen")
    assert (trial.config.epochs, trial.config.widths, trial.config.learning_rate) == (26, (8, 16, 32, 64), 0.001)
    assert (trial.recipe.abc, trial.recipe.patch) == (3.0, 0.0)
    assert (trial.config.abc, trial.config.patch) == (3.0, 16)  # of the objective that ships: untouched
    assert parse("best-traditional:hidden=300-100,z=16", "seen").config.hidden == (300, 100)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dcgan", "Unknown recipe 'dcgan'; the recipes are: best-traditional, best-dcgan,"),
        ("best-dcgan:gate=1", "Unknown setting 'gate'; the settings are: normals, damaged,"),
        ("best-dcgan:hidden=5", "Unknown setting 'hidden'"),
        ("best-dcgan:epochs=many", "do not fit: Expected `int`, got `str`"),
        ("best-dcgan:widths=8-16", "widths is [8, 16]; it must be four numbers"),
        ("box-dcgan:epochs=2", "box-dcgan is the model in the box: it takes no settings."),
    ],
)
def test_a_bad_recipe_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "seen")
    assert message in str(caught.value)


def test_a_target_is_the_mean_of_the_nearest_typical_normals() -> None:
    grey = np.ones((1, 28, 28, 1), np.uint8)
    normals = np.concatenate([value * grey for value in (*range(100, 112, 2), *range(200, 212, 2))])
    anomalies = np.concatenate(
        [value * grey for value in (90, 205, 205, 205, 205, 205)]
    )  # most look like the lighter half
    split = Split(Task().data, normals, anomalies, normals[:0], anomalies[:0])
    made = targets(split)
    assert made.shape == (6, 28, 28, 1) and made.dtype == np.uint8
    assert made[0].max() == made[0].min() == 104  # of 100, 102, 104, 106, 108
    assert (made[1:] == 106).all()  # of 102 to 110: never of the lighter half


def test_a_step_has_normals_the_same_damaged_and_anomalies_beside_their_targets(small_split, quick) -> None:
    source = batches(small_split, quick, Recipe(anomalies=48), flip=False, shift=0)
    steps = list(source.epoch())
    assert len(steps) == 5
    normal, pairs = steps[0]
    assert normal.images.shape == normal.damaged.shape == normal.mask.shape == (32, 1, 32, 32)
    assert pairs.images.shape == pairs.targets.shape == (48, 1, 32, 32)
    change = ((normal.images - normal.damaged).abs() * 127.5).round()
    assert change[normal.mask == 1].min() > 12 and change[normal.mask == 0].max() <= 12
    numbers = {image.tobytes(): number for number, image in enumerate(small_split.train_anomaly)}
    for image, aim in zip(pairs.images, pairs.targets, strict=True):
        back, made = (((x[0, 2:-2, 2:-2, None] + 1) * 127.5).round().to(torch.uint8) for x in (image, aim))
        assert torch.equal(made, source.targets[numbers[back.numpy().tobytes()]])


def test_an_anomaly_and_its_target_are_mirrored_and_moved_alike(small_split, quick) -> None:
    source = batches(small_split, quick, Recipe(), flip=True, shift=2)
    images = source.anomaly[:64]
    first, second = source._moved(images, images)
    assert torch.equal(first, second) and not torch.equal(first, images)


def test_without_labels_distorted_normals_are_to_become_upright(small, quick) -> None:
    split = tasks.split(Task(regime="one-class", anomalies=0), small)
    normal, pairs = next(iter(batches(split, quick, Recipe(anomalies=16)).epoch()))
    assert torch.equal(pairs.targets, normal.images[:16])
    assert ((pairs.images - pairs.targets).abs().mean((1, 2, 3)) > 0.02).all()


@pytest.mark.parametrize("model", ["traditional", "dcgan"])
def test_a_repair_training_mends_better_with_every_epoch(model: str, small_split) -> None:
    trial = parse(f"best-{model}:epochs=6" + (",widths=8-16-32-64" if model == "dcgan" else ""), "seen")
    training = Repairing(trial, small_split, 0)
    records = list(training.epochs())
    assert records[-1].losses["repair"] < 0.8 * records[0].losses["repair"]
    terms = {"discriminator", "own", "repair", "lead", "judged"}
    assert set(records[0].losses) == terms | ({"patch", "abc"} if model == "dcgan" else {"negative"})
    assert set(records[0].discriminator_accuracy) == {"normal"}


def test_scores_weigh_the_map_beside_the_mean_in_standard_deviations_of_normals() -> None:
    residual = np.zeros((2, 9, 9))
    residual[1] = 0.2
    maps = figures.Maps(residual[..., None], residual, 2 * residual, 4 * residual)
    told = figures.scores(maps, maps)  # means 0 and 0.2, of SD 0.1
    assert told["mean"].tolist() == pytest.approx([0, 0.2]) and told["point"].tolist() == pytest.approx([0, 0.8])
    assert told["0.5"].tolist() == pytest.approx([0, 3.0]) and told["mix2"].tolist() == pytest.approx([0, 6.0])


@pytest.fixture(scope="module")
def kept(starter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a judge that has been trained."""
    path = tmp_path_factory.mktemp("judge") / "judge.safetensors"
    judge.trained(starter, path)
    return path


@pytest.fixture
def threads() -> Iterator[None]:
    """Gives torch its threads back, of which a trial leaves it one."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_the_kept_judge_knows_the_classes(kept: Path, starter, test_split) -> None:
    pictures = test_split.images[:500] / np.float32(127.5) - np.float32(1)
    called = judge.trained(starter, kept).called(pictures)
    assert (called == test_split.labels[:500]).mean() > 0.7


@pytest.mark.usefixtures("threads")
def test_a_trial_runs_to_its_row_beside_those_that_are_there(kept: Path, tmp_path: Path, capsys) -> None:
    log = tmp_path / "log.csv"
    log.write_text("recipe,note,class_mean\nolder,as it was,0.9000\n")
    assert trials.main(["best-traditional:epochs=1", "--thin", "9", "--judge", str(kept), "--log", str(log)]) == 0
    older, row = csv.DictReader(log.read_text().splitlines())
    assert (older["recipe"], older["class_mean"], older["seconds"]) == ("older", "0.9000", "")
    assert (row["recipe"], row["regime"], row["note"]) == (
        "best-traditional:epochs=1",
        "seen",
        "every 9th validation anomaly",
    )
    assert 0.5 < float(row["class_mean"]) <= 1.0 and 0.5 < float(row["hole_pixel"]) <= 1.0
    assert "sleeves" in capsys.readouterr().out


@pytest.mark.usefixtures("threads")
def test_an_unknown_recipe_is_a_line_and_no_traceback(capsys) -> None:
    assert trials.main(["worst-dcgan"]) == 1
    assert capsys.readouterr().err.startswith("Unknown recipe 'worst-dcgan'")
