"""The engine's own process: Dask's scheduler and a nanny for each worker, and what ends a worker that hangs.

Dask's nannies start the workers and replace those that die. Its connections are encrypted with keys that exist in the
memory of this engine alone, and all listen on the loopback interface. Ends when it has long been idle, or when another
engine has taken its place and the last of its runs is over.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import time
from collections.abc import Hashable
from contextlib import AsyncExitStack, suppress
from typing import Any

import psutil
from distributed import Nanny, Scheduler, Security

from core import logs
from core.engine import engine_process
from core.engine.liveness import HUNG_SECONDS, LONGEST_STEP, Silence
from core.engine.machine import workers_wanted
from core.engine.version import code_version
from core.files import home, one_at_a_time, write_whole
from core.processes import process_identity
from core.store.database import DatabaseBusy, DatabaseTrouble, database, database_url
from core.store.runs import RunStore
from core.store.workers import WorkerStore

PRELOAD = "core.engine.worker"  # what each worker process imports at its start, and which trains
CHECK_SECONDS = 1.0
REPLACE_SECONDS = 120.0  # without a worker process, after which Dask's nanny itself is replaced
HERE = "127.0.0.1"

_log = logging.getLogger("inkling.engine")


class Supervisor:
    """Watches the workers of this engine. Silence is counted in its own steps, so that a sleep is none."""

    def __init__(self, hung_seconds: float = HUNG_SECONDS) -> None:
        """Watch nothing yet.

        Args:
            hung_seconds: heartbeat timeout of a worker and of its run.
        """
        self.engine = process_identity()
        self.idle_seconds = 0.0
        self._hung_seconds = hung_seconds
        self._runs, self._workers = RunStore(database_url()), WorkerStore(database_url())
        self._silence, self._looked = Silence(), time.monotonic()

    def check(self) -> bool:
        """End workers that hang; returns whether any of this engine's has a run.

        Only reads from the store, as a worker that hangs may lock it.
        """
        own = {worker.id: worker for worker in self._workers.all() if worker.engine == self.engine}
        claims = [claim for claim in self._runs.claims() if claim.worker in own]
        heartbeats: dict[Hashable, float] = {worker.id: worker.heartbeat for worker in own.values()}
        heartbeats |= {(claim.worker, claim.run_id, claim.attempt): claim.heartbeat for claim in claims}
        silent = self._silence.seconds(heartbeats)
        hung = [worker_id for worker_id in own if silent[worker_id] > self._hung_seconds]
        hung += [key[0] for key, seconds in silent.items() if isinstance(key, tuple) and seconds > self._hung_seconds]
        if hung and self._can_be_written():
            for worker_id in set(hung):
                end_worker(own[worker_id].process)
        now = time.monotonic()
        is_idle = not claims and not self._runs.queue_length()
        self.idle_seconds = self.idle_seconds + min(now - self._looked, LONGEST_STEP) if is_idle else 0.0
        self._looked = now
        return bool(claims)

    def _can_be_written(self) -> bool:
        """Whether heartbeats could be written; while they cannot, silence says nothing."""
        try:
            database(database_url()).check_writable()
        except DatabaseBusy:  # locked, and perhaps by the worker that hangs
            return True
        except DatabaseTrouble:
            self._silence = Silence()
            return False
        return True


def end_worker(identity: str) -> None:
    """Kill a worker that hangs; its nanny starts another one."""
    pid = int(identity.partition("-")[0])
    with suppress(psutil.Error):
        if process_identity(pid) == identity and os.getpid() == psutil.Process(pid).ppid():
            _log.warning("event=hung process=%d", pid)
            psutil.Process(pid).kill()


async def serve(idle_seconds: float, hung_seconds: float) -> None:
    """Keep the workers running until the engine is idle for this long, superseded, or asked to end."""
    asked_to_end: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: asked_to_end.append(number))
    security = Security.temporary()
    address: dict[str, Any] = {
        "host": HERE,
        "protocol": "tls://",
        "security": security,
        "dashboard_address": f"{HERE}:0",
    }
    async with AsyncExitStack() as running:
        scheduler = await running.enter_async_context(Scheduler(port=0, dashboard=False, **address))

        async def nanny() -> Nanny:
            one = Nanny(scheduler.address, nthreads=1, memory_limit=0, preload=[PRELOAD], **address)
            return await running.enter_async_context(one)

        nannies = [await nanny() for _ in range(workers_wanted())]
        supervisor = Supervisor(hung_seconds)
        seen_alive = [time.monotonic()] * len(nannies)
        while not asked_to_end:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                has_runs = await asyncio.to_thread(supervisor.check)
            except DatabaseTrouble as problem:
                _log.warning("event=no_database because=%r", str(problem))
                continue
            if supervisor.idle_seconds > idle_seconds or (
                engine_process.is_superseded(supervisor.engine) and not has_runs
            ):
                break
            for index, one in enumerate(nannies):
                if one.is_alive():
                    seen_alive[index] = time.monotonic()
                elif time.monotonic() - seen_alive[index] > REPLACE_SECONDS:
                    _log.error("event=nanny_replaced status=%s", one.status)
                    nannies[index], seen_alive[index] = await nanny(), time.monotonic()
        _log.info("event=engine_ends asked=%s idle=%.0f", bool(asked_to_end), supervisor.idle_seconds)


def take_place(version: str) -> bool:
    """Name this process as the engine of its home; returns False where one of this version is there already."""
    with one_at_a_time(home() / "engine.lock"):
        if engine_process.running(version):
            return False
        named = {"process": process_identity(), "version": version}
        write_whole(engine_process.file(), json.dumps(named).encode())
        return True


def main() -> None:
    """Be the engine of a home."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home")  # named so that the engine of a home can be found among all processes
    parser.add_argument("--version", default="")
    parser.add_argument("--idle-seconds", type=float, default=float("inf"))
    parser.add_argument("--hung-seconds", type=float, default=HUNG_SECONDS)
    chosen = parser.parse_args()
    logs.to_stderr()
    if not take_place(chosen.version or code_version()):
        _log.info("event=engine_is_there_already")
        return
    os.environ.update(INKLING_ENGINE=process_identity())
    asyncio.run(serve(chosen.idle_seconds, chosen.hung_seconds))


if __name__ == "__main__":
    main()
