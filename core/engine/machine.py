"""This machine: its cores and memory, its load, and how many workers it can take."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from core import environment
from core.resources import cores, memory_limit, memory_used

CORES_PER_WORKER = 2  # TensorFlow gains little from more for networks this small
WORKER_BYTES = 1.0e9  # of memory for each worker beyond the first
WARM_BYTES = 1.5e9  # a machine with less memory starts the engine at the click on Train, not at the visit


@dataclass(frozen=True)
class Machine:
    """The load of a machine at one moment. Memory is in bytes.

    Attributes:
        cores: how many this process may use.
        load: the average number of processes that ran or waited for a core in the last minute.
        used: memory in use; within a container, by the container.
        limit: memory in all; within a container, its limit.
        web: memory of this web process.
    """

    cores: int
    load: float
    used: float
    limit: float
    web: float


def measure() -> Machine:
    """Measure the load of this machine now."""
    web = float(psutil.Process().memory_info().rss)
    return Machine(cores(), psutil.getloadavg()[0], memory_used(), memory_limit(), web)


def workers_wanted() -> int:
    """How many workers the engine starts: `INKLING_WORKERS`, else one per two cores as far as memory allows."""
    if configured := environment.workers():
        return configured
    by_memory = 1 + int(max(0.0, memory_limit() - WARM_BYTES) / WORKER_BYTES)
    return max(1, min(cores() // CORES_PER_WORKER, by_memory))
