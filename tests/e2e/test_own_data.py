"""Two data sets that a person brought, in a real browser: 64×64 in colour and 32×32 in grey, chosen in the sidebar."""

import re

from playwright.sync_api import Page, expect

from core.data import catalog
from core.store import checkpoints
from pages.parts.pictures import png
from tests import drawn
from tests.e2e.conftest import settled
from tests.pages import own


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_test_id("stSidebar").get_by_role("combobox", name=re.compile(label)).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_colour_and_grey_from_browse_to_try_it(fresh_server, page: Page):
    assert fresh_server.runs == checkpoints.RUNS
    for name, side, channels in (("colour", 64, 3), ("grey", 32, 1)):
        drawn.write(catalog.OWN / name, side, channels)
        own.trained(name, normal="disc", anomalies=90)
    page.goto(f"{fresh_server.address}/browse?model=traditional")
    settled(page)
    choose(page, "Data", "colour")
    expect(page).to_have_url(re.compile("data=colour"))
    tile = page.get_by_role("button", name=re.compile("Open image")).first
    expect(tile).to_have_attribute("aria-label", re.compile("Disc|Square|Cross|Ring"))
    assert tile.locator("img").evaluate("(image) => [image.naturalWidth, image.naturalHeight]") == [64, 64]
    tile.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("img", name="Heat map").first).to_be_visible()
    expect(dialog.get_by_role("button", name="Edit this one")).to_be_enabled()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)

    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Try it").click()
    expect(page.get_by_role("application", name=re.compile("Drawing pad, 64 by 64 pixels"))).to_be_visible()
    expect(page.locator(".pad .colour")).to_be_visible()
    page.get_by_text("Upload or paste", exact=True).click()
    image = catalog.get("colour").load("test").images[5]
    file = {"name": "shape.png", "mimeType": "image/png", "buffer": png(image)}
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(file)
    score = _of("colour")[5]
    expect(page.get_by_text(re.compile(rf"score {score:.4f}"))).to_be_visible()
    expect(page.get_by_text("Nearest normal training images")).to_be_visible()

    choose(page, "Data", "grey")
    expect(page).to_have_url(re.compile("data=grey"))
    page.get_by_text("Draw", exact=True).click()
    pad = page.get_by_role("application", name=re.compile("Drawing pad, 32 by 32 pixels"))
    expect(pad).to_be_visible()
    pad.focus()
    for key in ("Space", "ArrowRight", "ArrowRight", "ArrowDown", "Space"):
        pad.press(key)
    expect(page.locator(".pad .score")).to_have_text(re.compile(r"^Score [0-9.]+: (anomaly|normal|can't tell)$"))
    page.get_by_role("spinbutton", name=re.compile("Start from test image")).fill("7")
    page.keyboard.press("Enter")
    expect(page.locator(".pad .score")).to_contain_text(f"Score {_of('grey')[7]:.4f}")
    expect(page.locator(".pad .start button")).to_have_count(0)


def _of(key: str):
    """The stored test scores of the model of this data set."""
    folders = checkpoints.RUNS.glob("*/checkpoint")
    return next(one for one in map(checkpoints.load, folders) if one.task.data.key == key).scores.test
