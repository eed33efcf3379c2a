"""The menu: on a cold server, in a narrow window, by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.app_server import READY
from tests.browser.harness import turn

PAGES = ["Draw", "Train", "Model", "Evaluate", "Runs", "Learn"]
# Every list of pages that has been shown at the side, from the first moment on.
NOTE_LISTS = """addEventListener("DOMContentLoaded", () => {
    window.lists = []
    new MutationObserver(() => {
        const links = [...document.querySelectorAll("[data-testid=stSidebarNavLink]")]
        if (links.length) lists.push(links.map((link) => link.innerText.trim()))
    }).observe(document, { childList: true, subtree: true })
})"""


def open_drawer(visit):
    button = visit.page.get_by_role("button", name="Menu", exact=True)
    expect(button).to_be_in_viewport()
    assert button.evaluate("""button => getComputedStyle(button, "::after").content""") == '"Menu"'
    button.click()
    expect(visit.page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "false")


@pytest.mark.bad_input(34)
@pytest.mark.parametrize(("page", "width"), [("Draw", 1280), ("Model", 375)])
def test_the_first_visitor_of_a_cold_server_who_follows_a_link_sees_the_page_with_its_menu(
    cold_server, visitor, page, width
):
    visit = visitor(cold_server, width)
    visit.page.add_init_script(NOTE_LISTS)
    visit.goto(f"/{page.lower()}")
    expect(visit.page).to_have_title(f"{page} · Inkling")
    expect(visit.page.get_by_role("heading", level=1)).to_be_visible()
    expect(visit.page.get_by_test_id("stHeaderLogo")).to_be_visible()
    expect(visit.page.get_by_text("Deploy", exact=True)).to_have_count(0)
    expect(visit.page.get_by_text("Traceback")).to_have_count(0)
    expect(visit.page.get_by_role("dialog")).to_have_count(0)
    lists = visit.page.evaluate("lists")
    assert all(names == PAGES for names in lists), lists  # never the names of the page files
    if width == 375:
        open_drawer(visit)
        expect(visit.page.get_by_test_id("stSidebarNavLink")).to_have_text(PAGES)
    else:
        expect(visit.page.get_by_test_id("stSidebar")).to_have_count(0)
        expect(visit.page.get_by_test_id("stTopNavLink")).to_have_text(PAGES)


@pytest.mark.parametrize(
    "agent", ["Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/131.0.0.0 Mobile Safari/537.36", None]
)
def test_the_drawer_of_a_narrow_window_closes_at_a_choice_and_stays_closed(server, visitor, agent):
    visit = visitor(server, 375, 667, user_agent=agent)
    visit.goto("/")
    drawer = visit.page.get_by_test_id("stSidebar")
    for name, heading in (("Train", "Train a network"), ("Runs", "Runs")):
        open_drawer(visit)
        visit.page.get_by_role("link", name=name, exact=True).click()
        expect(visit.page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        expect(drawer).to_have_attribute("data-collapsed", "true")
    visit.page.reload()
    expect(visit.page.locator(READY)).to_be_attached()
    expect(drawer).to_have_attribute("data-collapsed", "true")


def test_the_focused_link_of_the_menu_is_outlined_by_day_and_by_night(server, visitor):
    visit = visitor(server, color_scheme="light")
    visit.goto("/")
    link = visit.page.get_by_role("link", name="Train", exact=True)
    logo = visit.page.get_by_role("img", name="Logo")
    by_day = logo.get_attribute("src")
    expect(link).to_have_css("outline-style", "none")
    visit.page.keyboard.press("Tab")
    for _ in PAGES:
        visit.page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    for scheme in ("light", "dark"):
        turn(visit, scheme)
        expect(link).to_be_focused()
        expect(link).to_have_css("outline-style", "solid")
        expect(link).to_have_css("outline-width", "2px")
    expect(logo).not_to_have_attribute("src", by_day)  # while it is drawn anew for the night Streamlit may lose a click
    expect(visit.page.locator(READY)).to_be_attached()
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_role("heading", name="Train a network")).to_be_visible()


def test_a_chosen_page_begins_at_its_top(server, visitor):
    visit = visitor(server, 320, 568)
    visit.goto("/learn")
    expect(visit.page.locator(READY)).to_be_attached()
    visit.page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollHeight > 1200")
    # The address changes before anything of the last page is gone, as it does where the next one comes quickly.
    reached = visit.page.evaluate(
        """() => new Promise((done) => {
            const main = document.querySelector("[data-testid=stMain]")
            main.scrollTo(0, 500)
            document.querySelector("[data-testid$=NavLink][href$='/runs']").click()
            const before = main.scrollTop
            history.pushState({}, "", "runs")
            requestAnimationFrame(() => requestAnimationFrame(() => done([before, main.scrollTop])))
        })"""
    )
    assert reached == [500, 0]
    expect(visit.page.get_by_role("heading", name="Runs", level=1)).to_be_visible()
