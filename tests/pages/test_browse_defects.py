"""Browse's section of defects, and an opened image with its repair and its heat map."""

import json
import re
import shutil

import numpy as np
import pytest
from safetensors.numpy import load, save

from core.data import catalog
from core.data.damage import KINDS, damage
from core.gans import maps, scoring
from core.store import checkpoints
from pages.browse import damaged
from pages.parts import before_after, heat, tiles
from pages.parts.damages import EVERY, NAMES, offered
from tests import drawn
from tests.pages import own
from tests.pages.conftest import words


@pytest.fixture
def shown(monkeypatch):
    """The tiles of the last run."""
    sent: list[tiles.Tile] = []
    monkeypatch.setattr(tiles, "show", lambda them, key, on_open, **more: sent.__setitem__(slice(None), them))
    return sent


@pytest.fixture
def box(tmp_path, monkeypatch):
    """Copies of both shipped GANs that a test may change: the DCGAN's folder."""
    for model in ("dcgan", "traditional"):
        shutil.copytree(checkpoints.shipped(model, "t-shirt"), tmp_path / "box" / model / "t-shirt")
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")
    return tmp_path / "box" / "dcgan" / "t-shirt"


def change(folder, mark: float | None, repair: float) -> None:
    """Give a model's card this mark and this weight of repair; None and 0 as cards had them before there were any."""
    card = json.loads((folder / checkpoints.CARD).read_text("utf-8"))
    card["scoring"] = {"share": 0.0, "mark": mark}
    card["config"]["repair"] = repair
    if mark is None:
        del card["scoring"], card["config"]["repair"]
    (folder / checkpoints.CARD).write_text(json.dumps(card), "utf-8")


def figures(app) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def drawn_html(app) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def test_the_figures_are_those_of_the_damaged_images_on_the_cards(open_page, shown, test_split):
    app = open_page("browse", section="defects", kind="stain", size="large")
    next(button for button in app.button if button.label == "Show all 60").click().run()
    assert not app.exception and not app.error
    one = checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))
    generator, limit = one.generator(), one.threshold
    numbers = np.array([tile.number for tile in shown])
    assert len(set(numbers)) == 60 and (test_split.labels[numbers] == 0).all()
    donors = test_split.images[test_split.labels != 0]
    made = damage(test_split.images[numbers], "stain", "large", damaged.SEED, donors)
    assert all(np.array_equal(tile.image, image) for tile, image in zip(shown, made.images, strict=True))
    scores = scoring.score(generator, made.images)
    assert np.allclose([tile.score for tile in shown], scores, atol=1e-6)
    heats = maps.heat(made.images, scoring.reconstruct(generator, made.images))
    hits = [mask.flat[found.argmax()] for found, mask in zip(heats, made.masks, strict=True)]
    assert figures(app) == {
        "Caught": f"{(scores >= limit).sum()} of 60",
        "False alarms, undamaged": f"{(one.scores.test[numbers] >= limit).sum()} of 60",
        "Hits": f"{sum(hits)} of 60",
    }
    budget = one.card.thresholds.fpr_5
    assert f"{budget:.4f}, {(scores >= budget).sum()} of 60 would be caught" in words(app)
    assert [tile.note.endswith(" Hit.") for tile in shown] == hits
    assert [tile.outcome for tile in shown] == np.where(scores >= limit, "caught", "missed").tolist()


def test_the_threshold_in_force_decides_and_missed_ones_can_be_shown_alone(open_page, shown):
    app = open_page("browse", section="defects", threshold="0.0")
    assert figures(app)["Caught"] == figures(app)["False alarms, undamaged"] == "60 of 60"
    app.segmented_control(key="damaged_filter").set_value("missed").run()
    assert "None of these images is missed" in words(app)
    app = open_page("browse", section="defects", threshold="2.0")
    assert figures(app)["Caught"] == figures(app)["False alarms, undamaged"] == "0 of 60"
    app.segmented_control(key="damaged_filter").set_value("missed").run()
    assert len(shown) == 12 and {tile.outcome for tile in shown} == {"missed"}


def test_the_choice_is_in_the_link_and_the_true_defect_is_outlined_when_asked(open_page, shown):
    app = open_page("browse", section="defects")
    plain = shown[0].image
    assert plain.shape == (28, 28, 1)
    app.toggle(key="true_defects").set_value(True).run()
    framed = shown[0].image
    assert framed.shape == (168, 168, 3)
    assert ((framed == 255).all(-1) & (plain.repeat(6, 0).repeat(6, 1)[..., 0] != 255)).any()
    app.selectbox(key="kind").set_value("tear").run()
    app.segmented_control(key="size").set_value("small").run()
    assert not app.exception
    assert app.query_params["section"] == "defects"
    assert app.query_params["kind"] == "tear" and app.query_params["size"] == "small"


@pytest.mark.parametrize(
    ("key", "value", "right"), [("kind", "rust", "hole, stain"), ("size", "huge", "small, medium")]
)
def test_a_link_with_another_kind_or_size_is_named(open_page, key, value, right):
    app = open_page("browse", section="defects", **{key: value})
    assert not app.exception and key in app.warning[0].value and right in app.warning[0].value
    assert figures(app)


