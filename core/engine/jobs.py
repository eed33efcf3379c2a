"""The training engine: Dask's scheduler and worker processes, and the thread that submits queued runs to them.

The engine is two of Dask's own commands (`dask scheduler`, `dask worker`). They listen on 127.0.0.1 and are found
through a scheduler file in Inkling's home, named after the version of the code. They outlive the web process, and the
next web process attaches to them. `DASK_SCHEDULER_ADDRESS` names a cluster to use instead.

The queue is in the store: a run is claimed there, and submitted to Dask only when a worker is free. Several engines may
share the queue. Each supervises the runs that it has claimed, and those of another engine only once that must be dead.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import logging
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil

from core import environment
from core.engine import worker
from core.engine.machine import WARM_BYTES, memory_limit, workers_wanted
from core.files import home, one_at_a_time
from core.store.database import DatabaseBusy
from core.store.run_tables import Run, RunState
from core.store.runs import RunStore

if TYPE_CHECKING:  # at run time Dask is imported only once an engine is needed, as it takes a second
    from distributed import Client, Future

ROOT = Path(__file__).parents[2]
PRELOAD = worker.__name__  # what each worker process imports at its start: this warms it up
IDLE_SECONDS = 1800  # without a run, after which the engine ends by itself
START_SECONDS = 60  # in which the scheduler must have started; a free cloud machine is slow
HUNG_SECONDS = 300  # heartbeat timeout of a run that a worker has; on a tenth of a core an evaluation takes long
LOST_SECONDS = 5  # heartbeat timeout of a run that no worker has
ABANDONED_SECONDS = 2 * HUNG_SECONDS  # the same for another engine's run, which that engine would have restarted before
UNUSABLE_SECONDS = 15  # until a worker that did not begin its run is tried again
CULL_EVERY = 600.0  # seconds between two looks for runs to delete
BUSY_POLL_SECONDS = 0.5
IDLE_POLL_SECONDS = 2.0

_log = logging.getLogger("inkling.jobs")
_spawned: list[subprocess.Popen[bytes]] = []  # to be polled when they end, or they would stay zombies


class EngineState(StrEnum):
    """What the engine is doing."""

    OFF = "off"
    STARTING = "starting"
    READY = "ready"
    UNREACHABLE = "unreachable"
    UNUSABLE = "unusable"  # there are workers, but none can take a run


class Engine:
    """This process' handle of the training engine. A thread does the work, so only `close` blocks."""

    def __init__(self, store: RunStore) -> None:
        """Watch the store's queue. The engine starts when a run is queued, or with `warm_up`."""
        self.id = engine_id(store.url)
        self._store = store
        self._state = EngineState.OFF
        self._client: Client | None = None
        self._scheduler_pid = 0
        self._workers = 0
        self._lost_at = -1e9  # when our engine was found dead, by the monotonic clock
        self._heartbeats: dict[str, tuple[float, float]] = {}  # by run: the latest, and when it was first seen here
        self._submitted: dict[str, tuple[str, Future[None]]] = {}  # by run: its worker and its future
        self._unusable_until: dict[str, float] = {}  # by worker: until when it gets no run
        self._is_wanted = False
        self._is_closed = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="engine", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    @property
    def state(self) -> EngineState:
        """What the engine was doing at the thread's latest check."""
        return self._state

    @property
    def workers(self) -> int:
        """How many runs train at the same time: the workers at the latest check, or those that would be started."""
        return self._workers or workers_wanted()

    def warm_up(self) -> None:
        """Start the engine ahead of the first run. Does nothing where memory is short."""
        if self._state == EngineState.OFF and environment.warms_up() and memory_limit() >= WARM_BYTES:
            self._is_wanted = True
            self.check_queue()

    def check_queue(self) -> None:
        """Check the queue now, as a run was added."""
        self._wake.set()

    def close(self) -> None:
        """Detach from the engine, and end it if it trains nothing; a run that trains goes on."""
        if self._is_closed:
            return
        self._is_closed = True
        self.check_queue()
        self._thread.join(5)
        with suppress(Exception):
            if self._client and not environment.cluster_address() and not self._own_runs():
                self._client.shutdown()
            elif self._client:
                self._client.close()

    def _serve(self) -> None:
        culled = -CULL_EVERY
        while not self._is_closed:
            is_busy = False
            try:
                if time.monotonic() - culled >= CULL_EVERY:
                    culled = time.monotonic()
                    self._store.cull()
                running, queued = self._store.running(), self._store.queue_length()
                is_busy = bool(running or queued)
                if is_busy or self._is_wanted or self._client:
                    self._check()
            except Exception:
                _log.exception("event=engine_trouble")
                self._heartbeats.clear()  # heartbeats of the meantime may have been missed
                self._drop_client()
                self._state = EngineState.UNREACHABLE if is_busy else EngineState.OFF
                self._wake.wait(IDLE_POLL_SECONDS)
            self._wake.wait(BUSY_POLL_SECONDS if is_busy else IDLE_POLL_SECONDS)
            self._wake.clear()

    def _check(self) -> None:
        """Connect if necessary, handle runs whose heartbeat timed out, and submit queued runs to free workers."""
        if self._client is None or self._client.status != "running" or not _is_alive(self._scheduler_pid):
            self._drop_client()
            has_runs = bool(self._own_runs())
            if time.monotonic() - self._lost_at < LOST_SECONDS + IDLE_POLL_SECONDS and has_runs:
                self._state = EngineState.STARTING
                self._handle_timeouts(None, {})  # before a new engine is started, which takes seconds
                return
            if not self._is_wanted and not self._store.queue_length() and not has_runs:
                self._state = EngineState.OFF
                self._handle_timeouts(None, {})  # of other engines' runs
                return
            self._state = EngineState.STARTING
            self._client = connected()
            self._is_wanted = False
            # To ask the system whether it is alive: a client waits half a minute for a scheduler that is gone.
            self._scheduler_pid = (
                os.getpid() if environment.cluster_address() else self._client.run_on_scheduler(os.getpid)
            )
        client = self._client
        tasks: dict[str, tuple[str, bool]] = client.run_on_scheduler(_tasks)
        workers: dict[str, Any] = client.scheduler_info(n_workers=-1)["workers"]
        self._workers = len(workers)
        if not workers:
            self._state = EngineState.STARTING
            _ensure_worker(client)
            return
        self._handle_timeouts(client, tasks)
        self._take_back_refused_runs()
        usable = [address for address, facts in workers.items() if self._is_usable(address, facts)]
        self._state = EngineState.READY if usable else EngineState.UNUSABLE
        free = list(set(usable) - {address for address, _ in tasks.values()})
        free.sort(key=lambda address: address not in self._unusable_until)  # popped from the end: once failed, last
        while free and (run_id := self._store.claim_next(len(workers), self.id)):
            self._submit(client, run_id, free.pop())

    def _submit(self, client: Client, run_id: str, address: str) -> None:
        from distributed import fire_and_forget

        try:
            key = f"{run_id}:{secrets.token_hex(4)}"
            # To this worker, as Dask might give two runs to one; `_tasks` lifts the restriction.
            placement = {"workers": [address], "allow_other_workers": True}
            future = client.submit(worker.train, run_id, key=key, pure=False, **placement)
            fire_and_forget(future)
            self._submitted[run_id] = address, future
            _log.info("event=submitted run=%s worker=%s", run_id, address)
        except Exception:
            self._store.give_back(run_id)
            raise

    def _handle_timeouts(self, client: Client | None, tasks: dict[str, tuple[str, bool]]) -> None:
        running = self._store.running()
        self._heartbeats = {run.id: self._heartbeats.get(run.id, (0.0, 0.0)) for run in running}
        for run in running:
            silent = self._seconds_silent(run)
            timeout = LOST_SECONDS if self._is_own(run) else ABANDONED_SECONDS
            task = next((task for key, task in tasks.items() if key.startswith(f"{run.id}:")), None)
            if task and task[0] and client and silent > HUNG_SECONDS:
                address, has_begun = task
                # A run that waits behind another has not hung: Dask moved it there when its own worker died.
                is_behind = not has_begun and (address, True) in tasks.values()
                if not is_behind and self._may_restart(run):
                    _log.warning("event=hung run=%s silent=%.0f", run.id, silent)
                    client.restart_workers([address], timeout=30, raise_for_error=False)
            elif task is None and silent > timeout and not run.has_worker:
                self._store.give_back(run.id)  # the process that claimed it died before it submitted it
            elif task is None and silent > timeout:
                epoch = len(run.history)
                notice = f"Interrupted after epoch {epoch}." if epoch else "Interrupted in its first epoch."
                self._store.leave(run.id, run.attempt, RunState.INTERRUPTED, f"{notice} Resume goes on from there.")
                _log.warning("event=interrupted run=%s after_epoch=%d", run.id, epoch)

    def _may_restart(self, run: Run) -> bool:
        """Whether this process may restart the worker of a hung run: of several processes one may, and once."""
        try:
            return self._store.record_heartbeat_timeout(run)
        except DatabaseBusy:  # the worker hangs while it writes, and locks the database until it is gone
            self._heartbeats[run.id] = run.heartbeat, time.monotonic()
            return True

    def _own_runs(self) -> list[Run]:
        return [run for run in self._store.running() if self._is_own(run)]

    def _is_own(self, run: Run) -> bool:
        return run.engine in ("", self.id)

    def _seconds_silent(self, run: Run) -> float:
        """Seconds since a run's heartbeat changed, by this process' own clock, as the worker's may be wrong."""
        heartbeat, since = self._heartbeats[run.id]
        if heartbeat != run.heartbeat:
            since = time.monotonic()
            self._heartbeats[run.id] = run.heartbeat, since
        return time.monotonic() - since

    def _take_back_refused_runs(self) -> None:
        """Queue runs again that a worker did not begin, and give that worker no run for a while."""
        done = [run_id for run_id, (_, future) in self._submitted.items() if future.done()]
        not_begun = {run.id for run in self._store.running() if not run.has_worker} if done else set()
        for run_id in done:
            address, future = self._submitted.pop(run_id)
            if run_id in not_begun:
                self._store.give_back(run_id)
                if address not in self._unusable_until:
                    because = future.exception() if future.status == "error" else "it does not find the run"
                    _log.error(
                        "event=worker_unusable worker=%s run=%s because=%r advice=%r",
                        address,
                        run_id,
                        str(because),
                        "it needs the same code and the same database (INKLING_DATABASE_URL)",
                    )
                self._unusable_until[address] = time.monotonic() + UNUSABLE_SECONDS

    def _is_usable(self, address: str, facts: dict[str, Any]) -> bool:
        if facts["nthreads"] != 1:
            if address not in self._unusable_until:
                _log.error("event=worker_unusable worker=%s because='it would train several runs at once'", address)
            self._unusable_until[address] = float("inf")
        return time.monotonic() > self._unusable_until.get(address, 0.0)

    def _drop_client(self) -> None:
        if self._client and not _is_alive(self._scheduler_pid):
            self._lost_at = time.monotonic()
        if self._client:
            with suppress(Exception):
                self._client.close(timeout=1)
        self._client = None
        self._submitted.clear()


