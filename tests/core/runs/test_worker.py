"""A run that goes wrong: the disk is full, a loss is no number, the data is other data. Each keeps what it can and says why."""

import dataclasses
import os
import resource
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
import torch
from msgspec.structs import replace

from core.basics.errors import DataError, TrainingDiverged
from core.basics.files import ROOT
from core.data import catalog, fashion_mnist
from core.data.dataset import Images
from core.data.tasks import Task
from core.gans import scoring
from core.gans.config import TraditionalConfig
from core.gans.record import Epoch
from core.gans.training import Progress
from core.runs import estimate, folders, frames, queue, worker
from core.runs.progress import Pace
from core.runs.request import Request
from core.runs.status import Status, read_status
from core.runs.worker import Worker
from core.store import checkpoints, discovery

TINY = TraditionalConfig(hidden=(16,), z=4, discriminator_hidden=(8,), batch_size=128, epochs=3, ema_decay=0.5)

ORIGINAL = {"repair": 0.0, "as_normal": 0.0, "judge_all": False, "adversarial_anomaly": 0.1}  # nothing is repaired


def request(config: TraditionalConfig = TINY) -> Request:
    return Request("traditional", Task(anomalies=90), config, 3)


def carry_out(asked: Request, resumed: str = "", after: int | None = None) -> str:
    """A run in this process, stopped after so many steps. Returns its name."""
    taken: list[object] = []
    with queue.here(asked, resumed) as name:
        Worker(name, "cpu").run(lambda: len(taken) == after, on_step=taken.append)
    return name


def test_best_and_last_are_both_kept_and_known_apart() -> None:
    # With hardly any reason to reconstruct normals it gets worse again.
    name = carry_out(request(replace(TINY, epochs=8, learning_rate=0.05, mse=0.05, negative_mse=0.0, **ORIGINAL)))
    areas = [record.validation_auroc for record in folders.history(name)]
    best = 1 + areas.index(max(areas))
    assert best < 8
    folder = folders.folder(name)
    kept = {checkpoint.name: checkpoint for checkpoint in discovery.discover()[0] if checkpoint.run}
    assert set(kept) == {name, f"{name}-best"}
    assert (kept[name].which, kept[f"{name}-best"].which) == ("last", "best")
    card = checkpoints.load(folder / "best").card
    assert (card.epochs_trained, card.stopped_early, len(card.history)) == (best, True, best)
    # The areas are of the mean residual alone; the chosen share costs at most a thousandth.
    assert card.validation.auroc >= max(areas) - scoring.LOSS
    assert kept[name].card.validation.auroc >= areas[-1] - scoring.LOSS
    assert kept[f"{name}-best"].generator() is not None
    assert read_status(name).best_epoch == best
    assert not folders.resumable(name)


def test_a_stopped_state_is_validated_and_is_the_best_if_no_epoch_did_better() -> None:
    name = carry_out(request(replace(TINY, epochs=8)), after=7 + 6)  # it still learns quickly: epoch 1 and 6 steps of 7
    folder = folders.folder(name)
    stopped = checkpoints.load(folder / "checkpoint").card
    assert (read_status(name).epoch, read_status(name).step) == (1, 6)
    assert stopped.validation.auroc > folders.history(name)[0].validation_auroc
    assert not (folder / "best").exists()

    # Here the steps after the first epoch only do harm, so that the epoch stays the best.
    wild = replace(TINY, epochs=2, learning_rate=0.05, mse=0.05, negative_mse=0.0, **ORIGINAL)
    name = carry_out(request(wild), after=7 + 6)
    folder = folders.folder(name)
    assert checkpoints.load(folder / "best").card.epochs_trained == 1
    stopped, best = (checkpoints.load(folder / place).card.validation.auroc for place in ("checkpoint", "best"))
    assert stopped < best


