"""A resumed training equals the uninterrupted one, bit for bit."""

from pathlib import Path

import pytest
import torch

from core.basics.errors import CheckpointError, TrainingDiverged
from core.data import tasks
from core.data.tasks import Task
from core.gans.training import Training
from core.runs import snapshot

MODEL = pytest.mark.parametrize("model", ["traditional", "dcgan"])


def after(steps: int):
    left = iter([False] * (steps - 1) + [True])
    return lambda: next(left)


def same(one: Training, other: Training) -> bool:
    """Every tensor the next step depends on, and everything that is shown."""
    mine, theirs = snapshot._tensors(one), snapshot._tensors(other)
    assert mine.keys() == theirs.keys()
    steady = ("epoch", "losses", "discriminator_accuracy", "validation_auroc", "validation_error", "learning_rate")
    told = [[[record[key] for key in steady] for record in run.history] for run in (one, other)]
    return told[0] == told[1] and all(torch.equal(mine[name], theirs[name]) for name in mine)


@pytest.fixture
def start(quick, small_split):
    def begin(model: str, split=small_split, **changes: object) -> Training:
        return Training(model, quick(model, **{"epochs": 3} | changes), split, 7, "cpu")

    return begin


@MODEL
@pytest.mark.parametrize("steps", [1, 4, 5, 7, 10])
def test_stopped_anywhere_and_resumed_it_equals_the_uninterrupted_one(model: str, steps: int, start, tmp_path) -> None:
    whole = start(model)
    list(whole.epochs())
    first = start(model)
    list(first.epochs(after(steps)))
    snapshot.save(tmp_path / "state", first)
    second = start(model)
    snapshot.restore(tmp_path / "state", second)
    assert same(first, second)
    assert len(list(second.epochs())) == 3 - (steps // 5 if steps % 5 else steps // 5 - 1)
    assert same(second, whole)
    assert (second.best_epoch, second.finished_epochs, second.step) == (whole.best_epoch, 3, 0)


@MODEL
def test_laid_down_between_epochs_and_many_times_over(model: str, start, tmp_path: Path) -> None:
    whole = start(model)
    list(whole.epochs())
    run = start(model)
    next(run.epochs())
    for steps in (2, 1, 4, 3):
        snapshot.save(tmp_path / "state", run)
        run = start(model)
        snapshot.restore(tmp_path / "state", run)
        list(run.epochs(after(steps) if steps != 3 else lambda: False))
    assert same(run, whole)


def test_one_class_with_its_distorted_normals_goes_on_as_it_would_have(start, small, tmp_path: Path) -> None:
    split = tasks.split(Task(regime="one-class", anomalies=0), small)
    whole = start("dcgan", split)
    list(whole.epochs())
    run = start("dcgan", split)
    list(run.epochs(after(8)))
    snapshot.save(tmp_path / "state", run)
    again = start("dcgan", split)
    snapshot.restore(tmp_path / "state", again)
    list(again.epochs())
    assert same(again, whole)
    # No label may choose there: the best epoch is the one whose normals are redrawn best.
    errors = [record["validation_error"] for record in whole.history]
    assert whole.best_epoch == 1 + errors.index(min(errors))


@MODEL
def test_the_best_epoch_is_kept_beside_the_last(model: str, start) -> None:
    run = start(model, learning_rate=0.02)
    kept = {}
    for record in run.epochs():
        kept[record["epoch"]] = {name: value.clone() for name, value in run.generator.state_dict().items()}
    areas = [record["validation_auroc"] for record in run.history]
    assert run.best_epoch == 1 + areas.index(max(areas))
    assert all(torch.equal(run.best_weights[name], value) for name, value in kept[run.best_epoch].items())


def test_the_notes_are_read_without_the_tensors(start, tmp_path: Path) -> None:
    run = start("traditional")
    list(run.epochs(after(7)))
    snapshot.save(tmp_path / "state", run, threads=2, fingerprint="abc")
    assert snapshot.notes(tmp_path / "state") == {"threads": 2, "fingerprint": "abc", "epoch": 1, "step": 2}


def test_what_does_not_fit_is_refused_with_one_line(start, tmp_path: Path) -> None:
    path = tmp_path / "state"
    with pytest.raises(CheckpointError, match="nothing to resume from"):
        snapshot.notes(path)
    run = start("traditional")
    list(run.epochs(after(2)))
    snapshot.save(path, run)
    for other in (start("dcgan"), start("traditional", z=8)):
        with pytest.raises(CheckpointError, match="does not fit"):
            snapshot.restore(path, other)
    content = path.read_bytes()
    for damaged in (b"", content[:5], content[: len(content) // 2], b"\xff" * 100, b"\x02" + bytes(7) + b"{}"):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match="damaged"):
            snapshot.restore(path, start("traditional"))


def test_a_diverged_training_still_has_a_finite_average_and_its_best(start) -> None:
    run = start("traditional")
    epochs = run.epochs()
    next(epochs)
    with torch.no_grad():
        next(run.gan.normal_discriminator.parameters()).fill_(torch.nan)
    with pytest.raises(TrainingDiverged):
        next(epochs)
    assert run.best_epoch == 1
    assert all(torch.isfinite(value).all() for value in run.best_weights.values())
