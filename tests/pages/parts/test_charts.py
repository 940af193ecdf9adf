"""Every plotly figure has the house style, and there is no other way to draw one."""

import json
from pathlib import Path

import pytest

from core.data.fashion_mnist import ROOT
from pages.parts import charts


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("browse", {"section": "by-class"}),
        ("results", {}),
        *(("roc", {"view": view}) for view in ("curves", "classes", "precision", "seeds")),
    ],
)
def test_every_figure_has_the_house_style(open_page, page, link):
    app = open_page(page, **link)
    drawn = app.get("plotly_chart")
    assert drawn and not app.exception
    for chart in drawn:
        layout = json.loads(chart.proto.spec)["layout"]
        for name, value in charts.LAYOUT.items():
            assert value.items() <= layout[name].items() if isinstance(value, dict) else layout[name] == value, name
        assert layout["height"] > 100


def test_no_page_draws_past_the_house_style():
    rooms = [path for path in (ROOT / "pages").rglob("*.py") if "plotly_chart" in path.read_text("utf-8")]
    assert [path.relative_to(ROOT) for path in rooms] == [Path("pages/parts/charts.py")]
