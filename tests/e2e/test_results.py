"""Results in a real browser: the figures, what a column means, the published ones beside them, and the file."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from core.study import results
from tests.e2e.conftest import fits, settled


def test_from_the_navigation_to_the_figures_and_their_file(server, page: Page):
    page.goto(f"{server.address}/")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Results").click()
    expect(page.get_by_role("heading", name="Results", exact=True)).to_be_visible()
    settled(page)
    table = page.get_by_role("region", name="Measured figures, seen regime")
    line = table.get_by_role("row").filter(has_text="DCGAN")
    rows = results.read()
    own = rows[(rows[["method", "regime", "normal", "variant"]] == ["dcgan", "seen", "t-shirt", ""]).all(axis=1)]
    expect(line.get_by_role("cell").first).to_have_text(f"{own['auroc'].mean():.3f}")
    expect(table.get_by_role("columnheader", name="Lowest–highest class")).to_have_attribute(
        "title", re.compile("easiest")
    )
    for name in ("Measured figures, seen regime", "Measured figures, one-class regime"):
        fits(page.get_by_role("region", name=name))  # no table is cut at 1280 px
    # Every cell of the heat map can be read, and the picture has words for who cannot see it.
    expect(page.locator(".js-plotly-plot .heatmaplayer").first).to_be_attached()
    expect(page.get_by_role("figure", name=re.compile("Heat map of test AUROC")).first).to_be_visible()

    page.get_by_text("Published figures for this regime").first.click()
    expect(page.get_by_role("region", name="Published figures, seen regime")).to_contain_text("Kim")
    with page.expect_download() as caught:
        page.get_by_role("button", name="Download results.csv").click()
    assert Path(caught.value.path()).read_bytes() == results.CSV.read_bytes()
