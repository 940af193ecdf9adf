import re

import numpy as np
import pytest

from core.data import fashion_mnist
from core.data.tasks import test_roles as roles
from core.metrics import evaluation
from core.store import checkpoints, examples, model_cards
from core.study import results
from core.study.published import DECK
from pages.parts.pictures import data_url
from tests.pages.conftest import words


def html(app) -> str:
    """All HTML but the three pictures that the page begins with."""
    return "\n".join(body for element in app.get("html") if "mf-story" not in (body := element.proto.body))


@pytest.mark.parametrize("normal", ["t-shirt", "ankle-boot"])
def test_the_third_picture_is_called_marked_only_where_something_is(open_page, normal):
    (story,) = (body for element in open_page(normal=normal).get("html") if "mf-story" in (body := element.proto.body))
    assert ("3. Not marked by Misfit" in story) == ("nothing above the mark" in story)
    assert ("3. Marked by Misfit" in story) == ("odd spot" in story)


def press(app, label: str):
    next(button for button in app.button if button.label == label).click()
    return app.run()


def test_every_other_page_is_named_with_a_thing_to_try(open_page):
    offered = [link.proto.label for link in open_page().get("page_link")]
    assert offered == ["**Data**", "**Browse**", "**ROC**", "**Line**", "**Try it**", "**Train**", "**Results**"]


def test_headline_figures_are_those_of_the_cards(open_page):
    app = open_page()
    shown = {metric.label: metric.value for metric in app.metric}
    for model, title in (("traditional", "Traditional GAN"), ("dcgan", "DCGAN")):
        card = checkpoints.load(checkpoints.shipped(model, "t-shirt")).card
        assert shown[f"{title}, test AUROC"] == f"{card.test.auroc:.3f}"
        assert f"95 % interval {card.test.auroc_low:.3f}–{card.test.auroc_high:.3f}" in words(app)


def test_it_says_what_a_seen_figure_is(open_page):
    assert "supervised figure" in words(open_page())


def test_the_decks_figures_stand_beside_their_own_class_only(open_page):
    for figure in DECK.values():
        assert f"{figure:.3f}" in html(open_page())
        assert f"{figure:.3f}" not in html(open_page(normal="bag"))


def numbers(normal: str = "t-shirt") -> list[int]:
    return examples.chosen(fashion_mnist.DESCRIPTION, normal, fashion_mnist.load("test").labels).tolist()


def verdicts(app) -> list[str]:
    return re.findall(r"<strong>(Caught|Missed|False alarm|Passed)</strong>", html(app))


@pytest.mark.parametrize("normal", ["t-shirt", "bag"])
def test_the_first_example_is_a_damaged_normal_image_with_its_repair(open_page, normal):
    app = open_page(normal=normal)
    number, image = examples.damaged(fashion_mnist.DESCRIPTION, normal, fashion_mnist.load("test"))
    shown = html(app)
    assert f"Image {number} of the test, with a hole put into it" in shown and data_url(image) in shown
    expected = []
    for one in [checkpoints.load(checkpoints.shipped(name, normal)) for name in ("traditional", "dcgan")]:
        stored = examples.stored(one.card.weights_sha256)
        assert data_url(stored.damaged) in shown
        assert f"score <strong>{stored.score:.3f}</strong>" in shown
        expected.append("Caught" if evaluation.flagged(stored.score, one.card.thresholds.youden) else "Missed")
    assert verdicts(app) == expected
    cards = [section for section in shown.split("<section>") if "Heat map, by the" in section]
    for card, verdict in zip(cards, expected, strict=True):
        odd = re.search(r"Heat map, by the .*?: (\d+ )?odd spots?", card)
        assert ("marks the spot all the same" in card) == (verdict == "Missed" and odd is not None)
    for name in ("Traditional GAN", "DCGAN"):
        assert re.search(f'alt="Heat map, by the {name}: (odd|oddest|[0-9]+ odd|nothing)', shown)


def test_a_figure_of_the_box_is_linked_to_the_mean_over_seeds(open_page):
    rows = results.read()
    for model in ("traditional", "dcgan"):
        of = rows[["method", "regime", "normal", "variant"]].eq([model, "seen", "t-shirt", ""]).all(axis=1) & rows[
            "anomalies"
        ].eq(6003)
        areas = rows[of]["auroc"]
        assert len(areas) > 1
        said = f"This is the training with seed 0; the mean of {len(areas)} seeds is {areas.mean():.3f} (Results)."
        assert said in words(open_page(model=model))


def test_it_begins_with_the_packing_line_in_three_pictures(open_page):
    app = open_page()
    first = next(element.proto.body for element in app.get("html") if "<img" in element.proto.body)
    number, image = examples.damaged(fashion_mnist.DESCRIPTION, "t-shirt", fashion_mnist.load("test"))
    pictures = re.findall(r'<img [^>]*src="([^"]+)"', first)
    assert len(pictures) == 3
    assert pictures[:2] == [data_url(fashion_mnist.load("test").images[number]), data_url(image)]
    assert "DCGAN: " in first and "above the mark" in first  # what it marks, in words, too
    app.sidebar.selectbox(key="model").select("traditional").run()
    other = next(element.proto.body for element in app.get("html") if "<img" in element.proto.body)
    assert "Traditional GAN: " in other and re.findall(r'<img [^>]*src="([^"]+)"', other)[2] != pictures[2]


