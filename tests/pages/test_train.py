"""The Train page: what it shows first, who may do what, and what stands in its way."""

import pytest

from core.store import database
from core.store.run_tables import RunState
from core.store.runs import run_store
from core.store.unsaved_models import drop_model, hold_model
from pages.components.train import training_view
from pages.components.visitor import workspace
from tests.pages.harness import (
    NO_SUCH_RUN,
    buttons,
    charts,
    choose_preset,
    data_of,
    followed,
    opened,
    run_figures,
    texts,
    values,
)
from tests.ready_runs import OWNER, SOMEBODY, finished_run, started
from tests.samples import hundred_digits


def test_before_the_first_run_the_figures_are_empty_and_no_chart_is_drawn(engine):
    app = opened("train")
    assert not app.error
    assert app.title[0].value == "Train a network"
    assert set(run_figures(app).values()) == {"\N{EN DASH}"}
    assert "will appear" in app.header[0].value
    assert not charts(app)
    assert len(data_of(app, "thumbnails", "sample_strip")["words"]) == 20
    assert not app.button(key="train").disabled
    assert engine.visits > 0
    assert engine.queue_checks == 0


def test_after_a_new_start_for_a_group_train_shows_none_of_the_earlier_runs_and_keeps_them():
    run_id = finished_run()
    app = opened("train", anew="1")
    assert "anew" not in app.query_params
    assert "will appear" in app.header[0].value
    assert "will appear" in app.run().header[0].value
    assert data_of(opened("train"), "run_figures")["scroll_to"] == ""  # another session finds it again
    assert run_figures(opened("train", run=run_id))["Test accuracy"]
    app.button(key="train").click().run()
    assert "will appear" not in app.header[0].value


@pytest.mark.bad_input(18)
def test_a_link_lets_anyone_watch_and_nobody_else_stop():
    worker = started(owner=SOMEBODY)
    worker.report(50)
    app = opened("train", run=worker.run_id)
    assert not app.error
    assert run_figures(app)["Loss"] == "0.123"
    assert not buttons(app) & {"stop", "pause", "resume"}
    assert "You are watching" in texts(app)
    assert not app.button(key="train").disabled


# When something is in the way


@pytest.mark.bad_input(31)
@pytest.mark.parametrize("button", ["stop", "pause", "resume"])
def test_a_button_of_a_run_that_another_tab_has_deleted_says_so(button):
    worker = started()
    worker.report(50)
    if button == "resume":
        worker.leave(RunState.PAUSED)
    app = opened("train", run=worker.run_id)
    run_store().delete(worker.run_id, OWNER)
    app.button(key=button).click().run()
    assert not app.exception
    assert values(app.toast) == [NO_SUCH_RUN]
    assert values(app.error) == [NO_SUCH_RUN]
    app.button(key="way_home").click().run()
    assert not app.error
    assert not app.toast
    assert not app.button(key="train").disabled


@pytest.mark.bad_input(31)
def test_a_run_that_is_deleted_while_it_is_shown_disappears_without_a_click(monkeypatch):
    worker = started()
    run = run_store().run(worker.run_id)
    run_store().delete(run.id, OWNER)
    seen = iter([run])  # by the page, before its view looks for itself
    current_run = workspace.current_run
    monkeypatch.setattr(workspace, "current_run", lambda: next(seen, None) or current_run())
    app = opened("train", run=run.id)
    assert values(app.error) == [NO_SUCH_RUN]
    assert "way_home" in buttons(app)


@pytest.mark.bad_input(23)
@pytest.mark.parametrize("button", ["train", "stop", "pause", "resume"])
def test_a_full_disk_is_reported_and_everything_stays(button, full_disk):
    if button != "train":
        worker = started()
        worker.report(50)
        if button == "resume":
            worker.leave(RunState.PAUSED)
    app = choose_preset(opened("train"), "script-a")
    before = run_store().runs_of(OWNER)
    with full_disk():
        app.button(key=button).click().run()
    assert not app.exception
    assert not app.error
    assert [toast.value for toast in app.toast] == ["The disk is full."]
    assert not app.button(key=button).disabled
    assert app.radio(key="recipe_preset").value == "script-a"
    assert [run.state for run in run_store().runs_of(OWNER)] == [run.state for run in before]


@pytest.mark.bad_input(23)
def test_every_page_reports_a_full_disk_and_still_shows_what_there_is(full_disk, monkeypatch):
    monkeypatch.setattr(database, "CHECK_SECONDS", 0.0)
    there = finished_run(samples=hundred_digits())
    app = opened("train")
    with full_disk():
        for page in ("draw", "model", "evaluate", "runs", "learn", "scoreboard", "privacy", "train"):
            followed(app, page)
            assert not app.exception
            assert [error.value for error in app.error] == [], page
            said = [warning.value for warning in app.warning if "MNIST is not on this machine" not in warning.value]
            assert said == ["The disk is full."], page
        app.query_params["run"] = there
        app.run()
        assert [heading.value for heading in app.header][:1] == ["Fast"]
        assert "draw_with_it" in buttons(app)
    assert not app.run().warning


@pytest.mark.bad_input(23)
def test_a_model_that_the_disk_has_no_room_for_can_be_downloaded(monkeypatch):
    offered = []
    monkeypatch.setattr(training_view.st, "download_button", lambda *given, **named: offered.append(given[:3]))
    worker = started()
    worker.report(400)
    assert not [file for _, _, file in offered if file.endswith(".safetensors")]
    hold_model(worker.run_id, b"model")
    app = opened("train", run=worker.run_id)
    worker.leave(RunState.INTERRUPTED)  # where the disk has taken nothing for an hour
    much_later = opened("train", run=worker.run_id)
    drop_model(worker.run_id)
    assert len([file for _, _, file in offered if file.endswith(".safetensors")]) == 2
    assert offered[-1] == ("Download the model", b"model", "inkling-fast.safetensors")
    for page in (app, much_later):
        assert any("the server's disk does not take its model" in warning.value for warning in page.warning)
        assert not page.exception


def test_train_warns_of_a_server_that_loses_its_data(monkeypatch):
    monkeypatch.setenv("INKLING_FORGETS", "1")
    app = opened("train")
    assert any("are lost when this server restarts" in line.value for line in app.markdown)
    followed(app, "draw")
    assert not any("are lost when this server restarts" in line.value for line in app.markdown)
