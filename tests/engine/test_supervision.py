"""What the engine's thread does about runs, workers and heartbeats; called here step by step, without any process."""

import sqlite3
import time
from contextlib import closing
from types import SimpleNamespace

import distributed
import pytest

from core.engine import jobs, machine, worker
from core.engine.jobs import Engine, EngineState
from core.store import database, runs
from core.store.run_tables import RunState
from core.store.runs import RunStore
from tests.training import tiny


@pytest.fixture
def store(tmp_path):
    return RunStore(f"sqlite:///{tmp_path / 'runs.sqlite3'}")


@pytest.fixture
def engine(store):
    """An engine object whose thread has ended."""
    engine = Engine(store)
    engine.close()
    return engine


@pytest.fixture
def clock(engine, monkeypatch):
    """The engine's monotonic clock, which stands still until the test sets it."""
    clock = SimpleNamespace(now=1000.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(jobs, "time", clock)
    return clock


@pytest.fixture
def run_id(store, engine):
    """A run that the engine has claimed and a worker has begun."""
    run_id = store.submit("me", tiny.RECIPE)
    store.claim_next(1, engine.id)
    store.begin(run_id)
    return run_id


@pytest.fixture
def client():
    """Dask's client, as far as it restarts workers."""
    restarted = []
    return SimpleNamespace(
        restarted=restarted, restart_workers=lambda addresses, **options: restarted.extend(addresses)
    )


def claim_again(store, run_id, engine_id):
    """Interrupt a run, resume it, and claim it for an engine."""
    store.leave(run_id, store.run(run_id).attempt, RunState.INTERRUPTED, "")
    store.resume(run_id, "me")
    assert store.claim_next(1, engine_id) == run_id


@pytest.mark.bad_input(33)
@pytest.mark.parametrize("hours", [(0, 0, 0), (-2, -2, -2), (2, 2, 2), (0, -1, 1)])
def test_a_heartbeat_times_out_by_the_engines_clock_however_wrong_the_workers_is(
    engine, store, run_id, clock, monkeypatch, hours
):
    for offset in hours:
        monkeypatch.setattr(runs, "time", SimpleNamespace(time=lambda offset=offset: time.time() + 3600 * offset))
        store.report(run_id, store.run(run_id).attempt, None)
        engine._handle_timeouts(None, {})
        clock.now += jobs.LOST_SECONDS - 1
    engine._handle_timeouts(None, {})
    assert store.run(run_id).state == RunState.RUNNING
    clock.now += 2
    engine._handle_timeouts(None, {})
    assert store.run(run_id).state == RunState.INTERRUPTED


@pytest.mark.bad_input(25, 32)
@pytest.mark.parametrize("is_resumed", [False, True])
def test_a_run_that_was_claimed_but_not_submitted_is_queued_again(engine, store, run_id, clock, is_resumed):
    if is_resumed:
        claim_again(store, run_id, engine.id)
    else:
        store.delete(run_id, "me")
        run_id = store.submit("me", tiny.RECIPE)
        store.claim_next(1, engine.id)
    engine._handle_timeouts(None, {})
    assert store.run(run_id).state == RunState.RUNNING
    clock.now += jobs.LOST_SECONDS + 1
    engine._handle_timeouts(None, {})
    assert store.run(run_id).state == RunState.QUEUED
    assert store.claim_next() == run_id


def test_a_run_that_a_worker_does_not_begin_is_queued_again_and_the_worker_avoided(engine, store, run_id):
    claim_again(store, run_id, engine.id)
    engine._submitted[run_id] = "tcp://b", SimpleNamespace(done=lambda: True, status="finished")
    engine._take_back_refused_runs()
    assert store.run(run_id).state == RunState.QUEUED
    assert not engine._is_usable("tcp://b", {"nthreads": 1})


@pytest.mark.bad_input(26)
def test_a_run_of_another_engine_is_left_alone_until_that_engine_must_be_dead(
    engine, store, run_id, clock, monkeypatch
):
    claim_again(store, run_id, "elsewhere")
    store.begin(run_id)
    monkeypatch.setattr(jobs, "connected", lambda: pytest.fail("an engine was started for another engine's run"))
    for _ in range(3):
        engine._check()
        assert engine.state == EngineState.OFF
        assert store.run(run_id).state == RunState.RUNNING
        clock.now += jobs.HUNG_SECONDS - 1  # where its own engine would restart its worker
    engine._check()
    assert store.run(run_id).state == RunState.INTERRUPTED


def test_a_run_that_waits_behind_another_in_dask_is_not_taken_for_hung(engine, store, run_id, clock, client):
    behind = {f"{run_id}:1": ("tcp://b", False), "other:2": ("tcp://b", True)}
    for tasks in (behind, behind, {f"{run_id}:1": ("tcp://b", True)}):
        assert client.restarted == []
        engine._handle_timeouts(client, tasks)
        clock.now += jobs.HUNG_SECONDS + 1
    assert client.restarted == ["tcp://b"]
    assert store.run(run_id).state == RunState.RUNNING


@pytest.mark.bad_input(25)
@pytest.mark.parametrize("is_locked", [True, False], ids=["locking", "not locking"])
def test_a_hung_worker_is_restarted_once_even_where_it_locks_the_database(
    engine, store, run_id, clock, client, tmp_path, monkeypatch, is_locked
):
    monkeypatch.setattr(database, "WRITER_SECONDS", 0)
    tasks = {f"{run_id}:1": ("tcp://worker", True)}
    with closing(sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None)) as hung_worker:
        if is_locked:
            hung_worker.execute("BEGIN IMMEDIATE")
        for _ in range(2):
            engine._handle_timeouts(client, tasks)
            clock.now += jobs.HUNG_SECONDS - 1
        assert client.restarted == []
        for _ in range(2):
            engine._handle_timeouts(client, tasks)
            clock.now += 2
    assert client.restarted == ["tcp://worker"]


