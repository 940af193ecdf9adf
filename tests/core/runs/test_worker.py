"""A run that goes wrong: the disk is full, a loss is no number, the data is other data. Each keeps what it can and says why."""

import dataclasses
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from core.basics.errors import DataError, TrainingDiverged
from core.data import fashion_mnist
from core.data.tasks import Task
from core.gans.config import TraditionalConfig
from core.runs import folders, frames, queue, worker
from core.runs.folders import Request
from core.runs.worker import Worker
from core.store import checkpoints, discovery

TINY = TraditionalConfig(hidden=(16,), z=4, discriminator_hidden=(8,), batch_size=128, epochs=3, ema_decay=0.5)


def request(config: TraditionalConfig = TINY) -> Request:
    return Request("traditional", Task(anomalies=90), config, 3)


def carry_out(asked: Request, resumed: str = "", after: int | None = None) -> str:
    """A run in this process, stopped after so many steps. Returns its name."""
    taken: list[object] = []
    with queue.here(asked, resumed) as name:
        Worker(name, "cpu").run(lambda: len(taken) == after, on_step=taken.append)
    return name


def test_best_and_last_are_both_kept_and_known_apart() -> None:
    # With hardly any reason to redraw normals it gets worse again.
    name = carry_out(request(dataclasses.replace(TINY, epochs=8, learning_rate=0.05, mse=0.05)))
    areas = [record["validation_auroc"] for record in folders.history(name)]
    best = 1 + areas.index(max(areas))
    assert best < 8
    folder = folders.folder(name)
    found = {one.name: one for one in discovery.discover()[0] if one.run}
    assert set(found) == {name, f"{name}-best"}
    assert (found[name].which, found[f"{name}-best"].which) == ("last", "best")
    card = checkpoints.load(folder / "best").card
    assert (card.epochs_trained, card.stopped_early, len(card.history)) == (best, True, best)
    assert card.validation.auroc == max(areas)
    assert found[name].card.validation.auroc == areas[-1]
    assert found[f"{name}-best"].generator() is not None
    assert folders.status(name).best_epoch == best
    assert not folders.resumable(name)


def test_epochs_shorter_than_the_wait_between_two_statuses_show_losses_and_speed(monkeypatch) -> None:
    seen: list[folders.Status] = []
    shortest = 0.4 * worker.BETWEEN_STATUS  # an epoch takes at least that long, and never the whole wait

    def look(record: dict) -> None:
        found = folders.status(name)
        assert found is not None
        seen.append(found)
        time.sleep(shortest)

    monkeypatch.setattr(worker, "BETWEEN_STATUS", 10 * shortest)
    with queue.here(request(dataclasses.replace(TINY, epochs=25))) as name:
        Worker(name, "cpu").run(on_record=look)
    assert all(found.losses and found.accuracy for found in seen)
    assert seen[-1].images_per_second and seen[-1].images_per_second > 0


def test_the_panel_has_a_frame_before_training_and_after_each_epoch() -> None:
    name = carry_out(request(), after=7 * 2 + 1)
    folder = folders.folder(name) / "panel"
    assert [int(path.stem) for path in frames.frames(folder)] == [0, 1, 2]
    picture, notes = frames.read(folder / "originals.png")
    assert picture.startswith(b"\x89PNG")
    assert notes["classes"] == ["t-shirt"] * 8 + [one for one in fashion_mnist.CLASSES if one != "t-shirt"]
    scores = [frames.read(path)[1]["scores"] for path in frames.frames(folder)]
    assert [len(one) for one in scores] == [17, 17, 17]
    assert sum(scores[2][:8]) < sum(scores[0][:8])  # normals are redrawn better than before training
    assert carry_out(request(), resumed=name) == name
    assert [int(path.stem) for path in frames.frames(folder)] == [0, 1, 2, 3]


@pytest.mark.parametrize(("epochs", "kept"), [(1, 2), (10, 11), (60, 61), (1000, 70)])
def test_of_a_long_run_about_seventy_frames_are_kept(epochs: int, kept: int) -> None:
    due = [epoch for epoch in range(epochs + 1) if frames.due(epoch, epochs)]
    assert due[0] == 0 and due[-1] == epochs and 1 in due
    assert abs(len(due) - kept) <= 1


