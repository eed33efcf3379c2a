"""The leader's page: closed without its token, and with it the room, the queue and what can be done about them."""

import sqlite3
from contextlib import closing

import pytest

from core import environment
from core.engine.local_engine import EngineState
from core.networks.history import BatchProgress
from core.networks.presets import PRESETS
from core.store.run_tables import RunState
from core.store.runs import run_store
from core.store.scoreboard import scoreboard
from pages.components.workshop import leader_dashboard
from tests.pages.harness import buttons, opened, texts
from tests.ready_runs import OWNER, finished_run

TOKEN = "a token of the workshop's"
GRACE, ADA = "e" * 64, "f" * 64


@pytest.fixture(autouse=True)
def _token(monkeypatch):
    monkeypatch.setenv(environment.LEADER_TOKEN, TOKEN)


def leader_page(token=TOKEN):
    return opened("leader", token=token)


def typed(app, token):
    app.text_input(key="leader_token").input(token)
    return app.button(key="open_leader").click().run()


def figures(app):
    return {metric.label: metric.value for metric in app.metric}


@pytest.mark.parametrize(("token", "said"), [("", "This page is switched off."), ("short", "is too short to be safe")])
def test_without_a_token_that_is_safe_the_page_says_how_to_switch_it_on(token, said, monkeypatch):
    monkeypatch.setenv(environment.LEADER_TOKEN, token)
    app = leader_page(token)
    assert not app.error
    assert said in texts(app)
    assert environment.LEADER_TOKEN in texts(app)
    assert not app.metric
    assert not app.text_input
    assert "token" not in app.query_params


def test_wrong_tokens_open_nothing_are_logged_and_lock_nobody_out(caplog):
    app = leader_page("wrong")
    assert "token" not in app.query_params
    assert app.error[0].value.startswith("This is not the leader's token.")
    for _ in range(9):
        typed(app, "wrong, as ä is")
        assert len(app.error) == 1
        assert not app.metric
    assert [record.getMessage() for record in caplog.records].count("event=wrong_token") == 10
    typed(app, TOKEN)
    assert not app.error
    assert app.metric


def test_a_link_with_the_token_opens_the_page_until_it_is_locked_or_the_token_changes(monkeypatch):
    app = leader_page()
    assert app.metric
    assert "token" not in app.query_params
    app.button(key="lock").click().run()
    assert not app.metric
    typed(app, TOKEN)
    assert app.metric
    monkeypatch.setenv(environment.LEADER_TOKEN, "another token, chosen later")
    waiting = run_store().submit(GRACE, PRESETS["fast"])
    app.button(key="pause_queue").click().run()
    assert not app.metric
    assert not run_store().is_queue_paused()
    assert run_store().run(waiting).state == RunState.QUEUED


def test_the_leader_sees_the_room_and_stops_runs_and_their_owners_are_told():
    scoreboard().join(run_store().run(finished_run(owner=ADA)), ADA, "Ada")
    training = run_store().submit(GRACE, PRESETS["script-b"])
    assert run_store().claim_next() == training
    attempt = run_store().begin(training)[2]
    run_store().report(training, attempt, BatchProgress(2, 10, 1719, 0.5, 0.9, 0.01, 900.0, 60.0))
    waiting = run_store().submit(OWNER, PRESETS["fast"], "![x](http://a.example/b.png)")
    again = run_store().submit(ADA, PRESETS["fast"])

    app = leader_page()
    assert not app.error
    assert int(figures(app.run())["Here now"]) >= 1  # who opens the page is counted when it is drawn
    assert (figures(app)["Training"], figures(app)["Waiting"]) == ("1", "2")
    assert "This machine: load" in texts(app)
    assert "The training engine is ready." in texts(app)
    rows = [text.value for text in app.markdown if "·" in text.value]
    assert "epoch 2 of 10" in rows[0]
    assert "workspace eeee" in rows[0]
    assert "![x]" not in rows[1]
    assert "Ada" in rows[2]

    app.button(key=f"stop_{waiting}").click().run()
    app.button(key=f"stop_{training}").click().run()
    assert run_store().run(waiting).notice == "The workshop's leader stopped it."
    assert run_store().run(training).requested_action == "stop"
    assert app.button(key=f"stop_{training}").disabled
    assert run_store().run(again).state == RunState.QUEUED


