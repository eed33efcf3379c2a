"""The outline that a screen reader goes by: one heading of the first level on each page, and no level skipped."""

from itertools import pairwise
from pathlib import Path

from playwright.sync_api import expect

from tests.app_server import READY
from tests.browser.harness import SEVEN, expect_answer

CHAPTERS = sorted(path.stem for path in (Path(__file__).parents[2] / "pages" / "chapters").glob("*/*.py"))
OUTLINE = """() => {
  const found = []
  const walk = (parent) => {
    for (const element of parent.children) {
      const level = element.tagName.match(/^H([1-6])$/)?.[1] ?? element.getAttribute("aria-level")
      if (level && element.checkVisibility({ visibilityProperty: true })) found.push([Number(level), element.innerText])
      if (element.shadowRoot) walk(element.shadowRoot)
      walk(element)
    }
  }
  walk(document.body)
  return found
}"""


def expect_outline(visit, *names):
    for name in names:
        expect(visit.page.get_by_role("heading", name=name).first).to_be_visible()
    expect(visit.page.locator(READY)).to_be_attached()
    outline = visit.page.evaluate(OUTLINE)
    levels = [level for level, _ in outline]
    assert levels[:1] == [1], (visit.page.url, outline)
    assert levels.count(1) == 1, (visit.page.url, outline)
    assert all(after <= before + 1 for before, after in pairwise(levels)), (visit.page.url, outline)


def test_no_chapter_of_learn_skips_a_level_of_heading(server, visitor):
    visit = visitor(server)
    visit.goto("/learn")
    expect_outline(visit, "Learn")
    for chapter in CHAPTERS:
        visit.goto(f"/learn?chapter={chapter}")
        expect(visit.page.get_by_role("link", name="Learn: chapter")).to_be_visible()
        expect(visit.page.get_by_role("navigation", name="Previous and next chapter")).to_be_visible()  # the last of it
        expect_outline(visit)
    visit.goto("/learn?chapter=glossary&term=epoch")
    expect_outline(visit, "Epoch")


def test_no_page_skips_a_level_of_heading_not_even_in_what_unfolds(server, visitor):
    visit = visitor(server)
    for path, *names in (
        ("/train", "Train a network", "Your run will appear here"),
        ("/model", "Model", "Training, epoch by epoch"),
        ("/evaluate", "Evaluate", "Look through the data"),
        ("/runs", "Runs", "No runs yet"),
        ("/scoreboard", "Scoreboard", "Nobody is on it yet"),
        ("/privacy", "What is kept about you", "Delete all my data"),
    ):
        visit.goto(path)
        expect_outline(visit, *names)
    visit.open()
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    visit.unfold("What each layer saw")
    expect_outline(visit, "Draw a digit", "conv2d_1")
    visit.unfold("Which pixels mattered")
    expect_outline(visit, "Occlusion")
    visit.page.keyboard.press("?")
    expect_outline(visit, "Keyboard shortcuts")
    visit.page.keyboard.press("Escape")
    visit.page.get_by_role("button", name="For a group").click()
    expect(visit.page.get_by_role("dialog", name="For a group")).to_be_visible()
    expect_outline(visit)


def test_no_page_with_runs_skips_a_level_of_heading_nor_does_the_leaders(workspace, visitor):
    first, second = workspace.finished_run("First"), workspace.finished_run("Second")
    visit = workspace.enter(visitor(workspace.server))
    for path, *names in (
        (f"/runs?runs={first}", "Runs", "First"),
        (f"/runs?runs={first},{second}", "Runs", "Side by side"),
        (f"/model?run={first}", "Model", "Training, epoch by epoch"),
        (f"/leader?token={workspace.leader_token}", "The leader's page", "The queue"),
    ):
        visit.goto(path)
        expect_outline(visit, *names)
