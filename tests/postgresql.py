"""A real PostgreSQL server for tests."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

ATTEMPTS = 600  # to connect, a tenth of a second apart
_names = count()


@contextmanager
def server() -> Iterator[Callable[[], str]]:
    """Run a server on a free port, and give a function that returns the URL of a new, empty schema.

    PostgreSQL refuses to run as root, so root starts it as another user in a folder of that user. The test is skipped
    where PostgreSQL or its driver is missing.
    """
    programs = [shutil.which("initdb"), *map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    initdb = next((Path(program).resolve() for program in programs if program), None)
    if initdb is None:
        pytest.skip("no PostgreSQL: initdb is neither on the path nor in /usr/lib/postgresql")
    pytest.importorskip("psycopg", reason="no driver of PostgreSQL: psycopg is not installed")
    known = {entry.pw_name for entry in pwd.getpwall()}
    runs_as = {} if os.geteuid() else {"user": "postgres" if "postgres" in known else "nobody", "extra_groups": []}
    with tempfile.TemporaryDirectory(prefix="inkling-postgresql-") as folder, socket.socket() as free:
        if runs_as:
            shutil.chown(folder, runs_as["user"])
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        make = [initdb, "--pgdata", f"{folder}/data", "--username=inkling", "--auth=trust", "--no-sync", "--no-locale"]
        subprocess.run([*make, "--encoding=UTF8"], cwd=folder, check=True, stdout=subprocess.DEVNULL, **runs_as)
        settings = ("fsync=off", f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=")
        server = [initdb.with_name("postgres"), "-D", f"{folder}/data", *(f"-c{setting}" for setting in settings)]
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(server, cwd=folder, stdout=log, stderr=log, **runs_as)
        url = f"postgresql+psycopg://inkling@127.0.0.1:{port}/postgres"
        try:
            yield _schemas(url, process, Path(folder) / "log")
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown, whoever is connected
            process.wait(30)


def _schemas(url: str, process: "subprocess.Popen[bytes]", log: Path) -> Callable[[], str]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)

    def schema() -> str:
        name = f"test_{next(_names)}"
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        return f"{url}?options=-csearch_path%3D{name}"

    for _ in range(ATTEMPTS):
        try:
            schema()
            return schema
        except OperationalError:
            try:
                process.wait(0.1)  # until the next attempt, or the server's end
            except subprocess.TimeoutExpired:
                continue
            break
    pytest.fail(f"PostgreSQL did not start:\n{log.read_text()}")
