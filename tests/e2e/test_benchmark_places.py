"""What `make bench` waits for on the pages is there."""

import pytest
from playwright.sync_api import Page, expect

from benchmarks.start import PLACES


@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_there(server, page: Page, place: str):
    address, selector = PLACES[place]
    page.goto(f"{server.address}/{address}")
    expect(page.locator(selector).first).to_be_visible()
