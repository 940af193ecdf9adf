"""Every page with every kind of damage: a line that names it where the thing would stand, and no other model in silence."""

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from core.data import fashion_mnist
from core.store import checkpoints, examples
from core.store.checkpoints import CARD, SCORES, WEIGHTS
from core.study import results
from pages.parts import datasets, models
from tests import drawn

PAGES = ("overview", "data", "browse", "roc", "try_it", "train", "results")
MODEL_PAGES = ("overview", "browse", "roc", "try_it")


@pytest.fixture
def box(tmp_path, monkeypatch) -> Path:
    """Copies of the four T-shirt models that a test may damage: the folder of the DCGAN that is shown first."""
    for model in ("dcgan", "traditional"):
        for name in ("t-shirt", "t-shirt-one-class"):
            shutil.copytree(checkpoints.SHIPPED / model / name, tmp_path / "box" / model / name)
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")
    return tmp_path / "box" / "dcgan" / "t-shirt"


def said(app) -> str:
    """What the page says in boxes, without the marks that keep text from being markdown."""
    assert not app.exception
    return "\n".join(box.value.replace("\\", "") for kind in (app.error, app.warning, app.info) for box in kind)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("harm", "line"),
    [
        (lambda card: card.write_text("{", "utf-8"), "card.json is damaged: it is not JSON"),
        (lambda card: card.unlink(), "card.json is missing"),
        (
            lambda card: card.write_text(json.dumps(json.loads(card.read_text("utf-8")) | {"seed": -1}), "utf-8"),
            "card.json does not fit: Expected `int` >= 0 - at `$.seed`",
        ),
    ],
    ids=["cut", "missing", "impossible"],
)
def test_a_damaged_card_is_named_on_every_page_with_what_is_shown_instead(open_page, box, page, harm, line):
    harm(box / CARD)
    app = open_page(page)
    text = said(app)
    assert line in text
    assert "This DCGAN is left out until its folder is restored; “shipped · one-class” is shown." in text
    assert app.sidebar.selectbox(key="model").value == "dcgan"
    assert "T-shirt/top" in app.sidebar.selectbox(key="normal").options  # the one-class model is whole


@pytest.mark.parametrize("page", MODEL_PAGES)
def test_where_no_other_model_of_the_kind_is_whole_none_is_said_to_be_untrained(open_page, box, page):
    shutil.rmtree(box.parent / "t-shirt-one-class")
    (box / CARD).write_text("{", "utf-8")
    app = open_page(page)
    text = said(app)
    assert "This DCGAN is left out until its folder is restored." in text and "trained yet" not in text
    if page != "overview":  # which shows the traditional GAN
        assert "No DCGAN can be shown with T-shirt/top as the normal class. There is the Traditional GAN" in text
    assert "T-shirt/top – damaged" in app.sidebar.selectbox(key="normal").options


def test_a_link_to_a_damaged_model_says_so_and_its_threshold_is_not_anothers(open_page, box):
    (box.parent / "t-shirt-one-class" / CARD).write_text("{", "utf-8")
    app = open_page("roc", trained="shipped-one-class", threshold="0.3")
    assert "The trained model called “shipped-one-class” is damaged; the first one is shown." in said(app)
    assert app.session_state["threshold"] is None


def test_the_damaged_card_of_a_run_is_named_for_its_class_and_on_the_train_page(open_page, box):
    run = checkpoints.RUNS / "mine"
    shutil.copytree(box.parent / "t-shirt", run / "checkpoint")
    (run / "checkpoint" / CARD).write_text("{", "utf-8")
    request = {"model": "dcgan", "task": {"normal": "bag"}}
    (run / "request.json").write_text(json.dumps(request), "utf-8")
    assert "mine" not in said(open_page("roc"))
    assert "mine/checkpoint/card.json is damaged" in said(open_page("roc", normal="bag"))
    assert "mine/checkpoint/card.json is damaged" in said(open_page("train"))
    (run / "request.json").unlink()  # nobody knows any more what it was
    (run / "checkpoint" / CARD).write_text("{{", "utf-8")
    assert "mine/checkpoint/card.json is damaged" in said(open_page("roc"))
    (run / "status.json").write_text("{", "utf-8")
    assert "mine/status.json cannot be read: how this run stands is not known" in said(open_page("train"))


@pytest.mark.parametrize("page", PAGES)
def test_runs_that_cannot_be_read_are_said_to_be_so(open_page, page):
    checkpoints.RUNS.write_text("a file", "utf-8")
    text = said(open_page(page))
    assert (
        "runs cannot be read (Not a directory). Make it a folder that may be read. The models in it are left out."
        in text
    )


