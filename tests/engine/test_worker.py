"""Whom a worker takes runs from, and what it says of itself; without any other process."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.engine import liveness, supervisor, worker
from core.engine.liveness import ABANDONED_SECONDS, GONE_SECONDS, HUNG_SECONDS, LONGEST_STEP, Observer
from core.engine.supervisor import Supervisor
from core.engine.worker import Puller
from core.processes import machine_id, process_identity
from core.store.database import Database, DatabaseBusy, DatabaseTrouble
from core.store.run_tables import RunState
from core.store.runs import RunStore
from core.store.workers import Worker, WorkerStore
from tests.training import tiny

OTHER = Worker("elsewhere", "another machine", "1-1", "", "version", heartbeat=1.0)


@pytest.fixture
def store(tmp_path):
    return RunStore(f"sqlite:///{tmp_path / 'runs.sqlite3'}")


@pytest.fixture
def workers(store):
    return WorkerStore(store.url)


@pytest.fixture
def clock(monkeypatch):
    """The observers' monotonic clock, which stands still until the test sets it."""
    clock = SimpleNamespace(now=1000.0)
    clock.monotonic = lambda: clock.now
    for module in (liveness, supervisor):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def puller(store, workers, clock, monkeypatch):
    """A worker that is idle, and looks at the others at every look."""
    monkeypatch.setattr(worker, "run_store", lambda: store)
    monkeypatch.setattr(worker, "worker_store", lambda: workers)
    monkeypatch.setattr(worker, "OBSERVE_SECONDS", 0)
    puller = Puller()
    puller._announce()
    return puller


