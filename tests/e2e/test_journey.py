"""One journey in a real browser: open, move the threshold, browse. Drawing and uploading: test_try_it.py."""

import re

from playwright.sync_api import Page, expect

from core.data import fashion_mnist
from core.data.tasks import test_roles as roles
from core.metrics import evaluation
from core.store import checkpoints
from tests.e2e.conftest import settled


def test_the_first_visitor_of_a_fresh_server_may_follow_a_deep_link(fresh_server, page: Page):
    page.goto(f"{fresh_server.address}/roc?model=traditional")
    expect(page.get_by_role("heading", name="ROC and threshold")).to_be_visible()
    settled(page)
    expect(page.get_by_test_id("stSidebar").get_by_role("combobox").first).to_have_value(re.compile("Traditional"))
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page).to_have_url(re.compile("model=traditional"))


def test_open_and_walk_through_every_page(server, page: Page):
    page.goto(server.address)
    expect(page.get_by_role("heading", name="Find what does not belong")).to_be_visible()
    expect(page.get_by_text("Normal discr.").first).to_be_visible()  # the flow diagrams are drawn
    for link, heading in (
        ("Browse", "Browse the test images"),
        ("ROC", "ROC and threshold"),
        ("Try it", "Try it"),
        ("Train", "Train"),
        ("Results", "Results"),
    ):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=link).click()
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        settled(page)


def test_moving_the_threshold_changes_the_counts_and_goes_along_to_browse(server, page: Page):
    one = checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))
    normal, anomaly = roles(one.task, fashion_mnist.load("test").labels)
    page.goto(f"{server.address}/roc")
    settled(page)
    slider = page.get_by_role("slider", name="Threshold")
    slider.focus()
    for _ in range(15):
        slider.press("ArrowRight")
    limit = float(slider.input_value())
    assert limit > one.card.thresholds.youden + 0.005  # none of the quick presses was lost
    expect(page).to_have_url(re.compile(f"threshold={limit:g}"))
    settled(page)
    assert float(slider.input_value()) == limit  # nor was one taken back by an answer to an older one
    counts = evaluation.confusion(one.scores.test[normal], one.scores.test[anomaly], limit)
    table = page.locator("table.mf-confusion")
    for count in (counts.caught, counts.missed, counts.false_alarms, counts.passed):
        expect(table.get_by_text(f"{count:,}", exact=True)).to_be_visible()

    page.get_by_test_id("stMain").get_by_role("link", name="See the images at this threshold").click()
    expect(page.get_by_text(re.compile(f"at threshold {limit:.4f}"))).to_be_visible()
    expect(page).to_have_url(re.compile(f"threshold={limit:g}"))
    page.reload()
    expect(page.get_by_text(re.compile(f"at threshold {limit:.4f}"))).to_be_visible()


def test_a_tile_opens_its_image_and_its_neighbours(server, page: Page):
    page.goto(f"{server.address}/browse?classes=shirt&outcomes=missed")
    tiles = page.get_by_role("button", name=re.compile("Open image"))
    expect(tiles.nth(1)).to_be_visible()
    settled(page)
    first, second = (
        re.search(r"Open image (\d+)", tiles.nth(which).get_attribute("aria-label"))[1] for which in (0, 1)
    )
    tiles.first.focus()
    tiles.first.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name=f"Image {first}: Shirt")).to_be_visible()
    expect(page).to_have_url(re.compile(f"image={first}"))
    expect(dialog.get_by_role("img", name="Heat map")).to_have_count(2)
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_role("heading", name=f"Image {second}: Shirt")).to_be_visible()
    page.reload()  # the link opens the same image
    expect(dialog.get_by_role("heading", name=f"Image {second}: Shirt")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page).not_to_have_url(re.compile("image="))
    expect(page).to_have_url(re.compile("outcomes=missed"))


def test_the_browsers_back_button_undoes_a_choice(server, page: Page):
    page.goto(f"{server.address}/browse")
    expect(page.get_by_text(re.compile("Images 1–48"))).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text(re.compile("Images 49–96"))).to_be_visible()
    expect(page).to_have_url(re.compile("shelf=2"))
    page.go_back()
    expect(page.get_by_text(re.compile("Images 1–48"))).to_be_visible()
    page.go_forward()
    expect(page.get_by_text(re.compile("Images 49–96"))).to_be_visible()


def test_back_after_a_link_of_the_pages_list_goes_to_the_page_before_with_its_choices(server, page: Page):
    line = page.get_by_test_id("stSidebarNav").get_by_role("link", name="Line")
    page.goto(f"{server.address}/browse?normal=bag")
    settled(page)
    page.wait_for_function("window.misfitReach?.observer")  # pages/parts/reach.js comes a little later
    line.click()
    expect(page).to_have_url(f"{server.address}/line?normal=bag")
    settled(page)
    page.go_back()
    expect(page.get_by_role("heading", name="Browse the test images")).to_be_visible()
    expect(page).to_have_url(f"{server.address}/browse?normal=bag")
