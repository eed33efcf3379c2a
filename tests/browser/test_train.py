"""Whole journeys with the real engine: TensorFlow trains on the built-in handwriting or on MNIST, as on any machine."""

import re

import pytest
from playwright.sync_api import expect

from tests.app_server import READY
from tests.browser.harness import COLD, INK, SEVEN, answer, bars, button, expect_ink, expect_within, turn

KEEP_CONNECTION = """window.WebSocket = class extends WebSocket {
    constructor(...given) { super(...given); window.connection = this }
}"""


def open_train(visit, query=""):
    visit.goto(f"/train{query}")
    expect(button(visit, "Train")).to_be_visible()


def curves(visit):
    return visit.page.get_by_test_id("stVegaLiteChart")


def progress(visit):
    return visit.page.get_by_role("progressbar", name="Progress of the run")


def percent_done(visit):
    expect(progress(visit)).to_have_attribute("aria-valuenow", re.compile(r"^\d+$"))
    return int(progress(visit).get_attribute("aria-valuenow"))


def choose(visit, epochs=1, quick=True):
    """Set up a run of "Fast", which is what the form begins with."""
    if quick:
        visit.unfold("Data and augmentation")
        expect(button(visit, "Other images")).to_be_visible()  # its preview is worked out last
        size = visit.page.locator(".st-key-recipe_data_size").get_by_role("combobox")
        size.hover()  # waits until the group has unfolded: what moves closes the list
        size.press("ArrowDown")
        visit.page.get_by_role("option", name="Quick, 10,000 images").click()
        expect(button(visit, "Reset")).to_be_enabled()
        expect(visit.page.locator(READY)).to_be_attached()
    field = visit.page.get_by_role("spinbutton", name="Epochs", exact=True)
    field.fill(str(epochs))
    field.press("Enter")
    expect(visit.page.locator(READY)).to_be_attached()


def expect_moving(visit):
    """The run has begun, and goes on."""
    expect(curves(visit).first).to_be_visible(timeout=COLD)
    expect(button(visit, "Stop")).to_be_visible()
    before = percent_done(visit)
    visit.page.wait_for_function(
        """before => [...document.querySelectorAll("*")].some((host) => Number(
            host.shadowRoot?.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow")) > before)""",
        arg=before,
        timeout=COLD,
    )


def lose_connection(visit):
    """As where the Wi-Fi goes away for a moment, or a computer sleeps: the page finds its server again by itself."""
    visit.page.context.set_offline(True)
    # Not close(): its handshake with a busy server may take a minute.
    visit.page.evaluate("connection.dispatchEvent(new CloseEvent('close', {code: 1006}))")
    expect(visit.page.locator("[data-testid=stApp][data-test-connection-state=CONNECTED]")).to_have_count(0)
    visit.page.context.set_offline(False)
    expect(visit.page.locator(READY)).to_be_attached()
    # Streamlit notes in the console that it could not look at the run meanwhile.
    visit.problems[:] = [problem for problem in visit.problems if "when disconnected from server" not in problem]


def run_id(visit):
    return re.search(r"run=([\w-]+)", visit.page.url)[1]


