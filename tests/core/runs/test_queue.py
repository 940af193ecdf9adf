import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
import torch
from msgspec.structs import replace

from core.basics.errors import CheckpointError, ConfigError, DataError, TrainingDiverged
from core.data.tasks import Task
from core.gans.config import TraditionalConfig
from core.runs import folders, listing, queue
from core.runs.folders import folder
from core.runs.request import Request
from core.runs.status import Status, read_status, write_status
from core.store import checkpoints, discovery

TINY = TraditionalConfig(hidden=(16,), z=4, discriminator_hidden=(8,), batch_size=128, epochs=1)
MARGIN = 3.0  # seconds that a loaded machine may take longer
ENDLESS = replace(TINY, epochs=10_000)


def request(config: TraditionalConfig = TINY, anomalies: int = 90) -> Request:
    return Request("traditional", Task(anomalies=anomalies), config, 3)


@pytest.fixture(autouse=True)
def no_worker_outlives_its_test() -> Iterator[None]:
    yield
    for status in listing.statuses():
        if status.waiting:
            queue.stop(status.name)  # or a worker that ends would start it
    for worker in queue._WORKERS.values():
        worker.kill()
        worker.wait()
    queue._WORKERS.clear()
    for status in listing.statuses():  # started by a worker
        if status.busy:
            os.kill(status.pid, signal.SIGKILL)


def until(condition: Callable[[Status], object], name: str) -> Status:
    """The run's first status of which `condition` is true."""
    deadline = time.monotonic() + 300  # a slow machine is no fault
    while time.monotonic() < deadline:
        status = read_status(name)
        if status and condition(status):
            return status
        assert not status or status.busy or status.waiting, status
        time.sleep(0.05)
    raise AssertionError(f"{read_status(name)}: {(folder(name) / 'log.txt').read_text()}")


def ended(name: str) -> Status:
    return until(lambda status: not status.busy and not status.waiting, name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../../etc", "a/b", "a\\b", "A", "a b", "-a", "a\n", "a\0", "ä", "a" * 81, "~", "/tmp"]
)
def test_only_a_slug_names_a_run(name: str) -> None:
    for use in (folder, read_status, queue.stop, queue.resume, queue.keep, listing.delete):
        with pytest.raises(ConfigError, match="is not a run's name"):
            use(name)


def test_a_slug_names_a_folder_among_the_runs(tmp_path: Path) -> None:
    assert folder("dcgan-t-shirt-seen-1") == tmp_path / "runs" / "dcgan-t-shirt-seen-1"


def test_a_run_that_is_not_there_has_no_status_and_cannot_be_stopped() -> None:
    assert read_status("nobody") is None
    assert listing.statuses() == []
    with pytest.raises(ConfigError, match="nobody"):
        queue.stop("nobody")


def test_a_run_goes_through_to_its_end_in_the_background() -> None:
    name = queue.start(request())
    assert name == "traditional-t-shirt-seen-1"
    begun = read_status(name)
    assert begun.active
    assert begun.request == request()
    status = ended(name)
    assert (status.state, status.reason, status.epoch, status.share) == ("finished", "", 1, 1.0)
    assert [record.epoch for record in folders.history(name)] == [1]
    assert folders.request_of(name) == request()
    assert (folder(name) / "log.txt").read_text() == ""
    checkpoint = checkpoints.load(folder(name) / "checkpoint")
    assert (checkpoint.card.seed, checkpoint.card.stopped_early, checkpoint.name) == (3, False, name)
    assert checkpoint.card.history == folders.history(name)
    assert not folders.resumable(name)  # nothing is left to go on with
    assert checkpoint.generator() is not None
    assert [one.name for one in discovery.discover()[0]][-1] == name
    # A restarted server, which has no worker of its own, sees the same.
    queue._WORKERS.pop(name).wait()
    assert read_status(name) == status
    assert listing.statuses() == [status]
    assert folders.new_name(request()) == "traditional-t-shirt-seen-2"


