"""What is done to a server in use, and what becomes of its runs: `python -m tests.benchmarks.faults --rounds 30`.

One round after another: kill -9 of the worker, of the web process, of the engine's own process, of the whole engine,
which leaves a file that names another process; an engine of another version that hangs; a machine that sleeps; a full
disk, a disk that was read-only before the server started, bits turned in what older runs left. All at moments chosen by
the seed. Every run
has the same recipe and seed, so each must end with the weights of the unbroken one. The web process is one that holds
the engine as the app does, without pages. Disks are small file systems in memory, which only root can make; without
them those rounds are skipped and said to be.
"""

import argparse
import contextlib
import hashlib
import json
import logging
import os
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from core.engine.engine_process import SUPERVISOR
from core.errors import InklingError, problem_of
from core.networks.layers import Dense, Flatten
from core.networks.network import Network
from core.networks.recipe import Adam, Data, Recipe
from core.store.database import DatabaseTrouble, database
from core.store.run_tables import NoSuchRun, RunState
from core.store.runs import RunStore
from tests.benchmarks import mnist_or_exit, report

ROOT = Path(__file__).parents[2]
RECIPE = Recipe(
    name="Faults",
    network=Network(
        layers=(Flatten(), Dense(units=32, activation="relu"), Dense(units=10, activation="softmax")),
    ),
    data=Data(size="quick"),
    epochs=4,
    batch_size=4,
    optimizer=Adam(learning_rate=0.001),
)
DISK_BYTES = 400_000_000
KEPT_RUNS = 6  # older ones are deleted, so that the disk does not fill by itself
PATIENCE = 900  # seconds until a wait is given up
FLIPS = 60  # bits turned in a round
SLEEP_SECONDS, HUNG_SECONDS = 60, 20  # a sleep of three heartbeat timeouts, as ten minutes are to those of the app
KINDS = ("worker", "web", "scheduler", "engine", "other_version", "sleep", "disk_full", "flips", "read_only")
WEB = textwrap.dedent(f"""
    import sys, time
    from core import logs
    from core.engine import engine_process
    from core.store.database import database_url
    from core.engine.local_engine import Engine
    from core.store.runs import RunStore
    logs.to_stderr()
    engine_process.HUNG_SECONDS = {HUNG_SECONDS}
    engine, before = Engine(RunStore(database_url())), ""
    engine.warm_up()
    while True:
        if engine.state != before:
            before = engine.state
            print(before, flush=True)
        time.sleep(0.05)
""")