def engine_id(database: str) -> str:
    """The id of our engine among those that share this database's queue; the same after a restart.

    "" where there can be only one, as a SQLite file is not shared between machines.
    """
    if not environment.cluster_address() and database.startswith("sqlite"):
        return ""
    identity = environment.cluster_address() or f"{socket.gethostname()}:{home().absolute()}"
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def connected() -> Client:
    """A client of the cluster that `DASK_SCHEDULER_ADDRESS` names, else of our own engine, which is started if needed.

    Raises:
        TimeoutError: the engine does not answer or start, or one of another version of the code is still training.
    """
    from distributed import Client

    if address := environment.cluster_address():
        return Client(address, timeout=START_SECONDS, set_as_default=False)
    with one_at_a_time(home() / "engine.lock"):
        for other in home().glob("engine-*.json"):
            if other != _scheduler_file() and not _drained(other):
                raise TimeoutError("an engine of another version of the code is still training")
        return attached(_scheduler_file()) or _started()


def stop() -> bool:
    """End all engines of this home, with their runs; returns whether there was one."""
    was_there = False
    for path in home().glob("engine-*.json"):
        if client := attached(path):
            client.shutdown()
            was_there = True
        path.unlink(missing_ok=True)
    return was_there


@cache
def code_version() -> str:
    """A fingerprint of the code, of Python and of the required packages; engines with another one are replaced."""
    digest = hashlib.sha256(sys.version.encode())
    for path in [*sorted((ROOT / "core").rglob("*.py")), ROOT / "requirements.txt"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _scheduler_file() -> Path:
    return home().absolute() / f"engine-{code_version()}.json"


def attached(path: Path) -> Client | None:
    """A client of the engine that wrote this scheduler file; None where that has ended.

    Raises:
        TimeoutError: it is alive, but too busy to answer.
    """
    try:
        host, port = urlsplit(json.loads(path.read_text(encoding="utf-8"))["address"]).netloc.split(":")
        with socket.create_connection((host, int(port)), timeout=START_SECONDS):
            pass
    except TimeoutError:
        raise
    except (OSError, ValueError, KeyError):
        return None  # no file, an incomplete file, or nothing listens there
    from distributed import Client

    return Client(scheduler_file=str(path), timeout=START_SECONDS, set_as_default=False)


def _drained(path: Path) -> bool:
    """End the engine that wrote this scheduler file unless it has runs; returns whether it is gone."""
    client = attached(path)
    if client:
        try:
            has_runs = bool(client.run_on_scheduler(_tasks))
        except TimeoutError:
            client.close()
            raise
        except Exception as problem:  # its code has other modules: it cannot be asked, nor use today's database
            _log.warning("event=engine_not_understood because=%r", repr(problem)[:200])
            has_runs = False
        if has_runs:
            client.close()
            return False
        client.shutdown()
    path.unlink(missing_ok=True)
    return True


def _started() -> Client:
    path = _scheduler_file()
    path.unlink(missing_ok=True)
    _spawn("scheduler", "--host", "127.0.0.1", "--port", "0", "--idle-timeout", str(IDLE_SECONDS))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if client := attached(path):
            return client
        time.sleep(0.1)
    raise TimeoutError("the scheduler did not start")


def _ensure_worker(client: Client) -> None:
    """Start workers for our own scheduler, unless they exist or are starting."""
    if environment.cluster_address():
        return
    with one_at_a_time(home() / "engine.lock"):
        if not _is_alive(client.get_metadata("inkling-worker", default=0)):
            count = str(workers_wanted())
            options = ("--host", "127.0.0.1", "--nworkers", count, "--nthreads", "1", "--memory-limit", "0")
            pid = _spawn("worker", *options, "--death-timeout", "20", "--preload", PRELOAD)
            client.set_metadata("inkling-worker", pid)


def _is_alive(pid: int) -> bool:
    """Whether a process is alive; 0 is no process."""
    _spawned[:] = [process for process in _spawned if process.poll() is None]
    try:
        return pid > 0 and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _spawn(kind: str, *options: str) -> int:
    """Start a Dask command in a session of its own, which Ctrl+C here does not reach; returns its process id."""
    cores = str(max(1, (os.cpu_count() or 1) // workers_wanted()))
    variables = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "INKLING_HOME": str(home().absolute()),
        "DASK_LOGGING__DISTRIBUTED": "warning",
        # Dask's nanny would give TensorFlow a single thread.
        "DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON__OMP_NUM_THREADS": cores,
        "DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON__OPENBLAS_NUM_THREADS": cores,
    }
    with (home() / "engine.log").open("ab") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "dask",
                kind,
                "--no-dashboard",
                "--scheduler-file",
                str(_scheduler_file()),
                *options,
            ],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _spawned.append(process)
    return process.pid


def _tasks(dask_scheduler: Any) -> dict[str, tuple[str, bool]]:
    """By key of each unfinished task: the address of its worker, "" while it has none, and whether it has begun there.

    This function runs in the scheduler. Each task found has reached the worker that was chosen for it, so its
    restriction to that worker is lifted: if the worker dies, any other may take the task.
    """
    ended = ("memory", "erred", "released", "forgotten")
    tasks = [task for key, task in dask_scheduler.tasks.items() if ":" in str(key) and task.state not in ended]
    for task in tasks:
        task.worker_restrictions = set()
    left = {task.key: "processing" for task in tasks if task.state == "no-worker"}
    dask_scheduler.transitions(left, stimulus_id="inkling")
    return {
        str(task.key): (on.address, task in on.executing) if (on := task.processing_on) else ("", False)
        for task in tasks
    }
