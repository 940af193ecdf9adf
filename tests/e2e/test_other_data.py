"""The whole way on a second data set in a real browser: choose it, train on it, find the run, see its curve."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from core.data import catalog
from tests import drawn
from tests.e2e.conftest import settled, until


def train(page: Page, address: str, name: str) -> None:
    """Train an epoch with the form as it is but for their number, and wait until the run called `name` has finished."""
    page.goto(f"{address}/train?data=shapes&model=traditional")
    settled(page)
    epochs = page.get_by_role("spinbutton", name="Epochs")
    epochs.fill("1")
    epochs.press("Enter")
    expect(page.get_by_text("1 epoch of 75 steps")).to_be_visible()
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text(f"{name}: finished")).to_be_visible()
    settled(page)


def test_train_on_colour_pictures_and_open_the_curve(fresh_server, page: Page):
    drawn.write(catalog.OWN / "shapes", 64, 3, train=80)
    train(page, fresh_server.address, "traditional-disc-seen-1")

    # Eight normals and one of each other shape, each as large as the pictures are, and in colour.
    cells = page.locator(".panel figure")
    expect(cells).to_have_count(11)
    until(lambda: page.locator(".panel canvas").evaluate_all("them => them.every((one) => one.width === 64)"))
    coloured = """canvas => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, 64, 64);
        return data.some((value, at) => at % 4 === 0 && Math.abs(value - data[at + 2]) > 40);
    }"""
    assert page.locator(".panel .normal canvas").first.evaluate(coloured)
    expect(page.get_by_role("img", name=re.compile("^Ring, reconstructed"))).to_be_visible()
    expect(page.get_by_text("shown on every page").first).to_be_visible()

    page.get_by_test_id("stSidebarNav").get_by_role("link", name="ROC").click()
    expect(page.get_by_test_id("stMain").get_by_text("80 test images")).to_be_visible()  # the sidebar says it, too
    lab = page.locator(".lab")
    expect(lab).to_have_attribute("data-threshold", re.compile(r"\d"))
    expect(lab.get_by_role("img", name=re.compile("ROC curve of Traditional GAN"))).to_be_visible()
    assert "data=shapes" in page.url


def test_without_anomalies_the_lab_shows_the_normals_alone(fresh_server, page: Page):
    drawn.write(catalog.OWN / "shapes", 64, 3, train=(80,), test=(20,))
    train(page, fresh_server.address, "traditional-disc-one-class-1")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="ROC").click()
    lab = page.locator(".lab")
    expect(lab).to_have_attribute("data-threshold", re.compile(r"\d"))
    expect(lab.locator(".histogram")).to_be_visible()
    expect(lab.locator(".roc")).to_be_hidden()
    expect(lab.locator("[data-figure=tpr]")).to_be_hidden()
    slider = lab.get_by_role("slider", name="Threshold")
    slider.focus()
    slider.press("Home")
    expect(lab.locator("[data-figure=false_alarms]")).to_have_text("20")
    assert "NaN" not in lab.inner_text()
    with page.expect_download() as caught:
        lab.get_by_role("button", name="SVG").click()
    saved = Path(caught.value.path()).read_text()
    assert "FPR 100.0 %" in saved and "TPR" not in saved and "NaN" not in saved
