"""A data set of one's own from the command line, all the way: training, resuming, figures, pictures, carrying away and back."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.basics.errors import MisfitError
from core.basics.files import ROOT
from core.data import catalog, tasks
from core.data.tasks import Task
from core.gans import scoring
from core.metrics import evaluation
from core.runs import folders, transfer
from core.store import checkpoints
from tests import drawn

CASES = pytest.mark.parametrize(("side", "channels", "model"), [(28, 1, "traditional"), (64, 3, "dcgan")])


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Grey shapes of 28×28 and coloured ones of 64×64, by side."""
    root = tmp_path_factory.mktemp("sets")
    return {
        28: drawn.write(root / "grey-shapes", 28, 1, 200, 50, packed=True),
        64: drawn.write(root / "colour-shapes", 64, 3, 200, 50),
    }


@CASES
def test_a_model_is_trained_evaluated_and_asked(
    side: int, channels: int, model: str, sets, run, tmp_path: Path
) -> None:
    out = tmp_path / "mine"
    wanted = ["--data", sets[side], "--model", model, "--normal", "disc", "--epochs", "1"]
    answer = json.loads(run("train", *wanted, "--out", out, "--json"))
    key = {28: "grey-shapes", 64: "colour-shapes"}[side]
    assert (answer["data"], answer["normal"], answer["anomalies"]) == (key, "disc", 540)  # 200 less a tenth, of three
    checkpoint = checkpoints.load(out)
    assert checkpoint.task.data.shape == (side, side, channels)

    data = catalog.get(key)
    test = data.load("test")
    scores = scoring.score(checkpoint.generator(), test.images)
    assert scores.tobytes() == checkpoint.scores.test.tobytes()
    evaluated = json.loads(run("evaluate", "--data", key, "--checkpoint", out, "--json"))
    assert evaluated["auroc"] == pytest.approx(evaluation.auroc(scores[test.labels == 0], scores[test.labels != 0]))
    assert evaluated["auroc"] == pytest.approx(answer["auroc"], abs=1e-9)
    assert (evaluated["n_normal"], evaluated["n_anomaly"]) == (50, 150)
    assert list(evaluated["per_class"]) == ["square", "cross", "ring"]

    pictures = []
    for number in range(3):
        pictures.append(tmp_path / f"{number}.png")
        Image.fromarray(test.images[number].squeeze()).save(pictures[-1])
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    pictures.append(tmp_path / "noise.png")
    Image.fromarray(noise).save(pictures[-1])
    rows = json.loads(run("score", *pictures, "--checkpoint", out, "--json", "--maps", tmp_path / "maps"))
    for row in rows:
        with Image.open(row["repaired"]) as repaired, Image.open(row["residual"]) as residual:
            assert (repaired.mode, residual.mode) == ("L" if channels == 1 else "RGB", "L")
            assert repaired.size == residual.size == (side, side)
    assert [row["score"] for row in rows[:3]] == scores[:3].tolist()
    assert {row["verdict"] for row in rows[:3]} <= {"normal", "anomaly"}
    assert rows[3]["verdict"] == "can't tell"


def test_the_grey_shapes_are_told_apart(sets, run, tmp_path: Path) -> None:
    wanted = ["--data", sets[28], "--model", "traditional", "--normal", "disc", "--epochs", "12"]
    assert json.loads(run("train", *wanted, "--out", tmp_path / "mine", "--json"))["auroc"] > 0.75


def program(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "core", *map(str, arguments)]


