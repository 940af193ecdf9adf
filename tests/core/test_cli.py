import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.data import fashion_mnist
from core.data.fashion_mnist import CLASSES
from core.runs import queue
from core.store import checkpoints, model_cards
from core.study import documents, sweep

EVALUATED = [
    "model",
    "normal",
    "regime",
    "auroc",
    "auroc_low",
    "auroc_high",
    "average_precision_5pct",
    "fpr_at_95tpr",
    "n_normal",
    "n_anomaly",
    "per_class",
]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    """Runs a command that works and returns what it printed on stdout."""

    def command(*arguments: object) -> str:
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert status == 0, err
        return out

    return command


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]):
    """Runs a command that a user can put right: exit code 2, nothing on stdout, one line on stderr, which it returns."""

    def command(*arguments: object) -> str:
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert (status, out) == (2, "")
        assert re.fullmatch(r"misfit: [^\r\n]+\n", err), err
        return err

    return command


@pytest.fixture
def pictures(tmp_path: Path, test_split) -> list[Path]:
    """Five test images as files."""
    paths = [tmp_path / f"item {number}.png" for number in range(5)]
    for path, image in zip(paths, test_split.images, strict=False):
        Image.fromarray(image).save(path)
    return paths


# evaluate


def test_evaluate_recomputes_the_cards_figures(run, saved) -> None:
    folder = saved()
    found = json.loads(run("evaluate", "--checkpoint", folder, "--json"))
    assert list(found) == EVALUATED
    assert (found["model"], found["normal"], found["regime"]) == ("traditional", "t-shirt", "seen")
    assert (found["n_normal"], found["n_anomaly"]) == (1000, 9000)
    assert list(found["per_class"]) == list(CLASSES[1:])
    stated = checkpoints.load(folder).card.test
    for name in ("auroc", "auroc_low", "auroc_high", "average_precision_5pct", "fpr_at_95tpr"):
        assert found[name] == pytest.approx(stated[name], abs=1e-9)
    assert found["per_class"] == pytest.approx(stated["per_class"], abs=1e-9)


def test_evaluate_believes_the_weights_and_not_the_card(run, saved) -> None:
    folder = saved()
    card = json.loads((folder / "card.json").read_text())
    true = card["test"]["auroc"]
    card["test"]["auroc"] = 0.999
    (folder / "card.json").write_text(json.dumps(card))
    assert json.loads(run("evaluate", "--checkpoint", folder, "--json"))["auroc"] == pytest.approx(true, abs=1e-9)


def test_evaluate_prints_the_same_for_people(run, saved) -> None:
    folder = saved()
    text = run("evaluate", "--checkpoint", folder)
    test = checkpoints.load(folder).card.test
    assert str(folder) in text
    for name, value in [("auroc", test["auroc"]), *test["per_class"].items()]:
        assert re.search(rf"^ +{name} +{value:.4f}$", text, re.MULTILINE)


def test_the_box_is_found_by_model_class_and_regime(run, refused, saved, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "SHIPPED", saved().parent.parent)
    assert json.loads(run("evaluate", "--model", "traditional", "--normal", "t-shirt", "--json"))["n_normal"] == 1000
    for arguments in (["--normal", "bag"], ["--model", "dcgan"], ["--regime", "one-class"]):
        said = refused("evaluate", "--model", "traditional", *arguments)
        assert "python -m core train --model" in said
        assert arguments[1] in said


# score


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
    assert row["threshold"] == card.thresholds[limit]
    if regime == "one-class":
        assert row["threshold"] == pytest.approx(0.4811, abs=5e-5) and card.thresholds.youden < 0.32


def test_score_prints_the_same_for_people(run, saved, pictures) -> None:
    folder = saved()
    lines = run("score", *pictures, "--checkpoint", folder).splitlines()
    rows = json.loads(run("score", *pictures, "--checkpoint", folder, "--json"))
    assert len(lines) == 5
    for line, row in zip(lines, rows, strict=True):
        assert line.startswith(row["verdict"])
        assert f"{row['score']:.4f}" in line
        assert line.endswith(row["file"])


