"""The line about the visitor's run on every other page."""

import time

import pytest

from core.networks.presets import PRESETS
from core.store.run_tables import RunState
from core.store.runs import run_store
from tests.pages.harness import (
    THIN,
    all_data_of,
    followed,
    opened,
)
from tests.ready_runs import OWNER, SOMEBODY, finished_run, started


def banner(app, what="what"):
    sent = all_data_of(app, "run_banner")
    return next((f"{data.get('name', '')} {data[what]}, {data.get('rest', '')}" for data in sent if what in data), None)


def notice(app):
    return banner(app, "end")


def test_a_run_in_progress_shows_on_other_pages_and_not_twice_on_train():
    worker = started("script-a")
    worker.report(215, validation_loss=0.09, validation_accuracy=0.986)
    app = opened("train")
    assert banner(app) is None
    followed(app, "draw")
    assert f"Script A epoch 1 of 5, 98.60{THIN}%" in banner(app)
    followed(app, "model")
    assert "left" in banner(app)
    assert notice(app) is None
    worker.leave(RunState.FAILED)
    app.run()
    assert banner(app) is None
    assert "Script A has failed." in notice(app)
    followed(app, "draw")
    assert "Script A has failed." in notice(app)  # for as long as it takes to read it
    app.session_state["ended_run"] = (app.session_state["ended_run"][0], time.monotonic())
    app.run()
    assert notice(app) is None


def test_the_end_of_a_run_is_announced_once_and_not_to_who_saw_it_on_train():
    worker = started()
    app = opened("train")
    worker.leave(RunState.FAILED)
    assert notice(app.run()) is None
    assert notice(followed(opened("train"), "draw")) is None


def test_somebody_elses_run_shows_on_no_page_of_mine():
    started(owner=SOMEBODY).report(50)
    app = followed(opened("train"), "draw")
    assert banner(app) is None


def test_who_watches_another_run_on_train_still_sees_their_own_in_the_banner():
    started().report(50)
    theirs = finished_run(owner=SOMEBODY)
    assert "Fast epoch 1 of 1" in banner(opened("train", run=theirs))


def test_a_waiting_run_is_named_on_the_page_of_another_run():
    started("script-b", owner=SOMEBODY).report(50)
    run_store().submit(OWNER, PRESETS["tiny"])
    theirs = run_store().active_run(SOMEBODY).id
    assert banner(opened("train", run=theirs)).startswith("Tiny waits, Next in the queue, behind 1")


@pytest.mark.parametrize(
    ("requested_action", "words"),
    [
        ("stop", "Fast stopping, measuring what was learned"),
        ("pause", "Fast pausing, keeping where it is"),
    ],
)
def test_a_run_that_is_stopping_or_pausing_shows_no_time_left(requested_action, words):
    worker = started()
    worker.report(50)
    run_store().ask(worker.run_id, OWNER, requested_action)
    assert banner(followed(opened("train"), "draw")) == words
