"""Inkling before a group and by keyboard: projector mode, the link to hand out, a new start, shortcuts."""

import re

from playwright.sync_api import expect

from tests.axe import serious
from tests.browser.conftest import READY

SEVEN = [(80, 60), (200, 60), (160, 140), (120, 230)]


def press(visit, key):
    expect(visit.page.locator(".st-key-board_tools")).to_have_css("pointer-events", "auto")  # the stroke has been sent
    visit.page.keyboard.press(key)


def expect_seven(visit):
    expect(visit.page.get_by_role("status").filter(has_text="sure")).to_have_text(re.compile(r"7\s+\d\d\.\d\s% sure"))


def expect_empty(visit):
    expect(visit.page.get_by_role("status").filter(has_text="Draw a digit")).to_be_visible()
    expect(visit.page.get_by_role("button", name="Undo")).to_be_disabled()
    expect(visit.sheet()).to_have_attribute("data-inkling", "")


def test_the_keys_undo_clear_and_go_to_train_but_not_while_one_types_and_a_list_shows_them(server, visitor):
    visit = visitor(server)
    visit.open()
    visit.draw(*SEVEN)
    expect_seven(visit)
    press(visit, "u")
    expect_empty(visit)
    visit.draw(*SEVEN)
    expect_seven(visit)
    visit.page.keyboard.press("?")
    shortcuts = visit.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(shortcuts.get_by_text("Undo the last stroke")).to_be_visible()
    assert serious(visit.page) == []
    press(visit, "c")  # nothing happens behind the list
    shortcuts.get_by_label("Use them").uncheck()
    visit.page.keyboard.press("Escape")
    expect(shortcuts).to_be_hidden()
    press(visit, "c")  # nor while they are switched off
    expect_seven(visit)
    visit.page.get_by_role("button", name="Keyboard shortcuts").click()
    shortcuts.get_by_label("Use them").check()
    shortcuts.get_by_role("button", name="Close").click()
    press(visit, "c")
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


def test_projector_mode_fills_the_window_hands_out_a_link_without_a_secret_and_starts_anew(server, visitor):
    visit = visitor(server, color_scheme="dark")
    visit.open()
    visit.draw(*SEVEN)
    expect_seven(visit)
    visit.page.get_by_role("button", name="For a group").click()
    link = visit.page.get_by_test_id("stPopoverBody").get_by_test_id("stCode")
    expect(link).to_have_text(f"{visit.url}/")
    expect(visit.page.get_by_role("img", name=f"QR code of {visit.url}/")).to_be_visible()
    visit.page.get_by_role("button", name="Projector mode").click()

    expect(visit.page.get_by_role("heading", name="Draw a digit")).to_have_count(0)
    expect(visit.page.get_by_role("link", name="Learn")).to_have_count(0)
    expect_seven(visit)  # what was drawn has come along
    bars = visit.page.get_by_role("list", name="How likely each digit is")
    board = visit.sheet()
    visit.page.wait_for_function("([bars]) => bars.getBoundingClientRect().width > 500", arg=[bars.element_handle()])
    for box in (board.bounding_box(), bars.bounding_box()):
        assert box["height"] > 290  # nearly twice as large
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 1280
        assert box["y"] + box["height"] <= 720
    press(visit, "c")
    expect_empty(visit)
    visit.draw(*SEVEN)  # a smaller one, in the corner
    expect_seven(visit)
    assert serious(visit.page) == []

    visit.page.get_by_role("button", name="For a group").click()
    visit.page.get_by_role("button", name="Start anew for the next group").click()
    expect_empty(visit)
    expect(visit.page).to_have_url(re.compile("present=1"))
    press(visit, "p")
    expect(visit.page.get_by_role("button", name="Train your own")).to_be_visible()
    expect(visit.page).not_to_have_url(re.compile("present=1"))