@pytest.mark.bad_input(34)
def test_a_link_to_train_on_a_cold_server_leads_from_choosing_to_drawing(cold_server, visitor):
    visit = visitor(cold_server)
    open_train(visit)
    expect(visit.page).to_have_title("Train · Inkling")
    expect(visit.page.get_by_role("heading", name="Train a network")).to_be_visible()
    expect(curves(visit)).to_have_count(0)
    choose(visit)
    button(visit, "Train").click()
    expect(curves(visit).first).to_be_visible(timeout=COLD)
    expect(button(visit, "Draw with it")).to_be_visible(timeout=COLD)
    expect(visit.page.get_by_text(re.compile(r"Reads \d\d\.\d\d\s% of 10,000 test images"))).to_be_visible()
    expect(visit.page.get_by_text(re.compile(r"Read as \d, \d\d\.\d\s% sure"))).to_be_visible()
    button(visit, "Look inside").click()
    expect(visit.page.get_by_role("heading", name="Model", exact=True)).to_be_visible()
    expect(visit.page.get_by_text("29,658").filter(visible=True).first).to_be_visible()
    visit.page.go_back()
    button(visit, "Draw with it").click()
    expect(visit.page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    expect(visit.page.get_by_role("button", name=re.compile("Fast, training images"))).to_be_visible()
    visit.draw(*SEVEN)
    expect(answer(visit)).to_contain_text("sure")


@pytest.mark.bad_input(27)
def test_a_run_survives_a_reload_a_lost_connection_and_a_second_tab_and_is_watched_paused_and_stopped(server, visitor):
    visit = visitor(server)
    visit.page.add_init_script(KEEP_CONNECTION)
    open_train(visit)
    choose(visit, epochs=40, quick=False)  # long enough for all that follows; it is stopped in the end
    button(visit, "Train").dblclick()
    expect_moving(visit)
    started = run_id(visit)

    visit.page.reload()
    expect_moving(visit)
    assert run_id(visit) == started
    reached = percent_done(visit)

    lose_connection(visit)
    expect_moving(visit)
    assert run_id(visit) == started
    assert percent_done(visit) > reached

    visit.page.goto("about:blank")  # nobody looks on any more
    visit.page.goto(f"{visit.url}/train?run={started}")
    expect_moving(visit)

    tab = visit.page.context.new_page()
    tab.goto(f"{visit.url}/train")  # without the link: the cookie is enough
    expect(tab.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    tab.close()
    expect_moving(visit)

    visit.page.get_by_role("link", name="Draw", exact=True).click()
    expect(visit.page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    expect(visit.page.get_by_text(re.compile(r"epoch \d+ of 40, \d\d\.\d\d\s%, .* left"))).to_be_visible()
    visit.page.get_by_role("link", name="Open").click()
    expect_moving(visit)
    assert run_id(visit) == started

    watcher = visitor(server)
    open_train(watcher, f"?run={started}")
    expect(curves(watcher).first).to_be_visible()
    expect(watcher.page.get_by_text("You are watching")).to_be_visible()
    for name in ("Stop", "Pause", "Resume"):
        expect(button(watcher, name)).to_have_count(0)

    button(visit, "Pause").click()
    expect(button(visit, "Resume")).to_be_visible(timeout=COLD)
    reached = percent_done(visit)
    button(visit, "Resume").click()
    expect_moving(visit)
    assert percent_done(visit) >= reached

    button(visit, "Stop").click()
    expect(button(visit, "Draw with it")).to_be_visible(timeout=COLD)
    expect(visit.page.get_by_text("where it was stopped")).to_be_visible()
    expect(button(visit, "Train")).to_be_enabled()
    expect(button(watcher, "Look inside")).to_be_visible()  # the watcher sees it end too


def test_on_a_phone_the_board_and_the_drawing_stay_in_place_when_a_run_ends(server, visitor):
    visit = visitor(server, 320, 568)
    open_train(visit)
    choose(visit, epochs=3)
    button(visit, "Train").click()
    expect(button(visit, "Stop")).to_be_visible()
    visit.page.keyboard.press("d")
    expect(visit.sheet()).to_have_attribute("data-inkling", "")
    banner = visit.page.locator(".st-key-run_banner").get_by_role("navigation")
    expect(banner).to_be_visible(timeout=COLD)
    menu, line = button(visit, "Menu").bounding_box(), banner.bounding_box()
    assert menu["x"] + menu["width"] <= line["x"]
    assert line["x"] + line["width"] <= 320
    expect(visit.page.locator(READY)).to_be_attached()
    visit.draw(*SEVEN)
    expect(button(visit, "Undo")).to_be_enabled()
    place = bars(visit).bounding_box()
    assert place["y"] + place["height"] <= 568
    expect(banner).to_be_hidden(timeout=COLD)
    told = visit.page.get_by_role("status").filter(has_text=re.compile(r"has finished: \d\d\.\d\d\s%"))
    expect(told).to_be_visible()
    expect_within(told.bounding_box(), 320)
    expect(visit.page.locator(READY)).to_be_attached()
    assert bars(visit).bounding_box() == place
    expect_ink(visit, INK)
    told.get_by_role("link", name="Open").click()
    expect(button(visit, "Draw with it")).to_be_visible()
    expect(told).to_have_count(0)


def test_a_run_that_begins_out_of_sight_is_scrolled_into_sight(server, visitor):
    visit = visitor(server)
    open_train(visit)
    choose(visit)  # leaves a group open
    main = visit.page.get_by_test_id("stMain")
    main.evaluate("main => main.scrollTo(0, main.scrollHeight)")
    expect(progress(visit)).not_to_be_in_viewport()
    button(visit, "Train").click()
    stop = button(visit, "Stop").or_(button(visit, "Cancel"))
    expect(stop).to_be_in_viewport()
    expect(progress(visit)).to_be_in_viewport()
    visit.page.wait_for_function(  # in one look: Cancel becomes Stop, and Stop goes, while one measures
        """() => document.querySelector(".st-key-run_buttons button")?.getBoundingClientRect().top
            >= document.querySelector("[data-testid=stHeader]").getBoundingClientRect().bottom"""
    )
    main.evaluate("main => main.scrollTo(0, main.scrollHeight)")  # who scrolls away is left there
    expect(button(visit, "Draw with it")).to_be_visible(timeout=COLD)
    expect(button(visit, "Draw with it")).not_to_be_in_viewport()


def test_a_workspace_travels_by_its_link(server, visitor):
    home, away = visitor(server), visitor(server)
    open_train(home)
    button(home, "Take it with you").click()
    link = home.page.get_by_test_id("stCode").first.inner_text().replace("\n", "").strip()
    token = link.partition("?workspace=")[2]
    away.page.goto(link)
    expect(button(away, "Train")).to_be_visible()
    away.page.wait_for_function("token => document.cookie.includes(token)", arg=token)
    assert token not in away.page.url
    cookies = [cookie for cookie in away.page.context.cookies() if cookie["name"].startswith("inkling_")]
    assert {cookie["sameSite"] for cookie in cookies} == {"Strict"}
    away.page.goto("data:text/html,<a href='" + server.url + "/train'>a link on another site</a>")
    away.page.get_by_role("link").click()  # a strict cookie still finds its workspace
    expect(button(away, "Take it with you")).to_be_visible()
    button(away, "Take it with you").click()
    expect(away.page.get_by_test_id("stCode").first).to_contain_text(token)


def test_a_link_that_would_replace_runs_asks_first_and_the_way_back_outlives_the_session(workspace, visitor):
    workspace.finished_run()
    visit = workspace.enter(visitor(workspace.server))
    visit.goto(f"/train?workspace={'B' * 43}")
    visit.page.get_by_role("button", name="Open the linked one").click()
    visit.page.wait_for_function("() => document.cookie.includes('former_workspaces=')")
    visit.goto("/privacy")
    visit.page.get_by_role("button", name="Go back to 1 run").click()
    visit.page.wait_for_function("token => document.cookie.includes(`workspace=${token}`)", arg=workspace.secret)


def focused(visit):
    return visit.page.evaluate(
        """() => {
            let focused = document.activeElement
            while (focused.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement
            return (focused.ariaLabel || focused.value || focused.innerText).trim()
        }"""
    )


def test_the_tab_key_leads_from_the_cards_to_train_in_the_order_that_is_seen(server, visitor):
    visit = visitor(server, 1280, 900)
    open_train(visit)
    for name in ("Network", "Optimiser and schedule", "Stopping and saving"):
        visit.unfold(name)
    expect(visit.page.get_by_role("spinbutton", name=re.compile("Seed"))).to_be_visible()
    visit.page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
    card = visit.page.get_by_role("radio", name=re.compile(r"^Tiny\b"))
    label = visit.page.locator(".st-key-recipe_preset label")
    label.filter(has=visit.page.get_by_text("Tiny", exact=True)).click()  # it covers its own text
    expect(card).to_be_checked()
    expect(visit.page.locator(READY)).to_be_attached()
    card.focus()
    passed = []
    while passed[-1:] != ["Train"] and len(passed) < 10:
        visit.page.keyboard.press("Tab")
        passed.append(focused(visit))
    assert [name for name in passed if "Help" not in name] == ["Epochs", "Batch size", "Train"]
    expect(button(visit, "Train")).to_be_focused()
    visit.page.keyboard.press("Tab")
    assert "Network" in focused(visit)
    parts = [
        card,
        visit.page.get_by_role("spinbutton", name="Epochs", exact=True),
        visit.page.locator("summary").filter(has_text="Network"),
    ]
    places = [part.evaluate("part => part.getBoundingClientRect().top") for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (844, 390), (320, 568)])
@pytest.mark.bad_input(35)
def test_train_stays_in_sight_and_nothing_is_wider_than_the_screen_by_day_or_by_night(server, visitor, width, height):
    visit = visitor(server, width, height, color_scheme="light")
    open_train(visit)
    for name in ("Network", "Optimiser and schedule", "Data and augmentation", "Stopping and saving"):
        visit.unfold(name)
        if name == "Data and augmentation":  # its preview moves what lies below
            expect(button(visit, "Other images")).to_be_visible()
    main = visit.page.get_by_test_id("stMain")
    for scheme in ("light", "dark"):
        turn(visit, scheme)
        expect(visit.page.get_by_role("spinbutton", name=re.compile("Seed"))).to_be_visible()
        expect(visit.page.locator(READY)).to_be_attached()
        main.evaluate("main => main.scrollTo(0, main.scrollHeight)")
        expect(button(visit, "Train")).to_be_in_viewport(ratio=1)  # a page in another theme is drawn anew
        for box in (
            button(visit, "Train").bounding_box(),
            visit.page.get_by_role("spinbutton", name="Epochs", exact=True).bounding_box(),
            visit.page.get_by_role("spinbutton", name="Batch size", exact=True).bounding_box(),
        ):
            expect_within(box, width, height)
        cards, bar = visit.page.get_by_role("radiogroup", name="Recipe"), button(visit, "Train")
        edges = [part.evaluate("part => part.getBoundingClientRect().right") for part in (bar, cards)]
        assert edges[0] <= edges[1] + 1 or height <= 480  # on a phone on its side the bar is as wide as the screen
        run = visit.page.get_by_role("heading", name="Your run will appear here")
        above, below = cards.bounding_box(), run.bounding_box()
        assert (below["y"] > above["y"] + above["height"]) == (width < 768)
        assert (below["x"] > above["x"] + above["width"]) == (width >= 768)
        assert main.evaluate("main => main.scrollWidth - main.clientWidth") == 0
