"""The watch as a process: photos come, somebody ends it, kills it, and starts it again."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from core.basics.files import ROOT
from core.store import checkpoints

PATIENCE = 120.0  # seconds, on a busy machine


class Process:
    """`python -m core watch`; `said` reads what it tells until a line has the word."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "core", "watch", *map(str, arguments)]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)

    def said(self, word: str) -> str:
        assert self.process.stderr
        return next(line for line in self.process.stderr if word in line)

    def end(self, number: int) -> str:
        """Send a signal; return the rest of what was told."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=PATIENCE)[1]


def lines(path: Path) -> list[dict[str, str]]:
    """The whole lines of a CSV that may just be written to."""
    text = path.read_text("utf-8") if path.exists() else ""
    return list(csv.DictReader(io.StringIO(text[: text.rfind("\n") + 1])))


def wait_for(path: Path, count: int) -> list[dict[str, str]]:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if len(found := lines(path)) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{len(lines(path))} of {count} lines")


@pytest.fixture
def move_in(tmp_path: Path, test_split):
    """Moves test images into the watched folder, as a careful camera does."""
    (tmp_path / "in").mkdir()

    def move(*numbers: int) -> None:
        for number in numbers:
            Image.fromarray(test_split.images[number, :, :, 0]).save(tmp_path / "photo.png")
            os.rename(tmp_path / "photo.png", tmp_path / "in" / f"{number}.png")

    return move


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_photos_that_come_are_judged_as_score_judges_until_somebody_ends_it(
    number: int, move_in, run, saved, tmp_path: Path
) -> None:
    folder, out = saved("dcgan"), tmp_path / "verdicts.csv"
    watch = Process(tmp_path / "in", "--checkpoint", folder, "--out", out, "--threshold", "fpr_1", "--settle", 600)
    assert f"{checkpoints.load(folder).card.thresholds.fpr_1:.4f}" in watch.said("watching")
    move_in(0, 1)
    wait_for(out, 2)  # long before 600 s have passed: the system tells
    with open(tmp_path / "in" / "open.png", "wb") as file:
        file.write((tmp_path / "in" / "0.png").read_bytes()[:200])
        file.flush()
        move_in(2)
        assert "open.png" not in [row["file"] for row in wait_for(out, 3)]
        file.write((tmp_path / "in" / "0.png").read_bytes()[200:])
    found = wait_for(out, 4)
    assert "4 photos judged" in watch.end(number)
    assert watch.process.returncode == 0
    paths = [tmp_path / "in" / row["file"] for row in found]
    scored = json.loads(run("score", *paths, "--checkpoint", folder, "--json", "--threshold", "fpr_1"))
    for row, expected in zip(found, scored, strict=True):
        for name in ("score", "percentile", "threshold", "farness"):
            assert float(row[name]) == pytest.approx(
                expected[name], abs=1e-5
            )  # another number of threads, another last bit
        assert (row["verdict"], row["reason"]) == (expected["verdict"], expected["reason"])


def test_a_killed_watch_goes_on(move_in, saved, tmp_path: Path) -> None:
    command = (tmp_path / "in", "--checkpoint", saved(), "--out", tmp_path / "v.csv", "--move", tmp_path / "sorted")
    first = Process(*command)
    first.said("watching")
    move_in(*range(40))
    wait_for(tmp_path / "v.csv", 1)
    first.end(signal.SIGKILL)
    move_in(*range(40, 50))
    second = Process(*command, "--settle", 0.1, "--once")
    second.process.communicate(timeout=PATIENCE)
    assert second.process.returncode == 0
    assert sorted(row["file"] for row in lines(tmp_path / "v.csv")) == sorted(f"{number}.png" for number in range(50))
    assert list((tmp_path / "in").iterdir()) == []
    assert len(list((tmp_path / "sorted").rglob("*.png"))) == 50


def test_what_cannot_be_watched_is_said_at_once(refused, saved, pictures, tmp_path: Path) -> None:
    model, out = ("--checkpoint", saved()), ("--out", tmp_path / "out.csv")
    assert "is no folder" in refused("watch", pictures[0], *model, *out)
    assert "--settle" in refused("watch", tmp_path, *model, *out, "--settle", "nan")
    assert "--maps names the watched folder" in refused("watch", tmp_path, *model, *out, "--maps", tmp_path)
    assert "--move names" in refused("watch", tmp_path, *model, *out, "--move", tmp_path)
    assert "is a file" in refused("watch", tmp_path, *model, *out, "--move", pictures[0])
    assert "has no threshold 'best'; it has youden" in refused("watch", tmp_path, *model, *out, "--threshold", "best")
    assert "a score is from 0 to 2" in refused("watch", tmp_path, *model, *out, "--threshold", "nan")
    assert "share of anomalies" in refused("watch", tmp_path, *model, *out, "--prevalence", "2")
    assert "other lines" in refused("watch", tmp_path, *model, "--out", pictures[0])
    if Path("/dev/shm").is_dir() and os.stat("/dev/shm").st_dev != tmp_path.stat().st_dev:
        other = Path("/dev/shm") / f"misfit-{os.getpid()}"
        try:
            assert "another disk" in refused("watch", tmp_path, *model, *out, "--move", other)
        finally:
            shutil.rmtree(other, ignore_errors=True)
    assert not (tmp_path / "out.csv").exists()
