from playwright.sync_api import expect

from tests.app_server import READY


def test_from_a_control_to_its_word_and_through_a_script_line_by_line_on_a_phone(visitor, server):
    visit = visitor(server, width=375, height=667)
    page = visit.page
    page.goto(f"{visit.url}/train")
    expect(page.locator(READY)).to_be_attached()
    page.get_by_text("Optimiser and schedule").click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="What is a learning rate?").click()
    beside = opened.value
    expect(beside.locator("article.first h2")).to_have_text("Learning rate")
    # Typing finds words, the best first.
    beside.get_by_role("searchbox", name="Find a word").fill("optimizer")
    expect(beside.locator(".entries h2").first).to_have_text("Optimiser")
    beside.locator(".entries article").first.get_by_role("link").click()
    expect(beside.get_by_role("heading", name="Optimisers")).to_be_visible()
    beside.close()

    page.goto(f"{visit.url}/learn?chapter=script_b")
    chosen = page.locator(".line[aria-current]")
    expect(chosen).to_have_text("import random")
    chosen.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(chosen).to_have_text("from keras import layers")
    expect(chosen).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator(".explanation")).to_contain_text("compared with the picture")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.locator(".links").get_by_role("link", name="Prediction").click()
    expect(page.locator("article.first h2")).to_have_text("Prediction")
    page.go_back()
    expect(page.get_by_role("heading", name="Script B, line by line")).to_be_visible()
    page.get_by_role("button", name="Run it").click()
    page.wait_for_url("**/train")
    expect(page.get_by_role("radio", name="Script B")).to_be_checked()
    expect(page.get_by_role("spinbutton", name="Epochs")).to_have_value("10")
