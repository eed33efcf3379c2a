"""The three states of an answer, as they stand on the page: sure, not sure or in doubt, declined."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.harness import SEVEN, answer, bars, expect_answer, probabilities

LETTER_A = [[(60, 240), (140, 40), (220, 240)], [(90, 160), (190, 160)]]
ONE_AND_SEVEN = [[(60, 80), (62, 220)], [(130, 80), (220, 80), (190, 140), (160, 220)]]
DOT = [[(140, 140), (142, 141)]]


def show(visit, drawing, words):
    """Draw on a clean sheet and wait for what is said."""
    for stroke in drawing:
        visit.draw(*stroke)
    expect(answer(visit)).to_have_text(re.compile(words))


def clear(visit):
    visit.lay_sheet("Clear")
    expect(answer(visit)).to_have_text("Draw a digit.")
    visit.page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (320, 568)])
@pytest.mark.bad_input(5, 6)
def test_what_is_no_digit_is_declined_in_words_that_fit_and_the_bars_stay_in_place(server, visitor, width, height):
    visit = visitor(server, width, height)
    visit.open()
    expect(bars(visit).get_by_role("listitem")).to_have_count(10)
    place = bars(visit).bounding_box()
    for drawing, words in (
        (LETTER_A, r"Not sure: a letter\? If it is a digit, \d or \d\?"),
        (ONE_AND_SEVEN, r"Two digits\? Draw one at a time\."),
        (DOT, "Too little ink"),
    ):
        show(visit, drawing, words)
        assert probabilities(visit) == [0] * 10
        assert bars(visit).bounding_box() == place
        box = answer(visit).bounding_box()
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= place["y"]
        clear(visit)
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    assert bars(visit).bounding_box() == place
