"""What a worker process does: it takes runs from the store and trains them, one at a time.

Dask's nanny starts the process, loads this module into it (`dask worker --preload core.engine.worker`) and starts
another one if it dies. An idle worker takes over the runs of workers that have died.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil

from core import environment, logs
from core.digits.dataset import load_dataset
from core.engine.engine_process import is_superseded
from core.engine.liveness import Observer
from core.engine.run_trainer import train
from core.engine.version import code_version
from core.networks.presets import FAST
from core.processes import is_alive, machine_id, process_identity
from core.store.database import DatabaseTrouble
from core.store.run_tables import Claim
from core.store.runs import run_store
from core.store.workers import Worker, worker_store

NICENESS = 10  # of a worker, so that the pages come first
POLL_SECONDS = 0.25  # between two looks at the queue
OBSERVE_SECONDS = 1.0  # between two looks at the other workers
HEARTBEAT_SECONDS = 5.0
TROUBLE_SECONDS = 2.0  # until a database that failed is asked again
MOST_DEATHS = 2  # of an engine's processes while they import TensorFlow, after which no other tries
MAX_GROWTH = 150e6  # bytes, after which the process is replaced: every model that Keras builds leaks some 5 MB

_log = logging.getLogger("inkling.worker")


def dask_setup(dask_worker: Any) -> None:
    """Called by Dask in each new worker process: lower its priority, and look for runs in a thread."""
    logs.to_stderr()
    if hasattr(os, "nice") and environment.gives_way():
        os.nice(NICENESS)
    puller = Puller(partial(dask_worker.loop.add_callback, dask_worker.close_gracefully, restart=True))
    for name, work in (("warm-up", puller.warm_up), ("runs", puller.serve), ("heartbeat", puller.renew)):
        threading.Thread(target=work, name=name, daemon=True).start()


class Puller:
    """Takes runs from the store, and lets everybody know that this worker lives."""

    def __init__(self, replace_process: Callable[[], object] = lambda: None) -> None:
        """Take nothing yet; `replace_process` lets a new process take the place of this one."""
        engine = environment.engine()
        self.worker = Worker(secrets.token_hex(8), machine_id(), process_identity(), engine, code_version())
        self._replace_process = replace_process
        self._warm, self._has_run = threading.Event(), threading.Event()
        self._observer, self._observed_at = Observer(), -OBSERVE_SECONDS
        self._bytes_after_first_run = 0

    def serve(self) -> None:
        """Train whatever waits, until the process is to be replaced or a newer engine has taken its engine's place."""
        while not is_superseded(self.worker.engine):
            try:
                run_id = self.next_run()
                if run_id:
                    self._has_run.set()
                    train(run_store(), run_id, self._warm)
            except DatabaseTrouble as problem:
                _log.warning("event=no_database because=%r", str(problem))
                self._observer = Observer()  # others may have been unable to write their heartbeats too
                time.sleep(TROUBLE_SECONDS)
            except Exception:
                _log.exception("event=worker_trouble")
                time.sleep(TROUBLE_SECONDS)
            else:
                if run_id and self._has_grown():
                    self._replace_process()
                    return
                if not run_id:
                    time.sleep(POLL_SECONDS)

    def next_run(self) -> str | None:
        """Claim a run for this worker: one whose worker has died, else the next in the queue; returns its id."""
        if self.worker.trouble:
            return None
        if time.monotonic() - self._observed_at >= OBSERVE_SECONDS:
            self._observed_at = time.monotonic()
            for claim in self._expired_claims():
                if run_store().take_over(claim, self.worker.id):
                    return claim.run_id
        return run_store().claim_next(self.worker.id) if run_store().queue_length() else None

    def _expired_claims(self) -> list[Claim]:
        """The claims that are no longer renewed; dead workers without any are forgotten."""
        claims, workers = run_store().claims(), worker_store().all()
        living = self._observer.living(workers)
        kept = {claim.worker for claim in claims} | {worker.id for worker in [*living, *self._died_importing(workers)]}
        worker_store().forget(worker.id for worker in workers if worker.id not in kept)
        own = [claim for claim in claims if claim.worker == self.worker.id]  # a run that it could not begin or keep
        return own + self._observer.expired(claims, workers, living)

    def warm_up(self) -> None:
        """Import TensorFlow and, while no run waits, load the digits and trace the default model.

        A TensorFlow that cannot be imported is this worker's `trouble`. One that ends the process, as where the
        processor is too old for it, is found out by the engine's later processes from the rows that are left.
        """
        self._announce()
        try:
            died = self._died_importing(worker_store().all())
            if len(died) >= MOST_DEATHS:
                raise ImportError("it ends the process, so the processor may be too old for it")
            self._announce(is_importing=True)
            import_module("tensorflow")  # several seconds, and where it is missing this raises

            self._announce(is_importing=False)
            worker_store().forget(worker.id for worker in died)
        except DatabaseTrouble as problem:  # it is imported all the same, when a run is trained
            _log.warning("event=not_announced because=%r", str(problem))
        except Exception as problem:
            _log.exception("event=tensorflow_missing")
            reason = str(problem).strip().partition("\n")[0][:200] or type(problem).__name__
            trouble = f"TensorFlow cannot be imported on the training machine: {reason.rstrip('.')}."
            self._announce(is_importing=False, trouble=trouble)
            return
        try:
            from core.training.fit import warm_up

            if not self._has_run.is_set():  # which will trace its own model
                warm_up(FAST, load_dataset(**dict(FAST.data)))
        except Exception:
            _log.exception("event=warm_up_failed")
        finally:
            self._warm.set()
            _lower_session_priority()

    def renew(self) -> None:
        """Write this worker's heartbeat for as long as the process lives."""
        while True:
            time.sleep(HEARTBEAT_SECONDS)
            self._announce()

    def _announce(self, **changed: Any) -> None:
        self.worker = replace(self.worker, **changed)
        try:
            worker_store().announce(self.worker)
        except DatabaseTrouble as problem:
            _log.warning("event=not_announced because=%r", str(problem))

    def _died_importing(self, workers: Iterable[Worker]) -> list[Worker]:
        """The workers of this engine that died while they imported TensorFlow."""
        engine = self.worker.engine
        return [
            worker
            for worker in workers
            if engine and worker.engine == engine and worker.is_importing and not is_alive(worker.process)
        ]

    def _has_grown(self) -> bool:
        """Whether this process' memory has grown by `MAX_GROWTH` since its first run."""
        gc.collect()
        with suppress(OSError, AttributeError, TypeError):  # not with every C library; TypeError on Windows
            ctypes.CDLL(None).malloc_trim(0)  # memory that C's allocator holds in reserve is not growth
        resident = psutil.Process().memory_info().rss
        self._bytes_after_first_run = self._bytes_after_first_run or resident
        growth = resident - self._bytes_after_first_run
        if growth > MAX_GROWTH:
            _log.info("event=process_replaced megabytes=%.0f", growth / 1e6)
        return bool(growth > MAX_GROWTH)


def _lower_session_priority() -> None:
    """Lower the priority of the worker's session: Linux's autogroups share cores among sessions before processes.

    Called once the worker is warm, as the first run waits for that. Only where the session is the engine's own: in a
    session that a terminal started, other work would be slowed too.
    """
    with suppress(OSError, AttributeError):  # not Linux, or without autogroups
        if environment.gives_way() and os.getsid(0) == os.getppid():
            Path("/proc/self/autogroup").write_text(str(NICENESS), encoding="ascii")
