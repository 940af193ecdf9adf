import io
import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load, save

from core.data import fashion_mnist
from core.data.fashion_mnist import ROOT
from core.data.tasks import test_roles as roles
from core.gans import maps, scoring
from core.metrics import evaluation, outcomes
from core.store import checkpoints, survey
from pages.browse import surveys
from pages.parts import tiles
from tests.pages.conftest import words


@pytest.fixture(autouse=True)
def no_survey_yet():
    """What an earlier test has made is forgotten, as after a start of the server."""
    surveys._shelf.clear()


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
    labels = fashion_mnist.load("test").labels
    normal, anomaly = roles(one.task, labels)
    return one.scores.test, labels, normal, anomaly, one.card.thresholds.youden


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
        found = list(offered(app, "Outcome").values())
        assert found == list(counts.values())


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


def offered(app, label):
    """{option: count} of the filters called `label`."""
    sent = [json.loads(one.proto.json) for one in app.get("bidi_component") if one.key.startswith("chips_")]
    options = next(data for data in sent if data["label"] == label)["options"]
    return {option["label"]: option["count"] for option in options}


def test_each_count_is_of_what_the_other_filters_leave(open_page, shown, truth):
    scores, labels, normal, _, limit = truth
    app = open_page("browse", outcomes="missed", scores="0.1,0.25")
    within = (scores >= np.float64(0.1)) & (scores <= np.float64(0.25))
    missed = ~normal & (scores < limit)
    assert offered(app, "True class")["Shirt"] == np.sum((labels == 6) & within & missed)
    assert offered(app, "True class")["T-shirt/top, normal"] == 0
    assert offered(app, "Outcome")["✓ caught"] == 0  # no score up to 0.25 is flagged
    assert offered(app, "Outcome")["○ passed"] == np.sum(normal & within)
    assert f"Score: {np.sum(missed & within):,} of {np.sum(missed):,} images" in app.slider[0].label
    assert all(0.1 <= tile.score <= 0.25 and tile.outcome == "missed" for tile in shown)


def test_the_score_range_is_in_the_link_and_can_be_cleared(open_page, shown):
    app = open_page("browse")
    app.slider(key="scores").set_range(0.5, 0.6).run()
    assert app.query_params["scores"] == "0.5,0.6"
    assert all(0.5 <= tile.score <= 0.6 for tile in shown)
    next(button for button in app.button if button.label == "Clear filters").click().run()
    assert "scores" not in app.query_params and len(shown) == 48


def test_disputed_images_come_first_where_two_gans_are_there(open_page, shown, truth):
    other = checkpoints.load(checkpoints.shipped("traditional", "t-shirt"))
    one = checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))
    apart = outcomes.disagreement(
        one.scores.test, one.scores.validation_normal, other.scores.test, other.scores.validation_normal
    )
    open_page("browse", sort="most disputed by the two GANs")
    assert np.allclose(apart[[tile.number for tile in shown]], np.sort(apart)[::-1][:48])
    assert all(tile.note.count("%") == 2 for tile in shown)


def test_without_a_second_gan_the_order_says_why_nothing_is_disputed(open_page, shown, tmp_path, monkeypatch):
    shutil.copytree(checkpoints.shipped("dcgan", "t-shirt"), tmp_path / "box" / "dcgan" / "t-shirt")
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")
    app = open_page("browse", sort="most disputed by the two GANs", image="3")
    assert not app.exception
    assert "Only one GAN can be read" in words(app)
    assert [tile.score for tile in shown] == sorted((tile.score for tile in shown), reverse=True)


def test_the_list_as_csv_is_what_the_filters_leave(open_page, truth, monkeypatch):
    from pages.browse import gallery

    lists = []
    monkeypatch.setattr(gallery, "take_away", lambda look, order: lists.append(gallery.listed(look, order)))
    open_page("browse", classes="shirt", outcomes="missed", sort="least anomalous")
    scores, labels, _, _, limit = truth
    table = pd.read_csv(io.BytesIO(lists[-1]))
    expected = np.flatnonzero((labels == 6) & (scores < limit))
    assert table["image"].tolist() == expected[np.argsort(scores[expected], kind="stable")].tolist()
    assert (table["score"].astype(np.float32) == scores[table["image"]]).all()
    assert (table["model"] == "dcgan").all() and (table["data"] == "fashion-mnist").all() and (table["seed"] == 0).all()
    assert (
        set(table["class"]) == {"shirt"} and set(table["outcome"]) == {"missed"} and set(table["role"]) == {"anomaly"}
    )
    assert (table["threshold"] == limit).all() and "score_traditional" in table.columns


