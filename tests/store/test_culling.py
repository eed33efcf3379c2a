"""What is deleted by the limits of age and size."""

import os
import time

import pytest
from sqlalchemy import text

from core.files import fallback_folder
from core.store import run_queries, unsaved_models
from core.store.run_tables import NoSuchRun, RunState
from core.store.server_limits import OverLimit
from tests.store.steps import MINE, RECIPE, THEIRS, begun, checkpoint, progress
from tests.training.tiny import trained


def aged(store, run_id, days):
    with store._database.writing() as session:
        earlier = {"seconds": 86_400 * days, "id": run_id}
        session.execute(text("UPDATE run SET ended = ended - :seconds WHERE id = :id"), earlier)


def ended_run(store, owner):
    run_id, attempt = begun(store, owner)
    store.finish(run_id, attempt, trained(), "")
    return run_id


def test_runs_over_the_limits_of_age_and_size_are_deleted_but_never_an_active_one(store, monkeypatch):
    old, new = ended_run(store, "1" * 64), ended_run(store, "2" * 64)
    active, attempt = begun(store)
    waiting = store.submit(THEIRS, RECIPE)
    aged(store, old, 400)
    aged(store, new, 300)
    assert store.cull() == 1
    assert {run.id for owner in ("1" * 64, "2" * 64, MINE, THEIRS) for run in store.runs_of(owner)} == {
        new,
        active,
        waiting,
    }
    monkeypatch.setenv("INKLING_MAX_MEGABYTES", "10")
    monkeypatch.setattr("core.store.run_queries.MEGABYTE", 0.001)
    assert store.cull() == 1
    assert store.runs_of("2" * 64) == []
    assert store.run(active).state == RunState.RUNNING
    assert store.report(active, attempt, progress()) is not None


def test_a_resumable_run_is_deleted_for_its_size_only_after_all_others(store, monkeypatch):
    monkeypatch.setenv("INKLING_MAX_MEGABYTES", "10")
    paused, attempt = begun(store)
    store.pause(paused, attempt, checkpoint(1))
    finished = ended_run(store, THEIRS)
    monkeypatch.setattr("core.store.run_queries.MEGABYTE", 500)  # bytes; a checkpoint takes less, a model more
    store.cull()
    assert store.run(paused).state == RunState.PAUSED
    with pytest.raises(NoSuchRun):
        store.run(finished)
    monkeypatch.setattr("core.store.run_queries.MEGABYTE", 1)
    assert store.cull() == 1


@pytest.mark.bad_input(42)
def test_one_workspace_cannot_evict_anothers_models(store, monkeypatch):
    monkeypatch.setenv("INKLING_MAX_MEGABYTES", "10")
    victims = [ended_run(store, f"{number:064}") for number in range(5)]
    hoarded = []
    for seed in range(3):  # newer, and resumable
        run_id = store.submit(MINE, RECIPE.model_copy(update={"seed": seed}))
        store.claim_next()
        store.pause(run_id, store.begin(run_id)[2], checkpoint(2000))
        hoarded.append(run_id)
    with store._database.reading() as session:
        each, hoard = (run_queries.bytes_of(session, owner) for owner in (f"{0:064}", MINE))
    monkeypatch.setattr("core.store.run_queries.MEGABYTE", (5 * each + hoard - 1) / 10)
    assert store.cull() == 1
    assert [store.run(run_id).id for run_id in victims] == victims
    with pytest.raises(NoSuchRun):
        store.run(hoarded[0])


@pytest.mark.bad_input(42)
def test_a_workspace_that_holds_more_than_its_share_is_told_so_before_it_trains_again(store, monkeypatch):
    ended_run(store, MINE)
    monkeypatch.setattr("core.store.run_queries.MEGABYTE", 1e-6)
    with pytest.raises(OverLimit, match="your share of this server's disk"):
        store.submit(MINE, RECIPE.model_copy(update={"seed": 9}))
    assert store.submit(THEIRS, RECIPE)


def test_only_resumable_runs_keep_their_checkpoints(store):
    failed, attempt = begun(store)
    store.commit_epoch(failed, attempt, checkpoint(1))
    store.leave(failed, attempt, RunState.FAILED, "")
    paused, attempt = begun(store, THEIRS)
    store.pause(paused, attempt, checkpoint(1))
    store.cull()
    with store._database.reading() as session:
        kept = dict(session.execute(text("SELECT id, checkpoint IS NOT NULL FROM run_data")).all())
    assert kept == {failed: 0, paused: 1}


def held(store):
    with store._database.reading() as session:
        return set(session.scalars(text("SELECT id FROM run_data")))


def test_more_runs_than_one_statement_can_name_are_deleted(store, monkeypatch):
    monkeypatch.setattr("core.store.run_queries.DELETED_AT_ONCE", 2)
    ids = [ended_run(store, f"{number:064}") for number in range(5)]
    for run_id in ids:
        aged(store, run_id, 400)
    assert store.cull() == 5
    assert held(store) == set()


def test_a_held_model_is_deleted_with_its_run_or_when_it_is_too_old(store, tmp_path, monkeypatch):
    monkeypatch.setenv("INKLING_HOME", str(tmp_path))
    deleted, old, kept = ended_run(store, MINE), ended_run(store, THEIRS), ended_run(store, THEIRS)
    for run_id in (deleted, old, kept, "lost"):
        unsaved_models.hold_model(run_id, b"model")
    store.delete(deleted, MINE)
    assert unsaved_models.held_model(deleted) is None
    aged(store, old, 400)
    store.cull()
    assert unsaved_models.held_model(old) is None
    assert unsaved_models.held_model("lost") == b"model"
    os.utime(fallback_folder() / unsaved_models.file_name("lost"), (time.time() - 86_400 * 366,) * 2)
    store.cull()
    assert unsaved_models.held_model("lost") is None
    assert unsaved_models.held_model(kept) == b"model"
    unsaved_models.drop_model(kept)


def test_culling_by_age_spares_active_and_recent_runs(store, monkeypatch):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    old, attempt = begun(store)
    store.finish(old, attempt, trained(), "")
    stopped = store.submit(THEIRS, RECIPE)
    store.ask(stopped, THEIRS, "stop")
    waiting = store.submit("d" * 64, RECIPE)
    now += 3600
    assert store.count_old(1 / 24) == 0
    now += 1
    assert store.count_old(1 / 24) == store.cull(1 / 24) == 2
    assert store.count_old(1 / 24) == store.cull(1 / 24) == 0
    for gone in (old, stopped):
        with pytest.raises(NoSuchRun):
            store.run(gone)
    assert store.run(waiting).state == RunState.QUEUED
