"""python -m core data: the check as a user runs it, and training on what it keeps."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from core.__main__ import main
from core.data import catalog
from core.store import checkpoints
from tests import drawn, photographs

ONE_PASS = ("--set", "least_steps=1")  # so that a test is quick


def test_the_check_is_printed_and_nothing_is_kept(run, tmp_path: Path) -> None:
    photographs.write(tmp_path / "wall", photographs.tiles())
    table = tmp_path / "split.csv"
    out = run("data", tmp_path / "wall", "--split", table)
    assert "train  validation        test\ngood" in out
    assert "Note     64 photos of 64×64 pixels become 64×64." in out
    rows = list(csv.DictReader(table.open()))
    assert len(rows) == 64 and {row["split"] for row in rows} == {"train", "validation", "test"}
    assert catalog.available() == ["fashion-mnist"] and not list(catalog.OWN.iterdir())


def test_as_json_it_says_where_each_photo_went(run, tmp_path: Path) -> None:
    answer = json.loads(run("data", photographs.mvtec(tmp_path / "wall"), "--json", "--size", "32", "--grey"))
    assert (answer["name"], answer["shape"], answer["normal"]) == ("wall", [32, 32, 1], "good")
    assert answer["counts"]["scratch"] == {"train": 0, "validation": 0, "test": 12}
    assert len(answer["photos"]) == 64 and {photo["split"] for photo in answer["photos"]} == {
        "train",
        "validation",
        "test",
    }


def test_an_example_is_kept_like_a_folder(run, refused) -> None:
    out = run("data", "--example", "brick-wall", "--keep")
    assert "good           120          40          40" in out and "Kept as brick-wall" in out
    assert catalog.get("brick-wall").description.shape == (64, 64, 1)
    answer = json.loads(run("data", "--example", "brick-wall", "--size", "32", "--no-grey", "--json"))
    assert answer["shape"] == [32, 32, 3]
    assert "Name a folder or zip of photos, or --example" in refused("data")
    assert "Name a folder or zip of photos, or --example" in refused("data", "somewhere", "--example", "coins")


def test_an_error_ends_with_two_and_keeps_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photographs.write(tmp_path / "wall", photographs.tiles()[:9])
    assert main(["data", str(tmp_path / "wall"), "--keep"]) == 2
    assert "Error    There are 9 good photos; at least 10 are needed" in capsys.readouterr().out
    assert catalog.available() == ["fashion-mnist"]


def test_wrong_paths_and_names_are_named(refused, tmp_path: Path) -> None:
    photographs.write(tmp_path / "wall", photographs.tiles())
    assert "nothing is not there; name a folder with photos" in refused("data", tmp_path / "nothing")
    assert "has IDX files" in refused("data", drawn.write(tmp_path / "shapes"))
    for name in ("../up", "Fashion MNIST", "fashion-mnist", ".", ""):
        assert "cannot be called" in refused("data", tmp_path / "wall", "--keep", "--name", name) if name else True
    (tmp_path / "empty").mkdir()
    assert "empty has no picture in it" in refused("data", tmp_path / "empty")


def test_good_photos_alone_are_kept_trained_on_and_scored(run, tmp_path: Path) -> None:
    photographs.write(tmp_path / "wall", photographs.many(160, 32), "jpg")
    out = run("data", tmp_path / "wall", "--size", "32", "--name", "my-wall", "--keep")
    assert "Kept as my-wall: `python -m core train --data my-wall` trains on it." in out
    wanted = ["--data", "my-wall", "--model", "traditional", "--regime", "one-class", "--epochs", "1", *ONE_PASS]
    answer = json.loads(run("train", *wanted, "--out", tmp_path / "model", "--json"))
    assert (answer["data"], answer["normal"], answer["auroc"], answer["anomalies"]) == ("my-wall", "good", None, 0)
    checkpoint = checkpoints.load(tmp_path / "model")
    test = catalog.get("my-wall").load("test")
    assert (checkpoint.card.test.n_normal, checkpoint.card.test.n_anomaly) == (len(test.images), 0)
    assert checkpoint.point == "fpr_5"
    assert np.array_equal(checkpoint.test_scores(test), checkpoint.scores.test)


def test_a_folder_of_good_and_bad_is_trained_on_in_one_command(run, tmp_path: Path) -> None:
    photographs.write(tmp_path / "Wall" / "good", photographs.many(160, 64))
    photographs.write(tmp_path / "Wall" / "bad", photographs.scratched(photographs.many(30, 64, seed=1))[0])
    wanted = ["--data", tmp_path / "Wall", "--model", "traditional", "--epochs", "1", *ONE_PASS]
    answer = json.loads(run("train", *wanted, "--out", tmp_path / "model", "--json"))
    counts = catalog.get("wall").counts("train")
    assert (answer["data"], answer["regime"], answer["anomalies"]) == ("wall", "seen", counts[1] - counts.held[1])
    assert 0 < answer["auroc"] <= 1


def test_a_class_is_called_by_its_name_or_by_its_slug(run, refused, tmp_path: Path) -> None:
    bad = photographs.scratched(photographs.many(40, 28, seed=1))[0]
    photographs.write(tmp_path / "Fruit" / "Fresh Äpfel", photographs.many(40, 28))
    photographs.write(tmp_path / "Fruit" / "гнилое", bad[:20])
    photographs.write(tmp_path / "Fruit" / "мятое", bad[20:])
    wanted = [
        "train",
        "--data",
        tmp_path / "Fruit",
        "--size",
        "28",
        "--model",
        "traditional",
        "--epochs",
        "1",
        *ONE_PASS,
    ]
    for place, normal in enumerate(("Fresh Äpfel", "fresh äpfel", "fresh-pfel")):
        left_out = ("--regime", "unseen", "--left-out", "Мятое")
        run(*wanted, "--normal", normal, *left_out, "--out", tmp_path / f"model-{place}")
        task = checkpoints.load(tmp_path / f"model-{place}").task
        assert (task.normal, task.left_out) == ("fresh-pfel", "class-2")
    assert "Unknown class 'plums'; the classes are: fresh-pfel class-1 class-2" in refused(*wanted, "--normal", "plums")


def test_good_photos_alone_are_trained_on_in_one_command_at_a_size_of_choice(run, tmp_path: Path) -> None:
    photographs.write(tmp_path / "wall", photographs.many(40, 64))
    wanted = ["--data", tmp_path / "wall", "--model", "traditional", "--size", "32", "--grey", "--epochs", "1"]
    wanted += ["--set", "least_steps=4", "--set", "turn=180"]
    answer = json.loads(run("train", *wanted, "--out", tmp_path / "model", "--json"))
    card = checkpoints.load(tmp_path / "model").card
    assert (answer["regime"], answer["anomalies"], card.task.data.shape) == ("one-class", 0, (32, 32, 1))
    assert (card.config.turn, card.config.least_steps, card.config.batch_size) == (180, 4, 16)
    counts = catalog.get("wall").counts("train")
    again = json.loads(run("data", tmp_path / "wall", "--json"))  # the size is kept until another one is asked for
    assert again["shape"] == [32, 32, 1]
    run("train", *wanted[:4], "--size", "64", "--epochs", "1", *ONE_PASS)
    assert catalog.get("wall").description.shape == (64, 64, 1)
    assert catalog.get("wall").counts("train") == counts  # another size is the same split


def test_twenty_photos_are_enough_to_train(run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photographs.write(tmp_path / "wall", photographs.many(20, 28))
    wanted = ["--data", tmp_path / "wall", "--size", "28", "--epochs", "1", "--set", "least_steps=5"]
    assert main(["train", "--model", "dcgan", *map(str, wanted), "--out", str(tmp_path / "model")]) == 0
    said = capsys.readouterr().err
    counts = catalog.get("wall").counts("train")
    assert f"{counts[0] - counts.held[0]} normal images in training: 1 epochs of 5 steps with 1" in said
    assert checkpoints.load(tmp_path / "model").card.epochs_trained == 1


def test_what_does_not_fit_the_photos_is_refused_in_a_line(refused, run, tmp_path: Path) -> None:
    photographs.write(tmp_path / "wall", photographs.many(20, 28))
    run("data", tmp_path / "wall", "--size", "28", "--keep")
    assert "wall are kept with 28×28 pixels" in refused("train", "--data", "wall", "--size", "64")
    assert "fashion-mnist has no photos" in refused("train", "--size", "32")
    assert "write NAME=VALUE" in refused("train", "--data", "wall", "--set", "turn=far")
    assert "turn is 200; it must be between 0 and 180" in refused("train", "--data", "wall", "--set", "turn=200")
    assert "`tilt`" in refused("train", "--data", "wall", "--set", "tilt=3")
