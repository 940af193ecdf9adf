"""A resumed training equals the uninterrupted one, bit for bit."""

import json
from pathlib import Path

import msgspec
import pytest
import torch

from core.basics.errors import CheckpointError
from core.data import tasks
from core.data.tasks import Task
from core.gans.training import Training
from core.runs import snapshot

MODEL = pytest.mark.parametrize("model", ["traditional", "dcgan"])


def same(first: Training, second: Training) -> bool:
    """Every tensor the next step depends on, the learning rates, and every record but for what the clock says."""
    tensors, others = snapshot._tensors(first), snapshot._tensors(second)
    assert tensors.keys() == others.keys()
    records = [
        [msgspec.structs.replace(record, seconds=1.0, images_per_second=1.0) for record in training.history]
        for training in (first, second)
    ]
    rates = [[schedule.get_last_lr() for schedule in training.schedules] for training in (first, second)]
    assert (records[0], rates[0], first.best_epoch) == (records[1], rates[1], second.best_epoch)
    return all(torch.equal(tensors[name], others[name]) for name in tensors)


@pytest.fixture
def start(quick, small_split):
    def begin(model: str, split=small_split, **changes: object) -> Training:
        return Training(model, quick(model, **{"epochs": 3} | changes), split, 7, "cpu")

    return begin


def resumed(training: Training, fresh: Training, path: Path) -> Training:
    snapshot.save(path, training, "fingerprint", 1)
    snapshot.restore(path, fresh)
    return fresh


@MODEL
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"adversarial_normal": 0.0, "adversarial_anomaly": 0.0},
        {"repair": 0.0, "as_normal": 0.0, "judge_all": False},
    ],
    ids=["", "no_discriminator", "original"],
)
def test_resumed_after_every_epoch_it_equals_the_uninterrupted_one(model: str, changes, start, tmp_path: Path) -> None:
    whole, parts = start(model, **changes), start(model, **changes)
    for record in whole.epochs():
        assert next(parts.epochs()).epoch == record.epoch
        parts = resumed(parts, start(model, **changes), tmp_path / "snapshot")
        assert same(parts, whole)
    assert list(parts.epochs()) == []


def test_one_class_with_its_distorted_normals_goes_on_as_it_would_have(start, small, tmp_path: Path) -> None:
    split = tasks.split(Task(regime="one-class", anomalies=0), small)
    whole, first = start("dcgan", split), start("dcgan", split)
    list(whole.epochs())
    next(first.epochs())
    second = resumed(first, start("dcgan", split), tmp_path / "snapshot")
    assert [record.epoch for record in second.epochs()] == [2, 3]
    assert same(second, whole)


def test_the_facts_are_read_without_the_tensors(start, tmp_path: Path) -> None:
    training = start("traditional")
    next(training.epochs())
    snapshot.save(tmp_path / "snapshot", training, "fingerprint", 2)
    facts = snapshot.read_facts(tmp_path / "snapshot")
    assert (facts.data, facts.threads, facts.device, facts.best_epoch) == ("fingerprint", 2, "cpu", 1)
    assert facts.history == training.history


def test_what_does_not_fit_is_refused_with_one_line(start, tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    with pytest.raises(CheckpointError, match="nothing to resume from"):
        snapshot.read_facts(path)
    training = start("traditional")
    next(training.epochs())
    snapshot.save(path, training, "fingerprint", 1)
    for other in (start("dcgan"), start("traditional", z=8)):
        with pytest.raises(CheckpointError, match="does not fit"):
            snapshot.restore(path, other)
    content = path.read_bytes()
    flipped = content[:-1] + bytes([content[-1] ^ 1])
    for damaged in (b"", content[:5], content[: len(content) // 2], b"\xff" * 100, b"\x02" + bytes(7) + b"{}", flipped):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match="damaged"):
            snapshot.restore(path, start("traditional"))


@pytest.mark.parametrize(
    "change",
    [
        {"threads": 0},
        {"threads": True},
        {"device": "tpu"},
        {"best_epoch": 2},
        {"history": []},
        {"step": 3},
        {"data": None},
    ],
)
def test_facts_that_no_training_has_are_refused(change: dict, start, tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    training = start("traditional")
    next(training.epochs())
    snapshot.save(path, training, "fingerprint", 1)
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"]["facts"] = json.dumps(json.loads(header["__metadata__"]["facts"]) | change)
    written = json.dumps(header).encode()
    path.write_bytes(len(written).to_bytes(8, "little") + written + content[end:])
    with pytest.raises(CheckpointError, match="damaged"):
        snapshot.read_facts(path)
