"""Browse in a real browser: find a mistake, look at it, go on from it, and come back to the same filters."""

import math
import re
import time

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from core.data import fashion_mnist
from core.data.tasks import test_roles as roles
from core.store import checkpoints
from tests.e2e.conftest import settled, until


@pytest.fixture(scope="module")
def truth():
    """(scores, labels, threshold) of the shipped DCGAN."""
    one = checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))
    return one.scores.test.astype(float), fashion_mnist.load("test").labels, one.card.thresholds.youden


def pill(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stMain").get_by_role("button", name=re.compile(rf"{name} \([0-9,]+\)$"))


def shelf(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("Open image"))


def go(page: Page, name: str, heading: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    settled(page)


def filtered_to_missed_shirts(page: Page) -> None:
    expect(pill(page, "Shirt")).to_have_attribute("aria-pressed", "true")
    expect(pill(page, "missed")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("classes=shirt&outcomes=missed"))


def test_from_missed_shirts_to_the_worst_of_them_to_roc_and_try_it_and_back(server, page: Page, truth):
    scores, labels, limit = truth
    worst = np.flatnonzero((labels == 6) & (scores < limit))
    worst = worst[np.argsort(scores[worst], kind="stable")]
    page.goto(f"{server.address}/browse?sort=least anomalous")
    pill(page, "Shirt").click()
    expect(page.get_by_text(re.compile(r"of 1,000 at threshold"))).to_be_visible()
    pill(page, "missed").click()
    expect(page.get_by_text(re.compile(rf"of {len(worst):,} at threshold"))).to_be_visible()
    settled(page)
    filtered_to_missed_shirts(page)

    # The worst one, its neighbour and back, by keys.
    expect(shelf(page).first).to_have_attribute("aria-label", re.compile(rf"Open image {worst[0]}\."))
    shelf(page).first.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name=f"Image {worst[0]}: Shirt")).to_be_visible()
    expect(dialog.get_by_text(f"1 of {len(worst)}")).to_be_visible()
    expect(dialog.get_by_role("img", name="Heat map")).to_have_count(2)
    settled(page)  # the arrow keys are the image's now, not the gallery's any more
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading", name=f"Image {worst[1]}: Shirt")).to_be_visible()
    settled(page)
    page.keyboard.press("ArrowLeft")
    expect(dialog.get_by_role("heading", name=f"Image {worst[0]}: Shirt")).to_be_visible()
    expect(dialog.get_by_role("button", name="Previous")).to_be_disabled()
    settled(page)

    dialog.get_by_role("button", name="Edit this one").click()
    expect(page.get_by_role("heading", name="Try it", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(rf"/try\?.*edit={worst[0]}"))
    settled(page)
    page.go_back()  # one step, and the image is open again, with the filters behind it
    expect(dialog.get_by_role("heading", name=f"Image {worst[0]}: Shirt")).to_be_visible()
    settled(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    settled(page)
    go(page, "Try it", "Try it")
    go(page, "Browse", "Browse the test images")
    filtered_to_missed_shirts(page)
    expect(dialog).to_have_count(0)

    second = shelf(page).nth(1)
    expect(second).to_have_attribute("aria-label", re.compile(rf"Open image {worst[1]}\."))
    second.click()
    dialog.get_by_role("button", name="Set the threshold here").click()
    expect(page.get_by_role("heading", name="ROC and threshold")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"threshold={math.floor(scores[worst[1]] * 1e6) / 1e6}"))
    settled(page)
    slider = page.get_by_role("slider", name="Threshold")
    until(lambda: float(slider.input_value()) == pytest.approx(scores[worst[1]], abs=1e-3))
    go(page, "Browse", "Browse the test images")
    filtered_to_missed_shirts(page)
    # At a threshold of its own score the second is caught, and only the worst is still missed.
    expect(page.get_by_text(re.compile(r"of 1 at threshold"))).to_be_visible()
    expect(shelf(page).first).to_have_attribute("aria-label", re.compile(rf"Open image {worst[0]}\."))


def test_the_outcomes_are_the_confusion_matrix_of_the_roc_page_at_ten_thresholds(server, page: Page, truth):
    scores, labels, _ = truth
    anomaly = roles(checkpoints.load(checkpoints.shipped("dcgan", "t-shirt")).task, labels)[1]
    limits = [round(float(limit), 3) for limit in np.quantile(scores[~anomaly], np.linspace(0.02, 0.98, 9))]
    limits.append(round(float(np.quantile(scores, 0.99)), 3))
    assert len(set(limits)) == 10
    page.goto(f"{server.address}/roc")
    settled(page)
    slider, table = page.get_by_role("slider", name="Threshold"), page.locator("table.mf-confusion")
    matrices = []
    for limit in limits:
        slider.fill(str(limit))
        expect(page).to_have_url(re.compile(rf"threshold={limit}(&|$)"))
        figures = [table.locator(f"[data-figure={name}]") for name in ("caught", "missed", "false_alarms", "passed")]
        caught, alarms = int((scores[anomaly] >= limit).sum()), int((scores[~anomaly] >= limit).sum())
        matrices.append((caught, 9000 - caught, alarms, 1000 - alarms))
        for figure, number in zip(figures, matrices[-1], strict=True):
            expect(figure).to_have_text(f"{number:,}")
    assert len(set(matrices)) == 10
    for limit, matrix in zip(limits, matrices, strict=True):
        page.goto(f"{server.address}/browse?threshold={limit}")
        expect(page.get_by_text(re.compile(f"at threshold {limit:.4f}"))).to_be_visible()
        for name, number in zip(("caught", "missed", "false alarm", "passed"), matrix, strict=True):
            expect(pill(page, name)).to_have_text(re.compile(rf"{name} \({number:,}\)$"))


def test_a_shelf_is_one_tab_stop_and_arrow_keys_walk_on_it(server, page: Page):
    page.goto(f"{server.address}/browse")
    expect(shelf(page)).to_have_count(48)
    settled(page)
    until(lambda: shelf(page).evaluate_all("tiles => tiles.filter(tile => tile.tabIndex === 0).length") == 1)
    shelf(page).first.focus()
    page.keyboard.press("ArrowRight")
    expect(shelf(page).nth(1)).to_be_focused()
    across = shelf(page).evaluate_all("tiles => tiles.filter(tile => tile.offsetTop === tiles[0].offsetTop).length")
    page.keyboard.press("ArrowDown")
    expect(shelf(page).nth(1 + across)).to_be_focused()
    page.keyboard.press("End")
    expect(shelf(page).last).to_be_focused()
    page.keyboard.press("Home")
    expect(shelf(page).first).to_be_focused()
    expect(page.get_by_text("Images 1–48")).to_be_visible()  # the same keys did not turn the shelf
    assert "shelf=" not in page.url
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("img", name="Heat map")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(shelf(page).nth(1)).to_be_focused()  # where one was
    page.keyboard.press("Tab")
    until(lambda: shelf(page).evaluate_all("tiles => tiles.every(tile => tile !== tile.getRootNode().activeElement)"))


def test_a_filter_answers_at_once_and_quick_clicks_are_kept(server, page: Page):
    begun = time.perf_counter()
    page.goto(f"{server.address}/browse")
    expect(shelf(page)).to_have_count(48)
    settled(page)
    opening = time.perf_counter() - begun
    page.evaluate(
        """() => {
          const text = () => document.querySelector('[data-testid=stMain]').innerText.match(/Images .*/)?.[0];
          window.waits = [];
          addEventListener('pointerdown', () => {
            const [before, start] = [text(), performance.now()];
            const look = () => (text() !== before ? waits.push(performance.now() - start) : requestAnimationFrame(look));
            look();
          }, true);
        }"""
    )
    for heard, name in enumerate(("missed", "Coat", "Pullover", "caught", "Coat", "missed"), 1):
        pill(page, name).click()
        page.wait_for_function(f"waits.length === {heard}")
        settled(page)
    waits = page.evaluate("waits")
    print("filter change, ms:", [round(wait) for wait in waits], f"to open the page: {1000 * opening:.0f}")
    assert sorted(waits)[len(waits) // 2] < 1000 * opening  # 0.5 s is the aim, met on a quiet machine
    # Clicked faster than the page can answer, in both groups, whose counts change with each other's filters.
    for name in ("Coat", "missed", "Shirt", "false alarm", "Dress", "Dress"):
        pill(page, name).click(no_wait_after=True)
    expect(page).to_have_url(re.compile("classes=pullover%2Ccoat%2Cshirt&outcomes=caught%2Cmissed%2Cfalse-alarm"))


def test_a_point_of_the_map_opens_its_image(server, page: Page):
    page.goto(f"{server.address}/browse?section=map&classes=bag")
    chart = page.get_by_role("application", name=re.compile("Latent map of 10000 test images by PCA"))
    expect(chart).to_be_visible()
    settled(page)
    chart.focus()
    page.keyboard.press("ArrowRight")
    said = page.locator(".said")
    expect(said).to_have_text(re.compile(r"Image \d+: Bag, score"))
    first = said.inner_text()
    page.keyboard.press("ArrowRight")
    expect(said).not_to_have_text(first)
    expect(said).to_have_text(re.compile(r"Image \d+: Bag, score"))
    number = re.search(r"Image (\d+)", said.inner_text())[1]
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name=f"Image {number}: Bag")).to_be_visible()
    expect(page).to_have_url(re.compile(f"section=map.*image={number}"))
    expect(dialog.get_by_role("img", name="Heat map")).to_have_count(2)
    settled(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(chart).to_be_visible()


def test_a_class_card_leads_to_its_mistakes(server, page: Page):
    page.goto(f"{server.address}/browse?section=by-class")
    page.get_by_role("button", name=re.compile(r"^Shirt.*AUROC 0\.\d+.*Mean score.*Show the \d+ mistakes")).click()
    expect(shelf(page).first).to_be_visible()
    filtered_to_missed_shirts(page)


def test_the_slider_between_image_and_repair_works_by_keyboard_and_mouse_without_the_server(server, page: Page):
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.goto(f"{server.address}/browse?image=17")
    dialog = page.get_by_role("dialog")
    slider = dialog.get_by_role("slider", name="Share of the image that is shown, DCGAN")
    expect(dialog.get_by_role("slider")).to_have_count(2)
    settled(page)
    pair = dialog.locator(".pair").first
    until(lambda: pair.locator("img").evaluate_all("them => them.every((one) => one.naturalWidth === 28)"))
    asked = len(sent)
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(slider).to_have_value("47")
    expect(slider).to_have_attribute("aria-valuetext", "image 47 %, as it would be if it were normal 53 %")
    frame = pair.locator(".frame").bounding_box()
    assert frame
    left, wide, middle = frame["x"], frame["width"], frame["y"] + 0.3 * frame["height"]
    page.mouse.move(left + 0.5 * wide, middle)
    page.mouse.down()
    for share in (0.6, 0.7, 0.8):
        page.mouse.move(left + share * wide, middle)
    page.mouse.up()
    until(lambda: abs(int(slider.input_value()) - 80) <= 2)
    line = pair.locator(".line").bounding_box()
    assert line and abs(line["x"] - left - 0.8 * wide) < 8
    page.keyboard.press("Home")
    expect(slider).to_have_value("0")
    expect(dialog.get_by_role("heading", name="Image 17: Coat")).to_be_visible()  # the keys did not turn to a neighbour
    assert len(sent) == asked


def test_defects_are_chosen_opened_and_reopened_by_their_link(server, page: Page):
    page.goto(f"{server.address}/browse?section=defects")
    expect(shelf(page)).to_have_count(12)
    settled(page)
    page.get_by_role("combobox", name="Kind of defect").click()
    page.get_by_role("option", name="Foreign patch").click()
    expect(page.get_by_text("A square piece of an image of another class.")).to_be_visible()
    expect(page).to_have_url(re.compile("section=defects&kind=patch"))
    settled(page)
    page.get_by_role("radio", name="Large").click()
    expect(page).to_have_url(re.compile("kind=patch&size=large"))
    settled(page)
    expect(page.get_by_test_id("stMetric")).to_have_count(3)
    first = shelf(page).first
    number = re.search(r"Image (\d+) ", first.inner_text())[1]
    first.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    title = dialog.get_by_role("heading", name=f"Image {number}: T-shirt/top with a foreign patch")
    expect(title).to_be_visible()
    expect(dialog.get_by_role("img", name="Heat map")).to_have_count(2)
    expect(dialog.get_by_text(re.compile("brightest spot is"))).to_have_count(2)
    settled(page)
    page.reload()
    expect(title).to_be_visible()
    expect(dialog.get_by_role("slider")).to_have_count(2)
    settled(page)
    page.keyboard.press("ArrowRight")
    expect(title).to_have_count(0)
    expect(dialog.get_by_role("heading", name=re.compile("with a foreign patch"))).to_be_visible()
    settled(page)
    dialog.get_by_role("button", name="See it undamaged").click()
    expect(dialog.get_by_role("heading", name=re.compile(r"Image \d+: T-shirt.top$"))).to_be_visible()
    settled(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(shelf(page)).to_have_count(48)
