"""A run on Train: while it waits, trains and pauses, and when it is over."""

import re

import numpy as np
import pytest

from core.engine.local_engine import EngineState
from core.networks.presets import PRESETS
from core.store.run_tables import RunState
from core.store.runs import run_store
from tests.pages.harness import (
    THIN,
    buttons,
    charts,
    data_of,
    opened,
    run_figures,
    run_status,
    texts,
)
from tests.ready_runs import OWNER, SOMEBODY, finished_run, started
from tests.samples import hundred_digits


@pytest.mark.bad_input(28)
def test_a_second_click_finds_the_run_that_is_active():
    app, other = opened("train"), opened("train")
    app.button(key="train").click().run()
    other.button(key="train").click().run()  # a second tab, drawn before the first click
    assert len(run_store().runs_of(OWNER)) == 1
    assert app.query_params["run"] == other.query_params["run"]
    assert app.button(key="train").disabled


@pytest.mark.bad_input(29)
def test_a_queued_run_shows_its_position_and_wait_and_can_be_cancelled():
    run_store().submit(SOMEBODY, PRESETS["fast"])
    run_store().submit(OWNER, PRESETS["fast"])
    app = opened("train")
    assert re.fullmatch(r"Number 2 in the queue: begins in about \d+ s", run_status(app))
    run_store().claim_next()
    assert re.fullmatch(r"Next in the queue, behind 1 that trains: begins in about \d+ s", run_status(app.run()))
    app.button(key="stop").click().run()
    assert run_store().runs_of(OWNER)[0].state == RunState.STOPPED


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (EngineState.STARTING, "about 10 s the first time"),
        (EngineState.UNREACHABLE, "cannot be reached"),
        (EngineState.READY, "Next in the queue"),
        (EngineState.UNUSABLE, "so it waits. TensorFlow cannot be imported"),
    ],
)
def test_a_waiting_run_says_what_happens_now(engine, state, sentence):
    engine.state, engine.trouble = state, "TensorFlow cannot be imported."
    run_store().submit(OWNER, PRESETS["fast"])
    assert sentence in run_status(opened("train"))


def test_a_run_that_warms_up_says_so_has_no_chart_and_claims_to_have_learned_nothing_when_it_is_stopped():
    worker = started()
    app = opened("train")
    assert "Warming up TensorFlow: about 10 s the first time" in run_status(app)
    assert not charts(app)
    assert not app.error
    run_store().ask(worker.run_id, OWNER, "stop")
    assert run_status(app.run()) == "Stopping: before the first batch"


def test_a_running_run_shows_figures_curves_samples_and_a_sentence_for_each_curve():
    worker = started()
    worker.keep_samples(hundred_digits())
    worker.report(50)
    app = opened("train")
    specs = [chart.proto.spec for chart in charts(app)]
    worker.report(215, validation_loss=0.09, validation_accuracy=0.972, sample_answers=tuple(range(9)) + (4,) * 91)
    app.run()
    assert run_figures(app) == {
        "Epoch": "1 of 1",
        "Validation": f"97.20{THIN}%",
        "Loss": "0.123",
        "Images/s": "9,876",
        "Time left": "2 s",
    }
    assert run_status(app) == "Epoch 1, batch 215 of 430"
    assert data_of(app, "run_figures")["share"] == pytest.approx(0.5)
    assert len(charts(app)) == 3
    assert [chart.proto.spec for chart in charts(app)] == specs  # a live chart changes its rows alone
    assert "Label smoothing raises it" in texts(app)  # as the preset Fast does
    assert f"Validation accuracy 97.20{THIN}% in epoch 1." in texts(app)
    assert "Validation loss 0.0900 in epoch 1." in texts(app)
    strip = data_of(app, "thumbnails", "sample_strip")
    assert strip["alt"][8:10] == ["An 8, read right", "A 9, wrongly read as 4"]
    assert "".join(strip["words"][:10]) == "0123456784"
    assert strip["marks"] == [True] * 9 + [False] * 5 + [True] + [False] * 5
    assert strip["image"].startswith("data:image/png;base64,")
    assert "Reads 10 of these 20" in texts(app)


@pytest.mark.bad_input(27)
@pytest.mark.parametrize("button", ["stop", "pause"])
def test_stop_and_pause_reach_the_worker_of_the_active_run_once(button):
    worker = started()
    worker.report(50)
    app = opened("train")
    app.button(key=button).click().run()
    assert worker.report(60).requested_action == button
    assert run_status(app).startswith("Stopping" if button == "stop" else "Pausing")
    assert run_figures(app)["Time left"] == "\N{EN DASH}"
    assert app.button(key="stop").disabled
    assert app.button(key="pause").disabled


