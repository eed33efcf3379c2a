import re

import numpy as np
from playwright.sync_api import expect

from core.digits.dataset import unseen_digits
from tests.browser.harness import downloaded, expect_nothing_wider, turn

THIN = "\N{THIN SPACE}"


def answers():
    """Answers to the built-in test digits, all 90 % sure: three nines are taken for fours, all else is right."""
    labels = unseen_digits("handwriting").labels
    rows = np.full((len(labels), 10), 0.1 / 9, np.float32)
    answer = labels.copy()
    answer[np.flatnonzero(labels == 9)[:3]] = 4
    rows[np.arange(len(labels)), answer] = 0.9
    return rows


def test_a_run_is_evaluated_by_mouse_and_by_keyboard_on_a_screen_and_on_a_phone(workspace, tmp_path, visitor):
    visit = workspace.enter(visitor(workspace.server))
    run_id = workspace.finished_run("Mine", data_source="handwriting", probabilities=answers())

    visit.goto(f"/evaluate?run={run_id}")
    expect(visit.page).to_have_title("Evaluate · Inkling")
    expect(visit.page.get_by_text("It takes 9 for 4 most often: 3 times, of 3 mistakes in all.")).to_be_visible()
    cell = visit.page.get_by_role("button", name="9 read as 4: 3")
    expect(cell).to_have_attribute("aria-pressed", "true")
    expect(visit.page.get_by_role("img", name=f"A 9, read as 4, 90.0{THIN}% sure")).to_have_count(6)  # cell, gallery

    cell.focus()
    visit.page.keyboard.press("ArrowUp")
    expect(visit.page.get_by_role("button", name="8 read as 4: 0")).to_be_focused()
    for _ in range(4):
        visit.page.keyboard.press("ArrowRight")
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_text("An 8 read right:")).to_be_visible()
    expect(visit.page.get_by_role("button", name="8 read as 8")).to_have_attribute("aria-pressed", "true")
    visit.page.get_by_role("button", name="2 read as 7: 0").click()
    expect(visit.page.get_by_text("A 2 read as 7: never")).to_be_visible()

    picture = downloaded(visit, "SVG", tmp_path)
    assert picture.name == "inkling-mine-confusion.svg"
    assert "<svg" in picture.read_text()

    visit.page.get_by_role("radio", name="Shift").or_(visit.page.get_by_role("button", name="Shift")).first.click()
    expect(visit.page.get_by_text(re.compile(r"At \d pixels it reads"))).to_be_visible()
    expect(
        visit.page.get_by_role("list", name="Changed digits and how they are read").get_by_role("img")
    ).to_have_count(10)

    for width, scheme in ((1280, "dark"), (375, "light"), (320, "dark")):
        visit.page.set_viewport_size({"width": width, "height": 700})
        turn(visit, scheme)
        expect(visit.page.get_by_role("table").first).to_be_visible()
        expect_nothing_wider(visit, width)
        for table in visit.page.get_by_role("table").all():
            box = table.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
