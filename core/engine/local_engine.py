"""The engine of this machine: workers that train, under Dask's supervision, started where runs wait and there is none.

The store is the only truth: workers take runs from it and write their progress there. The web process starts the
engine and reads the store. The engine outlives the web process, and the next one finds it by a file in Inkling's home.
"""

from __future__ import annotations

import atexit
import logging
import subprocess
import threading
import time
from contextlib import suppress
from enum import StrEnum

from core import environment
from core.engine import engine_process
from core.engine.liveness import Observer
from core.engine.machine import WARM_BYTES, workers_wanted
from core.engine.version import code_version
from core.resources import memory_limit
from core.store.drawings import DrawingStore
from core.store.runs import RunStore
from core.store.server_limits import limits
from core.store.workers import WorkerStore

START_SECONDS = 60  # in which an engine must have a worker; a free cloud machine is slow
CULL_EVERY = 600.0  # seconds between two looks for runs to delete
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
        self._is_wanted = self._is_running = self._is_closed = False
        self._started: subprocess.Popen[bytes] | None = None
        self._has_started = False  # whether that one has named itself as the engine of this home
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
        """Start the engine ahead of the first run. Does nothing where memory is short.

        Asks whether this version's engine runs, and not for the state: that tells of all workers, other versions' too.
        """
        if not (self._is_wanted or self._is_running) and environment.warms_up() and memory_limit() >= WARM_BYTES:
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
                engine_process.end(engine_process.running())

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
                    DrawingStore(self._store.url).cull(limits().days)
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
        self._is_running = bool(engine_process.running(code_version()))
        self._has_started = self._has_started or self._is_running
        is_starting = self._started is not None and self._started.poll() is None and not self._has_started
        if is_wanted and not self._is_running and not is_starting and environment.workers() != 0:
            self._started, self._has_started = engine_process.start(), False
            self._is_running = True
        if living:
            self._state = EngineState.READY if usable else EngineState.UNUSABLE
            self._wanted_since = None
            if is_wanted:  # what was asked for since then is left for the next check
                self._is_wanted = False
        elif self._is_running or is_wanted:
            now = time.monotonic()
            self._wanted_since = self._wanted_since or now
            is_late = now - self._wanted_since > START_SECONDS or environment.workers() == 0
            self._state = EngineState.UNREACHABLE if is_late else EngineState.STARTING
        else:
            self._state, self._wanted_since = EngineState.OFF, None
