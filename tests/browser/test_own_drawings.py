"""Correct a wrong answer, keep the drawing, and teach it; the engine is the real one."""

import re

from playwright.sync_api import expect

from tests.app_server import READY
from tests.browser.harness import COLD, SEVEN, button, downloaded


def right_digit(visit):
    return visit.page.get_by_role("radiogroup", name="The right digit")


def correction(visit):
    return visit.page.locator(".st-key-correction")


def keep(visit, digit):
    right_digit(visit).get_by_role("radio", name=str(digit), exact=True).click()
    expect(correction(visit)).to_contain_text(f"Kept as a {digit}.")


def test_a_wrong_answer_is_corrected_kept_through_a_reload_looked_at_and_deleted(server, visitor, tmp_path):
    visit = visitor(server, 375, 667)
    visit.open()
    expect(right_digit(visit)).to_have_count(0)
    visit.draw(*SEVEN)
    expect(correction(visit)).to_contain_text("Wrong? It is a")
    board = visit.page.locator(".st-key-board").bounding_box()
    keep(visit, 1)
    assert visit.page.locator(".st-key-board").bounding_box()["width"] == board["width"]
    expect(right_digit(visit).get_by_role("radio", checked=True)).to_have_text("1")
    row = [digit.bounding_box()["y"] for digit in right_digit(visit).get_by_role("radio").all()]
    assert len(row) == 10
    assert len(set(row)) == 1

    visit.page.reload()
    expect(visit.page.locator(READY)).to_be_attached()
    button(visit, "1 drawing of yours").click()
    expect(visit.page.get_by_role("img", name="A 1 of yours")).to_be_visible()
    assert downloaded(visit, "Download", tmp_path).name == "inkling-drawings.npz"
    button(visit, "Remove: A 1 of yours").click()
    expect(button(visit, "1 drawing of yours")).to_have_count(0)


def test_teach_leads_to_its_run_and_the_drawing_is_watched_being_learned(server, visitor):
    visit = visitor(server)
    visit.open()
    visit.draw(*SEVEN)
    keep(visit, 1)
    button(visit, "Teach").click()
    expect(visit.page.get_by_role("heading", name="Pretrained, taught")).to_be_visible()
    assert re.search(r"run=[\w-]+", visit.page.url)
    expect(visit.page.get_by_role("img", name="A 1, before read as 7, not read again yet")).to_be_visible()
    bars = visit.page.get_by_role("region", name="A drawing, being learned")
    expect(bars.get_by_role("img")).to_be_visible()
    expect(bars.get_by_text(re.compile(r"Reads your drawing as a \d, \d"))).to_be_visible(timeout=COLD)
    button(visit, "Stop").click()
    expect(button(visit, "Draw with it")).to_be_visible(timeout=COLD)
    expect(visit.page.get_by_text(re.compile("Reads [01] of 1 drawing it was taught, before 0"))).to_be_visible()