def test_a_worker_that_would_train_two_runs_at_once_is_not_used(engine):
    assert not engine._is_usable("tcp://many-threads", {"nthreads": 8})
    assert engine._is_usable("tcp://one-thread", {"nthreads": 1})


def test_an_engine_keeps_its_id_after_a_restart_and_shares_it_with_no_other(tmp_path, monkeypatch):
    shared = "postgresql://db.example/inkling"
    before = jobs.engine_id(shared)
    assert jobs.engine_id(shared) == before
    monkeypatch.setattr(jobs.socket, "gethostname", lambda: "another")
    assert jobs.engine_id(shared) != before
    assert jobs.engine_id("sqlite:///runs.sqlite3") == ""
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tls://scheduler.example:8786")
    from_one_machine = jobs.engine_id(shared)
    monkeypatch.setenv("INKLING_HOME", str(tmp_path / "another"))
    assert jobs.engine_id(shared) == from_one_machine != before


def test_a_worker_process_that_has_grown_is_replaced(monkeypatch):
    callbacks = []
    loop = SimpleNamespace(add_callback=lambda function, **options: callbacks.append((function, options)))
    dask_worker = SimpleNamespace(loop=loop, close_gracefully=None)  # only the loop may call it
    monkeypatch.setattr(distributed, "get_worker", lambda: dask_worker)
    monkeypatch.setattr(worker, "_bytes_after_first_run", 0)
    worker._replace_process_if_grown()  # after the first run, with which later ones are compared
    assert not callbacks
    monkeypatch.setattr(worker, "MAX_GROWTH", -1e12)
    worker._replace_process_if_grown()
    assert callbacks[0][1] == {"restart": True}


@pytest.mark.parametrize(
    ("cores", "gigabytes", "configured", "workers"),
    [(1, 2, "", 1), (2, 8, "", 1), (8, 64, "", 4), (8, 3, "", 2), (2, 8, "3", 3), (8, 64, "none", 4)],
)
def test_there_is_a_worker_per_two_cores_as_far_as_memory_allows(cores, gigabytes, configured, workers, monkeypatch):
    monkeypatch.setenv("INKLING_WORKERS", configured)
    monkeypatch.setattr(machine.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(machine, "memory_limit", lambda: gigabytes * 1e9)
    assert machine.workers_wanted() == workers
