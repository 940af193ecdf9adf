import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from core.__main__ import main
from core.gans.recipes import default_config
from core.runs import folders
from core.store import checkpoints


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
        getattr(card.test, name) for name in ("auroc", "auroc_low", "auroc_high")
    ]


def test_train_without_a_folder_goes_to_a_new_run_and_one_class_has_no_anomalies(run) -> None:
    for number in (1, 2):
        text = run("train", "--model", "traditional", "--regime", "one-class", "--epochs", "1")
        folder = folders.folder(f"traditional-t-shirt-one-class-{number}") / "checkpoint"
        assert f"Saved to {folder}." in text
        assert checkpoints.load(folder).card.task.anomalies == 0


@pytest.mark.parametrize("objective", ["repair", "original"])
def test_the_objective_is_repair_or_the_original_one(objective: str, run, tmp_path: Path) -> None:
    chosen = [] if objective == "repair" else ["--objective", objective]  # repair is the default
    out = tmp_path / "mine"
    run("train", "--model", "traditional", "--anomalies", "90", "--epochs", "1", *chosen, "--out", out)
    card = checkpoints.load(out).card
    assert card.config == replace(default_config("traditional", "seen", objective), epochs=1)
    assert ("repair" in card.history[0].losses) == (objective == "repair") == (card.scoring.mark is not None)


def test_an_unknown_objective_is_refused_with_the_known_ones(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--model", "dcgan", "--objective", "mend"])
    said = capsys.readouterr().err
    assert "mend" in said and "repair" in said and "original" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])  # Ctrl+C; a container that is stopped
def test_an_interrupted_training_keeps_the_model_so_far(number: int, run, tmp_path: Path) -> None:
    before = signal.getsignal(number)

    def interrupt() -> None:
        deadline = time.monotonic() + 30
        while signal.getsignal(number) is before and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    threading.Thread(target=interrupt).start()
    out = tmp_path / "mine"
    run("train", "--model", "traditional", "--anomalies", "9", "--epochs", "10000", "--out", out)
    assert checkpoints.load(out).card.stopped_early
    assert signal.getsignal(number) is before


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
