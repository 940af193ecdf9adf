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
    answer = json.loads(run("data", photographs.mvtec(tmp_path / "wall"), "--json", "--side", "32", "--grey"))
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
    answer = json.loads(run("data", "--example", "brick-wall", "--side", "32", "--no-grey", "--json"))
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
    out = run("data", tmp_path / "wall", "--side", "32", "--name", "my-wall", "--keep")
    assert "Kept as my-wall: `python -m core train --data my-wall` trains on it." in out
    wanted = ["--data", "my-wall", "--model", "traditional", "--regime", "one-class", "--epochs", "1"]
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
    wanted = ["--data", tmp_path / "Wall", "--model", "traditional", "--epochs", "1"]
    answer = json.loads(run("train", *wanted, "--out", tmp_path / "model", "--json"))
    counts = catalog.get("wall").counts("train")
    assert (answer["data"], answer["regime"], answer["anomalies"]) == ("wall", "seen", counts[1] - counts.held[1])
    assert 0 < answer["auroc"] <= 1