def test_one_run_at_a_time_the_next_waits_and_a_stopped_one_keeps_its_model() -> None:
    name = queue.start(request(ENDLESS))
    running = until(lambda status: status.epoch >= 1 and status.losses, name)
    assert running.state == "running"
    assert running.pid == queue._WORKERS[name].pid
    assert 0.0 < running.share < 1.0
    assert set(running.accuracy) == {"normal"}
    assert os.getpriority(os.PRIO_PROCESS, running.pid) == 19  # pages stay quick
    second, third = queue.start(request()), queue.start(request(ENDLESS))
    assert [read_status(one).state for one in (name, second, third)] == ["running", "queued", "queued"]
    queue.stop(third)
    assert (read_status(third).state, read_status(third).reason) == (
        "stopped",
        "Taken out of the queue before it began.",
    )

    asked = time.monotonic()
    queue.stop(name)
    assert read_status(name).state in ("stopping", "stopped")
    until(lambda status: not status.active, name)
    assert time.monotonic() - asked < 2.0 + MARGIN
    status = ended(name)
    assert status.state == "stopped"
    assert "the model so far is kept" in status.reason
    card = checkpoints.load(folder(name) / "checkpoint").card
    assert card.stopped_early
    assert 1 <= card.epochs_trained == len(folders.history(name)) < 10_000
    # The worker that has ended starts the one that waits: nobody looks at a page.
    assert until(lambda status: status.state == "finished", second).state == "finished"
    assert read_status(third).state == "stopped"


def test_two_who_press_start_at_once_start_one_and_queue_the_other() -> None:
    gate, names = threading.Barrier(2), []

    def press() -> None:
        gate.wait()
        names.append(queue.start(request(ENDLESS)))

    pressing = [threading.Thread(target=press) for _ in range(2)]
    for thread in pressing:
        thread.start()
    for thread in pressing:
        thread.join()
    assert len(set(names)) == 2
    assert sorted(read_status(name).state for name in names) == ["queued", "running"]
    queue.advance()
    assert sorted(read_status(name).state for name in names) == ["queued", "running"]


def test_a_run_stopped_within_an_epoch_is_resumed_and_equals_the_uninterrupted_one() -> None:
    config = replace(TINY, batch_size=100, epochs=10)
    whole, parts = queue.start(request(config)), queue.start(request(config))
    ended(whole)
    stops = 0
    for epochs in (1, 4):
        until(lambda status, epochs=epochs: status.epoch >= epochs and status.step, parts)
        queue.stop(parts)
        status = ended(parts)
        if status.state == "finished":
            break
        stops += 1
        assert folders.resumable(parts)
        kept = checkpoints.load(folder(parts) / "checkpoint").card  # with the steps of the epoch that was cut short
        assert kept.epochs_trained == status.epoch == len(folders.history(parts))
        queue.resume(parts)
    assert stops and ended(parts).state == "finished"
    first, second = (checkpoints.load(folder(name) / "checkpoint") for name in (whole, parts))
    assert first.card.weights_sha256 == second.card.weights_sha256
    assert first.card.scores_sha256 == second.card.scores_sha256
    with pytest.raises(ConfigError, match="has finished"):
        queue.resume(parts)


def test_a_killed_worker_is_seen_by_every_server_and_the_next_run_may_start() -> None:
    name = queue.start(request(ENDLESS))
    pid = until(lambda status: status.pid != 0, name).pid
    os.kill(pid, signal.SIGKILL)
    status = ended(name)
    assert status.state == "died"
    assert "killed" in status.reason
    queue._WORKERS.pop(name).wait()
    again = read_status(name)  # a restarted server, which has no worker of its own
    assert (again.state, again.reason) == (status.state, status.reason)
    assert not (folder(name) / "checkpoint").exists()

    # More anomalies than any source has: refused before anything is written.
    with pytest.raises(DataError, match="48609 labelled anomalies were asked for"):
        queue.start(request(anomalies=9 * 5401))
    second = queue.start(request())
    assert ended(second).state == "finished"
    assert [one.name for one in listing.statuses()] == [second, name]  # newest first


def test_a_worker_says_why_it_failed(tmp_path: Path) -> None:
    name = "odd"
    with folders.guard():
        listing.create(name, request(anomalies=9 * 5401), "queued")
    queue.advance()
    failed = ended(name)
    assert failed.state == "failed"
    assert failed.reason.startswith("48609 labelled anomalies were asked for")
    assert queue._WORKERS[name].wait() == 2


