"""The training engine: Dask's scheduler and worker processes, and the thread that hands them queued runs.

The engine is two processes of Dask's own (`dask scheduler`, `dask worker`) that listen on 127.0.0.1 and are found
through a scheduler file in Inkling's home, named after the version of the code. They outlive a web process that dies,
and the next one attaches to them. `DASK_SCHEDULER_ADDRESS` names a cluster to use instead.

The queue is the store's: a run is claimed there and handed to Dask only when a worker is free. Several engines may
share it; each looks after the runs that it has claimed, and after others' only where those seem to be gone for good.
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

from core import config
from core.engine import worker
from core.storage import home, one_at_a_time
from core.store.database import DatabaseBusy, DatabaseTrouble
from core.store.runs import Run, RunState, RunStore

if TYPE_CHECKING:  # Dask is imported where an engine is wanted: no visitor waits for it before
    from distributed import Client, Future

ROOT = Path(__file__).parents[2]
IDLE_SECONDS = 1800  # without a run; then the engine ends by itself
START_SECONDS = 60  # in which scheduler and worker must have come up; a free cloud machine is slow
HUNG_SECONDS = 300  # without a sign of life from a run in a worker's hands; on a tenth of a core an evaluation is long
LOST_SECONDS = 5  # without a sign of life from a run that no worker has
ABANDONED_SECONDS = 2 * HUNG_SECONDS  # the same from another engine's run; that sees to what hangs there long before
UNFIT_SECONDS = 15  # until a worker that could not take a run in hand is tried again
CULL_EVERY = 600.0  # seconds between two looks for runs that are too old, and for damage
BUSY_POLL_SECONDS = 0.5
QUIET_POLL_SECONDS = 2.0
CORES_PER_WORKER = 2  # a training takes what it gets, and TensorFlow gains little from more for networks this small
WORKER_BYTES = 1.0e9  # of memory that a worker beyond the first must find
WARM_BYTES = 1.5e9  # a machine with less memory starts the engine at the click on Train, not at the visit

_log = logging.getLogger("inkling.jobs")
_spawned: list[subprocess.Popen[bytes]] = []  # held, so that the system can be told that their end was noticed


class EngineState(StrEnum):
    """What the engine is doing."""

    OFF = "off"
    STARTING = "starting"
    READY = "ready"
    UNREACHABLE = "unreachable"
    UNFIT = "unfit"


class Engine:
    """This process' hold on the training engine. Nothing here blocks but `stop`; a thread does the work."""

    def __init__(self, store: RunStore) -> None:
        """Watch the store's queue; nothing is started before something is asked for or queued."""
        self.id = engine_id(store.url)
        self._store = store
        self._state = EngineState.OFF
        self._client: Client | None = None
        self._scheduler_pid = 0
        self._workers = 0
        self._lost_at = -1e9  # when our own engine was found gone, on this process' clock
        self._heard: dict[str, tuple[float, float]] = {}  # by run: its last sign of life, and when it was seen here
        self._handed_out: dict[str, tuple[str, Future[None]]] = {}  # runs, with the worker that each was given to
        self._unfit: dict[str, float] = {}  # workers that could not take a run in hand, and until when that counts
        self._is_wanted = False
        self._is_closed = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="engine", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    @property
    def state(self) -> EngineState:
        """What the engine was doing when the thread last looked."""
        return self._state

    @property
    def workers(self) -> int:
        """How many trainings go on side by side: the workers that were last seen, or those that would be started."""
        return self._workers or workers_wanted()

    def warm_up(self) -> None:
        """Start the engine, so that it is warm when a run comes. Does nothing where memory is short."""
        if self._state == EngineState.OFF and config.warms_up() and memory_limit() >= WARM_BYTES:
            self._is_wanted = True
            self.nudge()

    def nudge(self) -> None:
        """Look at the queue now: a run has come."""
        self._wake.set()

    def close(self) -> None:
        """Let go of the engine, and end it where nothing runs; what runs goes on."""
        if self._is_closed:
            return
        self._is_closed = True
        self.nudge()
        self._thread.join(5)
        with suppress(Exception):
            if self._client and not config.cluster_address() and not self._own_runs():
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
                    with suppress(DatabaseTrouble):  # which has been seen to
                        self._store.look_over()
                    self._store.cull()
                running, queued = self._store.running(), self._store.queue_length()
                is_busy = bool(running or queued)
                if is_busy or self._is_wanted or self._client:
                    self._attend()
            except Exception:
                _log.exception("event=engine_trouble")
                self._heard.clear()  # whatever it was, nobody can be blamed for silence meanwhile
                self._drop_client()
                self._state = EngineState.UNREACHABLE if is_busy else EngineState.OFF
                self._wake.wait(QUIET_POLL_SECONDS)
            self._wake.wait(BUSY_POLL_SECONDS if is_busy else QUIET_POLL_SECONDS)
            self._wake.clear()

    def _attend(self) -> None:
        """Connect if need be, hand out what waits, and see to runs that have fallen silent."""
        if self._client is None or self._client.status != "running" or not _is_alive(self._scheduler_pid):
            self._drop_client()
            has_runs = bool(self._own_runs())
            if time.monotonic() - self._lost_at < LOST_SECONDS + QUIET_POLL_SECONDS and has_runs:
                self._state = EngineState.STARTING
                self._see_to_silent_runs(None, {})  # before a new engine, which takes its time to start
                return
            if not self._is_wanted and not self._store.queue_length() and not has_runs:
                self._state = EngineState.OFF
                self._see_to_silent_runs(None, {})  # other engines' only
                return
            self._state = EngineState.STARTING
            self._client = connected()
            self._is_wanted = False
            # Asked of the system, because a client waits half a minute for a scheduler that is gone.
            self._scheduler_pid = os.getpid() if config.cluster_address() else self._client.run_on_scheduler(os.getpid)
        client = self._client
        tasks: dict[str, tuple[str, bool]] = client.run_on_scheduler(_tasks)
        workers: dict[str, Any] = client.scheduler_info(n_workers=-1)["workers"]
        self._workers = len(workers)
        if not workers:
            self._state = EngineState.STARTING
            _ensure_worker(client)
            return
        self._see_to_silent_runs(client, tasks)
        self._see_to_refused_runs()
        fit = [address for address, facts in workers.items() if self._is_fit(address, facts)]
        self._state = EngineState.READY if fit else EngineState.UNFIT
        free = list(set(fit) - {address for address, _ in tasks.values()})
        free.sort(key=lambda address: address not in self._unfit)  # taken from the end: those that once failed last
        while free and (run_id := self._store.claim_next(len(workers), self.id)):
            self._hand_out(client, run_id, free.pop())

    def _hand_out(self, client: Client, run_id: str, address: str) -> None:
        from distributed import fire_and_forget

        try:
            key = f"{run_id}:{secrets.token_hex(4)}"
            # To this worker, or two might get to the same one; `_tasks` lifts that.
            where = {"workers": [address], "allow_other_workers": True}
            future = client.submit(worker.train, run_id, key=key, pure=False, **where)
            fire_and_forget(future)
            self._handed_out[run_id] = address, future
            _log.info("event=handed_out run=%s worker=%s", run_id, address)
        except Exception:
            self._store.give_back(run_id)
            raise

    def _see_to_silent_runs(self, client: Client | None, tasks: dict[str, tuple[str, bool]]) -> None:
        running = self._store.running()
        self._heard = {run.id: self._heard.get(run.id, (0.0, 0.0)) for run in running}
        for run in running:
            silence = self._silence(run)
            patience = LOST_SECONDS if self._is_own(run) else ABANDONED_SECONDS
            task = next((task for key, task in tasks.items() if key.startswith(f"{run.id}:")), None)
            if task and task[0] and client and silence > HUNG_SECONDS:
                address, is_begun = task
                # What waits behind another run has not hung: it came there when its own worker died.
                is_behind = not is_begun and (address, True) in tasks.values()
                if not is_behind and self._is_to_restart(run):
                    _log.warning("event=hung run=%s silent=%.0f", run.id, silence)
                    client.restart_workers([address], timeout=30, raise_for_error=False)
            elif task is None and silence > patience and not run.is_in_hand:
                self._store.give_back(run.id)  # whoever claimed it died before Dask had it
            elif task is None and silence > patience:
                epoch = len(run.history)
                notice = f"Interrupted after epoch {epoch}." if epoch else "Interrupted in its first epoch."
                self._store.leave(run.id, run.attempt, RunState.INTERRUPTED, f"{notice} Resume goes on from there.")
                _log.warning("event=interrupted run=%s after_epoch=%d", run.id, epoch)

    def _is_to_restart(self, run: Run) -> bool:
        """Whether the worker that hangs with a run is this process' to restart: of several it is one's, and once."""
        try:
            return self._store.take_note_of_silence(run)
        except DatabaseBusy:  # it hangs in the middle of writing, and nobody can before it is gone
            self._heard[run.id] = run.heartbeat, time.monotonic()
            return True

    def _own_runs(self) -> list[Run]:
        return [run for run in self._store.running() if self._is_own(run)]

    def _is_own(self, run: Run) -> bool:
        return run.engine in ("", self.id)

    def _silence(self, run: Run) -> float:
        """Seconds since a run's sign of life changed, by this process' own clock: others may be wrong."""
        heartbeat, since = self._heard[run.id]
        if heartbeat != run.heartbeat:
            since = time.monotonic()
            self._heard[run.id] = run.heartbeat, since
        return time.monotonic() - since

    def _see_to_refused_runs(self) -> None:
        """Take back runs that a worker has let lie, and leave that worker alone for a while."""
        over = [run_id for run_id, (_, future) in self._handed_out.items() if future.done()]
        untouched = {run.id for run in self._store.running() if not run.is_in_hand} if over else set()
        for run_id in over:
            address, future = self._handed_out.pop(run_id)
            if run_id in untouched:
                self._store.give_back(run_id)
                if address not in self._unfit:
                    because = future.exception() if future.status == "error" else "it does not find the run"
                    _log.error(
                        "event=unfit worker=%s run=%s because=%r advice=%r",
                        address,
                        run_id,
                        str(because),
                        "it needs the same code and the same database (INKLING_DATABASE_URL)",
                    )
                self._unfit[address] = time.monotonic() + UNFIT_SECONDS

    def _is_fit(self, address: str, facts: dict[str, Any]) -> bool:
        if facts["nthreads"] != 1:
            if address not in self._unfit:
                _log.error("event=unfit worker=%s because='it would train several runs at once'", address)
            self._unfit[address] = float("inf")
        return time.monotonic() > self._unfit.get(address, 0.0)

    def _drop_client(self) -> None:
        if self._client and not _is_alive(self._scheduler_pid):
            self._lost_at = time.monotonic()
        if self._client:
            with suppress(Exception):
                self._client.close(timeout=1)
        self._client = None
        self._handed_out.clear()


