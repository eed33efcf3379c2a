"""What a worker does with a run."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from core.engine import run_trainer
from core.networks.model import Model, Scores, read_model
from core.networks.recipe import SGD
from core.store.database import DatabaseTrouble
from core.store.run_tables import RunState
from core.store.runs import RunStore
from core.store.server_limits import Limits
from core.store.unsaved_models import held_model
from core.training.fine_tuning import FineTuning, fine_tuning_recipe
from tests.samples import random_weights
from tests.store.test_database import fill, restrict
from tests.training import tiny

MINE = "a" * 64


@pytest.fixture
def store(tmp_path, monkeypatch):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite3'}")
    monkeypatch.setattr(run_trainer, "load_dataset", lambda **named: tiny.data())
    return store


def train(store, run_id):
    warm = threading.Event()
    warm.set()
    run_trainer.train(store, run_id, warm)


def trained(store, **options):
    recipe = options.pop("recipe", tiny.RECIPE.model_copy(update={"epochs": 1}))
    run_id = store.submit(MINE, recipe, **options)
    assert store.claim_next() == run_id
    train(store, run_id)
    return store.run(run_id)


def test_fine_tuning_starts_from_the_weights_of_its_model(store):
    scores = {"data_source": "handwriting", "test_accuracy": 0.9, "test_images": 10, "test_loss": 0.3}
    scores |= {"kept_epoch": 1, "epochs": 1, "seconds": 1.0}
    start = Model(tiny.RECIPE, random_weights(tiny.NETWORK), Scores(**scores), "")
    drawings = tiny.data().test[:3]
    # With so low a learning rate the weights stay where they began.
    recipe = fine_tuning_recipe(tiny.RECIPE)
    slow = recipe.model_copy(update={"optimizer": recipe.optimizer.model_copy(update={"learning_rate": 1e-6})})
    run = trained(store, recipe=slow, fine_tuning=FineTuning(start, drawings))
    assert run.state == RunState.FINISHED
    kept = store.model(run.id).weights
    for name, weights in start.weights.items():
        if "moving" not in name:
            np.testing.assert_allclose(kept[name], weights, atol=1e-3)


def test_the_watched_drawing_is_read_at_the_reports(store, monkeypatch):
    heard = []
    report = store.report
    monkeypatch.setattr(store, "report", lambda *given, **named: (heard.append(given[2]), report(*given, **named))[1])
    drawing = tiny.data().test.images[0]
    assert trained(store, drawing=drawing).state == RunState.FINISHED
    answers = [progress.drawing_probabilities for progress in heard if progress]
    assert answers
    assert all(len(answer) == 10 and abs(sum(answer) - 1) < 0.01 for answer in answers)
    heard.clear()
    assert trained(store).state == RunState.FINISHED
    assert all(progress.drawing_probabilities == () for progress in heard if progress)


def test_a_run_that_fails_after_it_was_resumed_can_be_resumed_again(store, monkeypatch):
    run_id = store.submit(MINE, tiny.RECIPE)
    store.claim_next()
    asked = iter(["", "", "pause"])
    with monkeypatch.context() as patch:
        patch.setattr(run_trainer.RunReporter, "requested_action", lambda self: next(asked, "pause"))
        train(store, run_id)
    assert store.run(run_id).state == RunState.PAUSED
    monkeypatch.setattr(run_trainer, "load_dataset", lambda **wanted: 1 / 0)
    store.resume(run_id, MINE)
    store.claim_next()
    train(store, run_id)
    run = store.run(run_id)
    assert run.state == RunState.INTERRUPTED
    assert "Resume goes on" in run.notice


@pytest.mark.bad_input(31)
def test_a_run_that_is_deleted_ends_at_once_without_being_evaluated(store, monkeypatch, caplog):
    run_id = store.submit(MINE, tiny.RECIPE.model_copy(update={"epochs": 50}))
    store.claim_next()
    report = store.report

    def delete_and_report(*given, **named):
        if store.listed(MINE) and given[2]:  # its first progress
            store.delete(run_id, MINE)
        return report(*given, **named)

    monkeypatch.setattr(store, "report", delete_and_report)
    with caplog.at_level("INFO", "inkling.worker"):
        train(store, run_id)
    assert "event=claim_lost" in caplog.text
    assert "event=finished" not in caplog.text


def test_a_run_that_continues_another_starts_from_its_weights(store):
    first = trained(store)
    slow = tiny.RECIPE.model_copy(update={"epochs": 1, "optimizer": SGD(learning_rate=1e-6), "seed": 1})
    second = trained(store, recipe=slow, start=store.model(first.id), continues=first.id)
    assert second.state == RunState.FINISHED
    began = store.model(first.id).weights
    for name, weights in store.model(second.id).weights.items():
        if "moving" not in name:
            np.testing.assert_allclose(weights, began[name], atol=1e-3)


@pytest.mark.bad_input(14)
def test_a_batch_size_above_the_number_of_images_is_noted(store):
    run = trained(store, recipe=tiny.RECIPE.model_copy(update={"epochs": 1, "batch_size": 4096}))
    assert run.state == RunState.FINISHED
    assert run.notice == "A batch of 4,096 is more than the 1,000 training images: each epoch was one batch."


class Breaking:
    """A store on a full disk: it refuses the first few calls of each method that is named."""

    def __init__(self, store, **refusals):
        self._store, self._refusals, self.refused = store, refusals, []

    def __getattr__(self, name):
        if self._refusals.get(name, 0):

            def refuse(*given, **named):
                self._refusals[name] -= 1
                self.refused.append(name)
                raise DatabaseTrouble("The server's disk is full.")

            return refuse
        return getattr(self._store, name)


@pytest.mark.bad_input(23)
def test_a_full_disk_stops_no_training_and_the_model_can_be_downloaded_meanwhile(store, monkeypatch, tmp_path):
    monkeypatch.setenv("INKLING_HOME", str(tmp_path))
    held = []

    def wait(seconds):
        held.append(held_model(run_id))

    whole = trained(store)
    broken = Breaking(store, keep_samples=1, commit_epoch=2, report=3, finish=3)
    run_id = store.submit(MINE, tiny.RECIPE.model_copy(update={"epochs": 1}))
    store.claim_next()
    with monkeypatch.context() as patch:
        patch.setattr(run_trainer, "time", SimpleNamespace(**vars(time) | {"sleep": wait}))  # for others
        train(broken, run_id)
    assert sorted(set(broken.refused)) == ["commit_epoch", "finish", "keep_samples", "report"]
    run = store.run(run_id)
    assert run.state == RunState.FINISHED
    assert read_model(held[-1]).scores.test_accuracy == run.scores.test_accuracy
    assert held_model(run_id) is None
    for name, weights in store.model(whole.id).weights.items():
        np.testing.assert_array_equal(store.model(run_id).weights[name], weights)


@pytest.mark.bad_input(23)
@pytest.mark.parametrize("pragma", ["PRAGMA max_page_count = 1", "PRAGMA query_only = ON"], ids=["full", "read-only"])
def test_a_disk_that_is_full_during_the_whole_run_loses_neither_it_nor_older_runs(store, monkeypatch, tmp_path, pragma):
    monkeypatch.setenv("INKLING_HOME", str(tmp_path))
    older = trained(store)
    run_id = store.submit(MINE, older.recipe)
    store.claim_next()
    relent, held = [], []

    def load(**named):
        relent.append(restrict(store, pragma))
        with pytest.raises(DatabaseTrouble):
            fill(store)
        return tiny.data()

    def wait(seconds):
        held.append((read_model(held_model(run_id)), store.model(older.id), store.run(run_id)))
        relent.pop()()

    with monkeypatch.context() as patch:
        patch.setattr(run_trainer, "load_dataset", load)
        patch.setattr(run_trainer, "time", SimpleNamespace(**vars(time) | {"sleep": wait}))  # for others
        train(store, run_id)
    ((rescued_model, older_model, while_held),) = held
    assert while_held.state == RunState.RUNNING
    assert while_held.history == ()  # no epoch could be written
    run = store.run(run_id)
    assert (run.state, run.notice) == (RunState.FINISHED, "")
    assert held_model(run_id) is None
    for model in (rescued_model, older_model, store.model(older.id)):
        for name, weights in store.model(run_id).weights.items():
            np.testing.assert_array_equal(model.weights[name], weights)


@pytest.mark.bad_input(23)
def test_a_model_that_can_never_be_written_stays_downloadable_and_its_run_does_not_count_as_finished(
    store, monkeypatch, tmp_path, caplog
):
    monkeypatch.setenv("INKLING_HOME", str(tmp_path))
    monkeypatch.setattr(run_trainer, "RETRY_SECONDS", 0.0)
    run_id = store.submit(MINE, tiny.RECIPE)
    store.claim_next()
    reporter = run_trainer.RunReporter(Breaking(store, finish=9), run_id, store.begin(run_id)[2], has_checkpoint=False)
    with caplog.at_level("INFO", "inkling.worker"):
        reporter.finish(tiny.trained(), "")
    assert read_model(held_model(run_id)).scores.test_accuracy == 0.9
    assert "event=given_up" in caplog.text
    assert "event=finished" not in caplog.text


@pytest.mark.bad_input(30)
def test_stop_is_honoured_while_the_worker_warms_up(store):
    run_id, behind = store.submit(MINE, tiny.RECIPE), store.submit("b" * 64, tiny.RECIPE)
    store.claim_next()
    store.ask(run_id, MINE, "stop")
    began = time.monotonic()
    run_trainer.train(store, run_id, threading.Event())  # returns although the worker never gets warm
    assert time.monotonic() - began < 2
    run = store.run(run_id)
    assert (run.state, run.notice) == (RunState.STOPPED, "Stopped before it began.")
    assert store.claim_next() == behind


@pytest.mark.bad_input(30)
def test_stop_while_the_model_is_written_comes_too_late(store):
    run_id, behind = store.submit(MINE, tiny.RECIPE), store.submit("b" * 64, tiny.RECIPE)
    store.claim_next()
    reporter = run_trainer.RunReporter(store, run_id, store.begin(run_id)[2], has_checkpoint=False)
    store.ask(run_id, MINE, "stop")
    reporter.finish(model := tiny.trained(), "")
    run = store.run(run_id)
    assert (run.state, run.requested_action) == (RunState.FINISHED, "")
    for name, weights in model.model.weights.items():
        np.testing.assert_array_equal(store.model(run_id).weights[name], weights)
    assert store.claim_next() == behind


def test_a_run_is_stopped_at_the_time_limit_and_keeps_what_it_has_learned(store, monkeypatch):
    monkeypatch.setattr(run_trainer.server_limits, "limits", lambda: Limits().model_copy(update={"seconds": 0}))
    run = trained(store, recipe=tiny.RECIPE.model_copy(update={"epochs": 50}))
    assert run.state == RunState.STOPPED
    assert "as long as a run may take on this server" in run.notice
    assert run.has_model
