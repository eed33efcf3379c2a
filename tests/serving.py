"""A running app, with the project's own configuration."""

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass
class Server:
    """Where it answers, its process, and what it has logged."""

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_dead(self) -> bool:
        return self.process.poll() is not None


@contextmanager
def serving(home: Path, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run the app as `streamlit run app.py` does, until the test is over."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.address=127.0.0.1"]
    log = home / "server.log"
    kept = os.environ | {"INKLING_HOME": str(home)} | dict(environment or {})
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, f"--server.port={port}", "--server.headless=true"],
            cwd=ROOT,
            env=kept,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            server = Server(f"http://127.0.0.1:{port}", process, log)
            _wait_until_healthy(server)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=20)
            # An engine outlives its web process while a run goes on, as after a test that failed in the middle.
            stop = [sys.executable, "-m", "core.training", "stop"]
            subprocess.run(stop, cwd=ROOT, env=kept, stdout=subprocess.DEVNULL)


def _wait_until_healthy(server: Server) -> None:
    patience = 600
    while not server.is_dead() and (patience := patience - 1):
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=1):
                return
        except OSError:
            try:
                server.process.wait(0.1)  # until the next knock, or the process's end
            except subprocess.TimeoutExpired:
                continue
    raise RuntimeError(f"the server did not start:\n{server.log.read_text()}")