def test_the_leader_cancels_all_that_wait_and_nothing_that_trains():
    training = run_store().submit(GRACE, PRESETS["script-b"])
    assert run_store().claim_next() == training
    waiting = [run_store().submit(owner, PRESETS["fast"]) for owner in (GRACE, ADA, OWNER)]
    app = leader_page()
    app.button(key="cancel_waiting_now").click().run()
    assert "3 waiting runs have been cancelled." in app.success[0].value
    assert {run_store().run(run_id).state for run_id in waiting} == {RunState.STOPPED}
    assert {run_store().run(run_id).notice for run_id in waiting} == {leader_dashboard.STOP_NOTICE}
    assert run_store().run(training).state == RunState.RUNNING
    assert not run_store().run(training).requested_action


def test_the_leader_reads_why_no_machine_can_train(engine):
    engine.state, engine.trouble = EngineState.UNUSABLE, "TensorFlow cannot be imported on the training machine."
    assert f"No training machine can take a run. {engine.trouble}" in texts(leader_page())


@pytest.mark.parametrize("state", EngineState)
def test_whatever_the_engine_does_the_queue_stays_in_the_leaders_hands(state, engine):
    waiting = run_store().submit(GRACE, PRESETS["fast"])
    engine.state = state
    app = leader_page()
    assert not app.error
    assert not app.button(key=f"stop_{waiting}").disabled


@pytest.mark.bad_input(23)
@pytest.mark.parametrize("button", ["pause_queue", "stop", "clear_now", "take_off", "reset_scoreboard"])
def test_a_full_disk_is_reported_on_the_leaders_page(button, full_disk, monkeypatch):
    scoreboard().join(run_store().run(old := finished_run(owner=ADA)), ADA, "Ada")
    monkeypatch.setattr(leader_dashboard, "DEFAULT_HOURS", 1)
    with closing(sqlite3.connect(run_store().url.removeprefix("sqlite:///"))) as database, database:
        database.execute("UPDATE run SET created = created - 9000, ended = ended - 9000 WHERE id = ?", (old,))
    waiting = run_store().submit(GRACE, PRESETS["fast"])
    app = leader_page()
    app.selectbox(key="entry_off").select(old).run()
    before = buttons(app)
    with full_disk():
        app.button(key=f"stop_{waiting}" if button == "stop" else button).click().run()
    assert not app.exception
    assert [toast.value for toast in app.toast] == ["The disk is full."]
    assert buttons(app) == before
    assert not app.run().toast  # said once


def test_entries_with_one_nickname_have_distinct_labels():
    for owner in (GRACE, ADA):
        for seconds in (7.0, 70.0):
            scoreboard().join(run_store().run(finished_run(owner=owner, seconds=seconds)), owner, "Me")
    options = leader_page().selectbox(key="entry_off").options
    assert len(set(options)) == 4
    assert options[0] == "Me (workspace eeee): Fast, 98.76\N{THIN SPACE}%, 7 s"


def test_while_the_leader_pauses_the_queue_visitors_are_told_why_they_wait():
    app = leader_page()
    app.button(key="pause_queue").click().run()
    assert app.warning[0].value.startswith("The queue is paused")
    run_store().submit(OWNER, PRESETS["fast"])
    assert run_store().claim_next() is None
    for page, component in (("draw", "run_banner"), ("train", "run_figures")):
        (shown,) = (part.proto.json for part in opened(page).get("bidi_component") if component in str(part.proto))
        assert "he queue is paused by the workshop's leader" in shown
    app.button(key="pause_queue").click().run()
    assert not app.warning
    assert run_store().claim_next()


def test_the_leader_clears_old_runs_and_the_scoreboard():
    old, new, on_board = finished_run(owner=GRACE), finished_run(owner=ADA), finished_run(owner=ADA)
    for nickname, run_id in (("Ada", new), ("Countess", on_board)):
        scoreboard().join(run_store().run(run_id), ADA, nickname)
    with closing(sqlite3.connect(run_store().url.removeprefix("sqlite:///"))) as database, database:
        database.execute("UPDATE run SET created = created - 260000, ended = ended - 260000 WHERE id = ?", (old,))
    app = leader_page()
    app.number_input(key="clear_hours").set_value(48).run()
    app.button(key="clear_now").click().run()
    assert "deleted" in app.success[0].value
    assert not run_store().listed(GRACE)
    assert len(run_store().listed(ADA)) == 2
    assert app.button(key="clear_now").disabled

    app.selectbox(key="entry_off").select(new).run()
    app.button(key="take_off").click().run()
    assert [entry.nickname for entry in scoreboard().entries()] == ["Countess"]
    app.button(key="reset_scoreboard").click().run()
    assert not app.error
    assert scoreboard().entries() == []
