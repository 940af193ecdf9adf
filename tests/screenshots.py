"""The pictures of the README, light and dark: `make screenshots` renews them.

Nothing in them hangs on the day or the machine but the browser's version and fonts: stored scores, fixed links, a run that
is a shipped model imported, and no line about where the training images are.
"""

import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from core.basics.files import ROOT
from core.runs import transfer
from core.store import checkpoints
from tests.e2e.conftest import CHROMIUM, FLAGS, Server, settled, until

FOLDER = ROOT / "docs" / "pictures"
THEMES = ("light", "dark")
WIDTH, COLOURS = 1280, 256
# What is different from machine to machine.
HIDDEN = ".st-key-data_in_use { opacity: 0 !important }"


def _curves(page: Page) -> None:
    page.get_by_text("Look at a run").scroll_into_view_if_needed()
    expect(page.locator(".curves figure").first).to_be_visible()
    page.get_by_role("heading", name="Runs").evaluate("(heading) => heading.scrollIntoView()")


def _judged(page: Page) -> None:
    expect(page.get_by_text("Nearest normal training images")).to_be_visible()


def _tiles(page: Page) -> None:
    expect(page.get_by_role("button", name="Open image").first).to_be_visible()


def _checked(page: Page) -> None:
    page.get_by_text("An example", exact=True).click()
    page.get_by_role("button", name="Use it").first.click()
    expect(page.get_by_role("region", name="Photos by class and split")).to_be_visible()


def _running(page: Page) -> None:
    line = page.locator(".line")
    until(lambda: line.evaluate("(root) => root.line?.total > 0"))
    line.evaluate("(root) => root.line.advance(61)")
    expect(line.locator("caption")).to_contain_text("61 items so far")


# Name → (link, height in pixels, what to wait for).
SHOTS: dict[str, tuple[str, int, Callable[[Page], None] | None]] = {
    "overview": ("", 800, None),
    "data": ("data", 900, _checked),
    "browse": ("browse?classes=shirt&outcomes=missed", 760, _tiles),
    "roc": ("roc", 820, None),
    "line": ("line?rarity=20", 900, _running),
    "try": ("try?edit=35", 880, _judged),
    "train": ("train", 860, _curves),
}


def shoot(page: Page, address: str, theme: str) -> None:
    """All pictures of one theme."""
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    for name, (link, height, wait) in SHOTS.items():
        page.set_viewport_size({"width": WIDTH, "height": height})
        page.goto(f"{address}/{link}")
        settled(page)
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
        page.add_style_tag(content=HIDDEN)
        if wait:
            wait(page)
        settled(page)
        page.evaluate("document.fonts.ready")
        page.mouse.move(WIDTH - 1, 1)  # over nothing that answers
        _save(_still(page), FOLDER / f"{name}-{theme}.png")


def _still(page: Page) -> bytes:
    """A picture of the page once two in a row are the same."""
    before = b""
    for _ in range(20):
        now = page.screenshot(animations="disabled", caret="hide")
        if now == before:
            break
        before = now
        page.wait_for_timeout(400)
    return before


def _save(content: bytes, path: Path) -> None:
    """As a PNG with few colours: a third of the size, and nobody sees it."""
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    few = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
    few.save(path, "PNG", optimize=True)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} kB")


def main() -> None:
    """Make them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ["MISFIT_DATA"] = f"{folder}/own"  # of the server
        server = Server(Path(folder))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            checkpoints.RUNS = server.runs
            one = checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))
            transfer.take([("shipped.zip", transfer.pack(one))])
            page = browser.new_page()
            page.set_default_timeout(120_000)
            for theme in THEMES:
                shoot(page, server.address, theme)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
