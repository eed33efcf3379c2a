"""The engine's own process: which one it is, how it starts, and how it ends.

A file in Inkling's home names it. A file that names a process which has ended, or whose number another one has now,
names none.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from core.engine.liveness import HUNG_SECONDS
from core.engine.machine import workers_wanted
from core.engine.version import ROOT, code_version
from core.files import home, make_private
from core.processes import is_alive, process_identity
from core.resources import cores

SUPERVISOR = "core.engine.supervisor"  # what the process runs
IDLE_SECONDS = 1800  # without a run, after which the engine ends by itself
STOP_SECONDS = 10  # in which an engine must end, before it is killed
LOG_BYTES = 10_000_000  # of the log, above which the next engine begins a new one


def running(version: str = "") -> str:
    """The `process_identity` of this home's engine; "" where there is none, or not of this version of the code."""
    with suppress(OSError, ValueError, KeyError, TypeError):  # no file, or an incomplete one
        written = json.loads(file().read_text(encoding="utf-8"))
        if version in ("", written["version"]) and is_alive(written["process"]):
            return str(written["process"])
    return ""


def file() -> Path:
    """The file that names this home's engine."""
    return home().absolute() / "engine.json"


def is_superseded(engine: str) -> bool:
    """Whether another engine has taken the place of this one, which ends when its runs are over."""
    return bool(engine) and running() not in ("", engine)


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
