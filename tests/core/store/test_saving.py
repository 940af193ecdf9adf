import os
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load

from core.basics.errors import CheckpointError
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import Task
from core.gans import maps, scoring
from core.gans.record import Scoring
from core.gans.training import Training
from core.metrics import evaluation, thresholds
from core.store import checkpoints, model_cards, saving
from core.store.checkpoints import CARD, SCORES, WEIGHTS, Checkpoint
from tests.core.store.edits import edit

MODEL = pytest.mark.parametrize("model", ["traditional", "dcgan"])


@MODEL
def test_what_is_saved_comes_back(model: str, saved, trained, test_split) -> None:
    folder, training = saved(model), trained[model]
    assert {path.name for path in folder.iterdir()} == {WEIGHTS, SCORES, CARD}
    found = checkpoints.load(folder)
    generator = found.generator()
    trained_to, stored = training.generator.state_dict(), load((folder / WEIGHTS).read_bytes())
    for name, tensor in generator.state_dict().items():
        assert tensor.dtype == trained_to[name].dtype and torch.equal(tensor, stored[name].to(tensor.dtype))
        assert torch.allclose(tensor, trained_to[name], rtol=2**-10, atol=2**-20)  # rounded to half precision
        assert stored[name].dtype == (torch.float16 if tensor.is_floating_point() else tensor.dtype)
    assert not generator.training
    assert not any(parameter.requires_grad for parameter in generator.parameters())
    images = test_split.images[:100]
    assert generator.share == found.card.scoring.share
    expected = scoring.reconstruct(training.generator, images)
    assert scoring.reconstruct(generator, images) == pytest.approx(expected, abs=0.02)  # half precision
    assert found.task == Task(anomalies=900)
    assert found.config == training.config


@MODEL
def test_the_stored_scores_are_those_of_the_weights(model: str, saved, test_split, small_split) -> None:
    found = checkpoints.load(saved(model))
    generator = found.generator()
    assert len(found.scores.test) == 10_000
    some = slice(None, None, 10)
    assert found.scores.test[some].tobytes() == scoring.score(generator, test_split.images[some]).tobytes()
    for part in ("validation_normal", "validation_anomaly"):
        expected = scoring.score(generator, getattr(small_split, part))
        assert getattr(found.scores, part).tobytes() == expected.tobytes()


@MODEL
def test_the_card_has_the_choice_of_how_to_score_and_scores_follow_it(
    model: str, saved, trained, small_split, tmp_path: Path
) -> None:
    folder = saved(model)
    card = checkpoints.load(folder).card
    assert card.scoring == scoring.choose(checkpoints.load(folder).generator(), small_split)
    assert card.scoring.mark is not None and card.scoring.mark > 0
    assert trained[model].generator.share == 0.0  # a training that goes on keeps its own figures
    images, made = (
        small_split.validation_anomaly,
        scoring.reconstruct(checkpoints.load(folder).generator(), small_split.validation_anomaly),
    )
    for share in (0.0, 0.4):  # whatever the choice was
        edit(folder, scoring={"share": share, "mark": None})
        generator = checkpoints.load(folder).generator()
        expected = maps.score_reconstructions(images, made, share)
        assert scoring.score(generator, images).tobytes() == expected.tobytes()


