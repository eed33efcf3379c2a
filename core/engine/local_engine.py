"""The engine of this machine: workers that train, under Dask's supervision, started where runs wait and there is none.

The store is the only truth: workers take runs from it and write their progress there. The web process starts the
engine and reads the store. The engine outlives the web process, and the next one finds it by a file in Inkling's home.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

import psutil

from core import environment
from core.engine.liveness import HUNG_SECONDS, Observer
from core.engine.machine import WARM_BYTES, workers_wanted
from core.engine.version import ROOT, code_version
from core.files import home, make_private
from core.processes import is_alive, process_identity
from core.resources import cores, memory_limit
from core.store.runs import RunStore
from core.store.workers import WorkerStore

SUPERVISOR = "core.engine.supervisor"  # the engine's own process
IDLE_SECONDS = 1800  # without a run, after which the engine ends by itself
START_SECONDS = 60  # in which an engine must have a worker; a free cloud machine is slow
CULL_EVERY = 600.0  # seconds between two looks for runs to delete
STOP_SECONDS = 10  # in which an engine must end, before it is killed
LOG_BYTES = 10_000_000  # of the log, above which the next engine begins a new one
BUSY_POLL_SECONDS = 0.5
IDLE_POLL_SECONDS = 2.0

_log = logging.getLogger("inkling.engine")


class EngineState(StrEnum):
    """What the engine is doing."""

    OFF = "off"
    STARTING = "starting"
    READY = "ready"
    UNREACHABLE = "unreachable"  # no worker in time, or no database
    UNUSABLE = "unusable"  # there are workers, but none can train


class Engine:
    """What this process knows of the workers. A thread looks after them, so only `close` blocks."""

    def __init__(self, store: RunStore) -> None:
        """Watch the store's queue. The engine starts when a run is queued, or with `warm_up`."""
        self._store, self._workers = store, WorkerStore(store.url)
        self._observer = Observer()
        self._state, self._trouble, self._count = EngineState.OFF, "", 0
        self._wanted_since: float | None = None  # when a worker was first missed
        self._is_wanted = self._is_closed = False
        self._started: subprocess.Popen[bytes] | None = None
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="engine", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    @property
    def state(self) -> EngineState:
        """What the engine was doing at the thread's latest check."""
        return self._state

    @property
    def trouble(self) -> str:
        """A sentence saying why no worker can train; "" where one can."""
        return self._trouble

    @property
    def workers(self) -> int:
        """How many runs train at the same time: the workers at the latest check, or those that would be started."""
        return self._count or workers_wanted()

    def warm_up(self) -> None:
        """Start the engine ahead of the first run. Does nothing where memory is short."""
        if self._state == EngineState.OFF and environment.warms_up() and memory_limit() >= WARM_BYTES:
            self._is_wanted = True
            self.check_queue()

    def check_queue(self) -> None:
        """Check the queue now, as a run was added."""
        self._wake.set()

    def close(self) -> None:
        """End the engine if nothing trains or waits; otherwise it goes on alone."""
        if self._is_closed:
            return
        self._is_closed = True
        self.check_queue()
        self._thread.join(5)
        with suppress(Exception):
            if not self._store.has_active():
                end(engine_process())

    def _serve(self) -> None:
        culled = -CULL_EVERY
        while not self._is_closed:
            is_busy = False
            try:
                is_busy = self._store.has_active()
                self._check(is_busy)
                if time.monotonic() - culled >= CULL_EVERY:
                    culled = time.monotonic()
                    self._store.cull()
            except Exception:
                _log.exception("event=engine_trouble")
                self._state = EngineState.UNREACHABLE
                self._wake.wait(IDLE_POLL_SECONDS)
            self._wake.wait(BUSY_POLL_SECONDS if is_busy else IDLE_POLL_SECONDS)
            self._wake.clear()

    def _check(self, is_busy: bool) -> None:
        """Find out which workers live, and start the engine where it is wanted and there is none."""
        living = self._observer.living(self._workers.all())
        usable = [worker for worker in living if not worker.trouble]
        self._count, self._trouble = len(usable), "" if usable or not living else living[0].trouble
        is_wanted = is_busy or self._is_wanted
        is_running = bool(engine_process(code_version()))
        is_starting = self._started is not None and self._started.poll() is None
        if is_wanted and not is_running and not is_starting and environment.workers() != 0:
            self._started = start()
            is_running = True
        if usable:
            self._state, self._wanted_since, self._is_wanted = EngineState.READY, None, False
        elif living:
            self._state = EngineState.UNUSABLE
        elif is_running or is_wanted:
            now = time.monotonic()
            self._wanted_since = self._wanted_since or now
            is_late = now - self._wanted_since > START_SECONDS or environment.workers() == 0
            self._state = EngineState.UNREACHABLE if is_late else EngineState.STARTING
        else:
            self._state, self._wanted_since = EngineState.OFF, None


