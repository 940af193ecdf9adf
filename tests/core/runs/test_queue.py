import contextlib
import dataclasses
import json
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

from core.basics.errors import CheckpointError, ConfigError, DataError, TrainingDiverged
from core.data.tasks import Task
from core.gans.config import TraditionalConfig
from core.runs import folders, queue
from core.runs.queue import Request, Status
from core.store import checkpoints, discovery

TINY = TraditionalConfig(hidden=(16,), z=4, discriminator_hidden=(8,), batch_size=128, epochs=1)
MARGIN = 3.0  # seconds that a loaded machine may take longer
ENDLESS = dataclasses.replace(TINY, epochs=10_000)


def request(config: TraditionalConfig = TINY, anomalies: int = 90) -> Request:
    return Request("traditional", Task(anomalies=anomalies), config, 3)


@pytest.fixture(autouse=True)
def no_worker_outlives_its_test() -> Iterator[None]:
    yield
    for found in queue.statuses():
        if found.state == "queued":
            queue.stop(found.name)  # or a worker that ends would start it
    for worker in queue._WORKERS.values():
        worker.kill()
        worker.wait()
    queue._WORKERS.clear()
    for found in queue.statuses():  # started by a worker
        if found.busy:
            os.kill(found.pid, signal.SIGKILL)


