"""A fresh server and a real Chromium. A journey fails on any page error, console error, or request that leaves 127.0.0.1.

A slow machine is no fault: what is answered later is waited for, with playwright's `expect` or with `until`, and PATIENCE is the
one limit. What has to be quick is held against something else that the same machine does at the same time.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from core.data.fashion_mnist import ROOT

# Without the window's own frame, which is drawn even when nobody sees it, the tests take four fifths of the processor time.
CHROMIUM = (
    os.environ.get("CHROMIUM")
    or shutil.which("chromium-headless-shell")
    or shutil.which("chromium")
    or shutil.which("chromium-browser")
    or shutil.which("google-chrome")
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PATIENCE = 180  # seconds that anything may take: a page, an answer, a short training
expect.set_options(timeout=1000 * PATIENCE)


def until(condition: Callable[[], object]) -> None:
    """Wait for what no locator can say."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or the one that CHROMIUM names. Only a person's own machine may do without it, never CI."""
    if not CHROMIUM:
        assert not os.environ.get("CI"), "CI needs Chromium: install it, or name it in CHROMIUM."
        pytest.skip(
            "Chromium is not installed: apt-get install chromium-headless-shell, or name a Chromium or Chrome in CHROMIUM."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Server:
    """`streamlit run streamlit_app.py` on a free port, with runs in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self.runs = folder / "runs"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(self.port)],
                cwd=ROOT,
                env=os.environ | {"MISFIT_RUNS": str(self.runs)},
                stdout=log,
                stderr=log,
            )
        until(self.healthy)

    def healthy(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=10)
        except (urllib.error.URLError, OSError):
            return False
        return True

    def stop(self) -> None:
        for run in self.runs.glob("[!.]*"):
            (run / "stop").touch()  # trainings outlive their server
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of all tests that leave nothing behind on it; the others take a fresh one."""
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab of a new visitor, watched."""
    yield from watched(browser, viewport={"width": 1280, "height": 900})


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A tab of a new visitor on a phone, who has a finger and no mouse; watched."""
    yield from watched(browser, viewport={"width": 400, "height": 850}, has_touch=True, is_mobile=True)


def watched(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a tab; fail at its end if anything in it went wrong."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    faults: list[str] = []

    def on_request(request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            faults.append(f"a request left this machine: {request.url}")

    def on_console(message) -> None:
        if message.type == "error":  # a deep link's, too: pages/parts/root.py
            faults.append(f"console: {message.text} {message.location}")

    page.on("request", on_request)
    page.on("console", on_console)
    page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
    yield page
    context.close()
    assert not faults, "\n".join(faults)


def fits(element: Locator) -> None:
    """Wait until there is nothing in it to scroll to sideways."""
    until(lambda: element.evaluate("(box) => box.scrollWidth <= box.clientWidth"))


def settled(page: Page) -> None:
    """Wait until the script has run to its end, and see that it did not end in an exception.

    Right after a click the run that answers it may not have begun: wait for what it shows first.
    """
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    assert page.locator("[data-testid=stException]").count() == 0
