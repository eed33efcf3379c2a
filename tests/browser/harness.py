"""What the browser tests share: buttons and headings, the answer on Draw, and what holds on every screen."""

import re

import pytest
from playwright.sync_api import expect

from tests.app_server import READY

COLD = 180_000  # milliseconds in which a cold engine has come up on a busy machine
SEVEN = [(80, 60), (200, 60), (160, 140), (120, 230)]
ONE = [(140, 40), (140, 240)]
INK, CHALK = "29,36,51,255", "242,240,230,255"  # the colours of a stroke by day and by night
BACKGROUNDS = {"light": "rgb(251, 249, 244)", "dark": "rgb(21, 33, 29)"}


def button(visit, name):
    """A button of the page; a new canvas shows a toolbar of its own for a moment, with buttons of the same names."""
    found = visit.page.get_by_role("button", name=name, exact=isinstance(name, str))
    return found.and_(visit.page.locator(":not(.dc-icon-button)"))


def heading(visit, name, **options):
    return visit.page.get_by_role("heading", name=name, exact=True, **options)


def downloaded(visit, label, folder):
    """Click a download button; returns the path of the file."""
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name=label).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


# The answer on Draw


def bars(visit):
    return visit.page.get_by_role("list", name="How likely each digit is")


def probabilities(visit):
    return [float(bar.get_attribute("data-probability")) for bar in bars(visit).get_by_role("listitem").all()]


def answer(visit):
    """The sentence of the answer."""
    return visit.page.get_by_role("region", name="Answer").get_by_role("status")


def expect_answer(visit, digit):
    expect(answer(visit)).to_have_text(re.compile(rf"{digit}\s*\d\d\.\d\s% sure"))
    assert sum(probabilities(visit)) == pytest.approx(1, abs=1e-4)
    assert max(range(10), key=probabilities(visit).__getitem__) == digit


def expect_empty(visit):
    expect(answer(visit)).to_contain_text("Draw a digit")
    expect(bars(visit).get_by_role("listitem")).to_have_count(10)
    assert probabilities(visit) == [0] * 10
    expect(button(visit, "Undo")).to_be_disabled()
    expect(button(visit, "Clear")).to_be_disabled()
    expect(visit.sheet()).to_have_attribute("data-inkling", "")


def expect_ink(visit, colour):
    """The visible sheet has a stroke of this colour where the upper bar of `SEVEN` lies: "red,green,blue,alpha"."""
    visit.page.wait_for_function(
        """colour => [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")].some((host) => {
            const canvas = host.shadowRoot?.querySelector("canvas.dc-canvas.lower-canvas")
            return canvas?.checkVisibility()
                && String([...canvas.getContext("2d").getImageData(140, 60, 1, 1).data]) == colour
        })""",
        arg=colour,
    )


# Every screen


def expect_nothing_wider(visit, width):
    """Neither the page nor its main part scrolls sideways."""
    assert visit.page.evaluate("document.documentElement.scrollWidth") == width
    main = visit.page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth - main.clientWidth") == 0


def expect_within(box, width, height=float("inf")):
    """A bounding box lies on a screen of this size, in pixels."""
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= height


def turn(visit, scheme):
    """Turn the page "light" or "dark", and wait until it is drawn."""
    visit.page.emulate_media(color_scheme=scheme)
    expect(visit.page.get_by_test_id("stApp")).to_have_css("background-color", BACKGROUNDS[scheme])
    expect(visit.page.locator(READY)).to_be_attached()