def until(said: Callable[[Status], bool], name: str) -> Status:
    """The run's first status of which `said` is true."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = queue.status(name)
        if found and said(found):
            return found
        assert not found or found.busy or found.state == "queued", found
        time.sleep(0.05)
    raise AssertionError(f"{queue.status(name)}: {(queue.folder(name) / 'log.txt').read_text()}")


def ended(name: str) -> Status:
    return until(lambda found: not found.busy and found.state != "queued", name)


def test_a_request_comes_back_from_json_as_it_was() -> None:
    asked = Request("traditional", Task(regime="unseen", left_out="bag", anomalies=80), ENDLESS, 5)
    assert Request.from_json(json.loads(json.dumps(asked.to_json()))) == asked


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../../etc", "a/b", "a\\b", "A", "a b", "-a", "a\n", "a\0", "ä", "a" * 81, "~", "/tmp"]
)
def test_only_a_slug_names_a_run(name: str) -> None:
    for use in (queue.folder, queue.status, queue.stop, queue.resume, queue.keep, folders.delete):
        with pytest.raises(ConfigError, match="is not a run's name"):
            use(name)


def test_a_slug_names_a_folder_among_the_runs(tmp_path: Path) -> None:
    assert queue.folder("dcgan-t-shirt-seen-1") == tmp_path / "runs" / "dcgan-t-shirt-seen-1"


def test_a_run_that_is_not_there_has_no_status_and_cannot_be_stopped() -> None:
    assert queue.status("nobody") is None
    assert queue.statuses() == []
    with pytest.raises(ConfigError, match="nobody"):
        queue.stop("nobody")


def test_a_run_goes_through_to_its_end_in_the_background() -> None:
    name = queue.start(request())
    assert name == "traditional-t-shirt-seen-1"
    begun = queue.status(name)
    assert begun.active
    assert begun.request == request().to_json()
    found = ended(name)
    assert (found.state, found.reason, found.epoch, found.share) == ("finished", "", 1, 1.0)
    assert [record["epoch"] for record in folders.history(name)] == [1]
    folder = queue.folder(name)
    assert Request.from_json(json.loads((folder / "request.json").read_text())) == request()
    assert (folder / "log.txt").read_text() == ""
    checkpoint = checkpoints.load(folder / "checkpoint")
    assert (checkpoint.card.seed, checkpoint.card.stopped_early, checkpoint.name) == (3, False, name)
    assert checkpoint.card.history == folders.history(name)
    assert not folders.resumable(name)  # nothing is left to go on with
    assert checkpoint.generator() is not None
    assert [one.name for one in discovery.discover()[0]][-1] == name
    # A restarted server, which has no worker of its own, sees the same.
    queue._WORKERS.pop(name).wait()
    assert queue.status(name) == found
    assert queue.statuses() == [found]
    assert queue.new_name(request()) == "traditional-t-shirt-seen-2"


def test_one_run_at_a_time_the_next_waits_and_a_stopped_one_keeps_its_model() -> None:
    name = queue.start(request(ENDLESS))
    running = until(lambda found: found.epoch >= 1 and found.losses, name)
    assert running.state == "running"
    assert running.pid == queue._WORKERS[name].pid
    assert 0.0 < running.share < 1.0
    assert set(running.accuracy) == {"normal", "anomaly"}
    assert os.getpriority(os.PRIO_PROCESS, running.pid) == 19  # pages stay quick
    second, third = queue.start(request()), queue.start(request(ENDLESS))
    assert [queue.status(one).state for one in (name, second, third)] == ["running", "queued", "queued"]
    queue.stop(third)
    assert (queue.status(third).state, queue.status(third).reason) == (
        "stopped",
        "Taken out of the queue before it began.",
    )

    asked = time.monotonic()
    queue.stop(name)
    assert queue.status(name).state in ("stopping", "stopped")
    until(lambda found: not found.active, name)
    assert time.monotonic() - asked < 2.0 + MARGIN
    found = ended(name)
    assert found.state == "stopped"
    assert "the model so far is kept" in found.reason
    card = checkpoints.load(queue.folder(name) / "checkpoint").card
    assert card.stopped_early
    assert 1 <= card.epochs_trained == len(folders.history(name)) < 10_000
    # The worker that has ended starts the one that waits: nobody looks at a page.
    assert until(lambda found: found.state == "finished", second).state == "finished"
    assert queue.status(third).state == "stopped"


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
    assert sorted(queue.status(name).state for name in names) == ["queued", "running"]
    queue.advance()
    assert sorted(queue.status(name).state for name in names) == ["queued", "running"]


def test_a_stopped_run_is_resumed_and_equals_the_uninterrupted_one() -> None:
    config = dataclasses.replace(TINY, batch_size=450, epochs=6)
    whole = queue.start(request(config))
    ended(whole)
    parts = queue.start(request(config))
    for _ in range(2):
        until(lambda found: found.losses or found.epoch, parts)
        queue.stop(parts)
        if ended(parts).state == "finished":
            break
        queue.resume(parts)
    assert ended(parts).state == "finished"
    first, second = (checkpoints.load(queue.folder(name) / "checkpoint") for name in (whole, parts))
    assert first.card.weights_sha256 == second.card.weights_sha256
    assert first.card.scores_sha256 == second.card.scores_sha256
    with pytest.raises(ConfigError, match="has finished"):
        queue.resume(parts)


def test_a_killed_worker_is_seen_by_every_server_and_the_next_run_may_start() -> None:
    name = queue.start(request(ENDLESS))
    pid = until(lambda found: found.pid != 0, name).pid
    os.kill(pid, signal.SIGKILL)
    found = ended(name)
    assert found.state == "died"
    assert "killed" in found.reason
    queue._WORKERS.pop(name).wait()
    again = queue.status(name)  # a restarted server, which has no worker of its own
    assert (again.state, again.reason) == (found.state, found.reason)
    assert not (queue.folder(name) / "checkpoint").exists()

    # More anomalies than any source has: refused before anything is written.
    with pytest.raises(DataError, match="48609 labelled anomalies were asked for"):
        queue.start(request(anomalies=9 * 5401))
    second = queue.start(request())
    assert ended(second).state == "finished"
    assert [one.name for one in queue.statuses()] == [second, name]  # newest first


def test_a_worker_says_why_it_failed(tmp_path: Path) -> None:
    name = "odd"
    with folders.guard():
        folders.create(name, request(anomalies=9 * 5401), "queued")
    queue.advance()
    failed = ended(name)
    assert failed.state == "failed"
    assert failed.reason.startswith("48609 labelled anomalies were asked for")
    assert queue._WORKERS[name].wait() == 2


def test_killed_at_ten_random_moments_it_is_resumed_or_kept_each_time() -> None:
    """Whatever the moment, loading, training, laying down or scoring: the run ends as if nothing had happened."""
    config = dataclasses.replace(TINY, batch_size=450, epochs=60)
    whole = queue.start(request(config))
    ended(whole)
    expected = checkpoints.load(queue.folder(whole) / "checkpoint").card
    seed = 20261123
    random, kills, kept = Random(seed), 0, False
    name = queue.start(request(config))
    while kills < 10:
        begun = time.monotonic()
        if kills % 3:  # two of three while it trains or scores, the others while it starts
            until(lambda found: found.epoch or found.step or not found.busy, name)
            begun = time.monotonic()
        moment = random.uniform(0.0, 1.0)
        worker = queue._WORKERS[name]
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(max(0.0, moment - (time.monotonic() - begun)))
        if worker.poll() is None:
            worker.kill()
            worker.wait()
            kills += 1
            found = queue.status(name)
            assert found.state == "died", (seed, kills, found)
            if folders.resumable(name) and not kept:  # once what it had learned is made a model of its own
                queue.keep(name)
                assert ended(name).state in ("stopped", "finished")
                assert checkpoints.load(queue.folder(name) / "checkpoint").generator() is not None
                kept = True
        if queue.status(name).state == "finished":
            name = queue.start(request(config))
        else:
            queue.resume(name)
    found = ended(name)
    assert found.state == "finished", (seed, found)
    card = checkpoints.load(queue.folder(name) / "checkpoint").card
    assert card.weights_sha256 == expected.weights_sha256, seed
    assert card.scores_sha256 == expected.scores_sha256
    steady = ("epoch", "losses", "validation_auroc")
    assert [[r[key] for key in steady] for r in card.history] == [[r[key] for key in steady] for r in expected.history]


def state(name: str, **values: object) -> None:
    now = time.time()
    whole = {"started": now, "updated": now, "pid": 0} | values
    folder = queue.folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    found = Status(name, request().to_json(), **{"state": "running"} | whole)
    (folder / "status.json").write_text(json.dumps(dataclasses.asdict(found)))


def test_a_run_of_a_process_that_is_gone_has_died() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    state("other", pid=gone.pid)
    assert queue.status("other").state == "died"


def test_a_run_lives_as_long_as_its_lock_is_held_whatever_its_process_number_says() -> None:
    state("fresh", pid=os.getpid())
    assert queue.status("fresh").state == "died"  # the number is in use, but by another process
    with folders.own("fresh"):
        assert queue.status("fresh").state == "running"
        with pytest.raises(ConfigError, match="being trained already"):
            folders.own("fresh")
    assert queue.status("fresh").state == "died"


def test_a_stop_is_shown_until_the_worker_has_obeyed() -> None:
    state("fresh", pid=os.getpid())
    with folders.own("fresh"):
        queue.stop("fresh")
        assert queue.status("fresh").state == "stopping"
        assert queue.status("fresh").active


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"name": "x", "colour": "red"}'])
def test_a_damaged_status_is_no_run_and_does_not_hide_the_others(content: str) -> None:
    state("sound", state="finished")
    state("damaged")
    (queue.folder("damaged") / "status.json").write_text(content)
    assert queue.status("damaged") is None
    assert [one.name for one in queue.statuses()] == ["sound"]


def test_training_in_this_process_saves_and_reports(tmp_path: Path) -> None:
    steps, records = [], []
    found = queue.train(request(), tmp_path / "out", "cpu", on_step=steps.append, on_record=records.append)
    assert len(steps) == 900 // 128
    assert found.card.history == records
    assert checkpoints.load(tmp_path / "out").card == found.card
    assert (found.card.data_source, found.card.data_images) == ("shipped", 10_000)


def test_an_occupied_folder_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    steps = []
    with pytest.raises(CheckpointError, match="already there"):
        queue.train(request(), tmp_path, "cpu", on_step=steps.append)
    assert steps == []


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
        queue.train(request(dataclasses.replace(TINY, epochs=3)), tmp_path / "out", "cpu")
    kept = checkpoints.load(tmp_path / "out")
    assert kept.card.epochs_trained == 1
    assert kept.card.stopped_early
    assert kept.generator() is not None
