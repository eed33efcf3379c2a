"""Runs that are damaged or were made by another version, and what of them can still be used."""

import numpy as np
import pytest
from sqlalchemy import text

from core.digits.dataset import Digits
from core.files import Damaged
from core.store import run_queries
from core.store.run_tables import NoSuchRun, RunState
from core.store.scoreboard import Scoreboard
from tests.store.steps import MINE, RECIPE, THEIRS, begun, checkpoint, progress, spoil
from tests.training.tiny import trained

OF_ANOTHER_VERSION = [
    {"recipe": '{"version": 2}'},
    {"scores": '{"new": 1}'},
    {"history": '[{"epoch": 1, "new": 2}]'},
    {"state": "dreaming"},
]


@pytest.mark.parametrize("values", OF_ANOTHER_VERSION, ids=lambda values: next(iter(values)))
def test_an_unreadable_run_can_be_renamed_and_deleted_and_affects_no_other(store, values):
    other, attempt = begun(store)
    store.finish(other, attempt, trained(), "")
    mine = store.submit(MINE, RECIPE)
    spoil(store, other, **values)
    with pytest.raises(NoSuchRun, match="another version"):
        store.run(other)
    assert [run.id for run in store.runs_of(MINE)] == [mine]
    assert [run.id for run in store.listed(MINE)] == [mine, other]
    store.rename(other, MINE, "Old one")
    assert store.listed(MINE)[1].name == "Old one"
    store.delete(other, MINE)
    assert [run.id for run in store.listed(MINE)] == [mine]


def test_a_list_shows_an_unreadable_run_without_a_recipe(store):
    run_id, attempt = begun(store)
    store.finish(run_id, attempt, trained(), "")
    listed = store.listed(MINE)[0]
    assert (listed.recipe, listed.scores.test_accuracy, listed.state) == (RECIPE, 0.9, RunState.FINISHED)
    spoil(store, run_id, recipe="{}")
    assert store.listed(MINE)[0].recipe is None


def test_an_active_unreadable_run_blocks_nobody(store):
    waiting = store.submit(MINE, RECIPE)
    spoil(store, waiting, recipe="{}")
    assert store.active_run(MINE) is None
    assert store.submit(MINE, RECIPE) != waiting
    claimed = store.claim_next()
    spoil(store, claimed, recipe="{}")
    assert store.running() == []
    assert store.claim_next() is None
    following = store.submit(THEIRS, RECIPE)
    assert store.claim_next() == following


@pytest.mark.bad_input(37)
def test_runs_of_another_version_wait_train_and_stay_paused_as_if_this_one_were_not_there(store):
    paused, attempt = begun(store)
    store.pause(paused, attempt, checkpoint(1))
    trains, attempt = begun(store, THEIRS)
    store.commit_epoch(trains, attempt, checkpoint(2))
    waits = store.submit("c" * 64, RECIPE)
    for run_id in (paused, trains, waits):
        spoil(store, run_id, recipe='{"version": 2}')
    assert store.running() == []
    assert store.claim_next() is None
    store.cull()
    assert store.report(trains, attempt, progress())  # its worker goes on
    for run_id in (paused, trains, waits):
        spoil(store, run_id, recipe=RECIPE.to_json())  # as the other version reads them
    assert [store.run(run_id).state for run_id in (paused, trains, waits)] == ["paused", "running", "queued"]
    store.resume(paused, MINE)
    assert {store.claim_next(), store.claim_next()} == {paused, waits}
    assert len(store.begin(paused)[1].history) == 1


@pytest.mark.bad_input(37)
def test_a_run_of_another_version_whose_worker_died_is_interrupted_with_its_checkpoint(store):
    run_id, attempt = begun(store)
    store.commit_epoch(run_id, attempt, checkpoint(2))
    spoil(store, run_id, recipe='{"version": 2}')
    (claim,) = store.claims()
    assert store.take_over(claim, "here")
    assert store.begin(run_id) is None
    store.cull()
    spoil(store, run_id, recipe=RECIPE.to_json())
    assert store.run(run_id).state == RunState.INTERRUPTED
    store.resume(run_id, MINE)
    store.claim_next()
    assert len(store.begin(run_id)[1].history) == 2


@pytest.mark.bad_input(37)
def test_a_run_that_no_version_here_can_read_leaves_the_queue_after_a_day(store, monkeypatch):
    run_id = store.submit(MINE, RECIPE)
    spoil(store, run_id, recipe='{"version": 2}')
    store.cull()
    assert store.has_active()
    monkeypatch.setattr("core.store.runs.UNREADABLE_SECONDS", -1)
    store.cull()
    assert not store.has_active()
    assert store.counts() == {RunState.INTERRUPTED: 1}