def engine_process(version: str = "") -> str:
    """The `process_identity` of this home's engine; "" where there is none, or not of this version of the code."""
    with suppress(OSError, ValueError, KeyError, TypeError):  # no file, or an incomplete one
        written = json.loads(engine_file().read_text(encoding="utf-8"))
        if version in ("", written["version"]) and is_alive(written["process"]):
            return str(written["process"])
    return ""


def engine_file() -> Path:
    """The file that names this home's engine."""
    return home().absolute() / "engine.json"


def is_superseded(engine: str) -> bool:
    """Whether another engine has taken the place of this one, which ends when its runs are over."""
    return bool(engine) and engine_process() not in ("", engine)


def start() -> subprocess.Popen[bytes]:
    """Start the engine in a session of its own, which Ctrl+C here does not reach."""
    options = ["--version", code_version(), "--idle-seconds", str(IDLE_SECONDS), "--hung-seconds", str(HUNG_SECONDS)]
    detached = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "DETACHED_PROCESS", 0)
    make_private(log_file())
    with log_file().open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", SUPERVISOR, str(home().absolute()), *options],
            cwd=ROOT,
            env=variables(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            creationflags=detached,
        )


def variables() -> dict[str, str]:
    """The environment of an engine: Dask serves no pages, and gives no worker up after a laptop's sleep."""
    threads = str(max(1, cores() // workers_wanted()))
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "INKLING_HOME": str(home().absolute()),
        "DASK_LOGGING__DISTRIBUTED": "warning",
        "DASK_TEMPORARY_DIRECTORY": str(home().absolute() / "dask"),  # as the system's may be full
        "DASK_DISTRIBUTED__SCHEDULER__HTTP__ROUTES": "[]",
        "DASK_DISTRIBUTED__WORKER__HTTP__ROUTES": "[]",
        "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "None",
        "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "120s",
        "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "1 day",
        # Dask's nanny would give TensorFlow a single thread.
        "DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON__OMP_NUM_THREADS": threads,
        "DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON__OPENBLAS_NUM_THREADS": threads,
    }


def log_file() -> Path:
    """The engine's log; one that has grown large is kept beside it, and a new one begun."""
    path = home().absolute() / "engine.log"
    with suppress(OSError):
        if path.stat().st_size > LOG_BYTES:
            os.replace(path, path.with_name("engine.log.1"))
    return path


def engines() -> Iterator[psutil.Process]:
    """All engines of this home, those of other versions of the code among them."""
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if SUPERVISOR in words and str(home().absolute()) in words:
            yield process


def stop() -> bool:
    """End all engines of this home, with their runs; returns whether there was one."""
    there = [process_identity(process.pid) for process in engines()]
    for identity in there:
        end(identity)
    return bool(there)


def end(identity: str) -> None:
    """End an engine: politely, and by force where it does not answer."""
    if not is_alive(identity):
        return
    process = psutil.Process(int(identity.partition("-")[0]))
    with suppress(psutil.Error):
        process.terminate()
        process.wait(STOP_SECONDS)
    with suppress(psutil.Error):
        if is_alive(identity):
            process.kill()  # its workers end with it
