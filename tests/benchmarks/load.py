"""A room full of people on one small server: `python -m tests.benchmarks.load --users 30 --seconds 120`.

A real server in a folder of its own; people who come by Streamlit's protocol, and three of them by a real browser.
Everybody opens the link within the first tenth of the time, draws, presses Train on the quick size by the second tenth,
and then draws, changes pages and trains again until the time is up. Nobody leaves before every first run has begun.

- `click_p95_s`, `stroke_p95_s`, `cold_open_p95_s`: from a click, the end of a stroke, the opening of the link, until
  the page has followed; for browsers and others together. In a browser the canvas waits 0.2 s for more of a stroke.
- `fairness_jain`: Jain's index over everybody's first wait, each divided by the number of runs that were to go before
  it when it was queued. It is 1 where a position in the queue costs everybody the same.
- `eta_median_error`: how far off the foretold waits were, relative to what came; they are asked for every two seconds,
  until two seconds before the run begins.
- `web_rss_mb`, `total_rss_mb`: most memory of the web process, and of all of the app's processes together.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import secrets
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from playwright.async_api import Browser, Page, async_playwright, expect
from playwright.async_api import Error as BrowserError

from core.engine.engine_process import SUPERVISOR
from core.engine.machine import workers_wanted
from core.networks.presets import FAST
from core.networks.recipe_link import to_link
from core.store.runs import RunStore
from tests.app_server import READY, serve
from tests.benchmarks import mnist_or_exit, report
from tests.drawings import DIGITS
from tests.load_visitors import NoAnswer, Visitor

BROWSERS = 3  # of the users
QUICK = FAST.model_copy(update={"data": FAST.data.model_copy(update={"size": "quick"})})
QUICK_SIZE = "Quick, 10,000 images"  # as the form calls it
OTHER_PAGES = ("model", "evaluate", "runs", "learn")
PAUSE = (1.5, 4.0)  # seconds in which a person looks, between two clicks or strokes
PATIENCE_MS = 60_000  # in which a browser's page must have followed
SAMPLE_SECONDS = 0.25
FORETOLD_SECONDS = 2.0
START_SECONDS = 600  # in which the engine must have come up; a busy machine is slow
OVERTIME = 3  # times the benchmark's seconds, after which a run that has not begun is a failure


@dataclass
class Wait:
    """Somebody's first run in the queue; times are `time.monotonic`'s."""

    run_id: str
    queued: float
    before: int
    begun: float = 0.0
    foretold: list[tuple[float, float]] = field(default_factory=list)  # when, and how many seconds from then


@dataclass
class Figures:
    """What is measured on the way."""

    clicks: list[float] = field(default_factory=list)
    strokes: list[float] = field(default_factory=list)
    opens: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    waits: dict[str, Wait] = field(default_factory=dict)  # by workspace
    runs: int = 0
    web_mb: float = 0.0
    total_mb: float = 0.0


class Hours:
    """When everything happens."""

    def __init__(self, seconds: float) -> None:
        self.began = time.monotonic()
        self.arrival, self.training, self.end = (self.began + share * seconds for share in (0.1, 0.2, 1.0))
        self.last = self.began + OVERTIME * seconds
        self.is_over = asyncio.Event()


def main() -> None:
    """Start the server, let people in, report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.load")
    parser.add_argument("--users", type=int, default=30, help="people in all, three of them with a browser")
    parser.add_argument("--seconds", type=float, default=120.0)
    chosen = parser.parse_args()
    mnist_or_exit()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        print("This benchmark needs Chromium.", file=sys.stderr)
        sys.exit(2)
    figures = Figures()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        with serve(home, may_stumble=True) as server:
            address = server.url.removeprefix("http://")
            store = RunStore(f"sqlite:///{home / 'runs.sqlite3'}")
            asyncio.run(_let_in(chosen.users, chosen.seconds, address, chromium, server.process, store, home, figures))
            # Now: that processes are ended in the end, in whatever order, is not what is measured.
            logs = "\n".join(path.read_text(errors="replace") for path in sorted(home.glob("*.log")))
    if "Traceback" in logs:
        print(logs[logs.index("Traceback") :][:3000])
    for failure in figures.failures:
        print(failure)
    waits = [wait for wait in figures.waits.values() if wait.begun]
    report(
        failed_sessions=len(figures.failures),
        tracebacks=logs.count("Traceback"),
        click_p95_s=_p95(figures.clicks),
        stroke_p95_s=_p95(figures.strokes),
        cold_open_p95_s=_p95(figures.opens),
        fairness_jain=_jain([(wait.begun - wait.queued) / wait.before for wait in waits if wait.before]),
        eta_median_error=_median([error for wait in waits for error in _errors(wait)]),
        web_rss_mb=figures.web_mb,
        total_rss_mb=figures.total_mb,
        clicks=len(figures.clicks),
        strokes=len(figures.strokes),
        runs=figures.runs,
        wait_median_s=_median([wait.begun - wait.queued for wait in waits]),
        wait_most_s=max((wait.begun - wait.queued for wait in waits), default=None),
    )


