"""Processes and machines, told apart even where a process id or a host name is used again."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil

from core.files import home, write_whole


def process_identity(pid: int | None = None) -> str:
    """A process as "pid-start", which no later process has; "" where there is none. By default this process.

    The start is what the system counts since it was booted, because the time of day may be set while a process runs.
    """
    pid = os.getpid() if pid is None else pid
    with suppress(OSError, IndexError):  # another system than Linux, or the process is gone
        state, *fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return "" if state in "ZX" else f"{pid}-{fields[18]}"
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return f"{pid}-{process.create_time():.2f}"
    return ""


def is_alive(identity: str) -> bool:
    """Whether the process of this identity still runs on this machine."""
    pid = identity.partition("-")[0]
    return pid.isdecimal() and process_identity(int(pid)) == identity


@cache
def machine_id() -> str:
    """16 hexadecimal digits: equal only for processes that can see each other by their process ids."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii") + os.readlink("/proc/self/ns/pid")
    except OSError:  # not Linux: a random id that is kept with the home
        path = home() / "machine"
        if not path.exists():
            write_whole(path, secrets.token_hex(16).encode())
        boot = path.read_text(encoding="ascii")
    return hashlib.sha256(boot.encode()).hexdigest()[:16]
