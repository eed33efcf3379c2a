"""The groups below the answer, in a browser: they follow the drawing, and a pixel is chosen by pointing and by keys."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.harness import SEVEN, expect_answer

GROUPS = (
    "What each layer saw",
    "Which pixels mattered",
    "The nearest training digits",
    "The runner-up",
    "The arithmetic",
)


def test_a_drawing_is_explained_on_a_phone_without_anything_wider_than_its_screen(server, visitor):
    width = 375
    visit = visitor(server, width)
    visit.open()
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    for group in GROUPS:
        visit.unfold(group)
    page = visit.page
    expect(page.get_by_role("list", name="conv2d_1").get_by_role("img")).to_have_count(10)
    expect(page.get_by_text(re.compile("probability of 7 falls from"))).to_be_visible()
    expect(page.get_by_role("list", name="The nearest training digits").get_by_role("img")).to_have_count(8)
    expect(page.get_by_text(re.compile(r"^Second is \d, with"))).to_be_visible()
    expect(page.get_by_role("table")).to_have_count(2)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= width

    row, column = (page.get_by_label(name, exact=True) for name in ("Row", "Column"))
    pixels = page.get_by_role("button", name=re.compile("^What comes out: map"))
    pixels.click(position={"x": 63, "y": 33})  # 5 for each pixel of the map
    expect(column).to_have_value("13")
    expect(row).to_have_value("7")
    pixels.press("ArrowDown")
    expect(row).to_have_value("8")
    expect(page.get_by_text("Pixel 8, 13 of map")).to_be_visible()

    visit.lay_sheet("Clear")
    expect(page.get_by_text("Draw a digit, and this is shown for it.")).to_have_count(len(GROUPS))


def test_the_folded_groups_are_one_ruled_list_and_not_a_stack_of_boxes(server, visitor):
    visit = visitor(server)
    visit.open()
    groups = visit.page.get_by_test_id("stExpander").locator("> details")
    expect(groups).to_have_count(6)
    read = """groups => groups.map((group) => {
        const { borderTopWidth, borderRightWidth, borderBottomWidth, borderLeftWidth } = getComputedStyle(group)
        return [borderTopWidth, borderRightWidth, borderBottomWidth, borderLeftWidth].map(parseFloat)
    })"""
    assert groups.evaluate_all(read) == [[1, 0, 0, 0]] * 5 + [[1, 0, 1, 0]]
    edges = groups.evaluate_all(
        "groups => groups.map((group) => group.getBoundingClientRect()).map((b) => [b.top, b.bottom])"
    )
    assert [below[0] - above[1] for above, below in pairwise(edges)] == pytest.approx([0] * 5, abs=1)
