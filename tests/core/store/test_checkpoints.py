import json
import math
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from msgspec.structs import replace

from core.basics.errors import CheckpointError, DataError
from core.data import catalog, tasks
from core.data.dataset import Images
from core.data.photos import examples
from core.gans import scoring
from core.metrics import evaluation, thresholds
from core.store import checkpoints, model_cards
from core.store.checkpoints import CARD, SCORES, WEIGHTS, Checkpoint
from tests.core.store import edits
from tests.core.store.edits import edit, refused

MODEL = pytest.mark.parametrize("model", ["traditional", "dcgan"])
FILES = pytest.mark.parametrize("name", [WEIGHTS, SCORES])


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
    edits.replace(folder, name, content[: len(content) // 2])
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


def retensored(folder: Path, name: str, change) -> None:
    """Changes the tensors of a file and makes the card vouch for them."""
    tensors = safetensors.torch.load((folder / name).read_bytes())
    edits.replace(folder, name, safetensors.torch.save(change(tensors)))


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
        (lambda t: t | {first(t): t[first(t)].bfloat16()}, "bfloat16"),
        (lambda t: t | {first(t): t[first(t)].double()}, "float64"),
        (lambda t: t | {first(t): torch.full_like(t[first(t)], math.nan)}, "not finite"),
        (lambda t: t | {first(t): torch.full_like(t[first(t)], -math.inf)}, "not finite"),
    ],
    ids=["missing", "extra", "shape", "brain", "double", "nan", "infinite"],
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
        lambda t: t | {"validation_normal": t["validation_normal"][:0].clone()},
        lambda t: t | {"validation_normal": t["validation_normal"] * math.nan},
    ],
    ids=["extra", "missing", "double", "bfloat16", "matrix", "empty", "no normals", "nan"],
)
def test_scores_that_do_not_fit_are_refused(change, saved) -> None:
    folder = saved()
    retensored(folder, SCORES, change)
    refused(folder, "finite float32 vectors|damaged|no scores")


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
    edits.replace(folder, name, content)
    refused(folder, "damaged")
    assert not canary.exists()


def test_a_huge_file_is_not_read(saved, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved()
    monkeypatch.setitem(checkpoints.LARGEST, CARD, 1000)
    refused(folder, "at most 1000")


def of(checkpoint: Checkpoint, **changes: object) -> Checkpoint:
    """The checkpoint with a card that describes its data set otherwise."""
    task = replace(checkpoint.task, data=replace(checkpoint.task.data, **changes))
    test = replace(checkpoint.card.test, per_class={"shirt": 0.9})  # a class that all have
    return Checkpoint(checkpoint.folder, replace(checkpoint.card, task=task, test=test))


def test_the_test_images_are_those_the_model_was_tested_on(saved, test_split) -> None:
    checkpoint = checkpoints.load(saved())
    assert checkpoint.test_images().fingerprint == test_split.fingerprint
    assert checkpoint.test_scores(test_split) is checkpoint.scores.test


def test_other_images_of_the_same_number_are_no_test_images(saved, test_split) -> None:
    # Digits in the place of garments, say: as many, of the same size.
    digits = Images(255 - test_split.images, test_split.labels, test_split.source)
    checkpoint = checkpoints.load(saved())
    for read in (checkpoint.check_test_images, checkpoint.test_scores):
        with pytest.raises(DataError, match="not those of Fashion-MNIST that this model was tested on"):
            read(digits)
    relabelled = Images(test_split.images, test_split.labels[::-1].copy(), test_split.source)
    with pytest.raises(DataError, match="Its stored figures stand"):
        checkpoint.test_scores(relabelled)
    assert checkpoint.card.test.n_normal == 1000


def test_a_data_set_that_is_not_here_is_named(saved) -> None:
    elsewhere = of(checkpoints.load(saved()), key="apples", name="Apples")
    with pytest.raises(DataError, match=r"images of this model are not here\. There is no data set called 'apples'"):
        elsewhere.test_images()


def test_classes_that_have_changed_since_are_named(saved) -> None:
    checkpoint = checkpoints.load(saved())
    with pytest.raises(DataError, match="Fashion-MNIST has other classes now"):
        of(checkpoint, classes=(*checkpoint.task.data.classes[:9], "hat")).test_images()


def test_images_that_the_card_cannot_describe_are_no_test_images(saved, test_split) -> None:
    checkpoint = checkpoints.load(saved())
    data = checkpoint.task.data
    for changes in ({"side": 32}, {"classes": data.classes[:9], "class_names": data.class_names[:9]}):
        with pytest.raises(DataError, match="not those of Fashion-MNIST"):
            of(checkpoint, **changes).check_test_images(test_split)


def test_scores_are_one_for_each_image(saved, test_split) -> None:
    folder = saved()
    retensored(folder, SCORES, lambda tensors: tensors | {"test": tensors["test"][:9_999].clone()})
    with pytest.raises(CheckpointError, match="has 9999 test scores; the test split has 10000"):
        checkpoints.load(folder).test_scores(test_split)


def test_the_box_has_a_folder_for_each_model_class_and_regime() -> None:
    box = checkpoints.SHIPPED
    assert checkpoints.shipped("dcgan", "bag") == box / "dcgan" / "bag"
    assert checkpoints.shipped("traditional", "bag", "one-class") == box / "traditional" / "bag-one-class"


def box() -> list[checkpoints.Checkpoint]:
    return model_cards.boxed()


def test_the_model_of_an_example_fits_the_photos_that_one_click_brings(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(catalog, "OWN", tmp_path / "own")
    with catalog.scratch() as folder:
        photos = examples.brought("brick-wall")
        catalog.keep(catalog.gather(photos, folder, "brick-wall", examples.EXAMPLES["brick-wall"].shape), "brick-wall")
    found = checkpoints.load(checkpoints.SHIPPED / "dcgan" / "brick-wall")
    test = found.test_images()
    assert np.abs(scoring.score(found.generator(), test.images) - found.test_scores(test)).max() <= 1e-4
    assert found.card.own.synthetic.area.auroc > 0.9 and found.task.regime == "one-class"


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
        points = thresholds.operating_points(stored.validation_normal, stored.validation_anomaly).known
        if (
            np.abs(again - stored.test[sample]).max() > 1e-5
            or abs(area - found.card.test.auroc) > 1e-9
            or points != pytest.approx(found.card.thresholds.known, abs=1e-9)
        ):
            wrong.append(str(found.folder))
    assert wrong == []