def engine_id(database: str) -> str:
    """What tells one engine from another that trains from this database's queue, before and after it was started anew.

    "" where there can be but one, whatever the machine is called today: a file is not shared between machines.
    """
    if not config.cluster_address() and database.startswith("sqlite"):
        return ""
    where = config.cluster_address() or f"{socket.gethostname()}:{home().absolute()}"
    return hashlib.sha256(where.encode()).hexdigest()[:16]


def connected() -> Client:
    """A client of the cluster that the environment names, or of our own engine, started where there is none."""
    from distributed import Client

    if address := config.cluster_address():
        return Client(address, timeout=START_SECONDS, set_as_default=False)
    with one_at_a_time(home() / "engine.lock"):
        for other in home().glob("engine-*.json"):
            if other != _scheduler_file() and not _drained(other):
                raise TimeoutError("an engine of another version of the code is still training")
        return attached(_scheduler_file()) or _started()


def stop() -> bool:
    """End all engines of this home, whatever they do; says whether there was one."""
    was_there = False
    for path in home().glob("engine-*.json"):
        if client := attached(path):
            client.shutdown()
            was_there = True
        path.unlink(missing_ok=True)
    return was_there


def memory_limit() -> float:
    """Bytes that this machine or container may use."""
    limits = [float(psutil.virtual_memory().total)]
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            limits.append(float(Path(path).read_text(encoding="ascii")))
    return min(limits)