def test_a_loss_that_is_no_number_ends_it_with_the_last_good_state_and_the_reason() -> None:
    # A learning rate of 1 on weights of 1000: the traditional GAN overflows within steps.
    wild = dataclasses.replace(TINY, learning_rate=1.0, mse=1000.0, adversarial_normal=1000.0, clip_norm=1e6, epochs=50)
    name = ""
    try:
        with queue.here(request(wild)) as name, pytest.raises(TrainingDiverged):
            worker = Worker(name, "cpu")
            worker.run(
                on_record=lambda _: next(worker.training.gan.normal_discriminator.parameters()).data.fill_(torch.nan)
            )
    finally:
        found = folders.status(name)
    assert found.state == "failed"
    assert "no longer a finite number" in found.reason and "kept" in found.reason
    kept = checkpoints.load(folders.folder(name) / "checkpoint")
    assert all(torch.isfinite(value).all() for value in kept.generator().state_dict().values())
    assert kept.card.epochs_trained == 1
    assert not folders.resumable(name)  # it would diverge again


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
from core.runs.worker import Worker
Worker(sys.argv[1], "cpu", 1).run()
"""


def on_a_disk_with_room_for(bytes_a_file: int, name: str) -> subprocess.CompletedProcess[str]:
    """Carry the run out in a process whose kernel refuses to let any file grow beyond so many bytes."""
    return subprocess.run(
        [sys.executable, "-c", FULL, name, str(bytes_a_file)],
        cwd=fashion_mnist.ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_full_disk_ends_in_a_reason_and_the_run_goes_on_once_there_is_room() -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    whole = carry_out(request())
    with queue.here(request()) as name:
        pass
    ended = on_a_disk_with_room_for(70_000, name)  # enough for the status, not for what was learned
    assert ended.returncode != 0
    found = folders.status(name)
    assert found.state == "failed"
    assert os.strerror(27) in found.reason  # EFBIG; a full disk says ENOSPC in the same place
    assert "begins anew" in found.reason
    assert not (folders.folder(name) / "checkpoint").exists()
    left = {path.name for path in folders.folder(name).iterdir()}
    assert left <= {"request.json", "status.json", "history.jsonl", "panel", "alive", "log.txt"}  # nothing half-written
    assert carry_out(request(), resumed=name) == name
    assert folders.status(name).state == "finished"
    cards = [checkpoints.load(folders.folder(one) / "checkpoint").card for one in (whole, name)]
    assert cards[0].weights_sha256 == cards[1].weights_sha256


def test_a_disk_without_room_for_anything_leaves_no_run_that_looks_alive() -> None:
    with queue.here(request()) as name:
        pass
    assert on_a_disk_with_room_for(100, name).returncode != 0
    assert folders.status(name).state in ("died", "failed")
    assert not folders.status(name).busy


def test_a_run_is_not_resumed_on_other_images(monkeypatch: pytest.MonkeyPatch, small) -> None:
    name = carry_out(request(), after=3)
    real = fashion_mnist.load
    with monkeypatch.context() as patch:
        patch.setattr(fashion_mnist, "load", lambda split: small if split == "train" else real(split))
        with pytest.raises(DataError, match="other images"):
            carry_out(request(), resumed=name)
    assert folders.status(name).state == "failed"
    assert folders.resumable(name)
    assert carry_out(request(), resumed=name) == name


def test_renamed_and_deleted_for_good(tmp_path: Path) -> None:
    from core.basics.errors import ConfigError

    name = carry_out(request(dataclasses.replace(TINY, epochs=1)))
    folders.rename(name, "my-first")
    assert folders.status(name) is None
    assert folders.status("my-first").state == "finished"
    assert [one.name for one in discovery.discover()[0] if one.run] == ["my-first"]
    for wrong, said in (
        ("my-first", "already"),
        ("x-best", "mistaken"),
        ("Mine", "not a run's name"),
        ("../x", "not a run's"),
    ):
        with pytest.raises(ConfigError, match=said):
            folders.rename("my-first", wrong)
    with folders.own("my-first"):
        folders.write(dataclasses.replace(folders.status("my-first"), state="running"))
        for refused in (lambda: folders.delete("my-first"), lambda: folders.rename("my-first", "x")):
            with pytest.raises(ConfigError, match="stop it first"):
                refused()
    folders.delete("my-first")
    assert [path.name for path in checkpoints.RUNS.iterdir() if not path.name.startswith(".")] == []
    with pytest.raises(ConfigError, match="no run called"):
        folders.delete("my-first")


def test_a_model_without_a_status_is_still_a_run(saved) -> None:
    (checkpoints.RUNS / "old").mkdir(parents=True)
    saved("traditional").rename(checkpoints.RUNS / "old" / "checkpoint")
    (found,) = folders.statuses()
    assert (found.name, found.state, found.epoch) == ("old", "finished", 2)
    assert [record["epoch"] for record in folders.history("old")] == [1, 2]
