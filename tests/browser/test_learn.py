import re

from playwright.sync_api import expect

from tests.app_server import READY
from tests.browser.harness import SEVEN, expect_answer, heading


def title(visit, name):
    return heading(visit, name, level=1)


def link(visit, name):
    return visit.page.get_by_role("main").get_by_role("link", name=name)


def test_a_drawing_goes_along_from_the_contents_through_chapters_and_back(server, visitor):
    visit = visitor(server)
    page = visit.page
    visit.open()
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    page.get_by_role("link", name="Learn", exact=True).click()
    expect(title(visit, "Learn")).to_be_visible()
    expect(link(visit, "The trade-offs")).to_be_visible()
    link(visit, "Max pooling").click()
    expect(title(visit, "Max pooling")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/learn\?chapter=max_pooling$"))
    expect(page.get_by_text("Your drawing", exact=True)).to_be_visible()

    slider = page.locator(".st-key-pooling_window_2").get_by_role("slider")
    slider.press("End")
    expect(page.get_by_text(re.compile("Window 196 of 196"))).to_be_visible()
    page.get_by_role("img", name="The digit", exact=True).locator("canvas").click(position={"x": 3, "y": 3})
    expect(page.get_by_text(re.compile("Window 1 of 196"))).to_be_visible()

    link(visit, "ReLU, an activation").click()
    expect(title(visit, "ReLU, an activation")).to_be_visible()
    expect(page).to_have_url(re.compile("chapter=relu"))
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0
    page.go_back()
    expect(title(visit, "Max pooling")).to_be_visible()
    page.go_back()
    expect(title(visit, "Learn")).to_be_visible()
    page.go_forward()
    expect(title(visit, "Max pooling")).to_be_visible()
    expect(page.locator(READY)).to_be_attached()


def test_a_link_inside_a_chapter_leads_to_another_one_and_the_back_button_back(server, visitor):
    visit = visitor(server)
    visit.page.goto(f"{visit.url}/learn?chapter=optimizers")
    link(visit, "Why each batch sees another valley").click()
    expect(title(visit, "Epochs and batches")).to_be_visible()
    expect(visit.page).to_have_url(re.compile("chapter=epochs"))
    visit.page.go_back()
    expect(title(visit, "Optimisers")).to_be_visible()
