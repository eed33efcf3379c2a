"""The real engine: Dask's processes, and a worker with TensorFlow, which are disturbed in every way."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

from core.digits.dataset import load_dataset
from core.engine import jobs
from core.engine.jobs import Engine, EngineState
from core.store.run_tables import RunState
from core.store.runs import RunStore
from core.training.fit import fit
from tests.training import tiny

LONG = tiny.RECIPE.model_copy(update={"epochs": 200, "batch_size": 20})  # is always stopped before its end
WHOLE = LONG.model_copy(update={"epochs": 6})  # is disturbed, and then compared with an undisturbed run
SHORT = tiny.RECIPE.model_copy(update={"epochs": 1})
TIMEOUT = 180  # seconds; nothing here takes nearly as long


def until(condition, what):
    """Wait until a condition holds, and return its value."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"timed out before {what}")


@pytest.fixture(scope="module")
def home(new_home):
    """The home of the engine that most tests share."""
    with pytest.MonkeyPatch.context() as patch:
        home = new_home()
        patch.setenv("INKLING_HOME", str(home))
        yield home


@pytest.fixture(autouse=True)
def _engine_home(home, monkeypatch):
    monkeypatch.setenv("INKLING_HOME", str(home))


@pytest.fixture
def other_home(new_home, monkeypatch):
    """A home for an engine apart from the shared one."""
    home = new_home()
    monkeypatch.setenv("INKLING_HOME", str(home))
    return home


@pytest.fixture(scope="module")
def store(home):
    return RunStore(f"sqlite:///{home / 'runs.sqlite3'}")


@pytest.fixture(scope="module")
def engine(store, home):
    engine = Engine(store)
    engine.warm_up()
    yield engine
    engine.close()
    jobs.stop()
    until(lambda: not engine_processes("scheduler") and not engine_processes("worker"), "the engine has ended")
    for process in jobs._spawned:
        process.wait(TIMEOUT)


@pytest.fixture(scope="module")
def unbroken(home):
    """The history and the weights of an undisturbed run of `WHOLE`, trained without an engine."""
    trained = fit(WHOLE, load_dataset(**dict(WHOLE.data)))
    return trained.history, weights_of(trained.model)


def assert_same(store, run_id, unbroken):
    history, weights = unbroken
    assert store.run(run_id).history == history
    for resumed, straight in zip(weights_of(store.model(run_id)), weights, strict=True):
        np.testing.assert_array_equal(resumed, straight)


owners = (f"{number:064}" for number in range(1000))


def submitted(engine, store, recipe=LONG):
    owner = next(owners)
    run_id = store.submit(owner, recipe)
    engine.check_queue()
    return run_id, owner


def ready(engine):
    """Start the engine if it is off, and wait until it is ready."""
    until(lambda: engine.warm_up() or engine.state == EngineState.READY, "the engine is ready")


@pytest.fixture
def _no_tensorflow(monkeypatch):
    """The workers that this test starts do not warm up."""
    monkeypatch.setattr(jobs, "PRELOAD", "core.logs")


def in_epoch(store, run_id, epoch):
    return lambda: len(store.run(run_id).history) >= epoch - 1 and store.run(run_id).live


def ended(store, run_id):
    return lambda: not store.run(run_id).state.is_active


def stop_in_time(store, run_id, owner):
    """Ask a run to stop. It must do so within two seconds, and two more on a busy machine."""
    store.ask(run_id, owner, "stop")
    asked = time.monotonic()
    until(ended(store, run_id), "the run has stopped")
    assert time.monotonic() - asked < 4


def worker_pids():
    """The processes that train: the children of Dask's nannies."""
    return [
        child.pid
        for process in psutil.process_iter(["cmdline"])
        if _is_ours(process, "worker")
        for child in process.children()
        if "spawn_main" in " ".join(child.cmdline())
    ]


def _is_ours(process, kind):
    words = process.info["cmdline"] or []
    return kind in words and "dask" in words and any(os.environ["INKLING_HOME"] in word for word in words)


def engine_processes(kind):
    return [process for process in psutil.process_iter(["cmdline"]) if _is_ours(process, kind)]


def weights_of(model):
    return [model.weights[name] for name in sorted(model.weights)]


def test_a_run_through_the_engine_has_the_result_of_fit(engine, store, unbroken):
    run_id, _ = submitted(engine, store, WHOLE)
    until(ended(store, run_id), "the run has ended")
    run = store.run(run_id)
    assert run.state == RunState.FINISHED, run.notice
    assert run.points
    assert len(store.samples(run_id)) == 100
    assert_same(store, run_id, unbroken)


