"""Every run's status, whoever wrote it; a run renamed, removed, or known by its model alone."""

import json
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from core.basics.errors import ConfigError, DataError
from core.data.tasks import Task
from core.gans.config import TraditionalConfig
from core.runs import folders, listing
from core.runs.request import Request
from core.runs.status import Status, read_status, write_status
from core.store import checkpoints, discovery

REQUEST = Request("traditional", Task(regime="unseen", left_out="bag", anomalies=80), TraditionalConfig(epochs=4), 5)
# As a run wrote it before a data set was an object: with `size`, and without a data set.
BEFORE = {
    "model": "traditional",
    "task": {"normal": "bag", "regime": "seen", "anomalies": 6003, "left_out": None},
    "config": {"epochs": 30, "batch_size": 64, "size": 28, "hidden": [256], "z": 32, "mse": 1.0},
    "seed": 3,
}
STATUS_BEFORE = {
    "name": "traditional-bag-seen-1",
    "request": BEFORE,
    "state": "stopped",
    "reason": "Stopped after 2 whole epochs and 5 steps; the model so far is kept.",
    "pid": 4711,
    "queued": 1764000000.5,
    "started": 1764000001,
    "updated": 1764000060.25,
    "epoch": 2,
    "step": 5,
    "steps": 84,
    "seconds": 59.5,
    "left": None,
    "images_per_second": 5000.0,
    "losses": {},
    "accuracy": {},
    "scoring": False,
    "keep": False,
    "warning": "",
    "best_epoch": 2,
}


def made(name: str, state: str = "finished") -> Path:
    with folders.guard():
        listing.create(name, REQUEST, state)
    return folders.folder(name)


def test_a_request_and_a_status_come_back_from_disk_as_they_were() -> None:
    made("mine")
    assert folders.request_of("mine") == REQUEST
    status = Status("mine", REQUEST, "stopped", "Stopped.", epoch=1, step=2, steps=4, losses={"mse": 0.5}, left=3.5)
    write_status(status)
    assert read_status("mine") == status
    assert status.share == (1 + 2 / 4) / 4


def test_a_run_of_an_earlier_version_is_listed_and_can_begin_anew() -> None:
    path = checkpoints.RUNS / "traditional-bag-seen-1"
    path.mkdir(parents=True)
    (path / "request.json").write_text(json.dumps(BEFORE))
    (path / "status.json").write_text(json.dumps(STATUS_BEFORE))
    (path / "state.safetensors").write_bytes(b"of an earlier version")
    (status,) = listing.statuses()
    assert listing.unreadable() == []
    assert (status.state, status.epoch, status.seconds) == ("stopped", 2, 59.5)
    request = folders.request_of(status.name)
    assert request == status.request
    assert (request.task.normal, request.task.data.key, request.config.epochs) == ("bag", "fashion-mnist", 30)
    assert (request.seed, request.config.negative_mse) == (3, 0.0)  # there was no such loss
    assert not folders.resumable(status.name)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "dreaming"},
        {"epoch": -1},
        {"epoch": 1.5},
        {"epoch": True},
        {"seconds": "long"},
        {"updated": -1.0},
        {"left": 1e16},
        {"losses": {"Not a slug": 1.0}},
        {"losses": {"mse": None}},
        {"accuracy": [0.5]},
        {"scoring": 1},
        {"reason": None},
        {"colour": "red"},
        {"request": None},
        {"request": BEFORE | {"seed": -1}},
        {"request": BEFORE | {"seed": 2**63}},
        {"request": BEFORE | {"model": "vae"}},
        {"request": BEFORE | {"colour": "red"}},
        {"request": BEFORE | {"task": {"normal": "apple"}}},
        {"request": BEFORE | {"config": {"epochs": 0}}},
    ],
    ids=str,
)
def test_a_status_that_no_worker_writes_is_no_run_and_does_not_hide_the_others(change: dict) -> None:
    made("sound")
    made("damaged").joinpath("status.json").write_text(json.dumps(STATUS_BEFORE | change))
    assert read_status("damaged") is None
    assert [status.name for status in listing.statuses()] == ["sound"]
    (line,) = listing.unreadable()
    assert "damaged/status.json cannot be read" in line


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"epoch": NaN}', "[" * 100_000, '{"request": {"config": ' + "[" * 100_000]
)
def test_what_is_no_status_at_all_is_no_run_either(content: str) -> None:
    made("damaged").joinpath("status.json").write_text(content)
    assert listing.statuses() == []
    made("other").joinpath("request.json").write_text(content)
    with pytest.raises(ConfigError, match="request of other cannot be read"):
        folders.request_of("other")


def test_an_impossible_request_says_what_is_impossible() -> None:
    for change, error, message in (
        ({"model": "vae"}, ConfigError, "the models are: traditional, dcgan"),
        ({"task": {"normal": "apple"}}, DataError, "Unknown normal class 'apple'"),
        ({"config": {"z": -1}}, ConfigError, "z is -1"),
    ):
        path = folders.folder("odd")
        path.mkdir(parents=True, exist_ok=True)
        (path / "request.json").write_text(json.dumps(BEFORE | change))
        with pytest.raises(error, match=message):
            folders.request_of("odd")


def test_the_history_ends_at_the_first_line_that_is_no_record(saved) -> None:
    lines = [msgspec.json.encode(record) for record in checkpoints.load(saved("traditional")).card.history]
    made("mine").joinpath("history.jsonl").write_bytes(b"\n".join([*lines, lines[0][:-9]]))
    assert [record.epoch for record in folders.history("mine")] == [1, 2]


def test_renamed_and_deleted_for_good(saved) -> None:
    saved("traditional").rename(made("a-run") / "checkpoint")
    listing.rename("a-run", "my-first")
    assert read_status("a-run") is None
    assert read_status("my-first").state == "finished"
    assert [checkpoint.name for checkpoint in discovery.discover()[0] if checkpoint.run] == ["my-first"]
    for wrong, message in (
        ("my-first", "already"),
        ("x-best", "mistaken"),
        ("Mine", "not a run's name"),
        ("../x", "not a run's"),
    ):
        with pytest.raises(ConfigError, match=message):
            listing.rename("my-first", wrong)
    with folders.own("my-first"):
        write_status(replace(read_status("my-first"), state="running"))
        for refused in (lambda: listing.delete("my-first"), lambda: listing.rename("my-first", "x")):
            with pytest.raises(ConfigError, match="stop it first"):
                refused()
    listing.delete("my-first")
    assert [path.name for path in checkpoints.RUNS.iterdir() if not path.name.startswith(".")] == []
    with pytest.raises(ConfigError, match="no run called"):
        listing.delete("my-first")


def test_a_model_without_a_status_is_still_a_run(saved) -> None:
    (checkpoints.RUNS / "old").mkdir(parents=True)
    saved("traditional").rename(checkpoints.RUNS / "old" / "checkpoint")
    (status,) = listing.statuses()
    assert (status.name, status.state, status.epoch) == ("old", "finished", 2)
    assert [record.epoch for record in folders.history("old")] == [1, 2]
