"""The line: what is sent to the browser's belt, and that a seed brings the same items."""

import json

import numpy as np
import pytest

from core.data import fashion_mnist
from core.data.tasks import test_roles as roles
from core.gans import scoring
from core.store import checkpoints
from pages.line import belt
from tests.pages.conftest import words


def sent(app) -> dict:
    """What the belt's JavaScript is given."""
    (element,) = (element for element in app.get("bidi_component") if element.key == "line_belt")
    return json.loads(element.proto.json)


@pytest.fixture(scope="module")
def stored():
    return checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))


def test_items_come_with_their_stored_scores_and_at_the_stated_share(open_page, stored):
    data = sent(open_page("line", rarity="30"))
    batch = data["batch"]
    assert len(batch["scores"]) == len(batch["names"]) == belt.BATCH and batch["number"] == 0
    assert 0.15 < np.mean(batch["anomaly"]) < 0.45
    assert data["threshold"] == stored.threshold and data["share"] == 0.3
    normal, anomaly = roles(stored.task, fashion_mnist.load("test").labels)
    for score, odd in zip(batch["scores"], batch["anomaly"], strict=True):
        assert np.float32(score) in stored.scores.test[anomaly if odd else normal]
    assert all((name != "T-shirt/top") == odd for name, odd in zip(batch["names"], batch["anomaly"], strict=True))


def test_a_seed_in_the_link_brings_the_same_items_and_another_one_others(open_page):
    first, again, other = (sent(open_page("line", line_seed=seed))["batch"]["scores"] for seed in ("7", "7", "8"))
    assert first == again != other


def test_another_batch_is_sent_when_the_browser_asks_for_it(open_page):
    app = open_page("line")
    data = sent(app)
    app.session_state["line_belt"] = {"want": {"name": data["name"], "number": 3}}
    app.run()
    assert sent(app)["batch"]["number"] == 3 and sent(app)["batch"]["scores"] != data["batch"]["scores"]
    app.session_state["line_belt"] = {"want": {"name": "another belt", "number": 3}}
    app.run()
    assert sent(app)["batch"] == data["batch"]


def test_the_alarm_looks_at_the_items_that_came_not_at_those_that_were_dropped(open_page):
    app = open_page("line")
    data = sent(app)
    assert len(app.session_state["_line_scores"][0]) == belt.BATCH
    app.session_state["line_belt"] = {"want": {"name": data["name"], "number": 1, "before": 12}}
    app.run()
    assert app.session_state["_line_scores"][0].tolist() == pytest.approx(data["batch"]["scores"][:12])
    assert len(app.session_state["_line_scores"][1]) == belt.BATCH


def test_a_darker_light_is_scored_anew_by_the_model(open_page, stored):
    plain, dark = (sent(open_page("line", drift=drift))["batch"] for drift in ("none", "darker"))
    assert plain["names"] == dark["names"] and plain["picture"] != dark["picture"]
    test = fashion_mnist.load("test")
    (place,) = np.flatnonzero(stored.scores.test == np.float32(plain["scores"][0]))[:1]
    darkened = belt.disturbed(test.images[place : place + 1], "darker", stored.task.data)
    assert dark["scores"][0] == pytest.approx(float(scoring.score(stored.generator(), darkened)[0]), abs=1e-6)


def test_a_moved_camera_keeps_what_it_still_sees():
    image = np.random.default_rng(0).integers(1, 255, (1, 28, 28, 1), np.uint8)
    moved = belt.disturbed(image, "moved", fashion_mnist.DESCRIPTION)
    assert (moved[:, 3:, 3:] == image[:, :-3, :-3]).all() and not moved[:, :3].any() and not moved[:, :, :3].any()


def test_impossible_stakes_and_seeds_are_named_and_nothing_runs(open_page):
    app = open_page("line")
    app.number_input(key="cost_missed").set_value(0.0).run()
    assert "cost of a missed anomaly is 0; it must be a number above 0" in words(app)
    assert not [element for element in app.get("bidi_component") if element.key == "line_belt"]
    app.number_input(key="cost_missed").set_value(3.0).run()
    app.number_input(key="line_seed").set_value(-1).run()
    assert "Seed is -1; it must be from 0 to 1,000,000" in words(app)
    app = open_page("line", drift="earthquake", line_seed="x")
    assert "'earthquake'" in words(app) and "'x'" in words(app) and sent(app)["batch"]["drift"] == "none"


def test_scores_alone_need_no_torch(open_page):
    import subprocess
    import sys

    code = (
        "import sys; from streamlit.testing.v1 import AppTest; app = AppTest.from_file('streamlit_app.py', default_timeout=120).run();"
        "app.switch_page('pages/line/page.py').run(); assert not app.exception; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=fashion_mnist.ROOT, capture_output=True)