@pytest.mark.bad_input(30)
def test_stop_within_an_epoch_is_honoured_in_two_seconds_and_keeps_what_was_learned(engine, store):
    run_id, owner = submitted(engine, store)
    until(in_epoch(store, run_id, 2), "the second epoch has begun")
    behind, _ = submitted(engine, store, SHORT)
    reported = store.run(run_id).history
    stop_in_time(store, run_id, owner)
    run = store.run(run_id)
    assert (run.state, run.requested_action) == (RunState.STOPPED, "")
    assert run.history[: len(reported)] == reported
    assert run.scores.kept_because == "stopped here"
    assert store.model(run_id).scores.test_accuracy > 0.5
    until(ended(store, behind), "the next run has ended")
    assert store.run(behind).state == RunState.FINISHED


@pytest.mark.bad_input(30)
def test_stop_while_the_run_is_being_built_is_honoured(engine, store):
    run_id, owner = submitted(engine, store)
    until(lambda: store.run(run_id).state == RunState.RUNNING, "the run was taken from the queue")
    stop_in_time(store, run_id, owner)
    run = store.run(run_id)
    assert run.state == RunState.STOPPED
    assert len(run.history) < 5
    assert run.has_model or run.notice == "Stopped before it began."


@pytest.mark.bad_input(30)
def test_stop_while_queued_removes_the_run_from_the_queue_at_once(engine, store):
    ahead, ahead_owner = submitted(engine, store)
    until(in_epoch(store, ahead, 1), "the first run trains")
    waiting, owner = submitted(engine, store)
    behind, _ = submitted(engine, store, SHORT)
    assert [run_id for run_id, _ in store.waiting(workers=1)] == [waiting, behind]
    store.ask(waiting, owner, "stop")
    assert store.run(waiting).state == RunState.STOPPED
    assert [run_id for run_id, _ in store.waiting(workers=1)] == [behind]
    stop_in_time(store, ahead, ahead_owner)
    until(ended(store, behind), "the last run has ended")


@pytest.mark.bad_input(30)
def test_stop_at_the_last_moment_still_leaves_a_complete_run(engine, store):
    run_id, owner = submitted(engine, store, SHORT)
    until(lambda: store.run(run_id).history or store.run(run_id).scores, "its only epoch is over")
    stop_in_time(store, run_id, owner)  # while it is evaluated and saved, or just after
    assert store.run(run_id).state in (RunState.FINISHED, RunState.STOPPED)
    assert store.model(run_id).probabilities(store.samples(run_id).images).shape == (100, 10)


def test_pause_frees_the_worker_and_the_resumed_run_has_the_same_result(engine, store, unbroken):
    run_id, owner = submitted(engine, store, WHOLE)
    until(in_epoch(store, run_id, 2), "the second epoch has begun")
    store.ask(run_id, owner, "pause")
    until(lambda: store.run(run_id).state == RunState.PAUSED, "the run is paused")
    other, _ = submitted(engine, store, SHORT)
    until(ended(store, other), "another run has used the worker")
    store.resume(run_id, owner)
    engine.check_queue()
    until(ended(store, run_id), "the run has ended")
    assert_same(store, run_id, unbroken)


def test_a_paused_run_that_is_stopped_keeps_what_it_had_learned(engine, store):
    run_id, owner = submitted(engine, store, WHOLE)
    until(in_epoch(store, run_id, 2), "the second epoch has begun")
    store.ask(run_id, owner, "pause")
    until(lambda: store.run(run_id).state == RunState.PAUSED, "the run is paused")
    reached = store.run(run_id).history
    store.stop_paused(run_id, owner)
    engine.check_queue()
    until(ended(store, run_id), "the run has ended")
    run = store.run(run_id)
    assert run.state == RunState.STOPPED, run.notice
    assert run.history == reached
    assert run.has_model


@pytest.mark.bad_input(25)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_a_run_whose_worker_is_lost_goes_on_by_itself_without_losing_an_epoch(
    engine, store, unbroken, how, monkeypatch
):
    if how == signal.SIGSTOP:
        monkeypatch.setattr(jobs, "HUNG_SECONDS", 10)  # more than tracing a model takes on a busy machine
    run_id, _ = submitted(engine, store, WHOLE)
    until(in_epoch(store, run_id, 2), "the second epoch has begun")
    reported = store.run(run_id).history
    (pid,) = worker_pids()
    os.kill(pid, how)
    until(ended(store, run_id), "the run has ended")
    run = store.run(run_id)
    assert run.state == RunState.FINISHED, run.notice
    assert "Its worker died; it went on from epoch" in run.notice
    assert run.history[: len(reported)] == reported
    assert_same(store, run_id, unbroken)


