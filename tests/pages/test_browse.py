import numpy as np
import pytest

from core import checkpoints, data
from core.regimes import test_roles as roles
from pages.parts import tiles
from tests.pages.conftest import words


@pytest.fixture
def shown(monkeypatch):
    """The tiles of the last run: AppTest runs no JavaScript, so what Python sends is what can be seen."""
    sent: list[tiles.Tile] = []

    def keep(them, key, on_open, **more):
        sent[:] = them

    monkeypatch.setattr(tiles, "show", keep)
    return sent


@pytest.fixture
def truth():
    """(scores, labels, normal mask, anomaly mask, threshold) of the shipped DCGAN."""
    one = checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))
    labels = data.load("test").labels
    normal, anomaly = roles(one.task, labels)
    return one.scores.test, labels, normal, anomaly, one.card.thresholds["youden"]


def test_it_starts_with_the_most_anomalous(open_page, shown, truth):
    open_page("browse")
    expected = np.sort(truth[0])[::-1][: len(shown)]
    assert np.allclose([tile.score for tile in shown], expected)


def test_missed_shirts_are_shirts_below_the_threshold(open_page, shown, truth):
    scores, labels, _, _, limit = truth
    app = open_page("browse", classes="shirt", outcomes="missed", sort="least anomalous")
    expected = np.sort(scores[(labels == 6) & (scores < limit)])
    assert f"of {len(expected):,} at threshold" in words(app)
    assert np.allclose([tile.score for tile in shown], expected[: len(shown)])
    assert {tile.class_name for tile in shown} == {"Shirt"} and {tile.outcome for tile in shown} == {"missed"}


def test_every_threshold_gives_the_confusion_counts(open_page, shown, truth):
    scores, _, normal, anomaly, _ = truth
    for limit in np.quantile(scores, [0.01, 0.1, 0.5, 0.99]):
        app = open_page("browse", threshold=str(limit))
        counts = {
            "caught": np.sum(anomaly & (scores >= limit)),
            "missed": np.sum(anomaly & (scores < limit)),
            "false alarm": np.sum(normal & (scores >= limit)),
            "passed": np.sum(normal & (scores < limit)),
        }
        pills = app.get("button_group")[0]
        offered = " ".join(option.content for option in pills.proto.options)
        for name, count in counts.items():
            assert f"{name} ({count:,})" in offered


def test_pages_of_the_shelf_follow_on(open_page, shown):
    app = open_page("browse")
    first = [tile.number for tile in shown]
    next(button for button in app.button if button.label == "Next").click().run()
    second = [tile.number for tile in shown]
    assert not set(first) & set(second)
    assert app.query_params["shelf"] == "2"


def test_one_image_is_shown_with_both_reconstructions(open_page, shown):
    app = open_page("browse", image="17")
    said = words(app)
    assert "Image 17: Coat" in said
    assert "##### DCGAN" in said and "##### Traditional GAN" in said
    stored = checkpoints.load(checkpoints.shipped("dcgan", "t-shirt")).scores.test[17]
    assert f"score **{stored:.4f}**" in said


def test_an_image_that_does_not_exist_is_named(open_page, shown):
    app = open_page("browse", image="10000")
    assert "0 to 9999" in app.warning[0].value
    assert len(shown) > 0


def test_filters_that_leave_nothing_offer_a_way_out(open_page, shown):
    app = open_page("browse", classes="t-shirt", outcomes="caught")
    assert "No test image fits" in app.info[0].value
    next(button for button in app.button if button.label == "Show all images").click().run()
    assert len(shown) > 0