def test_each_lesson_states_a_threshold_that_does_what_it_says(open_page, shown, truth, monkeypatch):
    scores, _, normal, anomaly, _ = truth
    galleries = {}
    monkeypatch.setattr(tiles, "show", lambda them, key, on_open, **more: galleries.update({key: list(them)}))
    open_page("browse", section="lessons")
    misleading, oddest = galleries["lesson_misleading"], galleries["lesson_oddest"]
    assert [tile.number for tile in misleading] == list(np.flatnonzero(anomaly)[np.argsort(scores[anomaly])[:10]])
    assert [tile.score for tile in oddest] == sorted(scores[normal].astype(float), reverse=True)[:10]
    for tile in misleading:
        assert f"{tile.score:.4f} or lower" in tile.note and tile.class_name in tile.note
        at = evaluation.confusion(scores[normal], scores[anomaly], tile.score)
        assert f"at least {at.false_alarms:,} of the 1,000" in tile.note
        assert evaluation.flagged(scores[tile.number : tile.number + 1], tile.score).all()
    for tile in oddest:
        missed = np.sum(anomaly & (scores <= np.float32(tile.score)))
        assert f"above {tile.score:.4f}" in tile.note and f"at least {missed:,} of the 9,000" in tile.note


def test_a_class_has_its_interval_and_its_mistakes(open_page, truth, monkeypatch):
    scores, labels, normal, _, limit = truth
    cards = []
    monkeypatch.setattr(tiles, "show", lambda them, key, on_open, **more: cards.extend(them))
    app = open_page("browse", section="by-class")
    area, low, high = evaluation.auroc_interval(scores[normal], scores[labels == 6])
    assert (
        f"**Shirt** hides best among T-shirt/top from the DCGAN: AUROC **{area:.3f}** (95 % interval {low:.3f}–{high:.3f})"
        in words(app)
    )
    shirt = next(card for card in cards if card.class_name == "Shirt")
    assert f"AUROC {area:.3f} ({low:.3f}–{high:.3f})" in shirt.note
    assert f"{np.sum((labels == 6) & (scores < limit)):,} of 1,000 are missed" in shirt.note
    assert len(cards) == 10 and shirt.second is None
    cards.clear()
    next(button for button in app.button if button.label == "Add the mean residuals").click().run()
    assert not app.exception
    assert all(card.second.shape == (28, 28, 3) for card in cards)
    one = checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))
    found = survey.kept(one, 10_000)  # and kept for the next visitor
    images = one.test_images().images
    errors = maps.residual(images, scoring.reconstruct(one.generator(), images)).mean((1, 2))
    assert np.allclose(found.residuals.mean((1, 2)), [errors[labels == label].mean() for label in range(10)], atol=1e-4)


@pytest.fixture
def sent(monkeypatch):
    """What the latent map sent to the browser last."""
    from pages.browse import latent

    found = {}
    monkeypatch.setattr(latent, "_map", lambda key, data, on_open_change: found.update(data))
    return found


def test_the_map_shows_every_image_and_marks_what_the_filters_leave(open_page, sent, truth, own_runs):
    import base64

    app = open_page("browse", section="map", classes="bag", colours="outcome")
    assert not app.exception
    assert "1,000 of the 1,000 images that the filters leave are placed by the two principal components" in words(app)
    x = np.frombuffer(base64.b64decode(sent["x"]), "<f4")
    marked = np.frombuffer(base64.b64decode(sent["shown"]), "u1").astype(bool)
    assert len(x) == 10_000 and 0 <= x.min() < x.max() <= 1
    assert np.array_equal(marked, truth[1] == 8)
    assert len(list((own_runs / ".surveys").glob("*.safetensors"))) == 1


@pytest.mark.parametrize("section", ["gallery", "map", "by-class", "lessons"])
def test_every_section_is_kind_where_the_filters_leave_nothing(open_page, section):
    app = open_page("browse", section=section, classes="t-shirt", outcomes="caught", model="traditional")
    assert not app.exception
    if section in ("gallery", "map"):  # to the others no filter applies
        assert "No test image fits all of these filters: T-shirt/top, caught" in words(app)


@pytest.fixture
def box(tmp_path, monkeypatch):
    """Copies of both shipped GANs that a test may damage: the DCGAN's folder."""
    for model in ("dcgan", "traditional"):
        shutil.copytree(checkpoints.shipped(model, "t-shirt"), tmp_path / "box" / model / "t-shirt")
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")
    return tmp_path / "box" / "dcgan" / "t-shirt"