@pytest.mark.parametrize(
    ("page", "link"), [*((page, {}) for page in PAGES), ("browse", {"image": "17"}), ("try_it", {"edit": "17"})]
)
@pytest.mark.parametrize("harm", ["cut", "missing", "another"])
def test_damaged_weights_are_named_where_they_are_wanted(open_page, box, page, link, harm):
    if harm == "cut":
        (box / WEIGHTS).write_bytes((box / WEIGHTS).read_bytes()[:-7])
    elif harm == "missing":
        (box / WEIGHTS).unlink()
    else:
        shutil.copy(box.parent / "t-shirt-one-class" / WEIGHTS, box / WEIGHTS)
    text = said(open_page(page, **link))
    line = "generator.safetensors " + (
        "cannot be read (No such file or directory)"
        if harm == "missing"
        else "is not the file its card describes: its SHA-256 differs"
    )
    assert text.count(line) == {"try_it": 1, "browse": 2 if link else 1}.get(page, 0)


@pytest.mark.parametrize("page", MODEL_PAGES)
@pytest.mark.parametrize("harm", ["cut", "missing"])
def test_damaged_scores_are_named_where_they_would_stand(open_page, box, page, harm):
    if harm == "cut":
        (box / SCORES).write_bytes((box / SCORES).read_bytes()[:-7])
    else:
        (box / SCORES).unlink()
    assert "dcgan/t-shirt/scores.safetensors " in said(open_page(page))


def test_the_other_gans_damaged_scores_are_named_where_it_would_stand_beside(open_page, box):
    (box / SCORES).unlink()
    assert "dcgan/t-shirt/scores.safetensors cannot be read" in said(open_page("browse", model="traditional"))


@pytest.mark.parametrize(
    ("split", "pages", "line"),
    [
        (
            None,
            ("try_it", "train"),
            "there are no train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz in it. Point it at",
        ),
        ("train", ("try_it", "train"), "is not the file that Zalando published: its checksum is wrong"),
        (
            "t10k",
            MODEL_PAGES,
            "t10k-images-idx3-ubyte.gz is not the file that Zalando published: its checksum is wrong",
        ),
    ],
    ids=["empty", "train", "test"],
)
def test_a_wrong_data_folder_is_named_where_its_images_are_wanted(open_page, tmp_path, monkeypatch, split, pages, line):
    datasets._test_images.clear()  # as after a start of the server
    models._opened.clear()
    folder = tmp_path / "images"
    folder.mkdir()
    monkeypatch.setenv("FASHION_MNIST_DIR", str(folder))
    if split:
        for kind, shape in (("images-idx3-ubyte.gz", (3, 28, 28)), ("labels-idx1-ubyte.gz", (3,))):
            shutil.copy(fashion_mnist.SHIPPED / f"starter-{kind}", folder / f"train-{kind}")
            (folder / f"{split}-{kind}").write_bytes(gzip.compress(drawn.pack(np.zeros(shape, np.uint8))))
    for page in PAGES:
        text = said(open_page(page))
        assert line in text or page not in pages, page
        assert "trained yet" not in text


@pytest.mark.parametrize(
    ("harm", "line"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-40]), "is damaged ("),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "is damaged ("),
        (lambda path: path.write_bytes(b""), "is damaged (No columns to parse from file)"),
        (lambda path: path.write_text("a,b\n1,2\n", "utf-8"), "has other columns than this Misfit writes"),
        (
            lambda path: path.write_bytes(path.read_bytes().replace(b"seen,t-shirt", b"seen,spoon", 1)),
            "is no measurement",
        ),
        (lambda path: (path.unlink(), path.mkdir()), "is damaged ([Errno 21] Is a directory"),
    ],
    ids=["cut", "binary", "empty", "other", "forged", "folder"],
)
def test_a_damaged_results_csv_is_named_where_its_figures_would_stand(open_page, tmp_path, monkeypatch, harm, line):
    monkeypatch.setattr(results, "CSV", shutil.copy(results.CSV, tmp_path / "results.csv"))
    harm(results.CSV)
    for page, link in (("overview", {}), ("roc", {"view": "seeds"}), ("results", {})):
        text = said(open_page(page, **link))
        assert text.count(f"results.csv {line}" if line.startswith(("is d", "has")) else line) == 1, page


@pytest.mark.parametrize("content", [b"not tensors", save({"a" * 64: np.zeros(24, np.float32)})], ids=["text", "other"])
def test_damaged_examples_are_named_once_and_made_when_asked_for(open_page, tmp_path, monkeypatch, content):
    monkeypatch.setattr(examples, "STORED", tmp_path / "examples.safetensors")
    examples.STORED.write_bytes(content)
    app = open_page()
    assert said(app).count("Write it anew with `python -m core examples`") == 1
    next(button for button in app.button if button.label == "Show the reconstructions").click()
    app.run()
    assert (
        said(app) == ""
        and sum("As it would be if it were normal, by the" in e.proto.body for e in app.get("html")) == 1
    )
