"""Try it's ready-made damages: on the pad, on an uploaded picture, in the link."""

import shutil

import numpy as np
import pytest

from core.data import damage, fashion_mnist
from core.store import checkpoints
from pages.parts.damages import NAMES
from pages.parts.pictures import png
from pages.try_it import sketches
from tests.core.store import edits
from tests.pages.conftest import words
from tests.pages.test_try_it import stored

SHIRT = 19  # a T-shirt in the test split


def on_pad(app) -> np.ndarray:
    return app.session_state["_pad_drawing"]


def press(app, kind: str):
    return app.button(key=f"try_damage_{kind}").click().run()


def scores(app) -> list[str]:
    return [element.value for element in app.markdown if "score **" in element.value]


def test_one_click_damages_the_image_on_the_pad_and_one_brings_it_back(open_page):
    test = fashion_mnist.load("test").images
    app = open_page("try_it", edit=str(SHIRT))
    undamaged = scores(app)
    assert app.button(key="try_undamaged").disabled
    assert {button.label for button in app.button} >= {NAMES[kind].name for kind in damage.KINDS}
    for number, kind in enumerate(damage.KINDS, 1):
        app = press(app, kind)
        assert not app.exception
        expected = damage.damage(test[SHIRT][None], kind, seed=number, donors=test)
        assert expected.visible[0] and np.array_equal(on_pad(app), expected.images[0])
        assert app.query_params["damage"] in (f"{kind}-{number}", [f"{kind}-{number}"])
        assert scores(app) != undamaged
    app.button(key="try_undamaged").click().run()
    assert np.array_equal(on_pad(app), test[SHIRT]) and scores(app) == undamaged
    assert "damage" not in app.query_params and app.query_params["edit"] in (str(SHIRT), [str(SHIRT)])
    assert app.button(key="try_undamaged").disabled


def test_a_link_shows_the_same_damage_again(open_page):
    app = press(press(open_page("try_it", edit=str(SHIRT)), "stain"), "stain")
    first = on_pad(app)
    again = open_page("try_it", edit=str(SHIRT), damage="stain-2")
    assert np.array_equal(on_pad(again), first)
    assert not np.array_equal(on_pad(open_page("try_it", edit=str(SHIRT), damage="stain-1")), first)
    again.button(key="try_undamaged").click().run()
    assert np.array_equal(on_pad(again), fashion_mnist.load("test").images[SHIRT])
    again.number_input(key="edit").set_value(23).run()
    assert np.array_equal(on_pad(again), fashion_mnist.load("test").images[23])


@pytest.mark.parametrize("text", ["hole", "hole-0", "hole--1", "dirt-1", "hole-1-2", "hole-٣"])
def test_a_link_to_no_damage_is_named(open_page, text):
    app = open_page("try_it", edit=str(SHIRT), damage=text)
    assert not app.exception and "“damage” in the link is" in app.warning[0].value
    assert np.array_equal(on_pad(app), fashion_mnist.load("test").images[SHIRT])


def test_another_image_is_undamaged_wherever_it_comes_from(open_page):
    test = fashion_mnist.load("test").images
    app = press(open_page("try_it", edit=str(SHIRT)), "hole")
    app.number_input(key="edit").set_value(23).run()
    assert np.array_equal(on_pad(app), test[23]) and app.button(key="try_undamaged").disabled
    app = press(app, "hole")
    app.button(key="try_random_normal").click().run()
    assert np.array_equal(on_pad(app), test[app.session_state["edit"]])
    app = press(app, "hole")
    app.switch_page("pages/browse/page.py")
    app.session_state["image"] = 17
    app.run()
    app.button(key="edit_image").click().run()
    assert np.array_equal(on_pad(app), test[17])


def test_what_was_drawn_after_a_damage_stays_below_the_next(open_page):
    app = press(open_page("try_it", edit=str(SHIRT)), "hole")
    drawn = on_pad(app).copy()
    drawn[20:22, 10:18] = 255 - drawn[20:22, 10:18]
    app.session_state["_pad_drawing"] = drawn
    app = press(app, "tear")
    assert not np.array_equal(on_pad(app), drawn)
    app.button(key="try_undamaged").click().run()
    assert np.array_equal(on_pad(app), drawn)


def test_a_damage_that_nobody_would_see_says_so(open_page):
    app = open_page("try_it")
    for kind, name in (("hole", "Hole"), ("sleeves", "Long sleeves")):
        app = press(app, kind)
        assert not app.exception and not on_pad(app).any()
        assert f"**{name}** changes nothing here" in words(app)
    app.session_state["_pad_drawing"] = sketches.sketch("Bag")
    app = press(app, "hole")
    assert "changes nothing" not in words(app)
    assert not np.array_equal(on_pad(app), sketches.sketch("Bag")) and "damage" not in app.query_params


def test_an_uploaded_picture_is_damaged_and_another_one_is_not(open_page):
    test = fashion_mnist.load("test").images
    app = open_page("try_it")
    app.segmented_control(key="try_way").set_value("Upload or paste").run()
    app.file_uploader[0].set_value([("coat.png", png(test[17]), "image/png")]).run()
    assert f"score **{stored(17):.4f}**" in words(app)
    app = press(app, "hole")
    assert not app.exception and f"score **{stored(17):.4f}**" not in words(app)
    app.button(key="try_undamaged").click().run()
    assert f"score **{stored(17):.4f}**" in words(app)
    app = press(app, "tear")
    app.file_uploader[0].set_value([("shirt.png", png(test[SHIRT]), "image/png")]).run()
    assert f"score **{stored(SHIRT):.4f}**" in words(app) and app.button(key="try_undamaged").disabled


@pytest.mark.parametrize("mark", [None, 0.05])
def test_the_oddest_spot_is_told_in_words_with_and_without_a_mark(open_page, tmp_path, monkeypatch, mark):
    """A model of before has no mark; a card with one makes a model of today of it."""
    folder = tmp_path / "box" / "dcgan" / "t-shirt"
    shutil.copytree(checkpoints.shipped("dcgan", "t-shirt"), folder)
    edits.edit(folder, scoring={"share": 0.0, "mark": mark})
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")
    app = open_page("try_it", edit=str(SHIRT), threshold="2")
    said = words(app)
    assert not app.exception
    assert ("Oddest place: " in said) == ("older than marks" in said) == (mark is None)
    assert (
        ("odd spot" in said.lower()) == ("A spot is odd, but the verdict is **normal**" in said) == (mark is not None)
    )