class Server:
    """A web process and its engine, on a disk of their own."""

    def __init__(self, home: Path) -> None:
        self.home, self.log = home, (home.parent.parent / "server.log").open("ab")
        os.environ["INKLING_HOME"] = str(home)
        self.store = RunStore(f"sqlite:///{home / 'runs.sqlite3'}")
        self.web = self._web()

    def restart_web(self) -> None:
        self.web = self._web()

    def kill_web(self) -> None:
        self.web.kill()
        self.web.wait()

    def kill_engine(self) -> None:
        for process in self.engines():
            with contextlib.suppress(psutil.Error):
                for victim in [process, *process.children(recursive=True)]:  # a nanny would replace its child
                    with contextlib.suppress(psutil.Error):
                        victim.kill()

    def kill_worker(self) -> None:
        for process in self.engines():
            for child in process.children():
                if "spawn_main" in " ".join(child.cmdline()):
                    os.kill(child.pid, signal.SIGKILL)

    def everything(self) -> list[psutil.Process]:
        roots = [psutil.Process(self.web.pid), *self.engines()]
        return list({one for root in roots for one in [root, *root.children(recursive=True)]})

    def engines(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            if SUPERVISOR in words and str(self.home) in words:
                found.append(process)
        return found

    def stop(self) -> None:
        self.kill_web()
        self.kill_engine()
        until(lambda: not self.engines(), "the engine is gone")
        self.store._database._engine.dispose()

    def _web(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-c", WEB],
            env=os.environ | {"PYTHONPATH": str(ROOT), "INKLING_MAX_RUNS": "1000"},
            stdout=self.log,
            stderr=self.log,
        )


class Measured:
    """What the rounds have shown."""

    def __init__(self) -> None:
        self.epochs_lost = self.artefacts_lost = self.broken_files = self.undetected = self.flips = 0
        self.resumed = self.identical = self.stuck = 0
        self.recovery: dict[str, list[float]] = {}
        self.problems: Counter[str] = Counter()
        self.rounds: Counter[str] = Counter()


def until(condition: Callable[[], object], what: str) -> float:
    """Wait for a condition; returns the seconds that it took."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        with contextlib.suppress(DatabaseTrouble):
            if condition():
                return time.monotonic() - began
        time.sleep(0.02)
    raise TimeoutError(f"waited in vain until {what}")


def hashed(store: RunStore, run_id: str) -> str:
    """The weights that a run has left, as a hash."""
    digest = hashlib.sha256()
    model = store.model(run_id)
    for name in sorted(model.weights):
        digest.update(model.weights[name].tobytes())
    return digest.hexdigest()


def begun(server: Server, owner: str) -> str:
    run_id = server.store.submit(owner, RECIPE)
    until(lambda: server.store.run(run_id).live is not None, "the run has begun")
    return run_id


def ended(server: Server, run_id: str, owner: str) -> None:
    """Wait for the end of a run; one that is interrupted is resumed, as its owner would."""

    def is_over() -> bool:
        run = server.store.run(run_id)
        if run.state == RunState.INTERRUPTED:
            server.store.resume(run_id, owner)
        return run.has_model or run.state == RunState.FAILED

    until(is_over, "the run has ended")


def check(server: Server, run_id: str, reported: int, unbroken: str, older: dict[str, str], found: Measured) -> None:
    """Compare what is there with what should be."""
    run = server.store.run(run_id)
    found.epochs_lost += max(0, reported - len(run.history))
    found.resumed += 1
    if run.state == RunState.FINISHED and hashed(server.store, run_id) == unbroken:
        found.identical += 1
    else:
        found.problems[f"{run.state}: {run.notice}"] += 1
    for old, weights in list(older.items()):
        try:
            found.artefacts_lost += hashed(server.store, old) != weights
        except InklingError:
            found.artefacts_lost += 1
            del older[old]
    with contextlib.closing(sqlite3.connect(server.home / "runs.sqlite3", timeout=30)) as database:
        found.broken_files += database.execute("PRAGMA quick_check").fetchone() != ("ok",)
    for path in server.home.glob("cache/handwriting-*.bin"):
        content = path.read_bytes()
        found.broken_files += hashlib.sha256(content[32:]).digest() != content[:32]


# What is done


def break_worker(server: Server, run_id: str, chance: random.Random) -> float:
    attempt = server.store.run(run_id).attempt
    server.kill_worker()
    return until(lambda: server.store.run(run_id).attempt > attempt or is_done(server, run_id), "the run resumes")


def break_web(server: Server, run_id: str, chance: random.Random) -> float:
    server.kill_web()
    heartbeat = server.store.run(run_id).heartbeat
    server.restart_web()
    return until(lambda: server.store.run(run_id).heartbeat > heartbeat or is_done(server, run_id), "it goes on")


def break_engine(server: Server, run_id: str, chance: random.Random) -> float:
    attempt = server.store.run(run_id).attempt
    server.kill_engine()

    def is_known() -> bool:
        run = server.store.run(run_id)
        return run.state == RunState.INTERRUPTED or run.attempt > attempt or is_done(server, run_id)

    return until(is_known, "the run is known to be interrupted")


def break_scheduler(server: Server, run_id: str, chance: random.Random) -> float:
    attempt = server.store.run(run_id).attempt
    for process in server.engines():
        process.kill()
    # Its file names a process that lives, with the number of the dead one, as it were.
    (server.home / "engine.json").write_text(json.dumps({"process": f"{os.getpid()}-1", "version": "stale"}))
    return until(lambda: server.store.run(run_id).attempt > attempt or is_done(server, run_id), "the run resumes")


def break_version(server: Server, run_id: str, chance: random.Random) -> float:
    """The run's engine hangs, and is of another version than the web process: new runs must not wait for it."""
    (old,) = server.engines()
    for process in [old, *old.children(recursive=True)]:
        process.suspend()
    file = server.home / "engine.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"version": "another"}))
    owner = f"{chance.getrandbits(128):064}"
    other = server.store.submit(owner, RECIPE.model_copy(update={"epochs": 1}))
    waited = until(lambda: server.store.run(other).live is not None, "the new engine trains")
    for process in [old, *old.children(recursive=True)]:
        process.resume()
    until(lambda: is_done(server, other), "the other run has ended")
    server.store.delete(other, owner)
    until(lambda: not old.is_running() or old.status() == psutil.STATUS_ZOMBIE, "the old engine has gone")
    return waited


def break_sleep(server: Server, run_id: str, chance: random.Random) -> float:
    asleep = server.everything()
    attempt = server.store.run(run_id).attempt
    for process in asleep:
        process.suspend()
    time.sleep(SLEEP_SECONDS)
    for process in asleep:
        process.resume()
    heartbeat = server.store.run(run_id).heartbeat
    woken = until(lambda: server.store.run(run_id).heartbeat > heartbeat or is_done(server, run_id), "it goes on")
    if server.store.run(run_id).attempt != attempt:
        raise AssertionError("a sleep was taken for a death")
    return woken


def break_disk(server: Server, run_id: str, chance: random.Random) -> float:
    filler = server.home / "filler"
    with contextlib.suppress(OSError), filler.open("wb") as file:
        while True:
            file.write(bytes(1 << 16))
            file.flush()
    said = until(lambda: problem_of(database(server.store.url).check_writable), "the page says that the disk is full")
    time.sleep(chance.random() * 3)
    filler.unlink()
    heartbeat = server.store.run(run_id).heartbeat
    until(lambda: server.store.run(run_id).heartbeat > heartbeat or is_done(server, run_id), "the run reports again")
    return said


def flip_bits(server: Server, older: dict[str, str], chance: random.Random, found: Measured) -> None:
    """Turn bits in what older runs have left, one at a time, and put each right again."""
    reads = {
        "model": server.store.model,
        "keras_file": server.store.keras_file,
        "test_probabilities": server.store.test_probabilities,
        "samples": server.store.samples,
    }
    with contextlib.closing(sqlite3.connect(server.home / "runs.sqlite3", timeout=30)) as database:
        for _ in range(FLIPS):
            run_id, column = chance.choice(sorted(older)), chance.choice(sorted(reads))
            (content,) = database.execute(f"SELECT {column} FROM run_data WHERE id = ?", (run_id,)).fetchone()
            damaged = bytearray(content)
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
            write(database, run_id, column, bytes(damaged))
            found.flips += 1
            try:
                reads[column](run_id)
                found.undetected += 1
            except InklingError:
                pass
            write(database, run_id, column, content)


def write(database: sqlite3.Connection, run_id: str, column: str, content: bytes) -> None:
    with database:
        database.execute(f"UPDATE run_data SET {column} = ? WHERE id = ?", (content, run_id))


def is_done(server: Server, run_id: str) -> bool:
    return not server.store.run(run_id).state.is_active


def start_on_read_only(server: Server, found: Measured) -> Server:
    """Start the server on a disk that cannot be written to: a run must be trained all the same, and nothing touched."""
    server.stop()
    disk = server.home.parent
    before = {path.name: path.read_bytes() for path in server.home.glob("runs.sqlite3*")}
    read_only = ["mount", "-o", "remount,ro", str(disk)]  # refused until the last who writes there has ended
    until(lambda: subprocess.run(read_only, capture_output=True).returncode == 0, "the disk is read-only")
    try:
        command = (
            "from core.errors import problem_of; from core.files import check_home, home;"
            "print(home()); print(bool(problem_of(check_home)))"
        )
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        said = subprocess.run(
            [sys.executable, "-c", command], env=environment, capture_output=True, text=True, check=True
        )
        place, is_said = said.stdout.splitlines()
        if is_said != "True":
            found.problems["a read-only disk was not spoken of"] += 1
        home = server.home
        inside = Server.__new__(Server)
        inside.home, inside.log = Path(place), server.log
        inside.store = RunStore(f"sqlite:///{inside.home / 'runs.sqlite3'}")
        inside.web = server._web()
        try:
            run_id = begun(inside, "r" * 64)
            ended(inside, run_id, "r" * 64)
            if not inside.store.run(run_id).has_model:
                found.problems["no model on a read-only disk"] += 1
        finally:
            inside.stop()
            shutil.rmtree(place, ignore_errors=True)
        found.artefacts_lost += {path.name: path.read_bytes() for path in home.glob("runs.sqlite3*")} != before
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    return Server(server.home)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A file system of its own in memory at `folder`; says whether there is one."""
    folder.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    is_there = shutil.which("mount") is not None and subprocess.run(options, capture_output=True).returncode == 0
    try:
        yield is_there
    finally:
        if is_there:
            subprocess.run(["umount", "-l", str(folder)], check=False)


def main() -> None:
    """Break things and report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS)
    chosen = parser.parse_args()
    mnist_or_exit()
    logging.disable()  # what is broken here is meant to be
    chance, found = random.Random(chosen.seed), Measured()
    with tempfile.TemporaryDirectory() as folder, small_disk(Path(folder) / "disk") as has_disk:
        kinds = [kind for kind in chosen.kinds if has_disk or kind not in ("disk_full", "read_only")]
        if not has_disk:
            print("No disk of our own can be made here: full and read-only disks are left out.", flush=True)
        home = Path(folder) / "disk" / "home"
        home.mkdir()
        server = Server(home)
        try:
            print("The unbroken run ...", flush=True)
            first = begun(server, "0" * 64)
            duration = until(lambda: server.store.run(first).has_model, "the unbroken run has ended")
            unbroken = hashed(server.store, first)
            older = {first: unbroken}
            print(f"{duration:.1f} s. {chosen.rounds} rounds ...", flush=True)
            for number in range(1, chosen.rounds + 1):
                kind = kinds[(number - 1) % len(kinds)]
                began = time.monotonic()
                found.rounds[kind] += 1
                server = play(kind, number, server, duration, unbroken, older, chance, found)
                last = found.recovery.get(kind, [None])[-1]
                recovered = "" if last is None else f", recovered in {last:.1f} s"
                print(f"{number}: {kind}{recovered}, {time.monotonic() - began:.0f} s in all", flush=True)
        finally:
            server.stop()
            if found.problems:
                shutil.copy(Path(folder) / "server.log", Path(tempfile.gettempdir()) / "inkling-faults.log")
    for problem, count in found.problems.items():
        print(f"{count} x {problem}")
    times = sorted(seconds for kind in found.recovery.values() for seconds in kind)
    report(
        rounds=dict(found.rounds),
        reported_epochs_lost=found.epochs_lost,
        older_artefacts_lost=found.artefacts_lost,
        runs_stuck=found.stuck,
        broken_files=found.broken_files,
        flips=found.flips,
        undetected_flips=found.undetected,
        resumed_identical=found.identical / found.resumed if found.resumed else None,
        recovery_p95_s=times[max(0, -(-95 * len(times) // 100) - 1)] if times else None,
        recovery_median_s={kind: statistics.median(seconds) for kind, seconds in found.recovery.items()},
    )


BREAKS = {
    "worker": break_worker,
    "web": break_web,
    "scheduler": break_scheduler,
    "engine": break_engine,
    "other_version": break_version,
    "sleep": break_sleep,
    "disk_full": break_disk,
}


def play(
    kind: str,
    number: int,
    server: Server,
    duration: float,
    unbroken: str,
    older: dict[str, str],
    chance: random.Random,
    found: Measured,
) -> Server:
    """One round; returns the server, which may be another one afterwards."""
    if kind == "flips":
        flip_bits(server, older, chance, found)
        return server
    if kind == "read_only":
        return start_on_read_only(server, found)
    owner = f"{number:064}"
    run_id = begun(server, owner)
    time.sleep(chance.random() * duration * 0.9)
    reported = len(server.store.run(run_id).history)
    if not is_done(server, run_id):
        found.recovery.setdefault(kind, []).append(BREAKS[kind](server, run_id, chance))
    try:
        ended(server, run_id, owner)
    except TimeoutError:
        found.stuck += 1
    check(server, run_id, reported, unbroken, older, found)
    older[run_id] = unbroken
    while len(older) > KEPT_RUNS:
        oldest = next(iter(older))
        del older[oldest]
        with contextlib.suppress(NoSuchRun):
            server.store.delete(oldest, server.store.run(oldest).owner)
    return server


if __name__ == "__main__":
    main()
