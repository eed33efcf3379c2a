"""The status of a server for its operator: web processes, engine, database and queue."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from core.engine import engine_process, machine
from core.engine.liveness import Observer
from core.engine.version import ROOT, code_version
from core.errors import InklingError, problem_of
from core.files import check_home, home, is_forgetful
from core.formatting import duration
from core.store.database import database, database_url
from core.store.queue import Position, position_sentence
from core.store.runs import RunStore
from core.store.workers import WorkerStore


@dataclass(frozen=True)
class Process:
    """A process of this server."""

    pid: int
    megabytes: int
    seconds: int  # since its start


@dataclass(frozen=True)
class Status:
    """The status of this server. Web processes are those that run `app.py` from this folder."""

    home: str
    database: str
    web: tuple[Process, ...] = ()
    engine: str = "off"
    workers: tuple[Process, ...] = ()
    runs: dict[str, int] | None = None  # by state; None where the database cannot be read
    running: tuple[dict[str, Any], ...] = ()
    waiting: tuple[dict[str, Any], ...] = ()
    problems: tuple[str, ...] = ()
    forgets: bool = False

    @property
    def is_well(self) -> bool:
        """Whether there is no problem; an engine that is off is one only while runs wait for it."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """The status for programs."""
        return asdict(self) | {"is_well": self.is_well}

    def lines(self) -> list[str]:
        """The status for people, a line for each item."""
        states = "not read"
        if self.runs is not None:
            states = ", ".join(f"{count} {state}" for state, count in self.runs.items()) or "no runs"
        lines = [f"home      {self.home}{', which forgets at a restart' if self.forgets else ''}"]
        lines += [f"web       {_process_line(one)}" for one in self.web] or ["web       not running"]
        lines += [f"engine    {self.engine}"]
        lines += [f"worker    {_process_line(one)}" for one in self.workers]
        lines += [f"database  {self.database}: {states}"]
        lines += [f"training  {run['id']}: epoch {run['epoch']} of {run['epochs']}" for run in self.running]
        for run in self.waiting:
            position = Position(run["before"], run["running"], run["seconds"])
            lines.append(f"waiting   {run['id']}: {position_sentence(position)}")
        return lines + [f"problem   {problem}" for problem in self.problems]


def status() -> Status:
    """Find the status. Starts nothing, and changes nothing but that it opens the database and writes to it."""
    folder, url = home().absolute(), database_url()
    problems = [problem_of(check_home)]
    found: dict[str, Any] = {"workers": tuple(_workers())}
    try:
        store = RunStore(url)
        found["engine"] = _engine(url, problems)
        running = store.running()
        found |= {
            "runs": store.counts(),
            "running": tuple(
                {"id": run.id, "epoch": run.live.epoch if run.live else 0, "epochs": run.recipe.epochs}
                for run in running
            ),
            "waiting": tuple(
                {"id": run_id, **asdict(position)} for run_id, position in store.waiting(machine.workers_wanted())
            ),
        }
        problems += [problem_of(database(url).check_writable), database(url).damage_notice()]
        if (running or found["waiting"]) and found["engine"] == "off":
            problems.append("Runs wait, but there is no engine. Open the page Train, or start the web process.")
    except InklingError as problem:
        problems.append(str(problem))
    return Status(
        home=str(folder),
        database=_without_password(url),
        web=tuple(_web()),
        problems=tuple(problem for problem in problems if problem),
        forgets=is_forgetful(),
        **found,
    )


def _without_password(url: str) -> str:
    with suppress(ArgumentError, ValueError):
        return make_url(url).set(query={}).render_as_string(hide_password=True)  # parameters may hold a password too
    return "none"  # shown as it is, it might reveal a password


def _engine(url: str, problems: list[str]) -> str:
    """The engine's workers on this machine and others, or "off"."""
    known = WorkerStore(url).all()
    living = Observer().living(known)
    problems += sorted({worker.trouble for worker in living if worker.trouble})
    counts = Counter(worker.version for worker in living if not worker.trouble)
    if not counts:
        return "starting" if engine_process.running() else "off"
    return "; ".join(
        f"{version}, {count} {'worker' if count == 1 else 'workers'}"
        + ("" if version == code_version() else ", of another version of the code")
        for version, count in sorted(counts.items())
    )


def _web() -> list[Process]:
    root = ROOT.resolve()
    return [
        _described(process)
        for process, words in _commands()
        if any(Path(word).name == "streamlit" or word == "streamlit" for word in words[:4])
        and any((_folder(process) / word).resolve() == root / "app.py" for word in words if word.endswith("app.py"))
    ]


def _workers() -> list[Process]:
    return [
        _described(child) for engine in engine_process.engines() for child in _children(engine) if _is_worker(child)
    ]


def _commands() -> list[tuple[psutil.Process, list[str]]]:
    return [(process, process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]


def _children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.Error):  # the process has ended meanwhile
        return list(process.children())
    return []


def _is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return "spawn_main" in str(process.cmdline())
    return False


def _folder(process: psutil.Process) -> Path:
    with suppress(psutil.Error):
        return Path(process.cwd())
    return Path()


def _described(process: psutil.Process) -> Process:
    with suppress(psutil.Error):
        seconds = max(0, round(time.time() - process.create_time()))
        return Process(process.pid, round(process.memory_info().rss / 1e6), seconds)
    return Process(process.pid, 0, 0)


def _process_line(process: Process) -> str:
    return f"process {process.pid}, {process.megabytes} MB, up {duration(process.seconds)}"
