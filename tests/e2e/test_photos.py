"""A model of photos in a real browser: a brick is drawn on in colour, and put right with the eraser."""

import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from core.data import catalog
from core.store import checkpoints
from tests.e2e.conftest import settled
from tests.pages import own

SIDE = 32


def test_a_photo_is_drawn_on_in_colour_and_put_right(fresh_server, page: Page, tmp_path: Path):
    own.kept_wall(tmp_path, bad=False, side=SIDE)
    name = own.trained("wall", normal="good", regime="one-class", anomalies=0)
    model = checkpoints.load(checkpoints.RUNS / name / "checkpoint")
    photo = catalog.get("wall").load("test").images[0]
    stored = f"Score {model.scores.test[0]:.4f}"
    page.goto(f"{fresh_server.address}/try?data=wall&model=traditional")
    pad, canvas = (
        page.locator(".pad"),
        page.get_by_role("application", name=re.compile(f"{SIDE} by {SIDE} pixels, 0 %")),
    )
    expect(canvas).to_be_visible()
    settled(page)
    says = page.locator(".pad .score")
    expect(says).to_contain_text(stored)

    def pixels() -> np.ndarray:
        found = pad.evaluate("root => Array.from(root.pad.pixels)")
        return np.array(found, np.uint8).reshape(SIDE, SIDE, 3)

    assert np.array_equal(pixels(), photo)
    expect(pad.locator(".level")).to_be_hidden()
    pad.locator(".colour").fill("#e01030")
    box = page.get_by_role("application").bounding_box()

    def stroke() -> None:
        page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"], steps=6)
        page.mouse.up()

    stroke()
    expect(says).not_to_contain_text(stored)
    assert pixels()[SIDE // 2, SIDE // 2].tolist() == [0xE0, 0x10, 0x30]
    changed = (pixels() != photo).any(-1)
    assert 0.02 < changed.mean() < 0.2
    pad.get_by_role("button", name="Eraser", exact=True).click()
    stroke()
    assert np.abs(pixels().astype(int) - photo)[SIDE // 2, SIDE // 4 + 2 : SIDE * 3 // 4 - 2].max() == 0
    pad.get_by_role("button", name="Clear", exact=True).click()
    expect(says).to_contain_text(stored)
    assert np.array_equal(pixels(), photo)

    page.get_by_test_id("stSidebarNav").get_by_role("link", name="ROC").click()
    heading = page.get_by_role("heading", name="On synthetic defects put on held-out good photos")
    expect(heading).to_be_visible()
    expect(page.get_by_text(f"AUROC {model.card.own.synthetic.area.auroc:.3f}").first).to_be_visible()