def test_a_photo_of_noise_is_neither_blank_nor_an_anomaly(run, saved, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1200, 900, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    folder = saved()
    (row,) = json.loads(run("score", tmp_path / "noise.png", "--checkpoint", folder, "--json"))
    assert (row["verdict"], row["reason"]) == ("can't tell", "far from any garment")
    line = run("score", tmp_path / "noise.png", "--checkpoint", folder)
    assert line.startswith("can't tell score 0.") and line.endswith("noise.png  (far from any garment)\n")


def test_unreadable_pictures_are_named_and_the_others_still_scored(
    saved, pictures, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, missing = tmp_path / "list.png", tmp_path / "none.png"
    text.write_text("not a picture")
    files = [str(text), *map(str, pictures), str(missing), str(tmp_path)]
    assert main(["score", *files, "--checkpoint", str(saved()), "--json"]) == 2
    out, err = capsys.readouterr()
    assert [row["file"] for row in json.loads(out)] == [str(path) for path in pictures]
    lines = err.splitlines()
    assert len(lines) == 3
    for line, path in zip(lines, (text, missing, tmp_path), strict=True):
        assert line.startswith(f"misfit: {path} ")


def test_nothing_but_unreadable_pictures_is_an_empty_list(
    saved, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", str(tmp_path / "none.png"), "--checkpoint", str(saved()), "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    assert len(err.splitlines()) == 1


# train


def test_train_saves_a_checkpoint_and_answers_in_json(run, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    arguments = ["--model", "traditional", "--normal", "bag", "--anomalies", "90", "--epochs", "1", "--seed", "4"]
    found = json.loads(run("train", *arguments, "--out", out, "--json"))
    card = checkpoints.load(out).card
    assert (found["checkpoint"], found["model"], found["seed"]) == (str(out), "traditional", 4)
    assert (found["normal"], found["regime"], found["anomalies"], found["left_out"]) == ("bag", "seen", 90, None)
    assert found["epochs_trained"] == card.epochs_trained == 1
    assert found["validation_auroc"] == card.validation.auroc
    assert [found[name] for name in ("auroc", "auroc_low", "auroc_high")] == [
        card.test[name] for name in ("auroc", "auroc_low", "auroc_high")
    ]


def test_train_without_a_folder_goes_to_a_new_run_and_one_class_has_no_anomalies(run) -> None:
    for number in (1, 2):
        text = run("train", "--model", "traditional", "--regime", "one-class", "--epochs", "1")
        folder = queue.folder(f"traditional-t-shirt-one-class-{number}") / "checkpoint"
        assert f"Saved to {folder}." in text
        assert checkpoints.load(folder).card.task["anomalies"] == 0


def test_an_interrupted_training_keeps_the_model_so_far(run, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)

    def interrupt() -> None:
        deadline = time.monotonic() + 30
        while signal.getsignal(signal.SIGINT) is before and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    out = tmp_path / "mine"
    run("train", "--model", "traditional", "--anomalies", "9", "--epochs", "10000", "--out", out)
    assert checkpoints.load(out).card.stopped_early
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--anomalies", "8"], "at least 9"),
        (["--anomalies", "90000"], "at most"),
        (["--epochs", "0"], "epochs is 0"),
        (["--epochs", "1" + "0" * 400], "epochs is 1000"),
        (["--regime", "unseen"], "needs a left-out class"),
        (["--left-out", "bag"], "no other regime"),
        (["--regime", "unseen", "--left-out", "t-shirt"], "must be an anomaly class"),
        (["--regime", "one-class", "--anomalies", "9"], "must be 0"),
        (["--seed", str(2**64)], "seed"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_an_impossible_training_is_refused(arguments: list[str], said: str, refused) -> None:
    assert said in refused("train", "--model", "traditional", *arguments)
    assert not any(checkpoints.RUNS.rglob("*.json"))


def test_an_occupied_folder_is_refused(refused, saved) -> None:
    folder = saved()
    assert str(folder) in refused("train", "--model", "traditional", "--out", folder)


def test_a_disk_that_refuses_is_one_line(refused, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "model"
    assert str(tmp_path / "file") in refused("train", "--model", "traditional", "--epochs", "1", "--out", out)


# fetch


def test_fetch_downloads_and_says_what_training_uses_now(run, mirror) -> None:
    text = run("fetch", "--mirror", mirror.url)
    assert str(fashion_mnist.DOWNLOADED) in text
    assert "10000 images" in text
    assert fashion_mnist.find("train").name == "downloaded"


def test_a_mirror_that_is_not_there_is_refused(refused, mirror) -> None:
    mirror.stop()
    assert "could not be downloaded" in refused("fetch", "--mirror", mirror.url)


# results


def test_results_measures_what_is_missing_and_nothing_twice(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "CSV", tmp_path / "results.csv")
    monkeypatch.setattr(model_cards, "DOCS", tmp_path / "docs")
    wanted = ["--normal", "bag", "--regime", "one-class", "--method", "PCA residual", "--seeds", "1"]
    run("results", *wanted)
    (row,) = sweep.read().to_dict("records")
    assert (row["method"], row["regime"], row["normal"], row["seed"]) == ("PCA residual", "one-class", "bag", 0)
    assert 0.5 < row["auroc_low"] < row["auroc"] < row["auroc_high"] < 1.0
    written = sweep.CSV.stat().st_mtime_ns
    run("results", *wanted)
    assert sweep.CSV.stat().st_mtime_ns == written
    assert "1 of " in documents.RESULTS.read_text("utf-8")


def test_results_prints_the_figures_of_the_readme(capsys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that the README names beside the supervised CNN, when nothing is left to measure."""
    monkeypatch.setattr(model_cards, "DOCS", tmp_path / "docs")
    assert main(["results", "--normal", "t-shirt", "--method", "supervised CNN"]) == 0
    printed = capsys.readouterr().out
    assert "supervised CNN, t-shirt, seen, seed 0: AUROC 0.990 (95 % interval over test images 0.987–0.991)" in printed
    assert "supervised CNN, seen regime: T-shirt/top 0.990, Mean 0.990, Classes 1, Seeds 5" in printed


@pytest.mark.parametrize("content", ["", "method,regime\nkNN,seen\n", "not,a\ntable\n1,2,3,4\n"])
def test_a_damaged_table_of_results_is_refused(
    content: str, refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "CSV", tmp_path / "results.csv")
    sweep.CSV.write_text(content)
    assert str(sweep.CSV) in refused("results", "--check")


# what a user can put right


def test_no_data_is_refused(refused, saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved()
    monkeypatch.setattr(fashion_mnist, "SHIPPED", tmp_path)
    assert "python -m core fetch" in refused("evaluate", "--checkpoint", folder)
    assert "python -m core fetch" in refused("train", "--model", "traditional", "--epochs", "1")
    monkeypatch.setenv("FASHION_MNIST_DIR", str(tmp_path))
    assert str(tmp_path) in refused("train", "--model", "traditional", "--epochs", "1")


@pytest.mark.parametrize("command", ["evaluate", "score"])
def test_a_missing_or_damaged_checkpoint_is_refused(command: str, refused, saved, pictures, tmp_path: Path) -> None:
    files = pictures if command == "score" else []
    assert str(tmp_path / "none") in refused(command, *files, "--checkpoint", tmp_path / "none")
    folder = saved()
    weights = folder / "generator.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert "generator.safetensors" in refused(command, *files, "--checkpoint", folder)
    (folder / "card.json").write_text("{")
    assert "card.json" in refused(command, *files, "--checkpoint", folder)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["paint"],
        ["score"],
        ["train", "--normal", "hat"],
        ["train", "--model", "vae"],
        ["train", "--epochs", "many"],
        ["evaluate", "--regime", "supervised"],
        ["evaluate", "--normal", "../bag"],
        ["fetch", "--everything"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_ends_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1].startswith("python -m core")
    if arguments:
        assert arguments[-1] in err


# as a program


def program(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=fashion_mnist.ROOT, capture_output=True, text=True, timeout=60
    )


def test_the_program_explains_itself() -> None:
    found = program("-m", "core", "--help")
    assert (found.returncode, found.stderr) == (0, "")
    for command in ("train", "evaluate", "score", "results", "fetch"):
        assert re.search(rf"^ +{command} ", found.stdout, re.MULTILINE)


def test_what_pages_need_to_show_stored_scores_imports_neither_torch_nor_scikit_learn(saved) -> None:
    folder = saved()
    script = f"""
import sys
from pathlib import Path
import core.store.checkpoints, core.gans.config, core.data.fashion_mnist, core.metrics.evaluation, core.runs.queue, core.data.tasks
found = core.store.checkpoints.load(Path({str(folder)!r}))
test = core.data.fashion_mnist.load("test")
print(core.store.saving.test_report(found.task, found.scores.test, test.labels).auroc)
print([name for name in ("torch", "torchvision", "sklearn", "streamlit") if name in sys.modules])
"""
    found = program("-c", script)
    assert found.returncode == 0, found.stderr
    area, heavy = found.stdout.splitlines()
    assert float(area) == pytest.approx(checkpoints.load(folder).card.test.auroc, abs=1e-9)
    assert heavy == "[]"