def test_long_sleeves_are_offered_where_they_are_a_defect(open_page, shown):
    data = catalog.get("fashion-mnist").description
    assert offered(data, "t-shirt") == list(KINDS)
    assert list(NAMES) == list(EVERY)
    assert offered(data, "pullover") == list(KINDS[:-1])
    app = open_page("browse", section="defects", kind="sleeves", normal="trouser")
    assert not app.exception
    assert "Long sleeves are no defect on images of Trouser" in words(app)
    assert app.selectbox(key="kind").value == "hole" and len(shown) == 12
    app = open_page("browse", section="defects", kind="sleeves")
    assert app.selectbox(key="kind").value == "sleeves" and "no defect" not in words(app)


def test_a_damaged_image_opens_through_both_gans_and_leads_to_the_undamaged_one(open_page, shown, monkeypatch):
    compared = []
    monkeypatch.setattr(before_after, "show", lambda image, repair, key, of="": compared.append((image, repair, of)))
    open_page("browse", section="defects", kind="patch")
    tile = shown[1]
    app = open_page("browse", section="defects", kind="patch", image=str(tile.number))
    assert not app.exception
    said = words(app)
    assert f"Image {tile.number}: T-shirt/top with a foreign patch" in said and "2 of 60" in said
    assert f"score **{tile.score:.4f}**" in said and "##### Traditional GAN" in said
    assert [of for *_, of in compared] == [", DCGAN", ", Traditional GAN"]
    assert all(np.array_equal(image, tile.image) and repair.shape == (28, 28, 1) for image, repair, _ in compared)
    assert drawn_html(app).count("As it would be if it were normal, ") == 2
    next(button for button in app.button if button.label == "See it undamaged").click().run()
    assert app.query_params["image"] == str(tile.number) and "section" not in app.query_params
    assert f"Image {tile.number}: T-shirt/top" in words(app) and "foreign patch" not in words(app)


def test_an_image_that_is_not_damaged_opens_as_it_is(open_page):
    app = open_page("browse", section="defects", image="17")
    assert not app.exception
    assert "Image 17: Coat" in words(app) and "Not among the images that the filters leave" in words(app)


def test_an_old_model_says_that_it_has_no_mark_and_never_learned_to_repair(open_page, shown, box):
    change(box, None, 0.0)
    app = open_page("browse", section="defects", image="17")
    assert not app.exception
    assert "older than marks" in words(app) and "was trained without repair" in words(app)
    assert "Oddest place" in words(app) and all("dest place: " in tile.note for tile in shown)


def test_a_model_with_a_mark_outlines_what_is_above_it(open_page, shown, box):
    change(box, 0.25, 1.0)
    app = open_page("browse", section="defects", image="17")
    assert not app.exception
    assert "was trained without repair" not in words(app)
    assert "mark 0.25" in drawn_html(app) and "heat of 0.25 or more" in words(app)
    one = checkpoints.load(box)
    image = batch_of(17)
    found = maps.heat(image, scoring.reconstruct(one.generator(), image))[0]
    assert heat.words(found, 0.25) in drawn_html(app)


def batch_of(number: int) -> np.ndarray:
    """A test image as a batch of one."""
    return catalog.get("fashion-mnist").load("test").images[number][None]


def test_weights_that_did_not_make_the_scores_are_said_in_place_of_the_defects(open_page, shown, box):
    weights = load((box / checkpoints.WEIGHTS).read_bytes())
    (box / checkpoints.WEIGHTS).write_bytes(save({name: np.asarray(array * 2) for name, array in weights.items()}))
    damaged._taken.clear()  # an earlier test has made them with the right weights
    app = open_page("browse", section="defects", image="17")
    assert not app.exception and not shown and not app.metric
    assert any("SHA-256 differs" in error.value for error in app.error)
    assert app.selectbox(key="kind").value == "hole"


@pytest.mark.parametrize(("side", "channels"), [(64, 3), (40, 1)])
def test_another_data_set_is_damaged_as_well_however_few_images_it_has(open_page, shown, side, channels):
    drawn.write(catalog.OWN / "shapes", side, channels, train=80, test=(7, 20, 20, 20))
    own.trained("shapes", normal="disc", anomalies=30)
    for kind in ("hole", "patch", "missing"):
        app = open_page("browse", data="shapes", model="traditional", normal="disc", section="defects", kind=kind)
        assert not app.exception and not app.error
        assert len(shown) <= 7 and all(tile.image.shape == (side, side, channels) for tile in shown)
        assert re.search("(All|of the) 7 test images of Disc|can be seen", words(app))
    assert "sleeves" not in app.selectbox(key="kind").options


def test_without_another_class_patches_are_cut_from_the_images_themselves(open_page, shown):
    drawn.write(catalog.OWN / "shapes", 32, 1, train=(80,), test=(20,))
    own.trained("shapes", normal="disc", regime="one-class", anomalies=0)
    app = open_page("browse", data="shapes", model="traditional", section="defects", kind="patch")
    assert not app.exception and not app.error
    assert len(shown) == 12 and figures(app)["Caught"].endswith("of 20")
