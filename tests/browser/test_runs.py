"""Runs that are there already, as a worker would have left them: compared, opened, renamed, copied and deleted."""

import re

from playwright.sync_api import expect

from core.networks.presets import PRESETS
from tests.app_server import READY
from tests.browser.harness import expect_nothing_wider, heading


def open_runs(visitor, workspace, **options):
    slow = PRESETS["fast"].model_copy(update={"name": "Slow", "batch_size": 32})
    workspace.finished_run("First", test_accuracy=0.985, seconds=7.0)
    workspace.finished_run("Second", slow, test_accuracy=0.9912, seconds=70.0)
    workspace.finished_run("An attempt with a long name that has no end", PRESETS["script-b"])
    visit = workspace.enter(visitor(workspace.server, **options))
    visit.goto("/runs")
    expect(row(visit, "First")).to_be_visible()
    return visit


def row(visit, name):
    return visit.page.get_by_role("row").filter(has=visit.page.get_by_role("button", name=name, exact=True))


def test_runs_are_sorted_compared_opened_renamed_copied_and_deleted(workspace, visitor):
    visit = open_runs(visitor, workspace)
    expect(visit.page).to_have_title("Runs · Inkling")
    visit.page.get_by_role("button", name="Test", exact=True).click()
    expect(visit.page.get_by_role("row").nth(1)).to_contain_text("Pretrained")  # 99.45 % is the most
    expect(visit.page.get_by_role("columnheader", name="Test")).to_have_attribute("aria-sort", "descending")

    visit.page.get_by_role("button", name="First", exact=True).click()
    expect(heading(visit, "First")).to_be_visible()
    visit.page.get_by_role("checkbox", name="Choose Second").check()
    expect(visit.page.get_by_text("First reads 0.62 points less than Second, but took a tenth")).to_be_visible()
    expect(visit.page.get_by_role("cell", name="128", exact=True)).to_be_visible()
    visit.page.reload()
    expect(heading(visit, "Side by side")).to_be_visible()
    expect(visit.page.get_by_role("checkbox", name="Choose Second")).to_be_checked()

    visit.page.get_by_role("button", name="Second", exact=True).click()
    visit.page.get_by_role("button", name="Rename").click()
    visit.page.get_by_role("textbox", name="Name").fill("Better")
    visit.page.get_by_role("button", name="Rename", exact=True).last.click()
    expect(heading(visit, "Better")).to_be_visible()
    expect(row(visit, "Better")).to_be_visible()

    visit.page.get_by_role("button", name="Duplicate").click()
    expect(heading(visit, "Train a network")).to_be_visible()
    expect(visit.page.get_by_role("spinbutton", name="Batch size", exact=True)).to_have_value("32")
    assert "recipe=" not in visit.page.url
    visit.page.get_by_role("link", name="Runs", exact=True).click()

    visit.page.get_by_role("button", name="First", exact=True).click()
    expect(heading(visit, "First")).to_be_visible()
    expect(visit.page.locator(READY)).to_be_attached()  # a page that is still drawn would close what is opened on it
    visit.page.get_by_role("button", name=re.compile("Delete")).click()
    visit.page.get_by_role("button", name="Delete it").click()
    expect(row(visit, "First")).to_have_count(0)
    left = workspace.store.listed(workspace.owner)
    assert sorted(run.name for run in left) == ["An attempt with a long name that has no end", "Better"]


def test_nothing_is_wider_than_the_screen(workspace, visitor):
    visit = open_runs(visitor, workspace, color_scheme="dark")
    for name in ("First", "Second", "Pretrained"):
        visit.page.get_by_role("checkbox", name=f"Choose {name}").check()
    expect(heading(visit, "Side by side")).to_be_visible()
    expect(visit.page.get_by_role("table", name=re.compile("settings in which they differ"))).to_be_visible()
    for width in (1280, 375, 320):
        visit.page.set_viewport_size({"width": width, "height": 700})
        expect_nothing_wider(visit, width)
    comparison = visit.page.get_by_role("region", name=re.compile("settings in which they differ"))
    setting, value = comparison.get_by_role("rowheader").first, comparison.get_by_role("cell").first
    before, moved = setting.bounding_box()["x"], value.bounding_box()["x"]
    comparison.evaluate("table => table.scrollTo(60, 0)")
    assert value.bounding_box()["x"] == moved - 60
    assert setting.bounding_box()["x"] == before  # what a value is of stays in sight