OF_ITSELF_DAMAGED = [{"recipe": "{broken"}, {"history": "[{broken"}, {"history": "nothing"}, {"points": "[3]"}]


@pytest.mark.bad_input(25)
@pytest.mark.parametrize("values", OF_ITSELF_DAMAGED, ids=lambda values: " ".join(*values.items()))
def test_a_damaged_text_costs_its_own_run_only(store, values):
    damaged, _ = begun(store)
    queued = store.submit(THEIRS, RECIPE)
    spoil(store, damaged, **values)
    assert [run.id for run in store.active()] == [queued]
    assert store.begin(damaged) is None
    assert store.running() == []
    assert store.claim_next() == queued
    assert store.begin(queued)
    listed = store.listed(MINE)[0]
    assert (listed.id, listed.state in (RunState.INTERRUPTED, RunState.FAILED)) == (damaged, True)
    with pytest.raises(NoSuchRun, match="is damaged"):
        store.run(damaged)
    store.delete(damaged, MINE)
    assert store.listed(MINE) == []


def flip(store, run_id, column, place=-1, table="run_data"):
    """Turn one bit of what is kept."""
    with store._database.writing() as session:
        content = session.scalar(text(f"SELECT {column} FROM {table} WHERE id = :id"), {"id": run_id})
        damaged = bytearray(content)
        damaged[place % len(damaged)] ^= 4
        flipped = {"flipped": bytes(damaged), "id": run_id}
        session.execute(text(f"UPDATE {table} SET {column} = :flipped WHERE id = :id"), flipped)


@pytest.mark.parametrize("place", [0, 40, -1])
@pytest.mark.parametrize("column", ["model", "keras_file", "test_probabilities", "samples"])
def test_a_flipped_bit_in_what_a_run_left_is_detected(store, column, place):
    run_id, attempt = begun(store)
    store.keep_samples(run_id, attempt, Digits(np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.uint8)))
    store.finish(run_id, attempt, trained(), "")
    flip(store, run_id, column, place)
    with pytest.raises(Damaged, match="Train it again"):
        getattr(store, column)(run_id)
    assert store.run(run_id).state == RunState.FINISHED


@pytest.mark.bad_input(25)
def test_a_damaged_checkpoint_is_replaced_by_the_one_before_and_then_by_the_beginning(store):
    run_id, attempt = begun(store)
    for epochs in (1, 2, 3):
        store.report(run_id, attempt, progress(epoch=epochs, step=20), as_point=True)
        store.commit_epoch(run_id, attempt, checkpoint(epochs))
    flip(store, run_id, "checkpoint")
    _, found, attempt = store.begin(run_id)
    assert len(found.history) == 2
    run = store.run(run_id)
    assert "last checkpoint was damaged on the server's disk; it went on from epoch 2" in run.notice
    assert len(run.history) == 2
    flip(store, run_id, "previous")
    store.commit_epoch(run_id, attempt, checkpoint(3))
    assert store.begin(run_id)[1].history == checkpoint(3).history
    flip(store, run_id, "checkpoint")  # the one before is still the damaged one of above
    store.leave(run_id, store.run(run_id).attempt, RunState.INTERRUPTED, "")
    store.resume(run_id, MINE)
    store.claim_next()
    _, found, _ = store.begin(run_id)
    assert found is None
    assert "it began again" in store.run(run_id).notice
    assert store.run(run_id).history == ()


def test_a_run_whose_owner_is_damaged_belongs_to_nobody(store):
    run_id = store.submit(MINE, RECIPE)
    spoil(store, run_id, owner="\ufffd" * 64)
    for act in (store.delete, lambda run_id, owner: store.rename(run_id, owner, "Mine")):
        with pytest.raises(NoSuchRun):
            act(run_id, MINE)
    with pytest.raises(NoSuchRun):
        Scoreboard(store.url).join(store.run(run_id), MINE, "Ada")


def test_an_unreadable_checkpoint_costs_its_epochs_only(store):
    run_id, _ = begun(store)
    of_another = checkpoint(1).to_bytes().replace(b"patience", b"patients")
    with store._database.writing() as session:
        run_queries.write_data(session, run_id, checkpoint=of_another)
    recipe, found, _ = store.begin(run_id)
    assert (recipe, found) == (RECIPE, None)
    assert "began again" in store.run(run_id).notice
