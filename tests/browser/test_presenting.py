"""Inkling before a group and by keyboard: projector mode, the link to hand out, a new start, shortcuts."""

import re

import pytest
from playwright.sync_api import expect

from tests.app_server import READY
from tests.axe import serious
from tests.browser.harness import CHALK, INK, SEVEN, bars, expect_answer, expect_empty, expect_ink, expect_within

COUNT_CLEARS = """addEventListener("click", ({ target }) => {
    window.clears = (window.clears ?? 0) + Boolean(target.closest(".st-key-clear"))
}, true)"""


def press(visit, key):
    expect(visit.page.locator(".st-key-board_tools")).to_have_css("pointer-events", "auto")  # the stroke has been sent
    visit.page.keyboard.press(key)


def expect_seven_on_the_board(visit, *, presented, ink=INK):
    """The page has turned, and the seven is on its sheet."""
    expect(visit.page.get_by_role("heading", name="Draw a digit")).to_have_count(0 if presented else 1)
    expect(visit.page.locator(READY)).to_be_attached()
    expect_ink(visit, ink)
    expect_answer(visit, 7)


def open_group(visit):
    visit.page.get_by_role("button", name="For a group").click()
    group = visit.page.get_by_role("dialog", name="For a group")
    expect(group.get_by_text("Your runs and kept drawings stay.")).to_be_attached()  # the last of it
    return group


def test_keys_undo_clear_and_lead_to_train_except_while_one_types_and_a_list_shows_them(server, visitor):
    visit = visitor(server)
    visit.open()
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    press(visit, "u")
    expect_empty(visit)
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    visit.page.keyboard.press("?")
    shortcuts = visit.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(shortcuts.get_by_text("Undo the last stroke")).to_be_visible()
    assert serious(visit.page) == []
    visit.page.evaluate(COUNT_CLEARS)
    press(visit, "c")  # nothing happens behind the list
    shortcuts.get_by_label("Use them").uncheck()
    visit.page.keyboard.press("Escape")
    expect(shortcuts).to_be_hidden()
    press(visit, "c")  # nor while they are switched off
    assert not visit.page.evaluate("window.clears")  # a key that clicks does so before it is up again
    visit.page.get_by_role("button", name="Keyboard shortcuts").click()
    shortcuts.get_by_label("Use them").check()
    shortcuts.get_by_role("button", name="Close").click()
    press(visit, "c")
    assert visit.page.evaluate("window.clears") == 1
    expect_empty(visit)
    visit.page.keyboard.press("t")
    expect(visit.page.get_by_role("heading", name="Train a network")).to_be_visible()
    assert serious(visit.page) == []

    visit.page.goto(f"{visit.url}/learn?chapter=glossary")
    expect(visit.page.locator(READY)).to_be_attached()
    word = visit.page.get_by_role("searchbox", name="Find a word")
    word.press_sequentially("dust?")
    expect(word).to_have_value("dust?")
    expect(visit.page.get_by_role("dialog")).to_have_count(0)
    expect(visit.page.get_by_role("heading", name="Glossary")).to_be_visible()


def test_projector_mode_fills_the_window_shows_a_link_without_a_secret_and_starts_over(server, visitor):
    visit = visitor(server, color_scheme="dark")
    visit.open()
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    group = open_group(visit)
    expect(group.get_by_test_id("stCode")).to_have_text(f"{visit.url}/")
    expect(group.get_by_role("img", name=f"QR code of {visit.url}/")).to_be_visible()
    group.get_by_role("button", name="Projector mode").click()

    expect(group).to_have_count(0)
    expect_seven_on_the_board(visit, presented=True, ink=CHALK)
    expect(visit.page.get_by_role("link", name="Learn")).to_have_count(0)
    visit.page.wait_for_function(
        "([bars]) => bars.getBoundingClientRect().width > 500", arg=[bars(visit).element_handle()]
    )
    for box in (visit.sheet().bounding_box(), bars(visit).bounding_box()):
        assert box["height"] > 290  # nearly twice as large
        expect_within(box, 1280, 720)
    press(visit, "c")
    expect_empty(visit)
    visit.draw(*SEVEN)  # a smaller one, in the corner
    expect_answer(visit, 7)
    assert serious(visit.page) == []

    with visit.page.expect_request(re.compile(r"[?&]anew=1")):  # by which Train knows whose runs not to show
        open_group(visit).get_by_role("link", name="Start fresh for the next group").click()
    expect_empty(visit)
    expect(visit.page).to_have_url(re.compile("present=1"))
    press(visit, "p")
    expect(visit.page.get_by_role("button", name="Train your own")).to_be_visible()
    expect(visit.page).not_to_have_url(re.compile("present=1"))


def test_projector_mode_can_be_left_by_touch(server, visitor):
    visit = visitor(server, 375, 667)
    visit.goto("/?present=1")
    leave = visit.page.get_by_role("button", name="Leave projector mode")
    expect(leave).to_be_in_viewport(ratio=1)
    leave.click()
    expect(visit.page.get_by_role("button", name="Train your own")).to_be_visible()
    expect(visit.page).not_to_have_url(re.compile("present=1"))


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (320, 568)])
def test_the_dialog_for_a_group_fits_every_screen_and_its_code_is_large(server, visitor, width, height):
    visit = visitor(server, width, height)
    visit.open()
    group = open_group(visit)
    for part in (group.get_by_role("img"), group.get_by_test_id("stCode"), group.get_by_text("Start fresh")):
        part.scroll_into_view_if_needed()
        expect(part).to_be_in_viewport(ratio=1)
    code = group.get_by_role("img").bounding_box()
    assert code["width"] == code["height"] == max(220, min(width, height) / 2)
    assert group.evaluate("dialog => dialog.scrollHeight - dialog.clientHeight") <= 0  # the page under it scrolls
    assert serious(visit.page) == []


def test_strokes_stay_on_the_board_into_projector_mode_and_out_of_it(server, visitor):
    visit = visitor(server)
    visit.open()
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    press(visit, "p")
    expect_seven_on_the_board(visit, presented=True)
    press(visit, "p")
    expect_seven_on_the_board(visit, presented=False)
    visit.page.go_back()
    expect_seven_on_the_board(visit, presented=True)
