"""From a zip of photos on one's own machine to the Train page, in a real browser: drop, read the check, reload, keep, go on."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.data import catalog
from tests import photographs
from tests.e2e.conftest import fits, settled


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """A zip of sixty good tiles, twelve scratched ones, and a file that is no picture though it says so."""
    tiles = photographs.tiles()
    photographs.write(tmp_path / "parts" / "good", tiles[:60])
    photographs.write(tmp_path / "parts" / "scratch", photographs.scratched(tiles[:12])[0])
    (tmp_path / "parts" / "good" / "broken.jpg").write_bytes(b"no picture")
    with zipfile.ZipFile(tmp_path / "parts.zip", "w") as archive:
        for file in sorted((tmp_path / "parts").rglob("*.*g")):
            archive.write(file, file.relative_to(tmp_path))
    return tmp_path / "parts.zip"


def scratch() -> list[Path]:
    return list(catalog.OWN.glob(".scratch-*"))


def opened(server, page: Page, width: int = 1280) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{server.address}/data")  # the first request of a fresh server is a deep link
    expect(page.get_by_role("heading", name="Bring your own photos")).to_be_visible()
    settled(page)


def box(page: Page, label: str):
    return page.get_by_test_id("stFileUploader").filter(has_text=label).locator("input[type=file]")


@pytest.mark.parametrize("width", [1280, 400])
def test_from_a_zip_to_the_train_page(fresh_server, page: Page, parts: Path, width: int):
    opened(fresh_server, page, width)
    check = page.get_by_role("button", name="Check the photos")
    expect(check).to_be_disabled()
    box(page, "good").set_input_files(parts)
    expect(check).to_be_enabled()
    check.click()
    table = page.get_by_role("region", name="Photos by class and split")
    expect(table).to_contain_text("scratch")
    assert [row.inner_text().split()[-1] for row in table.get_by_role("row").all()] == ["All", "60", "12"]
    expect(page.get_by_text("These photos can be trained on.")).to_be_visible()
    expect(page.get_by_text("good/broken.jpg is not a picture that can be read")).to_be_visible()
    settled(page)
    page.get_by_text("Show the file", exact=True).first.click()
    expect(page.get_by_text("good/broken.jpg", exact=True)).to_be_visible()
    fits(page.get_by_test_id("stMain"))
    assert catalog.available() == ["fashion-mnist"] and len(scratch()) == 1

    page.reload()
    expect(table).to_contain_text("scratch")
    name = page.get_by_role("textbox", name="Name")
    name.fill("Line 3")
    name.press("Enter")
    page.get_by_role("button", name="Keep as a data set").click()
    expect(page.get_by_text("Line 3 is kept.")).to_be_visible()
    assert catalog.get("line-3").description.class_names == ("Good", "Scratch")
    fits(page.get_by_test_id("stMain"))
    page.get_by_role("button", name="Train on it").click()
    expect(page).to_have_url(re.compile("/train.*data=line-3"))
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    assert scratch() == []


def test_a_whole_folder_keeps_its_folders(fresh_server, page: Page, parts: Path):
    opened(fresh_server, page)
    page.get_by_text("A folder", exact=True).click()
    expect(page.get_by_test_id("stFileUploader").filter(has_text="A folder of photos")).to_be_visible()
    settled(page)  # files given to a box that is still being drawn can be lost
    box(page, "A folder of photos").set_input_files(parts.with_suffix(""))
    expect(page.get_by_role("button", name="Check the photos")).to_be_enabled()
    page.get_by_role("button", name="Check the photos").click()
    table = page.get_by_role("region", name="Photos by class and split")
    expect(table).to_contain_text("scratch")
    expect(page.get_by_role("heading", name="2. Check: parts")).to_be_visible()


def test_by_keyboard_from_an_example_to_a_data_set(fresh_server, page: Page):
    opened(fresh_server, page)
    page.get_by_role("radio", name="An example").or_(page.get_by_role("button", name="An example")).first.focus()
    page.keyboard.press("Enter")
    use = page.get_by_role("button", name="Use it").first
    use.focus()
    page.keyboard.press("Enter")
    keep = page.get_by_role("button", name="Keep as a data set")
    expect(keep).to_be_enabled()
    expect(page.locator(".st-key-draft")).to_be_focused()
    keep.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Brick wall is kept.")).to_be_in_viewport()
    expect(page.locator(".st-key-data_done")).to_be_focused()
    assert catalog.get("brick-wall").counts("test") == [40]
    look = page.get_by_role("button", name="Look at its model").first  # one is in the box
    look.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How good it is")).to_be_visible()