def test_the_damaged_example_is_changed_further_on_try_it_with_the_same_score(open_page):
    app = press(open_page(), "Change it yourself")
    assert not app.exception and app.title[0].value == "Try it"
    number, image = examples.damaged(fashion_mnist.DESCRIPTION, "t-shirt", fashion_mnist.load("test"))
    assert np.array_equal(app.session_state["_pad_drawing"], image) and app.session_state["edit"] == number
    stored = examples.stored(checkpoints.load(checkpoints.shipped("dcgan", "t-shirt")).card.weights_sha256)
    assert f"score **{stored.score:.4f}**" in words(app)


@pytest.mark.parametrize("normal", ["t-shirt", "bag"])
def test_every_example_has_both_scores_and_the_right_verdicts(open_page, normal):
    test = fashion_mnist.load("test")
    app = press(open_page(normal=normal), "Another one")
    models = [checkpoints.load(checkpoints.shipped(name, normal)) for name in ("traditional", "dcgan")]
    for number in numbers(normal)[:5]:
        shown = html(app)
        assert f"Image {number} of the test" in shown and "with a hole" not in shown
        assert shown.count("if it were normal, by the") == shown.count("Heat map, by the") == 2
        expected = []
        for one in models:
            score = one.scores.test[number]
            assert f"score <strong>{score:.3f}</strong>" in shown
            flagged = evaluation.flagged(score, one.card.thresholds.youden)
            anomaly = roles(one.task, test.labels)[1][number]
            expected.append(
                ("Caught" if flagged else "Missed") if anomaly else ("False alarm" if flagged else "Passed")
            )
        assert verdicts(app) == expected
        app = press(app, "Another one")


def test_the_link_opens_an_example_and_another_one_goes_into_it(open_page):
    order = numbers()
    app = press(open_page(example=str(order[3])), "Another one")
    assert app.query_params["example"] == str(order[4])
    assert f"Image {order[4]} of the test" in html(app)
    app = press(open_page(example=str(order[-1])), "Another one")
    assert "with a hole put into it" in html(app) and "example" not in app.query_params
    assert f"Image {order[0]} of the test" in html(press(app, "Another one"))


def test_an_image_without_a_stored_reconstruction_is_reconstructed_on_request(open_page):
    number = next(n for n in range(100) if n not in numbers())
    app = open_page(example=str(number))
    assert not app.exception and html(app).count("not stored") == 4
    app = press(app, "Show the reconstructions")
    assert not app.exception and "not stored" not in html(app)
    assert html(app).count("if it were normal, by the") == 2
    assert "Show the reconstructions" not in [button.label for button in app.button]


def test_a_model_without_stored_examples_begins_with_an_image_as_it_is(open_page, tmp_path, monkeypatch):
    stored = examples.stored(checkpoints.load(checkpoints.shipped("dcgan", "t-shirt")).card.weights_sha256)
    monkeypatch.setattr(examples, "STORED", tmp_path / "none.safetensors")
    app = open_page()
    assert f"Image {numbers()[0]} of the test" in html(app) and html(app).count("not stored") == 4
    assert "score <strong>" in html(app)
    app = press(app, "Show the reconstructions")
    assert f"Image {numbers()[0]} of the test" in html(app) and "not stored" not in html(app)
    app.session_state["example"] = None
    app.run()
    assert not app.exception and "with a hole put into it" in html(app) and "not stored" not in html(app)
    assert f"score <strong>{stored.score:.3f}</strong>" in html(app)


def test_models_of_two_regimes_say_which_is_which(open_page):
    shown = html(open_page(trained="shipped-one-class"))
    assert "Traditional GAN <small>seen regime" in shown and "DCGAN <small>one-class regime" in shown


def test_a_damaged_store_of_examples_is_said_to_be_damaged(open_page, tmp_path, monkeypatch):
    monkeypatch.setattr(examples, "STORED", tmp_path / "examples.safetensors")
    examples.STORED.write_bytes(b"not tensors")
    app = open_page()
    assert not app.exception
    assert "python -m core examples" in app.warning[0].value


def test_the_model_card_opens_beside_its_figure(open_page):
    app = open_page()
    app.button(key="card_traditional").click().run()
    one = checkpoints.load(checkpoints.shipped("traditional", "t-shirt"))
    assert model_cards.markdown([one], level=3) in [element.value.rstrip() + "\n" for element in app.markdown]


def test_the_tour_leads_through_five_pages_and_can_be_ended(open_page):
    app = press(open_page(model="traditional"), "Take the tour")
    for place, (name, title) in enumerate(
        (
            ("Browse", "Browse the test images"),
            ("ROC", "ROC and threshold"),
            ("Try it", "Try it"),
            ("Results", "Results"),
        ),
        2,
    ):
        app = press(app, f"Next: {name}")
        assert not app.exception
        assert title in app.title[0].value and f"Step {place} of 5: {name}." in words(app)
        assert app.session_state["model"] == "traditional"  # nothing chosen is lost on the way
    app = press(app, "Back: Try it")
    assert "Step 4 of 5: Try it." in words(app)
    app.switch_page("pages/train/page.py").run()
    assert "waits at step 4 of 5" in words(app)
    app = press(app, "Back to the tour")
    assert "Step 4 of 5: Try it." in words(app)
    app = press(app, "End the tour")
    assert "Step 4" not in words(app)


def test_the_glossary_opens_on_any_page_and_finds_a_term(open_page):
    app = open_page("results")
    app.button(key="glossary_open").click().run()
    assert "**Youden J**" in words(app) and "**Residual**" in words(app)
    app.text_input(key="glossary_find").set_value("recall").run()
    assert not app.exception