def workers_wanted() -> int:
    """How many workers the engine starts: as many as `INKLING_WORKERS` says, else one per two cores."""
    if named := config.workers():
        return named
    by_memory = 1 + int(max(0.0, memory_limit() - WARM_BYTES) / WORKER_BYTES)
    return max(1, min((os.cpu_count() or 1) // CORES_PER_WORKER, by_memory))


@cache
def code_version() -> str:
    """A fingerprint of the code and of what it stands on: engines of another one are not used."""
    digest = hashlib.sha256(sys.version.encode())
    for path in [*sorted((ROOT / "core").rglob("*.py")), ROOT / "requirements.txt"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _scheduler_file() -> Path:
    return home().absolute() / f"engine-{code_version()}.json"


def attached(path: Path) -> Client | None:
    """A client of the engine that wrote this file; None where it is gone.

    Raises:
        TimeoutError: it is there, but too busy to answer. It must not be taken for dead.
    """
    try:
        host, port = urlsplit(json.loads(path.read_text(encoding="utf-8"))["address"]).netloc.split(":")
        with socket.create_connection((host, int(port)), timeout=START_SECONDS):
            pass
    except TimeoutError:
        raise
    except (OSError, ValueError, KeyError):
        return None  # no file, half a file, or nobody listens there
    from distributed import Client

    return Client(scheduler_file=str(path), timeout=START_SECONDS, set_as_default=False)


def _drained(path: Path) -> bool:
    """End the engine that wrote this file, if it has nothing to do; says whether it is gone."""
    client = attached(path)
    if client:
        if client.run_on_scheduler(_tasks):
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
    raise TimeoutError("the scheduler did not come up")


def _ensure_worker(client: Client) -> None:
    """Start a worker beside our own scheduler, where there is none and none is coming up."""
    if config.cluster_address():
        return
    with one_at_a_time(home() / "engine.lock"):
        if not _is_alive(client.get_metadata("inkling-worker", default=0)):
            count = str(workers_wanted())
            options = ("--host", "127.0.0.1", "--nworkers", count, "--nthreads", "1", "--memory-limit", "0")
            pid = _spawn("worker", *options, "--death-timeout", "20", "--preload", worker.__name__)
            client.set_metadata("inkling-worker", pid)


def _is_alive(pid: int) -> bool:
    """Whether a process lives. Asked about 0 it says no: on some systems that is the kernel's own number."""
    _spawned[:] = [process for process in _spawned if process.poll() is None]
    try:
        return pid > 0 and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _spawn(kind: str, *options: str) -> int:
    """Start one of Dask's own processes, apart from this one: Ctrl+C here does not reach it. Returns its id."""
    cores = str(max(1, (os.cpu_count() or 1) // workers_wanted()))
    environment = os.environ | {
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
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _spawned.append(process)
    return process.pid


def _tasks(dask_scheduler: Any) -> dict[str, tuple[str, bool]]:
    """Runs' keys, each with the address of its worker ("" while it has none) and whether that has begun with it.

    Runs in the scheduler. Whatever is found there has been given to the worker that was chosen for it; if that dies,
    any other may have it, the one that is started in its place among them.
    """
    ended = ("memory", "erred", "released", "forgotten")
    tasks = [task for key, task in dask_scheduler.tasks.items() if ":" in str(key) and task.state not in ended]
    for task in tasks:
        task.worker_restrictions = set()
    left = {task.key: "processing" for task in tasks if task.state == "no-worker"}
    dask_scheduler.transitions(left, stimulus_id="inkling")
    return {
        str(task.key): (place.address, task in place.executing) if (place := task.processing_on) else ("", False)
        for task in tasks
    }
