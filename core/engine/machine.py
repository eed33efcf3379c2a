"""How busy this machine is: its cores, its memory, and what of it is Inkling's."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from core.engine.jobs import memory_limit


@dataclass(frozen=True)
class Machine:
    """A machine as it was when it was looked at. Memory is in bytes.

    Attributes:
        cores: that this process may use.
        load: processes that ran or waited for a core, averaged over a minute.
        used: memory that is taken; within a container, by the container.
        limit: memory that there is.
        web: memory of this web process.
    """

    cores: int
    load: float
    used: float
    limit: float
    web: float


def look() -> Machine:
    """Look at this machine now."""
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
