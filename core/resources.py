"""How many cores and how much memory this process may use, within its container and its affinity."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def cores() -> int:
    """The cores that this process may use, at least 1: a quota of 1.5 cores counts as 2."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    most = float(len(affinity(0)) if affinity else os.cpu_count() or 1)
    for group in _groups("cpu"):
        with suppress(OSError, ValueError, ZeroDivisionError):
            quota, period = map(float, (group / "cpu.max").read_text(encoding="ascii").split())
            most = min(most, quota / period)  # without a limit the quota is "max", which is no number
        with suppress(OSError, ValueError, ZeroDivisionError):
            quota, period = (float((group / f"cpu.cfs_{kind}_us").read_text("ascii")) for kind in ("quota", "period"))
            most = min(most, quota / period) if quota > 0 else most
    return max(1, math.ceil(most))


def memory_limit() -> float:
    """The bytes that this process and those beside it in its container may use."""
    limits = [float(psutil.virtual_memory().total)]
    for group in _groups("memory"):
        for name in ("memory.max", "memory.high", "memory.limit_in_bytes"):
            with suppress(OSError, ValueError):
                limits.append(float((group / name).read_text(encoding="ascii")))
    return min(limits)


def memory_used() -> float:
    """The bytes in use: within a container that limits them by the container, else by the machine."""
    memory = psutil.virtual_memory()
    if memory_limit() < memory.total:
        for group in _groups("memory"):
            for name in ("memory.current", "memory.usage_in_bytes"):
                with suppress(OSError, ValueError):
                    return float((group / name).read_text(encoding="ascii"))
    return float(memory.total - memory.available)


def _groups(controller: str) -> Iterator[Path]:
    """The control groups of this process, the innermost first: a limit of any of them holds."""
    with suppress(OSError):
        for line in MEMBERSHIP.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and controller not in controllers.split(","):
                continue
            root = CGROUPS / controllers if controllers else CGROUPS
            inner = root / path.lstrip("/")
            yield from (group for group in (inner, *inner.parents) if group.is_relative_to(root))
    yield from (CGROUPS, CGROUPS / controller)
