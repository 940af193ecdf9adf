"""Nobody is shut out: axe-core finds no serious or critical fault on any page, in light and in dark, wide and narrow; no
page scrolls sideways; and what is focused by keyboard is there to be seen."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import fits, settled

AXE = Path(__file__).parent / "vendor" / "axe.min.js"  # the npm package axe-core, its build as it is (MPL-2.0)
# (rule, selector) of faults in Streamlit's own markup, each with the reason why it cannot be mended here.
NOT_OURS: tuple[tuple[str, str], ...] = ()
PAGES = {
    "overview": ("", "Find what does not belong"),
    "data": ("data", "Bring your own photos"),
    "browse": ("browse?classes=shirt&outcomes=missed", "Browse the test images"),
    "roc": ("roc?threshold=0.3", "ROC and threshold"),
    "line": ("line", "On the line"),
    "results": ("results", "Results"),
    "try it": ("try?edit=17", "Try it"),
    "train": ("train", "Train"),
}
SECTIONS = {
    "an opened image": ("browse?image=17", "Browse the test images"),
    "defects": ("browse?section=defects&kind=stain", "Browse the test images"),
    "misleading images": ("browse?section=lessons", "Browse the test images"),
    "classes": ("browse?section=by-class", "Browse the test images"),
    "latent map": ("browse?section=map", "Browse the test images"),
    "seeds": ("roc?view=seeds", "ROC and threshold"),
}
EVERY = [(theme, width) for theme in ("light", "dark") for width in (1280, 400)]


def faults(page: Page) -> list[str]:
    """Serious and critical violations, each with its element."""
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [
        f"{one['impact']} {one['id']}: {node['target']} {node['html'][:200]} {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
        if not any(one["id"] == rule and selector in str(node["target"]) for rule, selector in NOT_OURS)
    ]


def whole(page: Page) -> None:
    """Wait until the page stands: the script has ended, nothing is a skeleton, nothing moves any more."""
    settled(page)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    page.wait_for_function("document.getAnimations().every((one) => one.playState !== 'running')")


@pytest.mark.parametrize("name", [*PAGES, *SECTIONS])
def test_axe_finds_no_serious_fault(server, page: Page, name: str):
    address, heading = (PAGES | SECTIONS)[name]
    page.goto(f"{server.address}/{address}")
    expect(page.get_by_role("heading", name=heading, exact=True, include_hidden=True)).to_be_visible()
    whole(page)
    page.add_script_tag(path=AXE)
    told = []
    for theme, width in EVERY if name in PAGES else (EVERY[0], EVERY[-1]):
        page.emulate_media(color_scheme=theme)
        expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", theme)
        page.set_viewport_size({"width": width, "height": 900})
        whole(page)
        told += [f"{theme}, {width} px: {fault}" for fault in faults(page)]
        fits(page.get_by_test_id("stMain"))
    assert not told, "\n".join(told)


def test_axe_would_find_a_fault(server, page: Page):
    page.goto(f"{server.address}/results")
    whole(page)
    page.add_script_tag(path=AXE)
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<button></button>')")
    assert any("button-name" in fault for fault in faults(page))


def test_the_keyboard_alone_goes_from_page_to_page_and_sees_where_it_is(server, page: Page):
    page.goto(f"{server.address}/")
    whole(page)
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        name, seen = page.evaluate(
            """() => {
                const style = getComputedStyle(document.activeElement);
                const seen = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
                return [document.activeElement.innerText.trim(), seen];
            }"""
        )
        if name.endswith("Results"):
            assert seen, "what has the focus looks like everything else"
            break
        reached.append(name)
    else:
        raise AssertionError(f"Tab did not reach Results, only {reached}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Results", exact=True)).to_be_visible()
    settled(page)
