import json
import math
from pathlib import Path
from typing import Any

import pytest

from core.basics.errors import CheckpointError
from core.data.fashion_mnist import FASHION_MNIST
from core.gans.record import Scoring
from core.store import card, checkpoints
from core.store.checkpoints import CARD
from tests.core.store.edits import edit, refused

FASHION_MNIST_TEST = "9f1ec356a747bfe4ebab3cfb722d3694c9ca737e2570f6f90cf31d7b6fd689d4"


def on_disk(folder: Path) -> dict[str, Any]:
    return json.loads((folder / CARD).read_text())


def test_a_card_is_plain_json_with_the_data_set_in_it(saved) -> None:
    def odd(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    text = (saved() / CARD).read_text()
    values = json.loads(text, parse_constant=odd)
    assert (values["format"], values["test_fingerprint"]) == (2, FASHION_MNIST_TEST)
    data = values["task"]["data"]
    assert (data["key"], data["side"], data["channels"], data["noun"]) == ("fashion-mnist", 28, 1, "garment")
    assert data["classes"][0] == "t-shirt" and data["class_names"][9] == "Ankle boot"
    assert text.endswith("\n")


def test_what_is_written_is_read_again(saved) -> None:
    path = saved("dcgan") / CARD
    known = card.decode(path.read_bytes(), path)
    assert card.encode(known) == path.read_bytes()
    assert known.config.widths == (16, 32, 64, 64)
    assert known.scoring.mark is not None


def test_format_1_is_read_as_fashion_mnist(saved) -> None:
    folder = saved()
    new, values = checkpoints.load(folder).card, on_disk(folder)
    del values["test_fingerprint"], values["task"]["data"]
    values["config"]["size"] = 32  # which settings had then
    (folder / CARD).write_text(json.dumps(values | {"format": 1}))
    old = checkpoints.load(folder).card
    assert (old.format, old.test_fingerprint) == (2, FASHION_MNIST_TEST)
    assert old.task.data == FASHION_MNIST.description
    assert old == new


@pytest.mark.parametrize("format", [1, 2])
def test_a_card_older_than_heat_maps_scores_by_the_mean_alone_and_marks_nothing(format: int, saved) -> None:
    folder = saved()
    values = on_disk(folder)
    del values["scoring"]
    if format == 1:
        del values["test_fingerprint"]
    (folder / CARD).write_text(json.dumps(values | {"format": format}))
    old = checkpoints.load(folder)
    assert old.card.scoring == Scoring(share=0.0, mark=None)
    assert old.generator().share == 0.0


@pytest.mark.parametrize(
    ("scoring", "message"),
    [
        ({"share": 1.01}, r"<= 1\.0.*scoring\.share"),
        ({"share": -0.01}, r">= 0\.0.*scoring\.share"),
        ({"share": "half"}, r"Expected `float`, got `str`.*scoring\.share"),
        ({"share": math.nan}, "not JSON"),
        ({"mark": 2.1}, r"<= 2\.0.*scoring\.mark"),
        ({"mark": -1}, r">= 0\.0.*scoring\.mark"),
        ({"colour": "red"}, "unknown field `colour`"),
        (None, r"scoring"),
    ],
)
def test_a_way_to_score_that_cannot_be_is_refused_with_a_line_that_names_it(
    scoring: object, message: str, saved
) -> None:
    folder = saved()
    edit(folder, scoring=scoring)
    refused(folder, message)


@pytest.mark.parametrize("format", [0, 3, "2", None, [1]])
def test_another_format_is_refused(format: object, saved) -> None:
    folder = saved()
    edit(folder, format=format)
    refused(folder, "this Misfit reads formats 1 and 2")


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
    edit(folder, **{"no\nte": "hello"})
    refused(folder, "unknown field `no te`")
    values = on_disk(folder)
    del values["no\nte"], values["seed"]
    (folder / CARD).write_text(json.dumps(values))
    refused(folder, "missing required field `seed`")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 3),
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
        ("config", "small"),
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
        ("trained_at", "yesterday"),
        ("device", "cpu\n"),
        ("device", "x" * 201),
        ("data_source", "\u202etxt.exe"),
        ("versions", {"torch": "2\n"}),
        ("versions", {str(number): "1" for number in range(41)}),
        ("data_fingerprint", "0" * 63),
        ("test_fingerprint", "0" * 64 + "\n"),
        ("test_fingerprint", None),
        ("seed", -1),
        ("seed", 2**63),
        ("seed", True),
        ("validation", 0.9),
        ("test", 0.9),
        ("thresholds", [0.1, 0.2, 0.3]),
        ("thresholds", {"youden": 0.1, "fpr_5": 0.2}),
        ("thresholds", {"youden": 0.1, "fpr_5": 0.2, "fpr_1": "0.3"}),
        ("thresholds", {"youden": 0.1, "fpr_5": 0.2, "fpr_1": math.nan}),
        ("thresholds", {"youden": 0.1, "fpr_5": 0.2, "fpr_1": math.inf}),
        ("history", {}),
        ("history", [{"epoch": 1}]),
        ("history", ["x"]),
        ("weights_sha256", 0),
        ("scores_sha256", None),
    ],
)
def test_a_card_with_an_impossible_entry_is_refused_with_one_line(key: str, value: object, saved) -> None:
    folder = saved("dcgan")
    edit(folder, **{key: value})
    with pytest.raises(CheckpointError) as error:
        checkpoints.load(folder)
    assert str(error.value).startswith(f"{folder / CARD} ")
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key": "../x"}, "key"),
        ({"name": "x" * 201}, "printable line"),
        ({"noun": "a\nb"}, "printable line"),
        ({"class_names": ["\u202e"] * 10}, "printable line"),
        ({"classes": ["<b>"] * 10}, "classes"),
        ({"classes": ["a", "b"]}, "10 class names"),
        ({"side": 4096}, "a side must be between 28 and 128"),
        ({"channels": 2}, "channels"),
        ({"colour": "red"}, "unknown field `colour`"),
    ],
)
def test_a_data_set_that_cannot_be_is_refused(change: dict[str, object], message: str, saved) -> None:
    folder = saved()
    task = on_disk(folder)["task"]
    edit(folder, task=task | {"data": task["data"] | change})
    refused(folder, message)


def test_figures_must_fit_the_task_and_each_other(saved) -> None:
    folder = saved()
    values = on_disk(folder)
    edit(folder, test=values["test"] | {"per_class": {"hat": 0.9}})
    refused(folder, "'hat', which is no class")
    edit(folder, test=values["test"], thresholds=values["thresholds"] | {"youden": None})
    refused(folder, "youden must be a number where validation has anomalies")
