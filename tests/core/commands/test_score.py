import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.judging import many
from core.store import checkpoints


@pytest.mark.parametrize("model", ["traditional", "dcgan"])
def test_score_gives_each_picture_its_stored_score(model: str, run, saved, pictures) -> None:
    folder = saved(model)
    found = json.loads(run("score", *pictures, "--checkpoint", folder, "--json"))
    checkpoint = checkpoints.load(folder)
    assert [list(row) for row in found] == [
        ["file", "score", "percentile", "threshold", "verdict", "reason", "farness"]
    ] * 5
    assert [row["file"] for row in found] == [str(path) for path in pictures]
    assert [row["score"] for row in found] == checkpoint.scores.test[:5].tolist()
    threshold = checkpoint.card.thresholds.youden
    for row in found:
        normals = checkpoint.scores.validation_normal
        assert row["percentile"] == pytest.approx(100 * np.mean(normals <= row["score"]))
        assert row["threshold"] == threshold
        assert row["verdict"] == ("anomaly" if row["score"] >= threshold else "normal")


@pytest.mark.parametrize(("regime", "limit"), [("seen", "youden"), ("one-class", "fpr_5")])
def test_a_one_class_model_starts_at_the_false_alarm_budget(regime: str, limit: str, run, pictures) -> None:
    """The budget needs no labelled anomaly; the largest Youden J rests on 5,400."""
    (row,) = json.loads(run("score", pictures[0], "--model", "traditional", "--regime", regime, "--json"))
    card = checkpoints.load(checkpoints.shipped("traditional", "t-shirt", regime)).card
    assert row["threshold"] == card.thresholds.known[limit]
    assert (row["threshold"] == card.thresholds.youden) == (regime == "seen")


def test_score_prints_the_same_for_people(run, saved, pictures) -> None:
    folder = saved()
    lines = run("score", *pictures, "--checkpoint", folder).splitlines()
    rows = json.loads(run("score", *pictures, "--checkpoint", folder, "--json"))
    assert len(lines) == 5
    for line, row in zip(lines, rows, strict=True):
        assert line.startswith(row["verdict"])
        assert f"{row['score']:.4f}" in line
        assert line.endswith(f"{row['file']}  ({row['reason']})")  # one word, one reason


