"""The real engine: its processes, and a worker with TensorFlow, which are disturbed in every way."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from distributed import Client, Security

from core.digits.dataset import load_dataset
from core.engine import engine_process, local_engine
from core.engine.local_engine import Engine, EngineState
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
        patch.setattr(engine_process, "HUNG_SECONDS", 12)  # more than tracing a model takes on a busy machine
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
    engine_process.stop()
    until(lambda: not engines(), "the engine has ended")


def engines():
    return list(engine_process.engines())


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
def _no_tensorflow(tmp_path, monkeypatch):
    """The workers that this test starts have no TensorFlow."""
    (tmp_path / "tensorflow.py").write_text("raise ImportError('DLL load failed')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


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
    """The processes that train: the children of the engine's own process."""
    children = [child for process in engines() for child in process.children()]
    return [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]


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
def test_a_run_whose_worker_is_lost_goes_on_by_itself_without_losing_an_epoch(engine, store, unbroken, how):
    run_id, _ = submitted(engine, store, WHOLE)
    until(in_epoch(store, run_id, 2), "the second epoch has begun")
    reported = store.run(run_id).history
    (pid,) = worker_pids()
    os.kill(pid, how)
    assert_resumed(store, run_id, reported, unbroken)


def assert_resumed(store, run_id, reported, unbroken):
    """A run must end as an unbroken one, although its worker has died."""
    until(ended(store, run_id), "the run has ended")
    run = store.run(run_id)
    assert run.state == RunState.FINISHED, run.notice
    assert "Its worker died; it went on from epoch" in run.notice
    assert run.history[: len(reported)] == reported
    assert_same(store, run_id, unbroken)


@pytest.mark.bad_input(26, 36)
def test_a_run_whose_engine_dies_goes_on_in_a_new_one(engine, store, unbroken):
    run_id, _ = submitted(engine, store, WHOLE)
    until(in_epoch(store, run_id, 2), "the second epoch has begun")
    reported = store.run(run_id).history
    (died,) = engines()
    died.kill()
    assert_resumed(store, run_id, reported, unbroken)
    assert len(engines()) == 1


@pytest.mark.bad_input(38)
def test_a_machine_that_sleeps_while_it_trains_goes_on_where_it_was(engine, store, unbroken):
    run_id, _ = submitted(engine, store, WHOLE)
    until(in_epoch(store, run_id, 2), "the second epoch has begun")
    (process,) = engines()
    everything = [process, *process.children(recursive=True)]
    for one in everything:
        one.suspend()
    time.sleep(engine_process.HUNG_SECONDS + 3)  # the web process stays awake, and takes nobody for dead
    for one in everything:
        one.resume()
    until(ended(store, run_id), "the run has ended")
    run = store.run(run_id)
    assert (run.state, run.attempt, run.notice) == (RunState.FINISHED, 1, "")
    assert_same(store, run_id, unbroken)


@pytest.mark.bad_input(39)
def test_every_socket_of_the_engine_listens_on_loopback_only_and_speaks_tls(engine, store):
    ready(engine)
    (process,) = engines()
    listening = [
        connection.laddr
        for one in [process, *process.children(recursive=True)]
        for connection in one.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert {address.ip for address in listening} == {"127.0.0.1"}
    for address in listening:
        assert not answers_in_clear(address.port)
        with pytest.raises(OSError):  # noqa: PT011, each kind of port refuses in its own way
            Client(f"tls://127.0.0.1:{address.port}", security=Security.temporary(), timeout=1, set_as_default=False)


def answers_in_clear(port):
    """Whether a port gives more than an error to who speaks no TLS."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET /info/main/workers.html HTTP/1.0\r\n\r\n")
        with suppress(OSError):
            return b"200 OK" in connection.recv(1000)
    return False


def test_a_second_web_process_uses_the_engine_that_runs(engine, store):
    ready(engine)
    second = Engine(store)
    ready(second)
    assert len(engines()) == 1
    assert len(worker_pids()) == 1
    second._is_closed = True  # not second.close(), which would end the idle engine


@contextmanager
def web_process(store):
    """A process that holds an engine as a web process does, and ends as that does."""
    command = textwrap.dedent("""
        import signal, sys, time
        from core.engine.local_engine import Engine, EngineState
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
def test_a_run_goes_on_when_the_web_process_ends_or_is_killed_and_the_next_one_finds_it(other_home):
    there = RunStore(f"sqlite:///{other_home / 'runs.sqlite3'}")
    run_id = there.submit("me", LONG)
    for end in (signal.SIGTERM, signal.SIGKILL):  # as at a redeployment, and as when the system kills it
        with web_process(there) as web:
            until(in_epoch(there, run_id, 2), "the second epoch has begun")
            (process,) = engines()
            web.send_signal(end)
            web.wait(TIMEOUT)
        seen = there.run(run_id).history
        until(in_epoch(there, run_id, len(seen) + 2), "the run has gone on alone")
        assert there.run(run_id).history[: len(seen)] == seen
    following = Engine(there)
    until(lambda: following.state == EngineState.READY, "the next web process has found the engine")
    assert [one.pid for one in engines()] == [process.pid]
    there.ask(run_id, "me", "stop")
    until(ended(there, run_id), "the run has stopped")
    assert (there.run(run_id).attempt, there.run(run_id).notice) == (1, "")
    following.close()
    until(lambda: not engines(), "closing has ended the engine")


@pytest.mark.bad_input(36)
@pytest.mark.usefixtures("_no_tensorflow")
def test_an_engine_of_another_version_gives_way_whatever_it_does_and_a_stale_file_stops_nobody(other_home, monkeypatch):
    store = RunStore(f"sqlite:///{other_home / 'runs.sqlite3'}")
    stale = {"process": f"{os.getpid()}-1", "version": local_engine.code_version()}  # the number is used again
    (other_home / "engine.json").write_text(json.dumps(stale))
    first = Engine(store)
    first.warm_up()
    until(lambda: first.state == EngineState.UNUSABLE, "a worker has found no TensorFlow")
    assert "DLL load failed" in first.trouble
    (old,) = engines()
    first._is_closed = True
    for module in (engine_process, local_engine):
        monkeypatch.setattr(module, "code_version", lambda: "another")
    second = Engine(store)
    second.warm_up()
    until(lambda: old not in engines() and engines(), "the new one has taken the place of the old one")
    assert engine_process.running("another")
    second.close()
    until(lambda: not engines(), "closing has ended the engine")


@pytest.mark.usefixtures("_no_tensorflow")
def test_an_engine_that_has_long_been_idle_ends_by_itself(other_home, monkeypatch):
    monkeypatch.setattr(engine_process, "IDLE_SECONDS", 2)
    idle = Engine(RunStore(f"sqlite:///{other_home / 'runs.sqlite3'}"))
    idle.warm_up()
    until(engines, "the engine has been started")
    until(lambda: idle.state == EngineState.OFF, "it has ended by itself")
    assert not engines()
    idle.close()


def test_an_engine_is_started_by_nobody_where_other_machines_train(other_home, monkeypatch):
    monkeypatch.setenv("INKLING_WORKERS", "0")
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tls://somebody.example:8786")  # preset in some images
    store = RunStore(f"sqlite:///{other_home / 'runs.sqlite3'}")
    store.submit("me", SHORT)
    web = Engine(store)
    until(lambda: web.state == EngineState.UNREACHABLE, "nobody trains")
    assert not engines()
    web.close()
