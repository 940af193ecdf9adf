import json
import math
import os
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from core.basics.errors import CheckpointError
from core.basics.files import sha256
from core.data import tasks
from core.data.fashion_mnist import CLASSES
from core.data.tasks import Task
from core.gans import scoring
from core.metrics import evaluation
from core.store import checkpoints, discovery, saving
from core.store.checkpoints import CARD, SCORES, WEIGHTS

MODEL = pytest.mark.parametrize("model", ["traditional", "dcgan"])
FILES = pytest.mark.parametrize("name", [WEIGHTS, SCORES])


def everything(folder: Path) -> object:
    """All that a checkpoint holds, read and checked."""
    found = checkpoints.load(folder)
    return found.card, found.scores, found.generator()


def edit(folder: Path, **changes: object) -> None:
    """Replaces entries of the card."""
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(card | changes))


def replace(folder: Path, name: str, content: bytes) -> None:
    """Replaces a file and makes the card vouch for it, as somebody who means harm would."""
    (folder / name).write_bytes(content)
    edit(folder, **{"weights_sha256" if name == WEIGHTS else "scores_sha256": sha256(content)})


def refused(folder: Path, said: str = ".") -> None:
    """Asserts that the checkpoint is refused with one line that names its folder."""
    with pytest.raises(CheckpointError, match=said) as error:
        everything(folder)
    assert str(folder) in str(error.value)
    assert "\n" not in str(error.value)


@MODEL
def test_what_is_saved_comes_back(model: str, saved, trained, test_split) -> None:
    folder, training = saved(model), trained[model]
    assert {path.name for path in folder.iterdir()} == {WEIGHTS, SCORES, CARD}
    found = checkpoints.load(folder)
    generator = found.generator()
    before = training.generator.state_dict()
    assert all(torch.equal(tensor, before[name]) for name, tensor in generator.state_dict().items())
    assert not generator.training
    assert not any(parameter.requires_grad for parameter in generator.parameters())
    images = test_split.images[:100]
    expected = scoring.score(training.generator, images)
    assert scoring.score(generator, images).tobytes() == expected.tobytes()
    assert found.task == Task(anomalies=900)
    assert found.config == training.config


@MODEL
def test_the_stored_scores_are_those_of_the_weights(model: str, saved, test_split, small_split) -> None:
    found = checkpoints.load(saved(model))
    generator, size = found.generator(), found.config.size
    assert len(found.scores.test) == 10_000
    some = slice(None, None, 10)
    assert found.scores.test[some].tobytes() == scoring.score(generator, test_split.images[some], size).tobytes()
    for part in ("validation_normal", "validation_anomaly"):
        expected = scoring.score(generator, getattr(small_split, part), size)
        assert getattr(found.scores, part).tobytes() == expected.tobytes()


@MODEL
def test_the_card_says_all(model: str, saved, trained, small, test_split) -> None:
    found, training = checkpoints.load(saved(model)), trained[model]
    card, scores = found.card, found.scores
    assert (card.model, card.seed, card.epochs_trained, card.stopped_early) == (model, 7, 2, False)
    assert (card.data_source, card.data_images, card.data_fingerprint) == ("shipped", 2000, small.fingerprint)
    assert card.history == training.history
    assert card.seconds == pytest.approx(sum(record["seconds"] for record in card.history))
    assert card.parameters == sum(p.numel() for p in training.generator.parameters())
    assert {"python", "torch", "numpy", "safetensors"} <= set(card.versions)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", card.trained_at)
    area, low, high = evaluation.auroc_interval(scores.validation_normal, scores.validation_anomaly)
    assert [card.validation[name] for name in ("auroc", "auroc_low", "auroc_high")] == [area, low, high]
    assert card.validation.auroc == card.history[-1]["validation_auroc"]
    assert (card.validation.n_normal, card.validation.n_anomaly) == (20, 180)
    # Operating points are chosen on validation and only reported on test.
    assert card.thresholds == figures.operating_points(scores.validation_normal, scores.validation_anomaly)
    normal, anomaly = test_split.labels == 0, test_split.labels != 0
    assert card.test.auroc == evaluation.auroc(scores.test[normal], scores.test[anomaly])
    assert card.test.normal_error == pytest.approx(scores.test[normal].mean())
    assert set(card.test.per_class) == set(CLASSES[1:])