def test_a_second_engine_object_attaches_to_the_running_processes(engine, store):
    ready(engine)
    second = Engine(store)
    ready(second)
    assert len(engine_processes("scheduler")) == 1
    assert len(engine_processes("worker")) == 1
    second._client.close()  # not second.close(), which would end the idle engine
    second._is_closed = True


@contextmanager
def web_process(store):
    """A process that holds an engine as a web process does, and ends as that does."""
    command = textwrap.dedent("""
        import signal, sys, time
        from core.engine.jobs import Engine, EngineState
        from core.store.runs import RunStore
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        engine = Engine(RunStore(sys.argv[1]))
        while engine.state != EngineState.READY:
            time.sleep(0.02)
        print("ready", flush=True)
        time.sleep(600)
    """)
    running = subprocess.Popen(
        [sys.executable, "-c", command, store.url],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
    )
    with running:
        try:
            assert running.stdout.readline() == b"ready\n"
            yield running
        finally:
            running.kill()


@pytest.mark.bad_input(26)
def test_a_run_goes_on_when_the_web_process_ends_or_is_killed_and_the_next_one_attaches(other_home):
    there = RunStore(f"sqlite:///{other_home / 'runs.sqlite3'}")
    run_id = there.submit("me", LONG)
    for end in (signal.SIGTERM, signal.SIGKILL):  # as at a redeployment, and as when the system kills it
        with web_process(there) as web:
            until(in_epoch(there, run_id, 2), "the second epoch has begun")
            (scheduler,) = engine_processes("scheduler")
            web.send_signal(end)
            web.wait(TIMEOUT)
        seen = there.run(run_id).history
        until(in_epoch(there, run_id, len(seen) + 2), "the run has gone on alone")
        assert there.run(run_id).history[: len(seen)] == seen
    following = Engine(there)
    until(lambda: following.state == EngineState.READY, "the next web process has attached to the engine")
    assert [process.pid for process in engine_processes("scheduler")] == [scheduler.pid]
    there.ask(run_id, "me", "stop")
    until(ended(there, run_id), "the run has stopped")
    assert (there.run(run_id).attempt, there.run(run_id).notice) == (1, "")
    following.close()
    until(lambda: not engine_processes("scheduler") and not engine_processes("worker"), "closing has ended the engine")


@pytest.mark.bad_input(26)
def test_a_run_whose_engine_dies_is_interrupted_and_can_be_resumed(engine, store, unbroken, monkeypatch):
    monkeypatch.setattr(jobs, "LOST_SECONDS", 1)
    run_id, owner = submitted(engine, store, WHOLE)
    until(in_epoch(store, run_id, 2), "the second epoch has begun")
    reported = store.run(run_id).history
    for process in [*engine_processes("scheduler"), *engine_processes("worker")]:
        for victim in [*process.children(recursive=True), process]:
            victim.kill()
    until(lambda: store.run(run_id).state == RunState.INTERRUPTED, "the run is marked as interrupted")
    run = store.run(run_id)
    assert run.history[: len(reported)] == reported
    assert run.notice == f"Interrupted after epoch {len(run.history)}. Resume goes on from there."
    store.resume(run_id, owner)
    engine.check_queue()
    until(ended(store, run_id), "the run has ended")
    assert store.run(run_id).state == RunState.FINISHED
    assert_same(store, run_id, unbroken)


@pytest.mark.usefixtures("_no_tensorflow")
def test_an_engine_of_another_version_of_the_code_is_replaced(other_home, monkeypatch):
    store = RunStore(f"sqlite:///{other_home / 'runs.sqlite3'}")
    first = Engine(store)
    ready(first)
    (old,) = engine_processes("scheduler")
    monkeypatch.setattr(jobs, "code_version", lambda: "another")
    second = Engine(store)
    ready(second)
    until(lambda: not psutil.pid_exists(old.pid) or old.status() == psutil.STATUS_ZOMBIE, "the old one is gone")
    assert [path.name for path in jobs.home().glob("engine-*.json")] == ["engine-another.json"]
    first.close()
    second.close()
    until(lambda: not engine_processes("scheduler") and not engine_processes("worker"), "closing has ended the engine")


@pytest.mark.usefixtures("_no_tensorflow")
def test_an_engine_that_has_long_been_idle_ends_by_itself(other_home, monkeypatch):
    monkeypatch.setattr(jobs, "IDLE_SECONDS", 3)
    idle = Engine(RunStore(f"sqlite:///{other_home / 'runs.sqlite3'}"))
    idle.warm_up()
    until(lambda: engine_processes("scheduler"), "the engine has been started")
    until(lambda: not engine_processes("scheduler") and not engine_processes("worker"), "it has ended by itself")
    until(lambda: idle.state == EngineState.OFF, "that has been noticed")
    idle.close()
