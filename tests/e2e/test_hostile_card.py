"""A model from a stranger, whose card says what it likes in every text: pages show it as text and do nothing else."""

import json
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.store import checkpoints
from tests.e2e.conftest import Server, settled

HOSTILE = (
    "<img src=x onerror=alert(1)><script>alert(2)</script> [x](javascript:alert(3)) **bold** $E=mc^2$ :red[r] ![i](//e)"
)
NAME = "a-strangers-model"


@pytest.fixture
def stranger(fresh_server: Server) -> Path:
    """Among the runs, before anybody looks at them."""
    folder = fresh_server.runs / NAME / checkpoints.LAST
    shutil.copytree(checkpoints.shipped("traditional", "t-shirt"), folder)
    card = json.loads((folder / checkpoints.CARD).read_text())
    card |= {"device": HOSTILE, "data_source": HOSTILE, "versions": {HOSTILE: HOSTILE}}
    (folder / checkpoints.CARD).write_text(json.dumps(card))
    found = checkpoints.load(folder)
    assert found.card.device == HOSTILE  # it is believed
    return folder


def test_a_hostile_cards_text_is_text_on_every_page(stranger: Path, fresh_server: Server, page: Page):
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    for place in ("", "browse", "roc", "try", "train", "results"):
        page.goto(f"{fresh_server.address}/{place}?model=traditional&trained={NAME}")
        settled(page)
        if not place:
            page.locator(".st-key-card_traditional").get_by_role("button").click()
            expect(page.get_by_role("dialog").get_by_text("<script>alert(2)</script> [x](").first).to_be_visible()
        assert page.locator("img[src=x], [href^=javascript], .katex").count() == 0, place
    assert dialogs == []
