"""What all tests share: their own Inkling home, no network, the same examples every time, databases of both kinds."""

import os
import socket

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from core.store.database import close_databases
from tests import postgresql as postgresql_server

os.environ["INKLING_GIVES_WAY"] = "0"  # tests train beside tests, which would never let them come to their end

settings.register_profile(
    "inkling", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("inkling")


@pytest.fixture(scope="session", autouse=True)
def _no_network():
    """Tests may talk to this machine only."""
    connect = socket.socket.connect

    def connect_locally(self, address):
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"a test tried to reach {address[0]}")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_locally)
        yield


@pytest.fixture(scope="session")
def inkling_home(tmp_path_factory):
    """One folder for the whole session, so that the built-in handwriting is made once."""
    return tmp_path_factory.mktemp("inkling_home")


@pytest.fixture(scope="session")
def new_home(inkling_home, tmp_path_factory):
    """A function that makes an Inkling home without runs, which shares the built-in handwriting with the session's."""

    def make():
        home = tmp_path_factory.mktemp("home")
        (inkling_home / "cache").mkdir(exist_ok=True)
        (home / "cache").symlink_to(inkling_home / "cache")
        return home

    return make


@pytest.fixture(autouse=True)
def _own_home(inkling_home, monkeypatch):
    monkeypatch.setenv("INKLING_HOME", str(inkling_home))
    monkeypatch.setenv("KERAS_HOME", str(inkling_home / "keras"))


@pytest.fixture(autouse=True)
def _closed_databases():
    """Close the databases of all stores that a test has opened; a `Database` of its own is its own to close."""
    yield
    close_databases()


@pytest.fixture(scope="session")
def random_images():
    return np.random.default_rng(0).integers(0, 256, (16, 28, 28), dtype=np.uint8)


@pytest.fixture(scope="session")
def postgresql():
    """One PostgreSQL server for the whole session; calling it gives the URL of an empty database."""
    with postgresql_server.server() as new_database:
        yield new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """The URL of an empty database; a test that asks for it runs on both kinds."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql")()
    return f"sqlite:///{tmp_path / 'runs.sqlite3'}"
