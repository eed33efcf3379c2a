"""A real server and a real Chromium for the browser tests.

Chromium is the one that `CHROMIUM` names or the system has; where there is none the tests are skipped with the reason,
except in CI (`CI` set), where that is a failure.
"""

import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
READY = "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"
CANVAS = "canvas.upper-canvas"  # Playwright looks into open shadow roots

expect.set_options(timeout=20_000)  # milliseconds; the machine may be busy


@dataclass
class Server:
    """A running app: where it answers, and its process."""

    url: str
    pid: int


@dataclass
class Visit:
    """One person's browser on the app, and everything that went wrong or left the machine meanwhile."""

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def open(self, path: str = "/") -> None:
        self.page.goto(self.url + path)
        expect(self.page.locator(READY)).to_be_attached()
        expect(self.page.locator(f"{CANVAS}[data-inkling]")).to_be_visible()

    def draw(self, *points: tuple[float, float]) -> None:
        """Draw one stroke with the mouse, in pixels from the board's top left corner."""
        left, top = self._corner()
        self.page.mouse.move(left + points[0][0], top + points[0][1])
        self.page.mouse.down()
        for x, y in points[1:]:
            self.page.mouse.move(left + x, top + y, steps=6)
        self.page.mouse.up()

    def lay_sheet(self, name: str, *, by_touch: bool = False) -> None:
        """Press "Clear" or "Undo", and wait for the sheet that it lays: what is drawn before lies on the old one."""
        old = self.page.locator(CANVAS)
        expect(self.page.locator(f"{CANVAS}[data-inkling]")).to_be_visible()
        old.evaluate("canvas => { canvas.dataset.old = '' }")
        # A new canvas shows a toolbar of its own for a moment, with buttons of the same names.
        button = self.page.get_by_role("button", name=name, exact=True).and_(self.page.locator(":not(.dc-icon-button)"))
        button.tap() if by_touch else button.click()
        expect(self.page.locator(f"{CANVAS}[data-old]")).to_have_count(0)
        expect(self.page.locator(f"{CANVAS}[data-inkling]")).to_be_visible()

    def touch(self, *points: tuple[float, float]) -> None:
        """Draw one stroke with a finger."""
        left, top = self._corner()
        session = self.page.context.new_cdp_session(self.page)

        def send(kind: str, *at: tuple[float, float]) -> None:
            places = [{"x": left + x, "y": top + y, "id": 1} for x, y in at]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

        send("touchStart", points[0])
        for (x0, y0), (x1, y1) in pairwise(points):
            for step in range(1, 7):
                send("touchMove", (x0 + (x1 - x0) * step / 6, y0 + (y1 - y0) * step / 6))
        send("touchEnd")

    def _corner(self) -> tuple[float, float]:
        box = self.page.locator(CANVAS).bounding_box()
        assert box is not None
        return box["x"], box["y"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        reason = f"no Chromium: none of {', '.join(NAMES)} is installed and CHROMIUM is not set"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()


@contextmanager
def serve(home: Path) -> Iterator[Server]:
    """Run the app as `streamlit run app.py` does, with the project's own configuration, until the test is over."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.address=127.0.0.1"]
    log = home / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, f"--server.port={port}", "--server.headless=true"],
            cwd=ROOT,
            env=os.environ | {"INKLING_HOME": str(home)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_healthy(url, process, log)
            yield Server(url, process.pid)
        finally:
            process.terminate()
            process.wait(timeout=20)
            # An engine outlives its web process while a run goes on, as after a test that failed in the middle.
            stop = [sys.executable, "-m", "core.training", "stop"]
            subprocess.run(stop, cwd=ROOT, env=os.environ | {"INKLING_HOME": str(home)}, stdout=subprocess.DEVNULL)
    assert "Traceback" not in log.read_text(), log.read_text()


def _wait_until_healthy(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    patience = 600
    while process.poll() is None and (patience := patience - 1):
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                return
        except OSError:
            try:
                process.wait(0.1)  # until the next knock, or the process's end
            except subprocess.TimeoutExpired:
                continue
    pytest.fail(f"the server did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def cold_server(browser: Browser, tmp_path: Path) -> Iterator[Server]:
    """A server that nobody has visited yet."""
    with serve(tmp_path) as running:
        yield running


Visitor = Callable[..., Visit]


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    """Make a visitor of a server; at the end no console error may be left, and nothing fetched from elsewhere."""
    visits: list[Visit] = []

    def visit(server: Server, width: int = 1280, height: int = 720, **options: object) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        visit = Visit(context.new_page(), server.url)
        visits.append(visit)
        visit.page.on("pageerror", lambda error: visit.problems.append(str(error)))
        visit.page.on("console", lambda message: _note(visit, message.type, message.text, message.location))
        visit.page.on("request", lambda request: visit.hosts.add(request.url.removeprefix("blob:").split("?")[0]))
        return visit

    yield visit
    for visited in visits:
        visited.page.context.close()
        assert visited.problems == []
        elsewhere = {url for url in visited.hosts if not url.startswith((visited.url, "data:"))}
        assert elsewhere == set()


def _note(visit: Visit, kind: str, text: str, location: dict[str, object]) -> None:
    # Streamlit asks for its own files beneath a deep link first, and takes the 404 in its stride.
    if kind == "error" and "/_stcore/" not in str(location.get("url")):
        visit.problems.append(f"{text} {location.get('url')}")
