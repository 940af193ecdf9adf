"""On a phone: what works by mouse works by finger, and what one drags and reads are on the same screen."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import fits, settled, until


def drag(page: Page, on: Locator, points: list[tuple[float, float]]) -> Callable[[], object]:
    """Put a finger down at the first of the points (shares of the element's width and height) and move it on; return what lifts it."""
    box = on.bounding_box()
    assert box
    session = page.context.new_cdp_session(page)
    for place, (across, down) in enumerate(points):
        at = {"x": box["x"] + across * box["width"], "y": box["y"] + down * box["height"]}
        session.send("Input.dispatchTouchEvent", {"type": "touchMove" if place else "touchStart", "touchPoints": [at]})
    return lambda: session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_browse_shows_its_first_image_at_once_and_its_filters_on_a_tap(server, phone: Page):
    phone.goto(f"{server.address}/browse")
    settled(phone)
    first = phone.locator(".shelf button").first
    expect(first).to_be_in_viewport(ratio=1)
    chip = phone.get_by_role("button", name=re.compile("missed"))
    expect(chip).to_be_hidden()
    phone.get_by_text("Filters and order", exact=True).tap()
    expect(chip).to_be_visible()
    settled(phone)
    assert chip.bounding_box()["height"] >= 40
    chip.tap()
    expect(phone.get_by_text("Filters and order: missed")).to_be_visible()
    fits(phone.get_by_test_id("stMain"))
    expect(first).to_have_accessible_name(re.compile("missed"))  # the new shelf, not the one about to go
    settled(phone)
    first.tap()
    expect(phone.get_by_role("dialog")).to_be_visible()


def test_the_numbers_stay_in_view_while_a_finger_drags_on_the_curve(server, phone: Page):
    phone.goto(f"{server.address}/roc")
    settled(phone)
    lab, curve, readout = phone.locator(".lab"), phone.locator(".roc"), phone.locator(".readout")
    expect(lab).to_have_attribute("data-threshold", re.compile(r"\d"))
    above = (
        "(curve) => document.querySelector('[data-testid=stMain]').scrollBy(0, curve.getBoundingClientRect().top - 120)"
    )
    curve.evaluate(above)
    expect(phone.locator("[data-figure=tpr]")).not_to_be_in_viewport()
    expect(readout).to_be_in_viewport(ratio=1)
    before, link = readout.text_content(), phone.url
    lift = drag(phone, curve, [(0.2, 0.1), (0.3, 0.1), (0.5, 0.1), (0.7, 0.1)])
    until(lambda: readout.text_content() != before)
    expect(readout).to_be_in_viewport(ratio=1)
    assert phone.url == link
    lift()
    # The drag's last moves may be drawn only now.
    until(lambda: phone.url.endswith(f"threshold={lab.get_attribute('data-threshold')}"))  # every digit
    limit = float(lab.get_attribute("data-threshold"))
    expect(readout).to_contain_text(f"threshold {float(f'{limit:.4g}'):g}")


def test_a_part_of_the_diagram_and_a_question_mark_explain_themselves_on_a_tap(server, phone: Page):
    phone.goto(f"{server.address}/")
    settled(phone)
    part = phone.locator(".st-key-flow_dcgan g[tabindex]:visible").first
    part.tap()
    expect(phone.locator(".st-key-flow_dcgan .about")).to_contain_text("a training image of the normal class")
    phone.goto(f"{server.address}/results")
    settled(phone)
    phone.get_by_text("What the columns say").first.tap()
    expect(phone.get_by_text(re.compile("easiest")).first).to_be_visible()