def test_a_photo_of_noise_is_neither_blank_nor_an_anomaly(run, saved, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1200, 900, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    folder = saved()
    (row,) = json.loads(run("score", tmp_path / "noise.png", "--checkpoint", folder, "--json"))
    assert (row["verdict"], row["reason"]) == ("can't tell", "far from every training image")
    line = run("score", tmp_path / "noise.png", "--checkpoint", folder)
    assert line.startswith("can't tell score 0.") and line.endswith("noise.png  (far from every training image)\n")


def test_unreadable_pictures_are_named_and_the_others_still_scored(
    saved, pictures, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, missing = tmp_path / "list.png", tmp_path / "none.png"
    text.write_text("not a picture")
    files = [str(text), *map(str, pictures), str(missing)]
    assert main(["score", *files, "--checkpoint", str(saved()), "--json"]) == 2
    out, err = capsys.readouterr()
    assert [row["file"] for row in json.loads(out)] == [str(path) for path in pictures]
    lines = err.splitlines()
    assert len(lines) == 2
    for line, path in zip(lines, (text, missing), strict=True):
        assert line.startswith(f"misfit: {path} ")


def test_nothing_but_unreadable_pictures_is_an_empty_list(
    saved, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", str(tmp_path / "none.png"), "--checkpoint", str(saved()), "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("model", ["traditional", "dcgan"])
def test_maps_show_the_repair_and_what_it_changed(model: str, run, saved, pictures, test_split, tmp_path: Path) -> None:
    folder, maps = saved(model), tmp_path / "new" / "maps"
    rows = json.loads(run("score", *pictures, "--checkpoint", folder, "--json", "--maps", maps))
    plain = json.loads(run("score", *pictures, "--checkpoint", folder, "--json"))
    for number, row in enumerate(rows):
        repaired, residual = (Path(row.pop(kind)) for kind in ("repaired", "residual"))
        assert (repaired, residual) == (maps / f"item {number}.repaired.png", maps / f"item {number}.residual.png")
        pixels = np.asarray(Image.open(repaired)).astype(float)
        difference = np.abs(pixels - test_split.images[number, ..., 0]) / 127.5
        with Image.open(residual) as picture:
            assert (picture.mode, picture.size) == ("L", (28, 28))
            # The repair is rounded to 256 levels, each of which is two levels of the residual.
            assert np.abs(np.asarray(picture) - 255 * difference.clip(0, 1)).max() <= 1.51
    assert rows == plain
    assert len(list(maps.iterdir())) == 10


def test_pictures_of_one_name_have_maps_of_their_own(run, saved, pictures, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    files = [pictures[0]]
    for name in ("item 0.png", "ITEM 0.png", "item 0-2.png"):
        Image.open(pictures[len(files)]).save(other / name)
        files.append(other / name)
    maps = tmp_path / "maps"
    command = ("score", *files, "--checkpoint", saved(), "--maps", maps)
    names = [Path(row["repaired"]).name for row in json.loads(run(*command, "--json"))]
    assert names == [f"{name}.repaired.png" for name in ("item 0", "item 0-3", "ITEM 0-4", "item 0-2")]
    kept = {path.name: path.read_bytes() for path in maps.iterdir()}
    assert len(set(kept.values())) == 8
    assert run(*command).splitlines()[-1] == f"8 maps of 4 pictures are in {maps}"
    assert {path.name: path.read_bytes() for path in maps.iterdir()} == kept  # once more, the same


@pytest.mark.parametrize("below", ["", "deeper"])
def test_maps_need_a_folder(below: str, refused, saved, pictures, tmp_path: Path) -> None:
    place = tmp_path / "file" / below
    (tmp_path / "file").write_text("a file")
    assert str(place) in refused("score", *pictures, "--checkpoint", saved(), "--maps", place)


def test_a_map_never_replaces_a_picture_that_is_scored(refused, saved, pictures) -> None:
    repaired = pictures[1].rename(pictures[0].with_suffix(".repaired.png"))
    before = repaired.read_bytes()
    line = refused("score", pictures[0], repaired, "--checkpoint", saved(), "--maps", pictures[0].parent)
    assert str(repaired) in line and "--maps" in line
    assert repaired.read_bytes() == before


def test_a_map_that_cannot_be_written_is_named_and_the_score_still_told(
    saved, pictures, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maps = tmp_path / "maps"
    blocked = maps / "item 0.residual.png"
    (blocked / "full").mkdir(parents=True)  # a file cannot take this place
    command = ["score", str(pictures[0]), "--checkpoint", str(saved()), "--maps", str(maps)]
    assert main([*command, "--json"]) == 2
    out, err = capsys.readouterr()
    (row,) = json.loads(out)
    assert row["score"] > 0 and Path(row["repaired"]).exists() and row["residual"] is None
    assert err.startswith(f"misfit: {blocked} cannot be written (") and len(err.splitlines()) == 1
    assert main(command) == 2
    assert capsys.readouterr().out.splitlines()[-1] == f"1 maps of 1 pictures are in {maps}"


@pytest.fixture
def folder(pictures, tmp_path: Path) -> Path:
    """The five pictures in a folder, some of them below it, beside a text and a file that is no picture though called so."""
    root = tmp_path / "line 3"
    (root / "late shift").mkdir(parents=True)
    for number, picture in enumerate(pictures):
        picture.rename(root / ("" if number < 3 else "late shift") / picture.name)
    (root / "notes.txt").write_text("all well")
    (root / "torn.png").write_bytes(b"x")
    return root


def test_a_folder_and_a_zip_are_scored_as_their_pictures_are(
    saved, folder: Path, run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(saved("dcgan"))
    names = [folder / f"item {n}.png" for n in range(3)] + [folder / "late shift" / f"item {n}.png" for n in (3, 4)]
    alone = [json.loads(run("score", name, "--checkpoint", model, "--json"))[0] for name in names]
    packed = Path(shutil.make_archive(str(folder), "zip", folder))
    monkeypatch.setattr(many, "AT_ONCE", 2)  # so that they come in several parts
    for place in (folder, packed):
        assert main(["score", str(place), "--checkpoint", model, "--json"]) == 2  # because of torn.png
        out, err = capsys.readouterr()
        rows = json.loads(out)
        assert [row["file"] for row in rows] == [str(place / name.relative_to(folder)) for name in names]
        assert [row | {"file": ""} for row in rows] == [row | {"file": ""} for row in alone]
        assert err == f"misfit: {place}/torn.png is not a picture that can be read; PNG, JPEG, WebP, BMP and GIF can.\n"


def test_maps_of_a_folder_are_called_as_its_pictures(saved, folder: Path, tmp_path: Path, capsys) -> None:
    maps = tmp_path / "maps"
    assert main(["score", str(folder), "--checkpoint", str(saved()), "--maps", str(maps)]) == 2
    assert capsys.readouterr().out.splitlines()[-1] == f"10 maps of 5 pictures are in {maps}"
    assert sorted(path.name for path in maps.glob("*.repaired.png")) == [f"item {n}.repaired.png" for n in range(5)]


def test_a_folder_without_a_picture_is_refused(saved, refused, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    line = refused("score", tmp_path / "empty", "--checkpoint", saved())
    assert "empty has no picture in it; PNG, JPEG, WebP, BMP and GIF files are taken" in line


def test_a_folder_that_goes_away_ends_in_one_line_and_whole_rows(
    saved, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = many.taken

    def taken(*arguments):
        for some in real(*arguments):
            yield some
            shutil.rmtree(folder, ignore_errors=True)

    monkeypatch.setattr(many, "AT_ONCE", 1)
    monkeypatch.setattr(many, "taken", taken)
    assert main(["score", str(folder), "--checkpoint", str(saved()), "--json"]) == 2
    out, err = capsys.readouterr()
    assert 1 <= len(json.loads(out)) <= 2  # the second may have been decoded by then
    assert err.startswith("misfit: The folder ") and "went away" in err and len(err.splitlines()) == 1