async def _let_in(
    users: int,
    seconds: float,
    address: str,
    chromium: str,
    web: subprocess.Popen[bytes],
    store: RunStore,
    home: Path,
    figures: Figures,
) -> None:
    await _warm(address)
    print(f"{users} people, {seconds:.0f} s ...", flush=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        hours, count = Hours(seconds), min(BROWSERS, users)
        people = [_by_browser(number, address, browser, hours, figures) for number in range(count)]
        people += [_by_protocol(number, address, hours, figures) for number in range(count, users)]
        tasks = [asyncio.create_task(_without_failing(number, person, figures)) for number, person in enumerate(people)]
        await _sample(users, web, store, home, hours, figures)
        await asyncio.gather(*tasks)
        await browser.close()


async def _warm(address: str) -> None:
    """Visit Train before everybody comes, as whoever holds the workshop does, and train once: the engine is warm."""
    async with Visitor(address, secrets.token_urlsafe(32)) as leader:
        await leader.open("train", recipe=to_link(QUICK))
        await leader.press("train")
        deadline = time.monotonic() + START_SECONDS
        while not leader.can_press("draw_with_it"):
            if time.monotonic() > deadline:
                raise TimeoutError("the first run did not end")
            await leader.look(0.5)


async def _without_failing(number: int, person: Coroutine[None, None, None], figures: Figures) -> None:
    """Let one person in; what befalls them is noted, and does not touch the others."""
    try:
        await person
    except (NoAnswer, OSError, TimeoutError, BrowserError, AssertionError) as problem:
        figures.failures.append(f"Person {number}: {type(problem).__name__}: {problem}"[:500])
    except Exception as problem:  # the connection's own errors among them
        figures.failures.append(f"Person {number}: {problem!r}"[:500])


async def _by_protocol(number: int, address: str, hours: Hours, figures: Figures) -> None:
    chance = random.Random(number)
    await _until(chance.uniform(hours.began, hours.arrival))
    async with Visitor(address, secrets.token_urlsafe(32)) as visitor:
        figures.opens.append(await visitor.open())
        await _draw_by_protocol(visitor, chance, figures)
        await visitor.look(max(0.0, chance.uniform(hours.arrival, hours.training) - time.monotonic()))
        figures.clicks.append(await visitor.go_to("train"))
        figures.clicks.append(await visitor.choose("recipe_data_size", QUICK_SIZE))
        while not hours.is_over.is_set():
            if visitor.can_press("train"):
                figures.clicks.append(await visitor.press("train"))
            await visitor.look(chance.uniform(*PAUSE))
            if time.monotonic() < hours.end:
                figures.clicks.append(await visitor.go_to(chance.choice(OTHER_PAGES)))
                await visitor.look(chance.uniform(*PAUSE))
                figures.clicks.append(await visitor.go_to(""))
                await _draw_by_protocol(visitor, chance, figures)
                figures.clicks.append(await visitor.go_to("train"))
        if visitor.problems:
            raise NoAnswer(" ".join(visitor.problems))


async def _draw_by_protocol(visitor: Visitor, chance: random.Random, figures: Figures) -> None:
    if visitor.can_press("clear"):
        figures.clicks.append(await visitor.clear())
    for stroke in chance.choice(DIGITS):
        figures.strokes.append(await visitor.draw(stroke))
        await visitor.look(chance.uniform(*PAUSE))


async def _by_browser(number: int, address: str, browser: Browser, hours: Hours, figures: Figures) -> None:
    chance = random.Random(number)
    await _until(chance.uniform(hours.began, hours.arrival))
    context = await browser.new_context(viewport={"width": 1280, "height": 720})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    began = time.monotonic()
    await page.goto(f"http://{address}/")
    await expect(page.locator(READY)).to_be_attached(timeout=PATIENCE_MS)
    await expect(page.locator("canvas.upper-canvas").filter(visible=True)).to_be_visible(timeout=PATIENCE_MS)
    figures.opens.append(time.monotonic() - began)
    await _draw_by_browser(page, chance, figures)
    await _until(chance.uniform(hours.arrival, hours.training))
    began = time.monotonic()
    await page.goto(f"http://{address}/train?recipe={to_link(QUICK)}")
    await expect(page.locator(READY)).to_be_attached(timeout=PATIENCE_MS)
    figures.opens.append(time.monotonic() - began)
    while not hours.is_over.is_set():
        train = page.get_by_role("button", name="Train", exact=True)
        if await train.is_enabled():
            before = page.url
            began = time.monotonic()
            await train.click()
            await page.wait_for_url(lambda url, before=before: "run=" in url and url != before, timeout=PATIENCE_MS)
            figures.clicks.append(time.monotonic() - began)
        await asyncio.sleep(chance.uniform(*PAUSE))
        if time.monotonic() < hours.end:
            for name, heading in ((chance.choice(OTHER_PAGES).capitalize(), None), ("Draw", "Draw a digit")):
                await _follow(page, name, heading, figures)
                await asyncio.sleep(chance.uniform(*PAUSE))
            await _draw_by_browser(page, chance, figures)
            await _follow(page, "Train", "Train a network", figures)
    problems = await page.get_by_test_id("stException").count()
    await context.close()
    if problems:
        raise NoAnswer("an exception was shown")


async def _follow(page: Page, name: str, heading: str | None, figures: Figures) -> None:
    """Follow the menu, and wait until the page stands."""
    began = time.monotonic()
    await page.get_by_role("link", name=name, exact=True).click()
    await expect(page).to_have_title(f"{name} · Inkling", timeout=PATIENCE_MS)
    if heading:
        await expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=PATIENCE_MS)
    else:
        await expect(page.locator(READY)).to_be_attached(timeout=PATIENCE_MS)
    figures.clicks.append(time.monotonic() - began)