@pytest.mark.bad_input(26)
@pytest.mark.parametrize(("state", "notice"), [("paused", ""), ("interrupted", "Interrupted after epoch 1.")])
def test_a_paused_or_interrupted_run_is_found_without_its_link_and_resumed(engine, state, notice):
    worker = started("script-a")
    worker.report(400)
    worker.end_epoch()
    worker.leave(RunState(state), notice)
    app = opened("train")
    assert run_status(app) == f"{state.title()} after epoch 1 of {PRESETS['script-a'].epochs}"
    assert [warning.value for warning in app.warning] == ([notice] if notice else [])
    assert not app.error
    assert len(charts(app)) == 3
    assert "Label smoothing raises it" not in texts(app)  # as Script A has none
    app.button(key="resume").click().run()
    assert run_store().run(worker.run_id).state == RunState.QUEUED
    assert len(run_store().run(worker.run_id).history) == 1
    assert engine.queue_checks == 1


def test_a_paused_run_is_stopped_without_a_further_epoch(engine):
    worker = started("script-a")
    worker.report(400)
    worker.end_epoch()
    worker.leave(RunState.PAUSED)
    app = opened("train")
    app.button(key="stop").click().run()
    run = run_store().run(worker.run_id)
    assert (run.state, run.requested_action) == (RunState.QUEUED, "stop")
    assert engine.queue_checks == 1
    assert run_status(app).startswith("Waits to be measured. ")
    assert app.button(key="stop").label == "Cancel"
    app.button(key="stop").click().run()
    assert run_store().run(worker.run_id).state == RunState.PAUSED


def test_a_paused_run_cannot_be_resumed_while_the_limit_of_active_runs_is_reached(monkeypatch):
    monkeypatch.setenv("INKLING_MAX_ACTIVE_RUNS", "1")
    paused = started()
    paused.end_epoch()
    paused.leave(RunState.PAUSED)
    started()
    app = opened("train", run=paused.run_id)
    assert app.button(key="resume").disabled
    app.button(key="stop").click().run()
    assert [toast.value for toast in app.toast] == [r"One run at a time\: free again when one of yours is over."]
    assert run_store().run(paused.run_id).state == RunState.PAUSED


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.INTERRUPTED])
def test_a_run_that_went_wrong_says_why_and_training_can_go_on(state):
    worker = started()
    worker.leave(state, "The loss is no longer a number. <b>Lower</b> the rate.")
    app = opened("train", run=worker.run_id)
    notices = [*app.error, *app.warning]
    assert len(notices) == 1
    assert r"\<b\>Lower" in notices[0].value
    assert not app.button(key="train").disabled
    assert ("resume" in buttons(app)) is (state == RunState.INTERRUPTED)


# When a run is over


def test_a_run_that_was_stopped_keeps_what_it_learned_and_shows_what_its_model_reads_in_its_samples():
    threes = np.eye(10, dtype=np.float32)[np.full(10_000, 3)]
    run_id = finished_run(samples=hundred_digits(), probabilities=threes, kept_because="stopped here")
    app = opened("train", run=run_id)
    assert "where it was stopped" in run_status(app)
    assert data_of(app, "thumbnails", "sample_strip")["words"] == ["3"] * 20
    assert "Reads 2 of these 20" in texts(app)
    assert "Each will carry" not in texts(app)


def test_a_finished_run_shows_its_scores_and_kept_epoch_and_reads_random_test_images():
    run_id = finished_run(samples=hundred_digits(), test_accuracy=0.9904, drawn_accuracy=0.9874)
    app = opened("train", run=run_id)
    assert run_figures(app)["Test accuracy"] == "99.04\N{THIN SPACE}%"
    assert f"98.83{THIN}% to 99.21{THIN}%" in run_status(app)
    assert run_figures(app)["Drawn digits"] == f"98.74{THIN}%"
    assert f"98.74{THIN}% of drawn digits" in run_status(app)
    assert "Kept: epoch 1 of 1, the last one." in run_status(app)
    assert data_of(app, "run_figures")["share"] == 1
    assert "stop" not in buttons(app)
    assert not app.button(key="train").disabled
    index = app.session_state[f"check_{run_id}"]
    assert "Read as 0" in texts(app)
    assert ("Right." in texts(app)) is (index % 10 == 0)
    app.button(key="another_image").click().run()
    assert app.session_state[f"check_{run_id}"] != index
    app.button(key="draw_with_it").click().run()
    assert app.session_state["answering_run"] == run_id
