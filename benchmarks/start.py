"""`streamlit run` → what a visitor waits for, in Chromium, against a bare one-line Streamlit app; and the app's memory."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.timing import Comparison, compare, peak_memory
from core.basics.files import ROOT

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
BARE = 'import streamlit as st\n\nst.title("Bare")\n'


def chromium() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def serving(script: Path) -> Iterator[tuple[str, subprocess.Popen]]:
    """(address, process) of `streamlit run script`; the address may not answer yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script.name, "--server.port", str(port)]
    command += ["--server.headless", "true", "--server.address", "127.0.0.1", "--browser.gatherUsageStats", "false"]
    with tempfile.TemporaryDirectory() as runs:
        process = subprocess.Popen(
            command,
            cwd=script.parent,
            env=os.environ | {"MISFIT_RUNS": runs},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            process.wait()


def answered(address: str, limit: float = 120) -> None:
    end = time.monotonic() + limit
    while True:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
            return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def first_paint(browser, script: Path, page: str, selector: str) -> float:
    """Seconds from `streamlit run script` until `selector` is visible on `page`, with an empty browser cache."""
    started = time.perf_counter()
    with serving(script) as (address, _):
        answered(address)
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(f"{address}/{page}")
        tab.locator(selector).first.wait_for(state="visible", timeout=120_000)
        seconds = time.perf_counter() - started
        context.close()
    return seconds


PLACES = {
    "heading of Overview": ("", "[data-testid=stMain] h1"),
    "first thumbnails of Browse": ("browse", ".shelf button img"),
    "ROC drawn": ("roc", ".lab svg.roc path.curve"),
}


def against_bare(repeats: int = 7) -> dict[str, Comparison]:
    """Each place against the heading of the bare app; `ratio` is bare / Misfit."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        bare = Path(folder) / "app.py"
        bare.write_text(BARE)
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        found = {
            name: compare(
                partial(first_paint, browser, ROOT / "streamlit_app.py", page, selector),
                lambda: first_paint(browser, bare, "", "h1:has-text('Bare')"),
                repeats,
            )
            for name, (page, selector) in PLACES.items()
        }
        browser.close()
    return found


def app_memory() -> tuple[float, float]:
    """(MB after every page that needs no model, MB after Try it has scored with both GANs)."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, serving(ROOT / "streamlit_app.py") as (address, process):
        answered(address)
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        tab = browser.new_page()

        def visit(page: str) -> None:
            tab.goto(f"{address}/{page}")
            tab.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=120_000)

        for page in ("", "browse", "roc", "train", "results"):
            visit(page)
        light = peak_memory(process.pid)
        for model in ("dcgan", "traditional"):
            visit(f"try?model={model}&edit=17")
            tab.get_by_text("score").first.wait_for(timeout=120_000)
        heavy = peak_memory(process.pid)
        browser.close()
    return light, heavy
