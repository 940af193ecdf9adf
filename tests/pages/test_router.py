"""What holds for every page."""

import subprocess
import sys

import pytest

from core.data.fashion_mnist import ROOT
from core.store import checkpoints
from tests.pages.conftest import words

PAGES = ("overview", "data", "browse", "roc", "line", "try_it", "train", "results")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_without_an_exception(open_page, page):
    app = open_page(page)
    assert not app.exception
    assert len(app.title) == 1
    assert [box.key for box in app.sidebar.selectbox][:2] == ["model", "normal"]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_kind_when_no_model_is_trained(open_page, page, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "nothing")
    app = open_page(page)
    assert not app.exception
    if page in ("browse", "roc", "line", "try_it"):
        assert "has been trained yet" in words(app)


@pytest.mark.parametrize("page", PAGES)
def test_bad_links_are_named_and_left_out(open_page, page):
    app = open_page(page, model="gpt", normal="spoon", threshold="nan")
    assert not app.exception
    warned = " ".join(element.value for element in app.warning)
    assert "'gpt'" in warned and "'spoon'" in warned and "'nan'" in warned
    assert app.session_state["model"] == "dcgan" and app.session_state["normal"] == "t-shirt"


def test_model_and_class_stay_across_pages_and_stand_in_the_link(open_page):
    app = open_page()
    app.sidebar.selectbox(key="model").select("traditional").run()
    assert app.query_params["model"] == "traditional"
    for page in ("roc", "browse", "results"):
        app.switch_page(f"pages/{page}/page.py").run()
        assert app.sidebar.selectbox(key="model").value == "traditional"
        assert app.query_params["model"] == "traditional"


def test_a_damaged_model_is_said_to_be_damaged(open_page, tmp_path, monkeypatch):
    import shutil

    box = tmp_path / "box"
    shutil.copytree(checkpoints.shipped("dcgan", "t-shirt"), box / "dcgan" / "t-shirt")
    scores = box / "dcgan" / "t-shirt" / checkpoints.SCORES
    scores.write_bytes(scores.read_bytes()[:-7])
    monkeypatch.setattr(checkpoints, "SHIPPED", box)
    app = open_page("roc")
    assert not app.exception
    assert "SHA-256 differs" in app.error[0].value


def test_pages_that_show_stored_scores_import_neither_torch_nor_torchvision_nor_sklearn():
    """In a process of its own: the other tests have imported them."""
    code = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("streamlit_app.py", default_timeout=120).run()
for page in ("browse", "roc", "results", "overview", "train"):
    app.switch_page(f"pages/{page}/page.py").run()
    assert not app.exception, app.exception
heavy = [name for name in ("torch", "torchvision", "sklearn") if name in sys.modules]
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_link_followed_inside_a_session_brings_its_threshold_for_another_model(open_page):
    app = open_page("roc", model="dcgan", threshold="0.3")
    for page, link, model, normal, threshold in (
        ("browse", {"model": "traditional", "threshold": "0.2"}, "traditional", "t-shirt", 0.2),
        ("roc", {"model": "traditional", "normal": "bag", "threshold": "0.25"}, "traditional", "bag", 0.25),
        ("try_it", {"threshold": "0.1"}, "dcgan", "t-shirt", 0.1),  # the link of what a new session starts with
    ):
        app.query_params.clear()
        app.switch_page(f"pages/{page}/page.py")
        for name, value in link.items():
            app.query_params[name] = value
        app.run()
        chosen = [app.session_state[name] for name in ("model", "normal", "threshold")]
        assert chosen == [model, normal, threshold]
        assert {name: str(app.query_params[name]).strip("[']") for name in link} == link
    app.sidebar.selectbox(key="model").select("traditional").run()
    assert app.session_state["threshold"] is None  # chosen by hand, another model starts at its own