def test_the_card_is_plain_json(saved) -> None:
    def odd(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    text = (saved() / CARD).read_text()
    assert json.loads(text, parse_constant=odd)["format"] == 1
    assert text.endswith("\n")


@FILES
def test_truncated_files_are_refused(name: str, saved) -> None:
    folder = saved()
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    refused(folder, "SHA-256")


@FILES
def test_truncated_files_are_refused_even_when_the_card_vouches_for_them(name: str, saved) -> None:
    folder = saved()
    content = (folder / name).read_bytes()
    replace(folder, name, content[: len(content) // 2])
    refused(folder, "damaged")


@FILES
@pytest.mark.parametrize("place", [0, 100, -1])
def test_one_flipped_bit_is_refused(name: str, place: int, saved) -> None:
    folder = saved()
    content = bytearray((folder / name).read_bytes())
    content[place] ^= 1
    (folder / name).write_bytes(content)
    refused(folder, "SHA-256")


@FILES
def test_a_card_with_another_hash_is_refused(name: str, saved) -> None:
    folder = saved()
    edit(folder, **{"weights_sha256" if name == WEIGHTS else "scores_sha256": "0" * 64})
    refused(folder, "SHA-256")


@pytest.mark.parametrize("name", [WEIGHTS, SCORES, CARD])
def test_a_missing_file_is_refused(name: str, saved) -> None:
    folder = saved()
    (folder / name).unlink()
    refused(folder, re.escape(name))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "none", "no trained model")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"not json", b"\xff\xfe", b"[]", b"null", b'"card"', b"{}", b"[" * 100_000],
    ids=["empty", "open", "text", "bytes", "list", "null", "string", "object", "deep"],
)
def test_a_card_that_is_no_card_is_refused(content: bytes, saved) -> None:
    folder = saved()
    (folder / CARD).write_bytes(content)
    refused(folder)


def test_an_unknown_or_missing_key_is_refused(saved) -> None:
    folder = saved()
    edit(folder, note="hello")
    refused(folder, "'note'")
    card = json.loads((folder / CARD).read_text())
    del card["note"], card["seed"]
    (folder / CARD).write_text(json.dumps(card))
    refused(folder, "'seed'")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2),
        ("model", 3),
        ("model", "vae"),
        ("task", "t-shirt"),
        ("task", {"normal": "hat"}),
        ("task", {"normal": "bag", "colour": "red"}),
        ("task", {"anomalies": "many"}),
        ("config", []),
        ("config", {"epochs": 0}),
        ("config", {"epochs": 1.5}),
        ("config", {"widths": "8"}),
        ("config", {"leaky": True}),
        ("seed", "7"),
        ("seed", 7.5),
        ("epochs_trained", None),
        ("stopped_early", "no"),
        ("trained_at", 2020),
        ("seconds", "fast"),
        ("device", None),
        ("data_source", 1),
        ("data_fingerprint", 1),
        ("data_images", "all"),
        ("versions", []),
        ("parameters", "few"),
        ("validation", 0.9),
        ("test", 0.9),
        ("thresholds", [0.1, 0.2, 0.3]),
        ("thresholds", {"youden": 0.1, "fpr_5": 0.2}),
        ("thresholds", {"youden": 0.1, "fpr_5": 0.2, "fpr_1": "0.3"}),
        ("thresholds", {"youden": 0.1, "fpr_5": 0.2, "fpr_1": math.nan}),
        ("thresholds", {"youden": 0.1, "fpr_5": 0.2, "fpr_1": math.inf}),
        ("history", {}),
        ("weights_sha256", 0),
        ("scores_sha256", None),
    ],
)
def test_a_card_with_an_impossible_entry_is_refused_before_its_weights_are_read(key: str, value: object, saved) -> None:
    folder = saved("dcgan")
    edit(folder, **{key: value})
    with pytest.raises(CheckpointError) as error:
        checkpoints.load(folder)
    assert str(folder) in str(error.value)


def retensored(folder: Path, name: str, change) -> None:
    """Changes the tensors of a file and makes the card vouch for them."""
    tensors = safetensors.torch.load((folder / name).read_bytes())
    replace(folder, name, safetensors.torch.save(change(tensors)))


def first(tensors: dict) -> str:
    """The name of a tensor of weights."""
    return next(key for key in tensors if key.endswith("weight"))


@MODEL
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: {k: v for k, v in t.items() if k != first(t)}, "does not fit the config"),
        (lambda t: t | {"extra": torch.zeros(1)}, "'extra'"),
        (lambda t: t | {first(t): t[first(t)][:-1].clone()}, "the config says"),
        (lambda t: t | {first(t): t[first(t)].half()}, "float16"),
        (lambda t: t | {first(t): t[first(t)].double()}, "float64"),
        (lambda t: t | {first(t): torch.full_like(t[first(t)], math.nan)}, "not finite"),
        (lambda t: t | {first(t): torch.full_like(t[first(t)], -math.inf)}, "not finite"),
    ],
    ids=["missing", "extra", "shape", "half", "double", "nan", "infinite"],
)
def test_weights_that_do_not_fit_are_refused(model: str, change, said: str, saved) -> None:
    folder = saved(model)
    retensored(folder, WEIGHTS, change)
    refused(folder, said)


