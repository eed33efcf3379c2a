"""Several machines: two web processes with one database, and two machines that train for both.

All of them are processes on this machine; those that train have a copy of the code and folders of their own.
"""

import asyncio
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
from sqlalchemy import text

from core.networks.recipe_link import to_link
from core.store.run_tables import RunState
from core.store.runs import RunStore
from core.store.workers import WorkerStore
from tests.load_visitors import Visitor
from tests.training import tiny

ROOT = Path(__file__).parents[1]
RECIPE = tiny.RECIPE.model_copy(update={"epochs": 6, "batch_size": 20})
ENDLESS = RECIPE.model_copy(update={"epochs": 200, "seed": 6})
TIMEOUT = 180  # seconds; nothing here takes nearly as long


@pytest.fixture
def machines():
    """Ends all processes that the test starts."""
    with ExitStack() as running:
        yield running


@pytest.fixture
def shared_database(request, tmp_path):
    """The URL of a PostgreSQL database; without a server, of a file, which works too on a single machine."""
    try:
        return request.getfixturevalue("postgresql")()
    except pytest.skip.Exception:
        return f"sqlite:///{tmp_path / 'runs.sqlite3'}"


@contextmanager
def process(*command, cwd, log, **environment):
    with log.open("wb") as output:
        running = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=cwd, env=os.environ | environment, stdout=output, stderr=output
        )
    try:
        yield running
    finally:
        end(running)


def end(running):
    """Kill a process and its children, as if the machine had lost power."""
    if running.poll() is None:
        for victim in [*psutil.Process(running.pid).children(recursive=True), running]:
            victim.kill()
    running.wait(TIMEOUT)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


async def until(condition, what, *visitors):
    """Wait until a condition holds, while the visitors keep looking at their pages."""
    deadline = time.monotonic() + TIMEOUT
    while not (value := condition()):
        assert time.monotonic() < deadline, f"timed out before {what}"
        await asyncio.gather(asyncio.sleep(0.05), *(visitor.look(0.2) for visitor in visitors))
    return value


def test_machines_train_for_two_web_processes_and_losing_one_loses_no_epoch(
    machines, shared_database, new_home, tmp_path
):
    asyncio.run(_journey(machines, shared_database, new_home, tmp_path))


async def _journey(machines, database, new_home, folder):
    shutil.copytree(ROOT / "core", folder / "checkout" / "core", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.txt", folder / "checkout")
    there = {"cwd": folder / "checkout", "PYTHONPATH": str(folder / "checkout"), "INKLING_DATABASE_URL": database}

    def machine(name, *command):
        here = {"INKLING_HOME": str(new_home()), "INKLING_WORKERS": "1"}
        return machines.enter_context(process(*command, log=folder / f"{name}.log", **there, **here))

    def web(name):
        port = free_port()
        address_here = ("--server.address=127.0.0.1", f"--server.port={port}")
        command = ("streamlit", "run", "app.py", *address_here)
        here = {"INKLING_HOME": str(folder / name), "INKLING_DATABASE_URL": database, "INKLING_WORKERS": "0"}
        (folder / name).mkdir()
        log = folder / f"{name}.log"
        machines.enter_context(process(*command, "--server.headless=true", cwd=ROOT, log=log, **here))
        return f"127.0.0.1:{port}"

    first, second = web("first"), web("second")
    store = RunStore(database)
    async with asyncio.TaskGroup() as arrivals:
        arriving = [arrivals.create_task(arrived(web)) for web in (first, second)]
    ada, ben = (visitor.result() for visitor in arriving)
    async with ada, ben:
        # Without a machine that trains, the page says that runs wait for one.
        await ada.open("train", recipe=to_link(RECIPE))
        await ada.press("train")
        (adas,) = await until(lambda: runs(store), "the run is queued")
        await until(lambda: ada.reads("The training engine cannot be reached"), "the page says so", ada)

        # Two machines, an engine and one of a Dask cluster, train two runs at the same time.
        address = f"tcp://127.0.0.1:{free_port()}"
        machine("scheduler", "dask", "scheduler", "--no-dashboard", "--host", address)
        preloaded = ("--no-dashboard", "--nthreads", "1", "--memory-limit", "0", "--preload", "core.engine.worker")
        usable = [machine("third", "core", "work"), machine("fourth", "dask", "worker", address, *preloaded)]
        await ben.open("train", recipe=to_link(RECIPE))
        await ben.press("train")
        bens = await until(lambda: next((run for run in runs(store) if run != adas), None), "both are queued")

        def both_train():
            return all(run.state == RunState.RUNNING and run.attempt for run in map(store.run, (adas, bens)))

        await until(both_train, "two machines train them", ada, ben)
        await until(lambda: len(store.run(adas).history) >= 1, "Ada's run is in its second epoch")
        reported = store.run(adas).history

        # The machine that trains Ada's run is lost; the run goes on at Ben's machine.
        trainer = trained_by(store, adas)
        (lost,) = [one for one in usable if trainer in psutil.Process(one.pid).children(recursive=True)]
        end(lost)
        await until(lambda: not store.run(bens).state.is_active, "Ben's run has ended", ada, ben)
        await until(lambda: not store.run(adas).state.is_active, "Ada's run has ended", ada, ben)
        broken, unbroken = store.run(adas), store.run(bens)
        assert (broken.state, unbroken.state) == (RunState.FINISHED, RunState.FINISHED), broken.notice
        assert "Its worker died; it went on from epoch" in broken.notice
        assert broken.history[: len(reported)] == reported
        assert broken.history == unbroken.history
        for name, weights in store.model(bens).weights.items():
            np.testing.assert_array_equal(store.model(adas).weights[name], weights)

        # A run that was started at one web process can be watched, and stopped by its owner, at the other.
        await ada.open("train", recipe=to_link(ENDLESS))
        await ada.press("train")
        third = await until(lambda: next((run for run in runs(store) if run not in (adas, bens)), None), "a third")
        await until(lambda: store.run(third).live, "it trains", ada)
        await ben.open("train", run=third)
        assert ben.reads("You are watching")
        assert not ben.can_press("stop")
        async with Visitor(second, ada.token) as elsewhere:
            await elsewhere.open("train")
            await elsewhere.press("stop")
            assert store.run(third).requested_action == "stop" or not store.run(third).state.is_active
            await until(lambda: ada.can_press("draw_with_it"), "the first web process shows that it has ended", ada)
        assert store.run(third).state == RunState.STOPPED
        assert ada.problems == ben.problems == []
    assert not list(folder.glob("first/engine*"))
    assert [machine.poll() is None for machine in usable] == [machine is not lost for machine in usable]
    assert "Traceback" not in (folder / "first.log").read_text() + (folder / "second.log").read_text()


async def arrived(web):
    """A visitor on the start page, as soon as the web process answers."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            visitor = Visitor(web, secrets.token_urlsafe(32))
            async with visitor:
                await visitor.open()
            return visitor
        except OSError:
            assert time.monotonic() < deadline, f"timed out before {web} answered"
            await asyncio.sleep(0.1)


def runs(store):
    with store._database.reading() as session:
        return [run_id for (run_id,) in session.execute(text("SELECT id FROM run"))]


def trained_by(store, run_id):
    """The process that trains a run."""
    (worker_id,) = [claim.worker for claim in store.claims() if claim.run_id == run_id]
    (worker,) = [worker for worker in WorkerStore(store.url).all() if worker.id == worker_id]
    return psutil.Process(int(worker.process.partition("-")[0]))