@pytest.fixture
def process():
    """Another process on this machine."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as running:
        yield running
        running.kill()


def begun(store, worker_id):
    """A run that this worker trains."""
    run_id = store.submit("me", tiny.RECIPE)
    assert store.claim_next(worker_id) == run_id
    store.begin(run_id)
    return run_id


def passed(clock, seconds, look):
    """Let time pass as it does for a process that looks every second; returns the first look that finds something."""
    found = None
    for _ in range(round(seconds)):
        clock.now += 1
        seen = look()
        found = found or seen
    return found


@pytest.mark.bad_input(25)
def test_a_run_is_taken_over_as_soon_as_its_workers_process_has_ended(store, workers, puller, process):
    there = replace(OTHER, machine=machine_id(), process=process_identity(process.pid))
    workers.announce(there)
    run_id = begun(store, there.id)
    assert puller.next_run() is None
    process.kill()
    process.wait()
    assert puller.next_run() == run_id
    assert [claim.worker for claim in store.claims()] == [puller.worker.id]
    store.begin(run_id)
    store.finish(run_id, store.run(run_id).attempt, tiny.trained(), "")
    assert puller.next_run() is None
    assert [one.id for one in workers.all()] == [puller.worker.id]


@pytest.mark.bad_input(25)
def test_a_run_that_a_worker_could_not_begin_is_taken_again_by_it(store, puller):
    run_id = store.submit("me", tiny.RECIPE)
    assert [puller.next_run(), puller.next_run()] == [run_id, run_id]


@pytest.mark.bad_input(36)
def test_another_process_with_the_number_of_a_dead_worker_is_not_taken_for_it(store, workers, puller, process):
    workers.announce(replace(OTHER, machine=machine_id(), process=f"{process.pid}-1"))
    run_id = begun(store, OTHER.id)
    assert puller.next_run() == run_id


@pytest.mark.bad_input(25, 33)
@pytest.mark.parametrize("hours", [(0, 0, 0), (-2, -2, -2), (2, 2, 2), (0, -1, 1)])
def test_a_worker_elsewhere_is_gone_by_the_observers_clock_however_wrong_its_own_is(
    store, workers, puller, clock, monkeypatch, hours
):
    workers.announce(OTHER)
    run_id = begun(store, OTHER.id)
    for offset in hours:
        now = time.time() + 3600 * offset
        monkeypatch.setattr("core.store.workers.time", SimpleNamespace(time=lambda now=now: now))
        workers.announce(OTHER)
        assert passed(clock, GONE_SECONDS - 1, puller.next_run) is None
    assert passed(clock, 3, puller.next_run) == run_id


@pytest.mark.bad_input(38)
def test_a_sleep_of_the_observer_is_no_silence_of_others(store, workers, puller, clock):
    workers.announce(OTHER)
    begun(store, OTHER.id)
    passed(clock, 2, puller.next_run)
    clock.now += 10 * 60  # the laptop sleeps, and all heartbeats with it
    assert puller.next_run() is None
    assert LONGEST_STEP < GONE_SECONDS / 2


@pytest.mark.bad_input(36)
def test_a_run_of_a_worker_that_nobody_knows_is_taken_over_when_it_is_silent_for_long(store, puller, clock):
    run_id = begun(store, "")
    assert passed(clock, HUNG_SECONDS - 1, puller.next_run) is None
    assert passed(clock, 3, puller.next_run) == run_id


def test_a_worker_that_lives_loses_a_run_that_is_silent_for_much_longer(store, workers, clock):
    observer = Observer()
    workers.announce(OTHER)
    run_id = begun(store, OTHER.id)

    def expired():
        workers.announce(OTHER)
        return observer.expired(store.claims(), workers.all(), observer.living(workers.all()))

    assert not passed(clock, HUNG_SECONDS + 1, expired)
    assert [claim.run_id for claim in passed(clock, ABANDONED_SECONDS - HUNG_SECONDS + 2, expired)] == [run_id]


@pytest.mark.bad_input(25)
def test_a_run_whose_worker_died_twice_is_interrupted(store, puller, process):
    run_id = begun(store, "gone")
    for _ in range(2):
        (claim,) = store.claims()
        assert store.take_over(claim, "gone too")
        begin = store.begin(run_id)
    assert begin is None
    assert store.run(run_id).state == RunState.INTERRUPTED
    assert "died twice" in store.run(run_id).notice


@pytest.fixture
def supervised(store, workers, clock, monkeypatch):
    """A supervisor, a worker of its own, and the processes that it ends."""
    ended = []
    monkeypatch.setattr(supervisor, "database_url", lambda: store.url)
    monkeypatch.setattr(supervisor, "end_worker", ended.append)
    watching = Supervisor()
    own = Worker("own", machine_id(), "2-2", watching.engine, "version")
    workers.announce(own)
    return watching, own, ended


@pytest.mark.bad_input(25)
@pytest.mark.parametrize("hangs", ["the run", "the worker"])
def test_a_supervisor_ends_its_worker_when_that_or_its_run_is_silent(store, workers, supervised, clock, hangs):
    watching, own, ended = supervised
    run_id = begun(store, own.id)

    def check():
        if hangs == "the run":
            workers.announce(own)
        else:
            store.report(run_id, 1, None)
        return watching.check()

    assert passed(clock, HUNG_SECONDS - 1, check)
    assert ended == []
    passed(clock, 3, check)
    assert set(ended) == {own.process}


@pytest.mark.bad_input(23)
@pytest.mark.parametrize(
    ("problem", "is_ended"), [(DatabaseTrouble, False), (DatabaseBusy, True)], ids=["full", "locked"]
)
def test_a_worker_that_cannot_write_its_heartbeat_is_ended_only_where_it_may_hold_the_lock(
    store, workers, supervised, clock, monkeypatch, problem, is_ended
):
    def refuse(self):
        raise problem("It cannot be written to.")

    watching, own, ended = supervised
    begun(store, own.id)
    with monkeypatch.context() as patch:
        patch.setattr(Database, "check_writable", refuse)
        passed(clock, HUNG_SECONDS + 3, watching.check)
    assert bool(ended) == is_ended
    if not is_ended:  # it can be written to again, which its worker finds out in a moment
        watching.check()
        assert ended == []


@pytest.mark.bad_input(38)
def test_a_sleep_of_the_whole_machine_ends_no_worker_and_no_engine(store, supervised, clock):
    watching, own, ended = supervised
    begun(store, own.id)
    for _ in range(4):
        watching.check()
        clock.now += 6 * 60
    assert ended == []
    assert watching.idle_seconds == 0


def test_a_supervisor_counts_how_long_nothing_waits_or_trains(store, supervised, clock):
    watching, _, _ = supervised
    passed(clock, 100, watching.check)
    assert watching.idle_seconds == pytest.approx(100)
    store.submit("me", tiny.RECIPE)
    watching.check()
    assert watching.idle_seconds == 0


def test_the_memory_by_which_a_worker_process_may_grow_is_limited(puller, monkeypatch):
    assert not puller._has_grown()  # after the first run, with which later ones are compared
    monkeypatch.setattr(worker, "MAX_GROWTH", -1e12)
    assert puller._has_grown()


@pytest.mark.bad_input(40)
def test_a_tensorflow_that_cannot_be_imported_is_named_and_no_run_taken(store, workers, puller, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    puller.warm_up()
    (announced,) = workers.all()
    assert "TensorFlow cannot be imported" in announced.trouble
    assert "tensorflow" in announced.trouble
    store.submit("me", tiny.RECIPE)
    assert puller.next_run() is None


@pytest.mark.bad_input(40)
def test_a_tensorflow_that_ends_the_process_is_tried_twice_and_then_named(workers, puller, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    puller.worker = replace(puller.worker, engine="3-3")
    died = [replace(OTHER, id=str(index), engine="3-3", machine=machine_id(), is_importing=True) for index in (1, 2)]
    for one in died:
        workers.announce(one)
    puller.next_run()
    puller.warm_up()
    assert "the processor may be too old" in next(one.trouble for one in workers.all() if one.id == puller.worker.id)


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this system has no autogroups")
@pytest.mark.parametrize(("is_own", "niceness"), [(True, worker.NICENESS), (False, 0)])
def test_a_warm_worker_lowers_the_priority_of_its_own_session_and_no_other(is_own, niceness):
    child = (
        "from core.engine import worker; worker._lower_session_priority(); print(open('/proc/self/autogroup').read())"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    if not is_own:  # one more process, such as a shell, between the session's leader and the worker
        parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {parent!r}], check=True)"
    done = subprocess.run(
        [sys.executable, "-c", parent],
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
        env=os.environ | {"INKLING_GIVES_WAY": "1"},
    )
    assert int(done.stdout.split()[-1]) == niceness