def test_epochs_shorter_than_the_wait_between_two_statuses_show_losses_and_speed(monkeypatch) -> None:
    seen: list[Status] = []
    shortest = 0.4 * worker.BETWEEN_STATUS  # an epoch takes at least that long, and never the whole wait

    def look(record: Epoch) -> None:
        status = read_status(name)
        assert status is not None
        seen.append(status)
        time.sleep(shortest)

    monkeypatch.setattr(worker, "BETWEEN_STATUS", 10 * shortest)
    with queue.here(request(replace(TINY, epochs=25))) as name:
        Worker(name, "cpu").run(on_record=look)
    assert all(status.losses and status.accuracy for status in seen)
    assert seen[-1].images_per_second and seen[-1].images_per_second > 0


def test_the_panel_has_a_frame_before_training_and_after_each_epoch() -> None:
    name = carry_out(request(), after=7 * 2 + 1)
    folder = folders.folder(name) / "panel"
    assert [int(path.stem) for path in frames.frames(folder)] == [0, 1, 2]
    picture, notes = frames.read(folder / "originals.png")
    assert picture.startswith(b"\x89PNG")
    assert notes.classes == ["t-shirt"] * 8 + [one for one in fashion_mnist.DESCRIPTION.classes if one != "t-shirt"]
    scores = [frames.read(path)[1].scores for path in frames.frames(folder)]
    assert [len(one) for one in scores] == [17, 17, 17]
    assert sum(scores[2][:8]) < sum(scores[0][:8])  # normals are reconstructed better than before training
    assert carry_out(request(), resumed=name) == name
    assert [int(path.stem) for path in frames.frames(folder)] == [0, 1, 2, 3]


@pytest.mark.parametrize(("epochs", "kept"), [(1, 2), (10, 11), (60, 61), (1000, 70)])
def test_of_a_long_run_about_seventy_frames_are_kept(epochs: int, kept: int) -> None:
    due = [epoch for epoch in range(epochs + 1) if frames.due(epoch, epochs)]
    assert due[0] == 0 and due[-1] == epochs and 1 in due
    assert abs(len(due) - kept) <= 1


def test_a_loss_that_is_no_number_ends_it_with_the_last_good_state_and_the_reason() -> None:
    # A learning rate of 1 on weights of 1000: the traditional GAN overflows within steps.
    wild = replace(TINY, learning_rate=1.0, mse=1000.0, adversarial_normal=1000.0, clip_norm=1e6, epochs=50)
    name = ""
    try:
        with queue.here(request(wild)) as name, pytest.raises(TrainingDiverged):
            worker = Worker(name, "cpu")
            worker.run(
                on_record=lambda _: next(worker.training.gan.normal_discriminator.parameters()).data.fill_(torch.nan)
            )
    finally:
        status = read_status(name)
    assert status.state == "failed"
    assert "no longer a finite number" in status.reason and "kept" in status.reason
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
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_full_disk_ends_in_a_reason_and_the_run_goes_on_once_there_is_room() -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    whole = carry_out(request())
    with queue.here(request()) as name:
        pass
    ended = on_a_disk_with_room_for(30_000, name)  # enough for the status, not for what was learned
    assert ended.returncode != 0
    status = read_status(name)
    assert status.state == "failed"
    assert os.strerror(27) in status.reason  # EFBIG; a full disk says ENOSPC in the same place
    assert "begins anew" in status.reason
    assert not (folders.folder(name) / "checkpoint").exists()
    left = {path.name for path in folders.folder(name).iterdir()}
    assert left <= {"request.json", "status.json", "history.jsonl", "panel", "alive", "log.txt"}  # nothing half-written
    assert carry_out(request(), resumed=name) == name
    assert read_status(name).state == "finished"
    cards = [checkpoints.load(folders.folder(one) / "checkpoint").card for one in (whole, name)]
    assert cards[0].weights_sha256 == cards[1].weights_sha256


