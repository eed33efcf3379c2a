"""The load of this machine: cores, memory, and the share of the web process."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from core.engine.jobs import memory_limit


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
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return Machine(cores, psutil.getloadavg()[0], _used(), memory_limit(), float(psutil.Process().memory_info().rss))


def _used() -> float:
    memory = psutil.virtual_memory()
    if memory_limit() < memory.total:  # a container's own
        for path in ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes"):
            with suppress(OSError, ValueError):
                return float(Path(path).read_text(encoding="ascii"))
    return float(memory.total - memory.available)