def test_weights_of_another_config_are_refused(saved) -> None:
    folder = saved("dcgan")
    config = json.loads((folder / CARD).read_text())["config"]
    edit(folder, config=config | {"widths": [8, 16, 32, 32]})
    refused(folder, "the config says")
    edit(folder, model="traditional", config={})
    refused(folder, "does not fit the config")


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t | {"extra": torch.zeros(3)},
        lambda t: {k: v for k, v in t.items() if k != "test"},
        lambda t: t | {"test": t["test"].double()},
        lambda t: t | {"test": t["test"].bfloat16()},
        lambda t: t | {"test": t["test"][:, None].clone()},
        lambda t: t | {"test": t["test"][:0].clone()},
        lambda t: t | {"validation_normal": t["validation_normal"] * math.nan},
    ],
    ids=["extra", "missing", "double", "bfloat16", "matrix", "empty", "nan"],
)
def test_scores_that_do_not_fit_are_refused(change, saved) -> None:
    folder = saved()
    retensored(folder, SCORES, change)
    refused(folder, "finite float32 vectors|damaged")


@FILES
def test_no_pickle_is_ever_run(name: str, saved, tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Harm:
        def __reduce__(self) -> tuple:
            return (Path.touch, (canary,))

    content = pickle.dumps(Harm())
    pickle.loads(content)
    assert canary.exists()  # the pickle works
    canary.unlink()
    folder = saved()
    replace(folder, name, content)
    refused(folder, "damaged")
    assert not canary.exists()


def test_a_huge_file_is_not_read(saved, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved()
    monkeypatch.setitem(checkpoints.LARGEST, CARD, 1000)
    refused(folder, "at most 1000")


def store(folder: Path, trained, small, test_split) -> checkpoints.Checkpoint:
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


def test_discovery_lists_the_box_before_runs_and_damage_as_problems(
    saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, other = saved("dcgan"), saved("traditional")
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")
    run = tmp_path / "runs" / "dcgan-bag-seen-1" / "checkpoint"
    run.parent.mkdir(parents=True)
    run.symlink_to(shipped)
    (other / CARD).write_text("{")
    found, problems = discovery.discover()
    assert [(one.folder, one.name) for one in found] == [(shipped, "shipped"), (run, "dcgan-bag-seen-1")]
    assert len(problems) == 1
    assert problems[0] == discovery.Damaged(
        other,
        "traditional",
        "t-shirt",
        f"{other / CARD} is damaged: it is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1)).",
    )


def test_discovery_finds_nothing_where_there_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "none")
    assert discovery.discover() == ([], [])


def test_what_a_killed_save_left_behind_is_no_checkpoint(
    saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")
    folder = saved()
    folder.rename(folder.with_name(".t-shirt.x7k2"))  # as `save` calls its temporary folder
    assert discovery.discover() == ([], [])


def test_the_box_has_a_folder_for_each_model_class_and_regime() -> None:
    box = checkpoints.SHIPPED
    assert checkpoints.shipped("dcgan", "bag") == box / "dcgan" / "bag"
    assert checkpoints.shipped("traditional", "bag", "one-class") == box / "traditional" / "bag-one-class"


# What ships with the project.


def box() -> list[checkpoints.Checkpoint]:
    return [checkpoints.load(path.parent) for path in sorted(checkpoints.SHIPPED.glob(f"*/[!.]*/{CARD}"))]


def test_every_model_in_the_box_lies_where_its_card_says() -> None:
    for found in box():
        assert found.folder == checkpoints.shipped(found.card.model, found.task.normal, found.task.regime)
        assert not found.card.stopped_early
    assert {("traditional", "t-shirt"), ("dcgan", "t-shirt")} <= {(f.card.model, f.task.normal) for f in box()}


@pytest.mark.parametrize(("model", "least"), [("traditional", 0.95), ("dcgan", 0.97)])
def test_the_shipped_t_shirt_models_are_as_good_as_their_cards_say(model: str, least: float, test_split) -> None:
    found = checkpoints.load(checkpoints.shipped(model, "t-shirt"))
    scores = scoring.score(found.generator(), test_split.images)
    area = evaluation.auroc(scores[test_split.labels == 0], scores[test_split.labels != 0])
    assert area == pytest.approx(found.card.test.auroc, abs=1e-4)
    assert area >= least


def test_every_shipped_models_figures_follow_from_its_weights(test_split) -> None:
    # A sample of the images, because there are many models and this is to be quick; the figures are those of all scores.
    sample = np.arange(0, 10_000, 40)
    wrong = []
    for found in box():
        stored = found.scores
        again = scoring.score(found.generator(), test_split.images[sample])
        normal, anomaly = tasks.test_roles(found.task, test_split.labels)
        area = evaluation.auroc(stored.test[normal], stored.test[anomaly])
        points = figures.operating_points(stored.validation_normal, stored.validation_anomaly)
        if (
            np.abs(again - stored.test[sample]).max() > 1e-5
            or abs(area - found.card.test.auroc) > 1e-9
            or points != pytest.approx(found.card.thresholds, abs=1e-9)
        ):
            wrong.append(str(found.folder))
    assert wrong == []
