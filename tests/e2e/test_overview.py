"""The first page as a stranger uses it: by pointer, by keyboard alone, and on a telephone."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.data import fashion_mnist
from core.store import examples
from tests.e2e.conftest import fits, settled, until


def test_another_one_changes_the_example_and_a_reload_keeps_it(server, page: Page):
    numbers = examples.chosen(fashion_mnist.DESCRIPTION, "t-shirt", fashion_mnist.load("test").labels)
    page.goto(server.address)
    expect(page.get_by_text("with a hole put into it")).to_be_visible()
    for name in ("Traditional GAN", "DCGAN"):
        for kind, width in (("As it would be if it were normal", 28), ("Heat map", 224)):
            picture = page.get_by_role("img", name=f"{kind}, by the {name}")
            expect(picture).to_be_visible()
            expect(picture).to_have_js_property("naturalWidth", width)
    settled(page)
    page.get_by_role("button", name="Another one").click()
    expect(page.get_by_text(f"Image {numbers[0]} of the test")).to_be_visible()
    expect(page).to_have_url(re.compile(f"example={numbers[0]}"))
    page.reload()
    expect(page.get_by_text(f"Image {numbers[0]} of the test")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Open in Browse").click()
    expect(page.get_by_role("dialog").get_by_role("heading", name=re.compile(f"Image {numbers[0]}"))).to_be_visible()


def within(element: Locator, width: int) -> None:
    """Wait until it lies in a window of so many pixels."""
    until(lambda: (box := element.bounding_box()) and box["x"] >= 0 and box["x"] + box["width"] <= width)


@pytest.mark.parametrize("width", [1280, 400])
def test_the_diagrams_explain_their_parts_and_fit(server, page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(server.address)
    for title in ("Flow of the traditional GAN", "Flow of the DCGAN"):
        flow = page.get_by_role("group", name=title)
        told = flow.get_by_role("status")
        encoder = flow.get_by_role("img", name=re.compile("^The encoder"))
        expect(encoder).to_have_count(1)  # the other drawing of the two is hidden from everyone
        encoder.hover()
        expect(told).to_contain_text("The encoder, one for normal images and anomalies")
        first = flow.get_by_role("img", name=re.compile("^Normal image"))
        first.focus()
        expect(told).to_contain_text("a training image of the normal class")
        page.keyboard.press("ArrowLeft")  # round to the last part
        expect(told).to_contain_text("Losses on anomalies")
        within(flow.get_by_role("img", name=re.compile("^Losses on anomalies")), width)
    settled(page)
    fits(page.get_by_test_id("stMain"))


def test_the_tour_by_keyboard_alone_and_the_glossary(server, page: Page):
    page.goto(server.address)
    settled(page)
    start = page.get_by_role("button", name="Take the tour")
    start.focus()
    start.press("Enter")
    for name in ("Browse", "ROC", "Try it", "Results"):
        following = page.get_by_role("button", name=f"Next: {name}")
        following.focus()
        following.press("Enter")
        expect(page.get_by_text(re.compile(rf"Step \d of 5: {name}\."))).to_be_visible()
    page.get_by_role("button", name="End the tour").press("Enter")
    expect(page.get_by_text("Step 5 of 5")).to_have_count(0)
    expect(page.get_by_role("heading", name="Results", exact=True)).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Glossary").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Find a term").fill("recall")
    dialog.get_by_role("textbox", name="Find a term").press("Enter")
    expect(dialog.get_by_text("The share of anomalies that are caught.")).to_be_visible()
    expect(dialog.get_by_text("Youden J", exact=True)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_a_model_card_opens_beside_its_figure(server, page: Page):
    page.goto(server.address)
    page.get_by_role("button", name="Model card").last.click()
    dialog = page.get_by_role("dialog")
    for heading in ("Model details", "Intended use", "Factors", "Quantitative analyses", "Caveats and recommendations"):
        expect(dialog.get_by_role("heading", name=heading)).to_be_attached()
    expect(dialog.get_by_role("button", name="Download the model card")).to_be_attached()
