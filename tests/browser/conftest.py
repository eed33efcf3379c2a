"""Real servers and a real Chromium for the browser tests.

Chromium is the one that `CHROMIUM` names or the system has; where there is none the tests are skipped with the reason,
except in CI (`CI` set), where that is a failure.
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from core.store.runs import RunStore
from tests.app_server import NoChromium, Server, Visit, chromium, serve
from tests.ready_runs import finished_run

LEADER_TOKEN = "a-token-of-the-workshop"
Visitor = Callable[..., Visit]


class Workspace:
    """A workspace on a server whose engine never starts; its runs are put into the store as a worker leaves them."""

    def __init__(self, server: Server, store: RunStore) -> None:
        self.server, self.store = server, store
        self.secret = secrets.token_urlsafe(32)
        self.owner = hashlib.sha256(self.secret.encode()).hexdigest()
        self.leader_token = LEADER_TOKEN

    def finished_run(self, *given: object, **named: object) -> str:
        """As `ready_runs.finished_run`, in this workspace."""
        return finished_run(*given, store=self.store, owner=self.owner, **named)  # type: ignore[arg-type]

    def enter(self, visit: Visit) -> Visit:
        """Give the visit the cookie of this workspace."""
        visit.page.context.add_cookies([{"name": "inkling_workspace", "value": self.secret, "url": visit.url}])
        return visit


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
    """One server for all tests; runs that a test leaves active are stopped, or the next test would have to queue."""
    running, store = server_and_store
    yield running
    for run in store.active():
        store.ask(run.id, run.owner, "stop")


@pytest.fixture(scope="session")
def idle_server_and_store(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, RunStore]]:
    home = tmp_path_factory.mktemp("idle")
    with serve(home, INKLING_WARM="0", INKLING_LEADER_TOKEN=LEADER_TOKEN) as running:
        yield running, RunStore(f"sqlite:///{home / 'runs.sqlite3'}")


@pytest.fixture
def workspace(idle_server_and_store: tuple[Server, RunStore]) -> Iterator[Workspace]:
    """A workspace of the test's own on a server that all tests with ready-made runs share."""
    server, store = idle_server_and_store
    yield Workspace(server, store)
    store.pause_queue(False)
    store.cancel_waiting("The test is over.")


@pytest.fixture
def cold_server(browser: Browser, tmp_path: Path) -> Iterator[Server]:
    """A server that nobody has visited yet; its engine starts with the first run, not with the first visit."""
    with serve(tmp_path, INKLING_WARM="0") as running:
        yield running


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
