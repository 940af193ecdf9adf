from core import checkpoints
from tests.pages.conftest import words


def test_headline_figures_are_those_of_the_cards(open_page):
    app = open_page()
    shown = {metric.label: metric.value for metric in app.metric}
    for model, title in (("traditional", "Traditional GAN"), ("dcgan", "DCGAN")):
        card = checkpoints.load(checkpoints.shipped(model, "t-shirt")).card
        assert shown[f"{title}, test AUROC"] == f"{card.test['auroc']:.3f}"


def test_it_says_what_a_seen_figure_is(open_page):
    assert "supervised figure" in words(open_page())


def test_the_decks_figures_stand_beside_their_own_class_only(open_page):
    assert "0.870" in words(open_page()) and "0.899" in words(open_page())
    assert "0.899" not in words(open_page(normal="bag"))
