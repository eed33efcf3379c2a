"""A real server and a real Chromium for the browser tests.

Chromium is the one that `CHROMIUM` names or the system has; where there is none the tests are skipped with the reason,
except in CI (`CI` set), where that is a failure.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from core.store.runs import RunStore
from tests.served import READY, NoChromium, Server, Visit, chromium, serve

__all__ = ["READY"]  # what tests look for


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with ExitStack() as stack:
        try:
            running = stack.enter_context(chromium())
        except NoChromium as reason:
            if os.environ.get("CI"):
                pytest.fail(str(reason))
            pytest.skip(str(reason))
        yield running


@pytest.fixture(scope="session")
def server_and_store(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, RunStore]]:
    home = tmp_path_factory.mktemp("home")
    with serve(home) as running:
        yield running, RunStore(f"sqlite:///{home / 'runs.sqlite3'}")


@pytest.fixture
def server(server_and_store: tuple[Server, RunStore]) -> Iterator[Server]:
    """One server for all tests; what a test leaves in training is stopped, or the next would wait in the queue."""
    running, store = server_and_store
    yield running
    for run in store.active():
        store.ask(run.id, run.owner, "stop")


@pytest.fixture
def cold_server(browser: Browser, tmp_path: Path) -> Iterator[Server]:
    """A server that nobody has visited yet; its engine is started by a run, and not by a visit already."""
    with serve(tmp_path, INKLING_WARM="0") as running:
        yield running


Visitor = Callable[..., Visit]


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    """Make a visitor of a server; at the end no console error may be left, and nothing fetched from elsewhere."""
    visits: list[Visit] = []

    def visit(server: Server, width: int = 1280, height: int = 720, **options: object) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        context.set_default_timeout(60_000)  # milliseconds, as what is expected is waited for
        visits.append(Visit.noting(context.new_page(), server.url))
        return visits[-1]

    yield visit
    for visited in visits:
        visited.page.context.close()
        assert visited.problems == []
        elsewhere = {url for url in visited.hosts if not url.startswith((visited.url, "data:"))}
        assert elsewhere == set()