def test_a_disk_without_room_for_anything_leaves_no_run_that_looks_alive() -> None:
    with queue.here(request()) as name:
        pass
    assert on_a_disk_with_room_for(100, name).returncode != 0
    assert read_status(name).state in ("died", "failed")
    assert not read_status(name).busy


def test_a_run_is_not_resumed_on_other_images(monkeypatch: pytest.MonkeyPatch, small: Images) -> None:
    name = carry_out(request(), after=8)
    real = catalog.get("fashion-mnist")
    other = dataclasses.replace(real, load=lambda split: small if split == "train" else real.load(split))
    with monkeypatch.context() as patch:
        patch.setattr(catalog, "get", lambda key: other)
        with pytest.raises(DataError, match="other images"):
            carry_out(request(), resumed=name)
    assert read_status(name).state == "failed"
    assert folders.resumable(name)
    assert carry_out(request(), resumed=name) == name
    assert read_status(name).state == "finished"


@pytest.mark.parametrize(
    ("steps", "epochs", "reason"),
    [
        (3, 0, "Stopped after 3 steps of the first epoch; the model so far is kept. Resuming begins anew."),
        (7, 1, "Stopped after 1 whole epoch; the model so far is kept."),
        (
            16,
            2,
            "Stopped after 2 whole epochs and 2 steps; the model so far is kept. Resuming takes those steps again.",
        ),
    ],
)
def test_a_stop_keeps_the_model_of_its_moment_and_the_snapshot_of_the_last_whole_epoch(
    steps: int, epochs: int, reason: str
) -> None:
    whole, name = carry_out(request()), carry_out(request(), after=steps)
    status = read_status(name)
    assert (status.state, status.reason, status.epoch, status.step) == ("stopped", reason, epochs, steps - 7 * epochs)
    folder = folders.folder(name)
    kept = checkpoints.load(folder / "checkpoint").card
    assert (kept.epochs_trained, kept.stopped_early) == (epochs, True)
    assert not (folder / "best").exists()  # it still learns: the model of the moment is the best
    assert folders.resumable(name) == (epochs > 0)
    assert [record.epoch for record in folders.history(name)] == [1, 2][:epochs]
    assert carry_out(request(), resumed=name) == name
    after = [checkpoints.load(folders.folder(run) / "checkpoint").card.weights_sha256 for run in (whole, name)]
    assert after[0] == after[1] != kept.weights_sha256


def test_a_run_writes_down_its_speed_for_the_estimate_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "threads", torch.get_num_threads)  # this process trains as the background would
    assert estimate.known(request()) is None
    name = carry_out(request())
    speed = estimate.known(request(replace(TINY, epochs=30, learning_rate=1e-4, mse=2.0)))  # makes no step slower
    first = folders.history(name)[0]
    assert speed.step == pytest.approx(first.seconds / 7)
    assert 0 < speed.validation < read_status(name).seconds
    assert speed.run(estimate.Plan(900, 90, 7), 10) == pytest.approx(
        speed.overhead + 10 * (7 * speed.step + speed.validation)
    )
    assert estimate.known(request(replace(TINY, hidden=(32,)))) is None


def test_the_status_tells_speed_and_time_left_from_the_steps() -> None:
    clock = iter([100.0, 101.0, 104.0])  # the session begins, and two looks
    progress = [Progress(1, 4, step, 10, {"mse": torch.tensor(0.5 * step)}) for step in (2, 8)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: next(clock))
        training = SimpleNamespace(
            config=replace(TINY, batch_size=50), batches=SimpleNamespace(kinds=2), finished_epochs=1, steps=10
        )
        pace = Pace(training)
        first, second = (pace.status(step, time.monotonic()) for step in progress)
    assert (first["left"], first["images_per_second"], first["losses"]) == (None, None, {"mse": 0.5})
    assert second["images_per_second"] == 6 * 100 / 3.0
    assert second["left"] == 22 * 4.0 / 8  # 8 steps of this session took 4 s, 22 are left
