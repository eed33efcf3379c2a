"""A room with a leader: a result goes on the scoreboard, the queue is held, a run is taken out, a visitor leaves."""

import re

from playwright.sync_api import expect

from core.networks.presets import PRESETS
from core.store.run_tables import RunState


def go(visit, path):
    visit.goto(path)
    main = visit.page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth - main.clientWidth") == 0


def test_a_visitor_joins_the_board_the_leader_holds_the_queue_and_the_visitor_leaves_without_a_trace(
    workspace, visitor
):
    store = workspace.store
    workspace.finished_run("My run", test_accuracy=0.9876)
    ada = workspace.enter(visitor(workspace.server, width=375, height=740))
    leader = visitor(workspace.server, color_scheme="dark")

    go(ada, "/runs")
    ada.page.get_by_role("button", name="Scoreboard", exact=True).click()
    ada.page.get_by_role("textbox", name="Nickname").fill("Ada *L*")
    ada.page.get_by_role("button", name="Show it").click()
    expect(ada.page.get_by_text("Everyone here sees it as Ada *L*.")).to_be_visible()
    ada.page.get_by_role("link", name="See the scoreboard").click()
    mine = ada.page.get_by_role("row").filter(has_text="Ada *L*")
    expect(mine).to_contain_text("you")
    expect(mine).to_contain_text("98.76")

    go(leader, f"/leader?token={workspace.leader_token}")
    assert workspace.leader_token not in leader.page.url
    expect(leader.page.get_by_test_id("stMetric").filter(has_text="Here now")).to_contain_text(re.compile(r"[2-9]"))
    leader.page.get_by_role("button", name="Pause the queue").click()
    expect(leader.page.get_by_text("The queue is paused")).to_be_visible()
    waiting = store.submit(workspace.owner, PRESETS["fast"], "Another run")  # no engine starts for it
    go(ada, f"/train?run={waiting}")
    expect(ada.page.get_by_text("The queue is paused by the workshop's leader").first).to_be_visible()
    expect(leader.page.get_by_text("Ada *L* ·")).to_be_visible()  # the page looks again by itself
    leader.page.get_by_role("button", name="Cancel", exact=True).click()
    expect(ada.page.get_by_text("The workshop's leader stopped it.")).to_be_visible()
    assert store.run(waiting).state == RunState.STOPPED
    go(leader, "/scoreboard")
    expect(leader.page.get_by_role("row").filter(has_text="Ada *L*")).not_to_contain_text("you")

    go(ada, "/privacy")
    ada.page.get_by_role("button", name=re.compile("Delete all my data")).click()
    ada.page.get_by_role("button", name="Delete everything", exact=True).click()
    expect(ada.page.get_by_text("this browser has a new, empty workspace")).to_be_visible()
    expect(leader.page.get_by_text("Nobody is on it yet")).to_be_visible()
    assert store.listed(workspace.owner) == []
    go(ada, "/runs")
    expect(ada.page.get_by_text("No runs yet")).to_be_visible()
    (cookie,) = (cookie for cookie in ada.page.context.cookies() if cookie["name"] == "inkling_workspace")
    assert cookie["value"] != workspace.secret
