"""Leave-out folds: every good photo serves the threshold, scored by a model that has not seen it."""

import dataclasses

import numpy as np
import pytest
from msgspec.structs import replace

from core.basics.errors import ConfigError
from core.data import catalog, tasks
from core.data.tasks import Task
from core.gans import folds, scoring
from core.gans.config import TraditionalConfig
from core.gans.training import Training
from core.metrics import thresholds
from core.runs import estimate, folders, queue, transfer
from core.runs.request import Request
from core.runs.status import read_status
from core.runs.worker import Worker
from core.store import checkpoints
from tests import photographs

TINY = TraditionalConfig(hidden=(16,), z=4, discriminator_hidden=(8,), batch_size=128, epochs=2, ema_decay=0.5)
ASKED = Request("traditional", Task(regime="one-class", anomalies=0), TINY, 3, folds=3)


def carry_out(asked: Request, after: int | None = None) -> str:
    """A run in this process, stopped after so many steps of the kept model and none of the folds' ones. Returns its name."""
    with queue.here(asked) as name:
        worker = Worker(name, "cpu")
        worker.run(lambda: after is not None and worker.training.finished_epochs * worker.training.steps >= after)
    return name


def test_the_thresholds_come_from_all_normals_that_are_not_test_each_scored_unseen() -> None:
    folded = carry_out(ASKED)
    checkpoint = checkpoints.load(folders.folder(folded) / "checkpoint")
    split = tasks.split(ASKED.task, catalog.get("fashion-mnist").load("train"))
    card, scores = checkpoint.card, checkpoint.scores
    assert (card.folds, card.left_out) == (3, len(split.train_normal))
    assert len(scores.validation_normal) == len(split.validation_normal) + len(split.train_normal)
    assert card.thresholds == thresholds.operating_points(scores.validation_normal, scores.validation_anomaly)
    alone = scores.validation_normal[: len(split.validation_normal)]
    assert alone.tobytes() == scoring.score(checkpoint.generator(), split.validation_normal).tobytes()
    assert card.validation.n_normal == len(scores.validation_normal)

    left_out = checkpoint.scores.validation_normal[-len(split.train_normal) :]
    second = folds.dealt(split.train_normal, 3, 3) == 1
    training = Training(
        "traditional", TINY, dataclasses.replace(split, train_normal=split.train_normal[~second]), 3, "cpu"
    )
    list(training.epochs())
    training.generator.share = checkpoint.card.scoring.share
    expected = scoring.score(training.generator, split.train_normal[second])
    assert left_out[second] == pytest.approx(expected, abs=1e-5)

    # The model itself is the one without folds, and it can be carried away and back.
    plain = checkpoints.load(folders.folder(carry_out(replace(ASKED, folds=0))) / "checkpoint")
    assert plain.card.weights_sha256 == card.weights_sha256
    assert (plain.card.folds, plain.card.left_out) == (0, 0)
    assert plain.scores.test.tobytes() == scores.test.tobytes()
    imported = transfer.take([("x.zip", transfer.pack(checkpoint))])
    again = checkpoints.load(folders.folder(imported) / "checkpoint").card
    assert (again.folds, again.left_out, again.thresholds) == (3, card.left_out, card.thresholds)
    assert folders.request_of(imported) == ASKED
    (folders.folder(imported) / folders.STATUS).unlink()  # as of a model that was copied there
    status = read_status(imported)
    assert status is not None and status.request == ASKED


def test_copies_and_near_copies_are_dealt_into_the_same_fold() -> None:
    photos = photographs.many(60, 64)
    darker = (photos[:20] * 0.97).astype(np.uint8)
    fold = folds.dealt(np.concatenate([photos, photos[:10], darker]), 5, 0)
    assert np.array_equal(fold[60:70], fold[:10]) and np.array_equal(fold[70:], fold[:20])
    assert sorted(np.bincount(fold[:60], minlength=5)) == [12] * 5
    assert not np.array_equal(fold, folds.dealt(np.concatenate([photos, photos[:10], darker]), 5, 1))
    assert sorted(np.bincount(folds.dealt(photos[[0] * 20], 4, 0))) == [5] * 4


def test_stopped_among_the_folds_it_is_a_whole_model_with_the_usual_thresholds() -> None:
    name = carry_out(ASKED, after=2 * 7)  # all steps of the model itself
    status = read_status(name)
    assert status is not None and status.state == "finished"
    assert status.reason == "Its leave-out folds were not all trained: the thresholds come from validation alone."
    card = checkpoints.load(folders.folder(name) / "checkpoint").card
    assert (card.epochs_trained, card.folds, card.left_out) == (2, 0, 0)


@pytest.mark.parametrize("folds", [1, 11])
def test_a_number_of_folds_that_cannot_be_dealt_is_named(folds: int) -> None:
    with pytest.raises(
        ConfigError, match=f"folds is {folds}; with 900 normal training images it must be 0, or from 2 to 10"
    ):
        estimate.check(replace(ASKED, folds=folds))


def test_three_photos_cannot_be_dealt_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "sizes", lambda *_: (3, 0))
    with pytest.raises(ConfigError, match="folds is 2; with 3 normal training images it must be 0\\."):
        estimate.check(replace(ASKED, folds=2))
