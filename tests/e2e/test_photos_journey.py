"""The whole way as a new user goes it: from a zip of photos to a verdict with a heat map, on the pages and by three commands."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.basics.files import ROOT
from tests import photographs
from tests.e2e.conftest import settled


@pytest.fixture
def apples(tmp_path: Path) -> Path:
    """A zip of sixty good photos; four new ones, two of them scratched, are in the folder `new-photos` beside it."""
    tiles = photographs.many(64)
    photographs.write(tmp_path / "apples", tiles[:60], "jpg")
    with zipfile.ZipFile(tmp_path / "apples.zip", "w") as archive:
        for file in sorted((tmp_path / "apples").iterdir()):
            archive.write(file, f"apples/{file.name}")
    photographs.write(tmp_path / "new-photos", tiles[60:62])
    photographs.write(tmp_path / "new-photos", photographs.scratched(tiles[62:])[0], first=2)
    return tmp_path / "apples.zip"


def test_from_a_zip_to_a_verdict_with_a_heat_map_on_the_pages(fresh_server, page: Page, apples: Path) -> None:
    page.goto(fresh_server.address)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Data", exact=True).click()
    page.get_by_test_id("stFileUploader").first.locator("input[type=file]").set_input_files(apples)
    page.get_by_role("button", name="Check the photos").click()
    expect(page.get_by_text("These photos can be trained on.")).to_be_visible()
    page.get_by_role("button", name="Keep as a data set").click()
    page.get_by_role("button", name="Train on it").click()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("data=apples"))
    settled(page)
    epochs = page.get_by_role("spinbutton", name="Epochs")
    epochs.fill("1")
    epochs.press("Enter")
    expect(page.get_by_text(re.compile(r"\b1 epochs? of"))).to_be_visible()
    page.get_by_role("button", name="Start training").click()
    use = page.get_by_role("button", name=re.compile("^Use the .*epoch 1"))
    expect(use.or_(page.get_by_text("shown on every page")).first).to_be_visible()
    if use.count():
        use.first.click()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Try it").click()
    expect(page.get_by_role("heading", name="Try it", exact=True)).to_be_visible()
    page.get_by_text("Upload or paste", exact=True).click()
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(
        apples.parent / "new-photos" / "003.png"
    )
    expect(page.get_by_text(re.compile(r"score [0-9.]+ [≥<] threshold"))).to_be_visible()
    expect(page.get_by_role("img", name="Heat map").first).to_be_visible()


def test_from_a_zip_to_verdicts_and_maps_in_the_readmes_three_commands(apples: Path) -> None:
    readme = (ROOT / "README.md").read_text("utf-8").split("\n## Your own photos\n")[1].split("\n```\n")[1]
    commands = [line.split("#")[0].split()[1:] for line in readme.splitlines()]
    assert [command[2] for command in commands] == ["data", "train", "score"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    answers = []
    for command in commands:
        more = {"train": ["--epochs", "1"], "score": ["--json"]}.get(command[2], [])  # training as it is takes minutes
        done = subprocess.run(
            [sys.executable, *command, *more], cwd=apples.parent, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        answers.append(done.stdout)
    assert "Kept as apples" in answers[0]
    rows = json.loads(answers[2])
    assert [row["file"] for row in rows] == [f"new-photos/{number:03}.png" for number in range(4)]
    for row in rows:
        assert row["score"] > 0 and row["verdict"] in ("normal", "anomaly", "can't tell")
        with Image.open(apples.parent / row["residual"]) as residual:
            assert residual.size == (64, 64)