def test_killed_at_six_random_moments_it_is_resumed_or_kept_each_time() -> None:
    """Whatever the moment, loading, training, laying down or scoring: the run ends as if nothing had happened."""
    config = replace(TINY, batch_size=450, epochs=20)
    whole = queue.start(request(config))
    ended(whole)
    expected = checkpoints.load(folder(whole) / "checkpoint").card
    seed = 20261123
    random, kills, kept = Random(seed), 0, False
    name = queue.start(request(config))
    while kills < 6:
        if kills % 3:  # two of three while it trains or scores, the others while it starts
            until(lambda status: status.epoch or status.step or not status.busy, name)
        worker = queue._WORKERS[name]
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(random.uniform(0.0, 1.0))
        if worker.poll() is None:
            worker.kill()
            worker.wait()
            kills += 1
            status = read_status(name)
            assert status.state == "died", (seed, kills, status)
            assert ("begins anew" in status.reason) != folders.resumable(name)
            if folders.resumable(name) and not kept:  # once what it had learned is made a model of its own
                queue.keep(name)
                assert ended(name).state in ("stopped", "finished")
                assert checkpoints.load(folder(name) / "checkpoint").generator() is not None
                kept = True
        if read_status(name).state == "finished":
            name = queue.start(request(config))
        else:
            queue.resume(name)
    status = ended(name)
    assert status.state == "finished", (seed, status)
    card = checkpoints.load(folder(name) / "checkpoint").card
    assert card.weights_sha256 == expected.weights_sha256, seed
    assert card.scores_sha256 == expected.scores_sha256


def state(name: str, **values: object) -> None:
    folder(name).mkdir(parents=True, exist_ok=True)
    write_status(Status(name, request(), **{"state": "running", "updated": time.time()} | values))


def test_a_run_of_a_process_that_is_gone_has_died() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    state("other", pid=gone.pid)
    assert read_status("other").state == "died"


def test_a_run_lives_as_long_as_its_lock_is_held_whatever_its_process_number_says() -> None:
    state("fresh", pid=os.getpid())
    assert read_status("fresh").state == "died"  # the number is in use, but by another process
    with folders.own("fresh"):
        assert read_status("fresh").state == "running"
        with pytest.raises(ConfigError, match="being trained already"):
            folders.own("fresh")
    assert read_status("fresh").state == "died"


def test_a_stop_is_shown_until_the_worker_has_obeyed() -> None:
    state("fresh", pid=os.getpid())
    with folders.own("fresh"):
        queue.stop("fresh")
        assert read_status("fresh").state == "stopping"
        assert read_status("fresh").active


def test_training_in_this_process_saves(tmp_path: Path) -> None:
    checkpoint = queue.train(request(), tmp_path / "out", "cpu")
    assert [record.epoch for record in checkpoint.card.history] == [1] and not checkpoint.card.stopped_early
    assert checkpoints.load(tmp_path / "out").card == checkpoint.card
    assert (checkpoint.card.data_source, checkpoint.card.data_images) == ("shipped", 10_000)


def test_an_occupied_folder_is_refused_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").write_text("mine")
    monkeypatch.setattr("core.gans.training.Training", None)
    with pytest.raises(CheckpointError, match="already there"):
        queue.train(request(), tmp_path, "cpu")


def test_no_data_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASHION_MNIST_DIR", str(tmp_path))
    with pytest.raises(DataError, match="FASHION_MNIST_DIR"):
        queue.train(request(), tmp_path / "out", "cpu")
    assert not (tmp_path / "out").exists()


def test_a_diverged_training_keeps_its_last_finite_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.gans.training import Training

    real = Training._step

    def poisoned(self: Training, *batch: torch.Tensor) -> dict[str, torch.Tensor]:
        if self.finished_epochs == 1:
            with torch.no_grad():
                next(self.gan.normal_discriminator.parameters()).fill_(torch.nan)
        return real(self, *batch)

    monkeypatch.setattr(Training, "_step", poisoned)
    with pytest.raises(TrainingDiverged, match="epoch 2"):
        queue.train(request(replace(TINY, epochs=3)), tmp_path / "out", "cpu")
    kept = checkpoints.load(tmp_path / "out")
    assert kept.card.epochs_trained == 1
    assert kept.card.stopped_early
    assert kept.generator() is not None
