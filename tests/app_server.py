"""The app on a server of its own, and a real Chromium to visit it with: for browser tests and for benchmarks."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
READY = "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"
CANVAS = "canvas.upper-canvas"  # Playwright looks into open shadow roots
_LEFT = "WebSocket is already in CLOSING or CLOSED state"  # Chromium's words
PATIENCE = 180  # seconds in which whatever is waited for has come about, on a busy machine too

expect.set_options(timeout=60_000)  # milliseconds; the machine may be busy, or slow


class NoChromium(Exception):
    """There is no Chromium here; the message says where it was looked for."""


@dataclass
class Server:
    """A running app: where it answers, and its process."""

    url: str
    process: "subprocess.Popen[bytes]"

    @property
    def pid(self) -> int:
        """The process' number."""
        return self.process.pid

    def is_dead(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None


@dataclass
class Visit:
    """One person's browser on the app, and everything that went wrong or left the machine meanwhile."""

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    @classmethod
    def noting(cls, page: Page, url: str) -> "Visit":
        """A visit that keeps all that goes wrong in its page from now on, and all that the page asks for."""
        visit = cls(page, url)
        page.on("pageerror", lambda error: visit.problems.append(str(error)))
        page.on("console", lambda message: visit._note(message.type, message.text, str(message.location.get("url"))))
        page.on("request", lambda request: visit.hosts.add(request.url.removeprefix("blob:").split("?")[0]))
        return visit

    def open(self, path: str = "/") -> None:
        """Open the Draw page."""
        self.goto(path)
        expect(self.sheet()).to_have_attribute("data-inkling", "")

    def goto(self, path: str) -> None:
        """Open any page, and wait until it has been drawn."""
        self.page.goto(self.url + path)
        expect(self.page.locator(READY)).to_be_attached()

    def unfold(self, name: str) -> None:
        """Open a folded group, and wait until it is filled: what fills it moves the next one away from the pointer."""
        title = self.page.get_by_text(name, exact=True)
        title.click()
        group = self.page.locator("details[open]").filter(has=title)
        expect(group.get_by_test_id("stElementContainer").filter(visible=True).first).to_be_visible()
        expect(self.page.locator(READY)).to_be_attached()

    def draw(self, *points: tuple[float, float], steps: int = 6) -> None:
        """Draw one stroke with the mouse, in pixels from the board's top left corner, with so many moves to a point."""
        left, top = self._corner()
        self.page.mouse.move(left + points[0][0], top + points[0][1])
        self.page.mouse.down()
        for x, y in points[1:]:
            self.page.mouse.move(left + x, top + y, steps=steps)
        self.page.mouse.up()

    def lay_sheet(self, name: str, *, by_touch: bool = False) -> None:
        """Press "Clear" or "Undo", and wait for the sheet that it lays: what is drawn before lies on the old one."""
        expect(self.sheet()).to_have_attribute("data-inkling", "")
        self.sheet().evaluate("canvas => { canvas.dataset.old = '' }")
        # A new canvas shows a toolbar of its own for a moment, with buttons of the same names.
        button = self.page.get_by_role("button", name=name, exact=True).and_(self.page.locator(":not(.dc-icon-button)"))
        button.tap() if by_touch else button.click()
        expect(self.sheet().and_(self.page.locator("[data-inkling]:not([data-old])"))).to_be_visible()

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

    def _note(self, kind: str, text: str, url: str) -> None:
        # Streamlit asks for its own files beneath a deep link first, and takes the 404 in its stride. And a page
        # that is being left while it is live may still have a look at its run to send.
        if kind == "error" and "/_stcore/" not in url and not text.startswith(_LEFT):
            self.problems.append(f"{text} {url}")

    def sheet(self) -> Locator:
        """The sheet that is shown; the one before may still be there for a moment."""
        return self.page.locator(CANVAS).filter(visible=True)

    def _corner(self) -> tuple[float, float]:
        box = self.sheet().bounding_box()
        assert box is not None
        return box["x"], box["y"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium that `CHROMIUM` names or the system has.

    Raises:
        NoChromium: there is none.
    """
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        raise NoChromium(f"no Chromium: none of {', '.join(NAMES)} is installed and CHROMIUM is not set")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def serve(
    home: Path,
    *,
    app: Path = ROOT,
    python: Path | str = sys.executable,
    options: Sequence[str] = (),
    may_stumble: bool = False,
    health: str = "/_stcore/health",
    **environment: str,
) -> Iterator[Server]:
    """Run the app as `streamlit run app.py` does, with the project's own configuration.

    Args:
        home: Inkling's, and where the server's log is written.
        app: the folder that the app lies in.
        python: what runs it.
        options: more of Streamlit's own.
        may_stumble: whether tracebacks may stand in its log at the end.
        health: where it answers once it has started.
        environment: more variables for it.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = ["--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"]
    variables = os.environ | {"INKLING_HOME": str(home), **environment}
    home.mkdir(parents=True, exist_ok=True)
    log = home / "server.log"
    with log.open("w") as output:
        command = [python, "-m", "streamlit", "run", "app.py", *address, *options]
        process = subprocess.Popen(
            command,
            cwd=app,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # as on a server: Linux weighs sessions, and would count it among its visitors
        )
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: process.poll() is not None or _answers(url + health), "the server answers")
            if process.poll() is not None:
                raise RuntimeError(f"the server did not start:\n{log.read_text()}")
            yield Server(url, process)
        finally:
            process.terminate()
            process.wait(timeout=20)
            # An engine outlives its web process while a run goes on, as after a test that failed in the middle.
            if any(home.glob("engine*")):
                stop = [python, "-m", "core", "stop"]
                subprocess.run(stop, cwd=app, env=variables, stdout=subprocess.DEVNULL)
    assert may_stumble or "Traceback" not in log.read_text(), log.read_text()


def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Look ten times a second whether it is so.

    Raises:
        TimeoutError: it was not, for all those seconds.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain until {what}")
        time.sleep(0.1)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1):
            return True
    except OSError:
        return False
