import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from core import checkpoints, jobs
from core.config import TraditionalConfig
from core.errors import CheckpointError, ConfigError, DataError, TrainingDiverged
from core.jobs import Request, Status
from core.regimes import Task

TINY = TraditionalConfig(hidden=(16,), z=4, discriminator_hidden=(8,), batch_size=128, epochs=1)
ENDLESS = dataclasses.replace(TINY, epochs=10_000)


def request(config: TraditionalConfig = TINY, anomalies: int = 90) -> Request:
    return Request("traditional", Task(anomalies=anomalies), config, 3)


@pytest.fixture(autouse=True)
def no_worker_outlives_its_test() -> Iterator[None]:
    yield
    for worker in jobs._WORKERS.values():
        worker.kill()
        worker.wait()
    jobs._WORKERS.clear()


def until(said: Callable[[Status], bool], name: str) -> Status:
    """The run's first status of which `said` is true."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = jobs.status(name)
        if found and said(found):
            return found
        assert not found or found.active, found
        time.sleep(0.05)
    raise AssertionError(f"{jobs.status(name)}: {(jobs.folder(name) / 'log.txt').read_text()}")


def ended(name: str) -> Status:
    return until(lambda found: not found.active, name)


def test_a_request_comes_back_from_json_as_it_was() -> None:
    asked = Request("traditional", Task(regime="unseen", left_out="bag", anomalies=80), ENDLESS, 5)
    assert Request.from_json(json.loads(json.dumps(asked.to_json()))) == asked


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../../etc", "a/b", "a\\b", "A", "a b", "-a", "a\n", "a\0", "ä", "a" * 81, "~", "/tmp"]
)
def test_only_a_slug_names_a_run(name: str) -> None:
    for use in (jobs.folder, jobs.status, jobs.stop):
        with pytest.raises(ConfigError, match="is not a run's name"):
            use(name)


def test_a_slug_names_a_folder_among_the_runs(tmp_path: Path) -> None:
    assert jobs.folder("dcgan-t-shirt-seen-1") == tmp_path / "runs" / "dcgan-t-shirt-seen-1"


def test_a_run_that_is_not_there_has_no_status_and_cannot_be_stopped() -> None:
    assert jobs.status("nobody") is None
    assert jobs.statuses() == []
    with pytest.raises(ConfigError, match="nobody"):
        jobs.stop("nobody")


def test_a_run_goes_through_to_its_end_in_the_background() -> None:
    name = jobs.start(request())
    assert name == "traditional-t-shirt-seen-1"
    begun = jobs.status(name)
    assert begun.active
    assert begun.request == request().to_json()
    found = ended(name)
    assert (found.state, found.reason, found.epoch, found.share) == ("finished", "", 1, 1.0)
    assert [record["epoch"] for record in found.history] == [1]
    folder = jobs.folder(name)
    assert Request.from_json(json.loads((folder / "request.json").read_text())) == request()
    assert (folder / "log.txt").read_text() == ""
    checkpoint = checkpoints.load(folder / "checkpoint")
    assert (checkpoint.card.seed, checkpoint.card.stopped_early, checkpoint.name) == (3, False, name)
    assert checkpoint.card.history == found.history
    assert checkpoint.generator() is not None
    assert [one.name for one in checkpoints.discover()[0]][-1] == name
    # A restarted server, which has no worker of its own, sees the same.
    jobs._WORKERS.pop(name).wait()
    assert jobs.status(name) == found
    assert jobs.statuses() == [found]
    assert jobs.new_name(request()) == "traditional-t-shirt-seen-2"


def test_one_run_at_a_time_and_a_stopped_one_keeps_its_model() -> None:
    name = jobs.start(request(ENDLESS))
    running = until(lambda found: found.epoch >= 1, name)
    assert running.state == "running"
    assert running.pid == jobs._WORKERS[name].pid
    assert 0.0 < running.share < 1.0
    assert running.history
    with pytest.raises(ConfigError, match=f"{name} is still training"):
        jobs.start(request())
    assert [path.name for path in checkpoints.RUNS.iterdir()] == [name]

    jobs.stop(name)
    assert jobs.status(name).state in ("stopping", "stopped")
    found = ended(name)
    assert found.state == "stopped"
    assert "the model so far is kept" in found.reason
    card = checkpoints.load(jobs.folder(name) / "checkpoint").card
    assert card.stopped_early
    assert 1 <= card.epochs_trained == len(found.history) < 10_000


def test_a_killed_worker_is_seen_by_every_server_and_the_next_run_may_start() -> None:
    name = jobs.start(request(ENDLESS))
    pid = until(lambda found: found.pid != 0, name).pid
    os.kill(pid, signal.SIGKILL)
    found = ended(name)
    assert found.state == "died"
    assert "log.txt" in found.reason
    jobs._WORKERS.pop(name).wait()  # a restarted server knows the worker by its number alone
    again = jobs.status(name)
    assert (again.state, again.reason) == (found.state, found.reason)
    assert not (jobs.folder(name) / "checkpoint").exists()

    # More anomalies than any source has: the worker says so.
    second = jobs.start(request(anomalies=9 * 5401))
    failed = ended(second)
    assert failed.state == "failed"
    assert failed.reason.startswith("48609 labelled anomalies were asked for")
    assert [one.name for one in jobs.statuses()] == [second, name]  # newest first
    assert jobs._WORKERS[second].wait() == 2


def state(name: str, **values: object) -> None:
    now = time.time()
    whole = {"started": now, "updated": now, "pid": 0} | values
    folder = jobs.folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    found = Status(name, request().to_json(), **{"state": "running"} | whole)
    (folder / "status.json").write_text(json.dumps(dataclasses.asdict(found)))


def test_a_run_of_a_process_that_is_gone_has_died() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    state("other", pid=gone.pid)
    assert jobs.status("other").state == "died"


def test_a_run_without_a_sign_of_life_has_died_though_its_number_is_in_use() -> None:
    state("fresh", pid=os.getpid())
    state("stale", pid=os.getpid(), updated=time.time() - jobs.HEARTBEAT_LOST - 1)
    assert jobs.status("fresh").state == "running"
    assert jobs.status("stale").state == "died"


def test_a_stop_is_shown_until_the_worker_has_obeyed() -> None:
    state("fresh", pid=os.getpid())
    jobs.stop("fresh")
    assert jobs.status("fresh").state == "stopping"
    assert jobs.status("fresh").active


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"name": "x", "colour": "red"}'])
def test_a_damaged_status_is_no_run_and_does_not_hide_the_others(content: str) -> None:
    state("sound", state="finished")
    state("damaged")
    (jobs.folder("damaged") / "status.json").write_text(content)
    assert jobs.status("damaged") is None
    assert [one.name for one in jobs.statuses()] == ["sound"]


def test_training_in_this_process_saves_and_reports(tmp_path: Path) -> None:
    steps, records = [], []
    found = jobs.train(request(), tmp_path / "out", "cpu", on_step=steps.append, on_record=records.append)
    assert len(steps) == 900 // 128
    assert found.card.history == records
    assert checkpoints.load(tmp_path / "out").card == found.card
    assert (found.card.data_source, found.card.data_images) == ("shipped", 10_000)


def test_an_occupied_folder_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    steps = []
    with pytest.raises(CheckpointError, match="already there"):
        jobs.train(request(), tmp_path, "cpu", on_step=steps.append)
    assert steps == []


def test_no_data_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASHION_MNIST_DIR", str(tmp_path))
    with pytest.raises(DataError, match="FASHION_MNIST_DIR"):
        jobs.train(request(), tmp_path / "out", "cpu")
    assert not (tmp_path / "out").exists()


def test_a_diverged_training_keeps_its_last_finite_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.training import Training

    real = Training._step

    def poisoned(self: Training, *batch: torch.Tensor) -> dict[str, torch.Tensor]:
        if self.finished_epochs == 1:
            with torch.no_grad():
                next(self.gan.normal_discriminator.parameters()).fill_(torch.nan)
        return real(self, *batch)

    monkeypatch.setattr(Training, "_step", poisoned)
    with pytest.raises(TrainingDiverged, match="epoch 2"):
        jobs.train(request(dataclasses.replace(TINY, epochs=3)), tmp_path / "out", "cpu")
    kept = checkpoints.load(tmp_path / "out")
    assert kept.card.epochs_trained == 1
    assert kept.card.stopped_early
    assert kept.generator() is not None