def test_scores_that_are_not_the_cards_are_said_and_the_other_gan_is_shown(open_page, shown, box):
    scores = load((box / checkpoints.SCORES).read_bytes())
    (box / checkpoints.SCORES).write_bytes(save({name: array + np.float32(0.1) for name, array in scores.items()}))
    app = open_page("browse", image="17")
    assert not app.exception
    assert (
        "SHA-256 differs" in app.warning[0].value
        and "The Traditional GAN of the same class is shown" in app.warning[0].value
    )
    other = checkpoints.load(checkpoints.shipped("traditional", "t-shirt"))
    assert np.allclose([tile.score for tile in shown], np.sort(other.scores.test)[::-1][:48])
    assert f"score **{other.scores.test[17]:.4f}**" in words(app)
    assert next(button for button in app.button if button.label == "Set the threshold here").disabled


def test_weights_that_did_not_make_the_scores_are_said_and_not_reconstructed_with(open_page, shown, box):
    weights = load((box / checkpoints.WEIGHTS).read_bytes())
    (box / checkpoints.WEIGHTS).write_bytes(save({name: np.asarray(array * 2) for name, array in weights.items()}))
    app = open_page("browse", image="17")
    assert not app.exception
    assert "SHA-256 differs" in app.warning[0].value and "stored scores of the DCGAN are shown as they are" in words(
        app
    )
    assert len(shown) == 48
    assert any("SHA-256 differs" in error.value for error in app.error)  # in place of its reconstruction
    app = open_page("browse", section="map")
    assert not app.exception and any("SHA-256 differs" in error.value for error in app.error)


@pytest.mark.parametrize("section", ["gallery", "map", "by-class", "lessons"])
def test_where_one_class_was_left_out_only_it_and_the_normal_one_are_shown(open_page, shown, box, section):
    card = json.loads((box / checkpoints.CARD).read_text("utf-8"))
    card["task"] |= {"regime": "unseen", "left_out": "shirt"}
    (box / checkpoints.CARD).write_text(json.dumps(card), "utf-8")
    app = open_page("browse", section=section, image="17")  # a coat, which is neither
    assert not app.exception
    assert "Coat is neither normal nor an anomaly" in words(app)
    assert {tile.class_name for tile in shown} <= {"Shirt", "T-shirt/top"}
    if section in ("gallery", "map"):
        assert offered(app, "True class")["Shirt"] == 1000 and offered(app, "True class")["Coat"] == 0


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [
        ("scores", "0.5,0.1", "lower one first"),
        ("scores", "0.5", "two numbers"),
        ("section", "attic", "gallery"),
        ("layout", "umap", "t-sne"),
    ],
)
def test_a_link_that_says_nonsense_is_named_and_the_gallery_is_shown(open_page, shown, key, value, right):
    app = open_page("browse", **{key: value})
    assert not app.exception
    assert right in app.warning[0].value and key in app.warning[0].value
    assert len(shown) == 48


def test_no_filter_nor_section_imports_torch_before_a_reconstruction_is_wanted():
    """In a process of its own: the other tests have imported it."""
    code = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("streamlit_app.py", default_timeout=120).run()
for link in (
    {}, {"classes": "shirt", "outcomes": "missed"}, {"scores": "0.1,0.4", "sort": "most disputed by the two GANs"},
    {"section": "lessons"}, {"section": "by-class"},
):
    app = AppTest.from_file("streamlit_app.py", default_timeout=120).run()
    app.switch_page("pages/browse/page.py")
    for name, value in link.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    heavy = [name for name in ("torch", "torchvision", "sklearn") if name in sys.modules]
    assert not heavy, (link, heavy)
app.query_params["image"] = "17"
app.session_state["image"] = 17
app.run()
assert not app.exception, app.exception
assert "torch" in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_one_class_model_stands_beside_the_other_gan_of_its_regime(open_page, shown):
    app = open_page("browse", trained="shipped-one-class", image="17")
    for model in ("dcgan", "traditional"):
        one = checkpoints.load(checkpoints.shipped(model, "t-shirt", "one-class"))
        assert f"score **{one.scores.test[17]:.4f}**" in words(app)


def test_a_disk_that_refuses_costs_nothing_but_the_next_start(open_page, sent, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(checkpoints, "RUNS", tmp_path / "file")
    app = open_page("browse", section="map")
    assert not app.exception
    assert "the disk refused it" in words(app) and sent["kindList"]


def test_a_shelf_that_is_not_there_is_said_to_be_missing(open_page):
    app = open_page("browse", shelf="9999")
    assert any("no shelf 9,999" in info.value and "209" in info.value for info in app.info)
    next(button for button in app.button if button.label == "Previous").click().run()
    assert app.query_params["shelf"] == "208"
    assert not app.info
