"""Every page is opened the way a visitor's session opens it: through the router."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.data.fashion_mnist import ROOT
from core.store import checkpoints


@pytest.fixture
def own_runs() -> Path:
    """The folder of this test's runs (see `alone`)."""
    return checkpoints.RUNS


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    """open_page("roc", model="traditional") → that page through the router, with these link parameters."""

    def open_it(page: str = "overview", **link: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120)
        if page == "overview":
            for name, value in link.items():
                app.query_params[name] = value
            return app.run()
        app.run()
        app.switch_page(f"pages/{page}/page.py")
        for name, value in link.items():
            app.query_params[name] = value
        return app.run()

    return open_it


def words(app: AppTest) -> str:
    """Everything a page says in markdown, captions and boxes."""
    kinds = (app.markdown, app.caption, app.info, app.warning, app.error, app.title, app.subheader)
    return "\n".join(element.value for kind in kinds for element in kind)


def tables(app: AppTest) -> dict[str, list[dict[str, str]]]:
    """The tables of `style.table` by their labels: a dict a row, heading → cell."""
    found = {}
    for element in app.get("html"):
        if 'class="mf-table"' in element.proto.body:
            region = ET.fromstring(element.proto.body)
            lines = [["".join(cell.itertext()) for cell in row] for row in region.iter("tr")]
            found[region.attrib["aria-label"]] = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    return found