def test_a_training_that_was_killed_goes_on(sets, run, tmp_path: Path) -> None:
    wanted = program("train", "--data", sets[28], "--model", "traditional", "--normal", "ring", "--epochs", "300")
    snapshot = folders.folder("traditional-ring-seen-1") / folders.SNAPSHOT
    with subprocess.Popen(wanted, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        next(line for line in process.stderr if line.startswith("epoch 2:"))  # the first one's snapshot is there
        assert snapshot.exists()
        process.kill()
    again = program("train", "--data", "grey-shapes", "--resume", "traditional-ring-seen-1", "--json")
    with subprocess.Popen(again, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr and process.stdout
        first = next(line for line in process.stderr if line.startswith("epoch "))
        process.send_signal(signal.SIGINT)
        process.stderr.read()
        answer = json.loads(process.stdout.read())
    assert process.returncode == 0
    assert int(first.split()[1].rstrip(":")) > 1  # not from the beginning
    assert (answer["data"], answer["normal"]) == ("grey-shapes", "ring")
    history = checkpoints.load(Path(answer["checkpoint"])).card.history
    assert [record.epoch for record in history] == list(range(1, answer["epochs_trained"] + 1))


def test_a_model_is_carried_away_and_back(sets, run) -> None:
    run("train", "--data", sets[28], "--model", "traditional", "--epochs", "1")
    checkpoint = checkpoints.load(folders.folder("traditional-disc-seen-1") / checkpoints.LAST)
    name = transfer.take([("model.zip", transfer.pack(checkpoint))])
    back = checkpoints.load(folders.folder(name) / checkpoints.LAST)
    assert back.task == checkpoint.task
    assert back.scores.test.tobytes() == checkpoint.scores.test.tobytes()


def test_a_model_of_another_data_set_is_never_taken_for_one_of_fashion_mnist(
    sets, run, refused, tmp_path: Path
) -> None:
    """Same side, same channels, a class that Fashion-MNIST does not have: the figures would be nonsense."""
    run("train", "--data", sets[28], "--model", "traditional", "--epochs", "1", "--out", tmp_path / "mine")
    packed = transfer.pack(checkpoints.load(tmp_path / "mine"))
    shutil.rmtree(catalog.OWN)  # as on another machine
    with pytest.raises(MisfitError, match="grey-shapes") as error:
        transfer.take([("model.zip", packed)])
    assert "\n" not in str(error.value)
    assert "grey-shapes" in refused("evaluate", "--checkpoint", tmp_path / "mine")


def test_another_data_set_of_the_same_key_is_not_the_models(sets, run, refused, tmp_path: Path) -> None:
    """The images that it was tested on are others now: nothing is computed from them."""
    run("train", "--data", sets[28], "--model", "traditional", "--epochs", "1", "--out", tmp_path / "mine")
    packed = transfer.pack(checkpoints.load(tmp_path / "mine"))
    shutil.rmtree(catalog.OWN)
    catalog.add(drawn.write(tmp_path / "grey-shapes", 28, 1, 200, 50, seed=9))
    with pytest.raises(MisfitError):
        transfer.take([("model.zip", packed)])
    shutil.rmtree(catalog.OWN)
    catalog.add(drawn.write(tmp_path / "other" / "grey-shapes", 64, 3, 20, 5))
    with pytest.raises(MisfitError):
        transfer.take([("model.zip", packed)])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--normal", "t-shirt"], "Unknown class 't-shirt'; the classes are: disc square cross ring"),
        (["--regime", "unseen", "--left-out", "bag"], "Unknown class 'bag'"),
        (["--anomalies", "2"], "at least 3, one of each anomaly class"),
        (["--anomalies", "999"], "has at most 540 that are not held out"),
    ],
)
def test_a_training_that_does_not_fit_the_data_set_is_refused(arguments, reason: str, sets, refused) -> None:
    assert reason in refused("train", "--data", sets[28], "--model", "traditional", *arguments)


def test_a_folder_that_is_no_data_set_is_refused(refused, tmp_path: Path) -> None:
    assert f"{tmp_path.name} has no picture in it" in refused("train", "--data", tmp_path, "--epochs", "1")
    assert "is not a data set" in refused("train", "--data", "nothing-of-this-name", "--epochs", "1")


def test_shirts_as_png_folders_are_the_built_in_data(starter, test_split, pristine, run, tmp_path: Path) -> None:
    """Equal images in equal splits train equal models; and a model gives the files the scores that it gives the images."""
    split = tasks.split(Task(normal="t-shirt", regime="one-class", anomalies=0), starter)
    checkpoint = checkpoints.load(pristine["traditional"])
    normal, anomaly = tasks.test_roles(checkpoint.task, test_split.labels)
    folders = {
        "train/good": split.train_normal,
        "validation/good": split.validation_normal,
        "test/good": test_split.images[normal],
        "test/other": test_split.images[anomaly][::9],
    }
    for name, images in folders.items():
        (tmp_path / "shirts" / name).mkdir(parents=True)
        for number, image in enumerate(images):
            Image.fromarray(image[..., 0]).save(tmp_path / "shirts" / name / f"{number:04}.png")

    run("data", tmp_path / "shirts", "--size", "28", "--grey", "--keep")
    data = catalog.get("shirts")
    train, test = data.load("train"), data.load("test")
    own = tasks.split(Task(normal="good", regime="one-class", anomalies=0, data=data.description), train)
    assert np.array_equal(own.train_normal, split.train_normal)
    assert np.array_equal(own.validation_normal, split.validation_normal)
    for label, name in enumerate(data.description.classes):
        assert np.array_equal(test.images[test.labels == label], folders[f"test/{name}"])

    rows = json.loads(run("score", tmp_path / "shirts" / "test", "--checkpoint", pristine["traditional"], "--json"))
    scores = np.array([row["score"] for row in rows])
    good = np.array(["/good/" in row["file"] for row in rows])
    expected = [checkpoint.scores.test[chosen] for chosen in (normal, np.flatnonzero(anomaly)[::9])]
    assert evaluation.auroc(scores[good], scores[~good]) == pytest.approx(evaluation.auroc(*expected), abs=1e-3)
