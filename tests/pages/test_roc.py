import json

import numpy as np
import pytest

from core import checkpoints, data, evaluation
from core.regimes import test_roles as roles
from tests.pages.conftest import words


@pytest.fixture
def scores():
    one = checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))
    normal, anomaly = roles(one.task, data.load("test").labels)
    return one.scores.test[normal], one.scores.test[anomaly]


def table(app):
    return next(element.proto.body for element in app.get("html") if "mf-confusion" in element.proto.body)


def test_the_counts_are_those_of_the_threshold(open_page, scores):
    for limit in (0.2, 0.5, 1.0):
        app = open_page("roc", threshold=str(limit))
        counts = evaluation.confusion(*scores, limit)
        for count in (counts.caught, counts.missed, counts.false_alarms, counts.passed):
            assert f"<b>{count:,}</b>" in table(app)


def test_the_slider_moves_the_threshold_for_every_page(open_page, scores):
    app = open_page("roc")
    app.slider(key="threshold_slider").set_value(0.75).run()
    assert f"<b>{evaluation.confusion(*scores, 0.75).caught:,}</b>" in table(app)
    app.switch_page("pages/browse/page.py").run()
    assert "at threshold **0.7500**" in words(app)
    assert app.query_params["threshold"] == "0.75"


def test_buttons_set_the_cards_operating_points(open_page, scores):
    card = checkpoints.load(checkpoints.shipped("dcgan", "t-shirt")).card
    app = open_page("roc")
    for name in ("fpr_1", "fpr_5", "youden"):
        app.button(key=f"point_{name}").click().run()
        assert f"<b>{evaluation.confusion(*scores, card.thresholds[name]).caught:,}</b>" in table(app)


def test_another_model_starts_at_its_own_threshold(open_page):
    app = open_page("roc", threshold="1.5")
    app.sidebar.selectbox(key="model").select("traditional").run()
    own = checkpoints.load(checkpoints.shipped("traditional", "t-shirt")).card.thresholds["youden"]
    assert app.slider(key="threshold_slider").value == pytest.approx(own, abs=1e-6)


def test_both_curves_are_drawn_and_bounded_by_the_exact_ones(open_page, scores):
    app = open_page("roc")
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    named = {trace["name"].split(",")[0]: trace for trace in figure["data"] if "AUROC" in trace.get("name", "")}
    assert set(named) == {"DCGAN", "Traditional GAN"}
    area = evaluation.auroc(*scores)
    assert f"AUROC {area:.3f}" in named["DCGAN"]["name"]
    assert np.isfinite(area)


def test_a_threshold_out_of_the_scores_range_flags_all_or_none(open_page, scores):
    app = open_page("roc", threshold="0")
    assert not app.exception and "<b>9,000</b>" in table(app) and "<b>1,000</b>" in table(app)
    app = open_page("roc", threshold="2")
    assert not app.exception and "precision **–**" in words(app)