async def _draw_by_browser(page: Page, chance: random.Random, figures: Figures) -> None:
    """Draw with the mouse; a stroke is answered when a bar has moved."""
    bars = page.get_by_role("list", name="How likely each digit is")
    board = page.locator("canvas.upper-canvas").filter(visible=True)
    await expect(board).to_be_visible(timeout=PATIENCE_MS)
    clear = page.get_by_role("button", name="Clear", exact=True)
    if await clear.is_enabled():
        await clear.click()
        await expect(clear).to_be_disabled(timeout=PATIENCE_MS)
    for stroke in chance.choice(DIGITS):
        box = await board.bounding_box()
        assert box is not None
        moved = asyncio.create_task(
            bars.evaluate(
                "list => new Promise(done => new MutationObserver((seen, observer) => {"
                " observer.disconnect(); done() }).observe(list, {attributes: true, subtree: true}))"
            )
        )
        corner = np.array([box["x"], box["y"]])
        points = stroke[:: max(1, len(stroke) // 12)] + corner
        await page.mouse.move(*points[0])
        await page.mouse.down()
        for point in points[1:]:
            await page.mouse.move(*point, steps=3)
        await page.mouse.up()
        began = time.monotonic()
        await asyncio.wait_for(moved, PATIENCE_MS / 1000)
        figures.strokes.append(time.monotonic() - began)
        await asyncio.sleep(chance.uniform(*PAUSE))


async def _sample(
    users: int, web: subprocess.Popen[bytes], store: RunStore, home: Path, hours: Hours, figures: Figures
) -> None:
    """Watch queue and memory until the time is up and every first run has begun."""
    before = {row[0] for row in _runs(home)}
    asked = 0.0
    while not hours.is_over.is_set():
        now = time.monotonic()
        runs = [row for row in _runs(home) if row[0] not in before]
        figures.runs = len(runs)
        _note_waits(now, runs, figures.waits)
        waiting = [wait for wait in figures.waits.values() if not wait.begun]
        if now >= asked + FORETOLD_SECONDS:
            asked = now
            for wait in waiting:
                if position := await asyncio.to_thread(store.position, wait.run_id, workers_wanted()):
                    wait.foretold.append((now, position.seconds))
        figures.web_mb = max(figures.web_mb, _megabytes([psutil.Process(web.pid)]))
        figures.total_mb = max(figures.total_mb, _megabytes(_processes(web.pid, home)))
        is_all = len(figures.waits) + len(figures.failures) >= users and not waiting
        if now > hours.last or (now > hours.end and is_all):
            figures.failures += [f"The run {wait.run_id} never began." for wait in waiting]
            hours.is_over.set()
        await asyncio.sleep(SAMPLE_SECONDS)


def _note_waits(now: float, runs: list[tuple[str, str, str]], waits: dict[str, Wait]) -> None:
    """Note who has come into the queue and who has left it; runs are in the order in which they were submitted."""
    before = 0
    for run_id, owner, state in runs:
        is_queued = state == "queued"
        if owner not in waits:
            waits[owner] = Wait(run_id, queued=now, before=before)
        wait = waits[owner]
        if wait.run_id == run_id and not is_queued and not wait.begun:
            wait.begun = now
        is_first = wait.run_id == run_id  # a second run of somebody's goes behind everybody's first
        before += state == "running" or (is_queued and is_first)


def _runs(home: Path) -> list[tuple[str, str, str]]:
    """Each run's id, workspace and state, in the order in which they were submitted."""
    with closing(sqlite3.connect(home / "runs.sqlite3", timeout=10)) as connection:
        return connection.execute("SELECT id, owner, state FROM run ORDER BY created").fetchall()


def _processes(web: int, home: Path) -> list[psutil.Process]:
    """The web process, and the engine's: those that name the app's folder, and their children."""
    found = {web: psutil.Process(web)}
    for process in psutil.process_iter(["cmdline"]):
        if SUPERVISOR in (words := process.info["cmdline"] or []) and str(home) in words:
            with suppress(psutil.NoSuchProcess):
                found |= {part.pid: part for part in [process, *process.children(recursive=True)]}
    return list(found.values())


def _megabytes(processes: Sequence[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss / 1e6
    return total


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


def _errors(wait: Wait) -> list[float]:
    """How far off each foretold wait was, relative to what came."""
    came = [(wait.begun - asked, seconds) for asked, seconds in wait.foretold]
    return [abs(seconds - left) / left for left, seconds in came if left >= FORETOLD_SECONDS]


def _jain(values: Sequence[float]) -> float | None:
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else None


def _p95(values: Sequence[float]) -> float | None:
    return float(np.quantile(values, 0.95)) if values else None


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


if __name__ == "__main__":
    main()