def test_the_scores_of_a_chosen_share_are_stored(trained, small, test_split, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(scoring, "choose", lambda *_: Scoring(share=0.4, mark=0.5))
    written = store(tmp_path / "model", trained, small, test_split)
    few = test_split.images[:300]
    assert written.scores.test.tobytes() == scoring.score(written.generator(), few).tobytes()
    made = scoring.reconstruct(written.generator(), few)
    assert written.scores.test.tobytes() == maps.score_reconstructions(few, made, 0.4).tobytes()


def test_a_model_that_does_not_repair_scores_by_the_mean_alone_and_marks_nothing(
    quick, small_split, small, test_split, tmp_path: Path
) -> None:
    training = Training("traditional", quick("traditional", repair=0.0, epochs=1), small_split, 0, "cpu")
    list(training.epochs())
    written = store(tmp_path / "model", {"traditional": training}, small, test_split)
    assert written.card.scoring == Scoring(share=0.0, mark=None)
    assert written.card.validation.auroc == written.card.history[-1].validation_auroc


@MODEL
def test_the_card_says_all(model: str, saved, trained, small, test_split) -> None:
    found, training = checkpoints.load(saved(model)), trained[model]
    card, scores = found.card, found.scores
    assert (card.model, card.seed, card.epochs_trained, card.stopped_early) == (model, 7, 2, False)
    assert (card.data_source, card.data_images, card.data_fingerprint) == ("shipped", 2000, small.fingerprint)
    assert card.history == training.history
    assert card.seconds == pytest.approx(sum(record.seconds for record in card.history))
    assert card.parameters == sum(p.numel() for p in training.generator.parameters())
    assert {"python", "torch", "numpy", "safetensors"} <= set(card.versions)
    assert re.search(r'"trained_at": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"', (found.folder / CARD).read_text())
    assert card.test_fingerprint == test_split.fingerprint
    area, low, high = evaluation.auroc_interval(scores.validation_normal, scores.validation_anomaly)
    assert [card.validation.auroc, card.validation.auroc_low, card.validation.auroc_high] == [area, low, high]
    # The history is of the mean residual alone, before rounding; the chosen share costs at most a thousandth.
    assert card.validation.auroc >= card.history[-1].validation_auroc - scoring.LOSS - 0.001
    assert (card.validation.n_normal, card.validation.n_anomaly) == (20, 180)
    # Operating points are chosen on validation and only reported on test.
    assert card.thresholds == thresholds.operating_points(scores.validation_normal, scores.validation_anomaly)
    normal, anomaly = test_split.labels == 0, test_split.labels != 0
    assert card.test.auroc == evaluation.auroc(scores.test[normal], scores.test[anomaly])
    assert card.test.normal_error == pytest.approx(scores.test[normal].mean())
    assert set(card.test.per_class) == set(FASHION_MNIST.description.classes[1:])


def test_a_model_without_any_anomaly_saves_loads_and_shows(unlabelled: Path) -> None:
    checkpoint = checkpoints.load(unlabelled)
    card = checkpoint.card
    assert (card.validation.auroc, card.validation.n_normal, card.validation.n_anomaly) == (None, 20, 0)
    assert (card.test.auroc, card.test.n_normal, card.test.n_anomaly, card.test.per_class) == (None, 50, 0, {})
    assert [record.validation_auroc for record in card.history] == [None, None]
    assert card.thresholds.youden is None
    # The threshold in force: of 20 validation normals one may be a false alarm.
    assert (checkpoint.point, checkpoint.threshold) == ("fpr_5", card.thresholds.fpr_5)
    scores = checkpoint.scores
    assert (scores.validation_normal >= checkpoint.threshold).sum() == 1
    assert (len(scores.test), len(scores.validation_anomaly)) == (50, 0)
    assert len(checkpoint.test_images().images) == 50
    text = model_cards.markdown([checkpoint])
    assert "| fresh | one-class | – | – | – |" in text
    assert "apples's test split: 50 normal images and 0 anomalies" in text
    assert "The one-class test has no anomalies" in text and "hides best:" not in text


def store(folder: Path, trained, small, test_split) -> Checkpoint:
    few = type(test_split)(test_split.images[:300], test_split.labels[:300], test_split.source)
    return saving.save(folder, trained["traditional"], Task(anomalies=900), "traditional", 7, small, few)


@pytest.mark.parametrize("occupant", ["file", "full folder"])
def test_nothing_is_ever_overwritten(occupant: str, tmp_path: Path, trained, small, test_split) -> None:
    folder = tmp_path / "model"
    if occupant == "file":
        folder.write_text("mine")
    else:
        folder.mkdir()
        (folder / "notes.txt").write_text("mine")
    with pytest.raises(CheckpointError, match="already there"):
        store(folder, trained, small, test_split)
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]


def test_a_new_and_an_empty_folder_are_filled(tmp_path: Path, trained, small, test_split) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "deep" / "new", tmp_path / "empty"):
        written = store(folder, trained, small, test_split)
        read = checkpoints.load(folder)
        assert read.card == written.card
        assert read.generator() is not None
        assert len(read.scores.test) == 300


@pytest.mark.parametrize("rename", [1, 2, 3, 4])
def test_a_disk_that_refuses_leaves_nothing_behind(
    rename: int, tmp_path: Path, trained, small, test_split, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Three files and then their folder take their names; each of them may be the one that fails.
    real, calls = os.replace, []

    def refuse(*arguments: object) -> None:
        calls.append(arguments)
        if len(calls) == rename:
            raise OSError(28, "No space left on device")
        real(*arguments)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="No space left"):
        store(tmp_path / "models" / "one", trained, small, test_split)
    assert len(calls) == rename
    assert list((tmp_path / "models").iterdir()) == []


def test_a_weight_beyond_half_precision_is_stored_in_full(
    small_split, small, test_split, quick, tmp_path: Path
) -> None:
    training = Training("traditional", quick("traditional"), small_split, 0, "cpu")
    name, value = next(iter(training.generator.state_dict().items()))
    value[0, 0] = 1e6  # half precision ends at 65,504
    saved = saving.save(tmp_path / "m", training, Task(anomalies=900), "traditional", 0, small, test_split)
    assert saved.generator().state_dict()[name][0, 0] == 1e6
