"""Nobody is shut out: axe-core finds no serious or critical fault on any page, in light and in dark, wide and narrow; no
page scrolls sideways; and what is focused by keyboard is there to be seen."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import fits, settled, until

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


FOCUS = """() => {
    let at = document.activeElement;
    const main = !document.querySelector('[data-testid=stSidebar]').contains(at) && at.dataset.testid !== 'stSkipToContent';
    const box = at.closest('[data-rac][role=group], [data-testid=stNumberInputContainer]') ?? at;
    const seen = [at, box].some((one) => getComputedStyle(one).outlineStyle !== 'none' || getComputedStyle(one).boxShadow !== 'none');
    return [at.innerText.trim(), main, seen];
}"""


def test_the_keyboard_alone_goes_from_page_to_page_and_sees_where_it_is(server, page: Page):
    page.goto(f"{server.address}/")
    whole(page)
    # Skip to main content; where there is no mouse, the button that folds the sidebar; the list of pages, at this one
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUS)[0].endswith("Overview"):
            break
    for _ in range(len(PAGES)):  # arrow keys move in the list
        name, _, seen = page.evaluate(FOCUS)
        if name.endswith("Results"):
            assert seen, "what has the focus looks like everything else"
            break
        page.keyboard.press("ArrowDown")
    else:
        raise AssertionError("the arrow keys did not reach Results")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Results", exact=True)).to_be_visible()
    settled(page)
    bars = page.locator(".modebar")  # a chart's seven buttons are one stop, too
    expect(bars.first).to_be_attached()
    until(
        lambda: bars.evaluate_all(
            "(bars) => bars.every((bar) => bar.querySelectorAll('button[tabindex=\"0\"]').length === 1)"
        )
    )
    picture = bars.first.get_by_role("button", name="Download plot as a PNG")
    picture.focus()
    expect(bars.first).to_have_css("opacity", "1")
    picture.press("ArrowRight")
    expect(bars.first.get_by_role("button", name="Zoom", exact=True)).to_be_focused()


def test_a_pages_first_control_is_at_most_eight_stops_away_and_help_is_named(server, page: Page):
    for name, (address, heading) in PAGES.items():
        page.goto(f"{server.address}/{address}")
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        whole(page)
        stops = 0
        while stops < 9:
            page.keyboard.press("Tab")
            stops += 1
            text, main, seen = page.evaluate(FOCUS)
            assert main or seen, f"{name}: {text} has the focus, and it is not to be seen"
            if main:
                break
        assert stops <= 8, f"{name}: {stops} stops"
        spoken = page.get_by_test_id("stApp").aria_snapshot().splitlines()
        assert not [line for line in spoken if line.strip() == '- button "Help"'], name
        assert not [line for line in spoken if "**" in line or re.search(r"[a-z]_[a-z]|img \".* icon\"", line)], name


def test_f1_explains_a_control_and_goes_back_to_it(server, page: Page):
    page.goto(f"{server.address}/train")
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    whole(page)
    epochs = page.get_by_role("spinbutton", name="Epochs")
    expect(epochs).to_have_attribute("aria-description", "F1 explains")
    epochs.press("F1")
    expect(page.get_by_role("tooltip")).to_contain_text("Passes over the normal training images")
    page.keyboard.press("F1")
    expect(epochs).to_be_focused()
    page.get_by_text("More", exact=True).click()
    size = page.get_by_role("spinbutton", name="Batch size (images)")
    size.fill("9000")
    size.press("Enter")
    expect(size).to_have_attribute("aria-invalid", "true")
    expect(epochs).to_have_attribute("aria-invalid", "false")
