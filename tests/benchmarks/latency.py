"""How long people wait, and what it costs the machine: drawings, the pages in a real Chromium, trainings, memory.

`--only drawing,page` measures some of it. What a page shows is timed in the page itself, by its own clock.
"""

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import quote

import numpy as np
import psutil
from playwright.sync_api import Page, expect

from core.digits.dataset import load_dataset
from core.digits.synthetic.handwriting import control_points
from core.digits.synthetic.styles import STYLES
from core.engine import engine_process
from core.engine.local_engine import Engine
from core.insight.prediction import answer_drawing
from core.networks.model import pretrained
from core.networks.presets import FAST, PRESETS
from core.networks.recipe import Recipe
from core.networks.recipe_link import to_link
from core.store.runs import RunStore
from core.training.checkpoint import EpochProgress
from tests.app_server import PATIENCE, READY, Visit, chromium, serve, until
from tests.benchmarks import mnist_or_exit, report
from tests.benchmarks.pen_files import canvas_json, placed
from tests.drawings import SEVEN

Figures = dict[str, float]

ANSWERS = 1000  # drawings that are answered without a page
STROKES = 40  # that are drawn on the page, idle and while a training goes on
CLICKS = 5  # on Train
IDLE_SECONDS = 20
FITS = 5  # with and without somebody who watches
RUNS = 20  # after which the worker must not have grown much
QUICK = {"data": FAST.data.model_copy(update={"size": "quick"})}  # 10,000 images
LONG = PRESETS["script-a"].model_copy(update={"epochs": 50})
PAGES = ("/", "/train", "/model", "/evaluate", "/runs", "/learn")

# Put into the page. `since` is when a mouse button was last lifted, `until` when it was next answered, `changes` says
# whether the bars changed then: they stay as they are, empty, where one answer after another is declined.
WATCH_BARS = """() => {
    const answer = [...document.querySelectorAll("*")].map(host => host.shadowRoot)
        .map(root => root?.querySelector("section[aria-label=Answer]")).find(Boolean)
    window.watch?.end()
    const watch = window.watch = { since: 0, until: 0, changes: false }
    const lifted = () => { watch.since = performance.now(); watch.until = 0 }
    addEventListener("mouseup", lifted, true)
    const changes = new MutationObserver(records => {
        if (!watch.since || watch.until) return
        watch.until = performance.now()
        watch.changes = records.some(({ type, target, oldValue, attributeName }) =>
            type === "attributes" && oldValue !== target.getAttribute(attributeName))
    })
    changes.observe(answer, {
        subtree: true, childList: true, attributeFilter: ["data-probability"], attributeOldValue: true,
    })
    watch.end = () => { removeEventListener("mouseup", lifted, true); changes.disconnect() }
}"""
# `since` is when Train was clicked, `until` when a chart was next drawn where none had been.
WATCH_CHART = """() => {
    window.watch?.end()
    const watch = window.watch = { since: 0, until: 0 }
    let wasEmpty = false
    const look = () => {
        const chart = document.querySelector("[data-testid=stVegaLiteChart] :is(canvas, svg)")
        if (!chart) wasEmpty = true
        if (chart && wasEmpty && watch.since && !watch.until) watch.until = performance.now()
    }
    const clicked = event => {
        if (!event.target.closest(".st-key-train")) return
        watch.since = performance.now()
        wasEmpty = false
        look()
    }
    addEventListener("click", clicked, true)
    const changes = new MutationObserver(look)
    changes.observe(document.body, {subtree: true, childList: true})
    watch.end = () => { removeEventListener("click", clicked, true); changes.disconnect() }
}"""


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.latency", description=__doc__)
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"some of {','.join(SECTIONS)}")
    chosen = parser.parse_args().only.split(",")
    if unknown := set(chosen) - set(SECTIONS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    mnist_or_exit()
    expect.set_options(timeout=PATIENCE * 1000)
    figures: Figures = {}
    for name in chosen:
        with tempfile.TemporaryDirectory() as home:
            os.environ["INKLING_HOME"] = home
            measured = SECTIONS[name](Path(home))
        print(", ".join(f"{figure} {value:.4g}" for figure, value in measured.items()), flush=True)
        figures |= measured
    report(**figures)


def _drawing(home: Path) -> Figures:
    """From what the canvas sends to the probabilities, through what the Draw page calls."""
    print(f"{ANSWERS} drawings, from the canvas' JSON to the probabilities ...", flush=True)
    model = pretrained()
    drawings = [canvas_json(strokes, 18) for strokes in islice(_written(), 400)]
    milliseconds, worked = [], []  # by the clock, and of the processor: less than that where others use it too
    for drawing in islice(cycle(drawings), ANSWERS + 20):
        began, began_work = time.perf_counter(), time.thread_time()
        answer_drawing(model, drawing)
        milliseconds.append((time.perf_counter() - began) * 1e3)
        worked.append((time.thread_time() - began_work) * 1e3)
    name = "strokes_to_probabilities"
    return _spread(f"{name}_ms", milliseconds[20:]) | _spread(f"{name}_cpu_ms", worked[20:])


def _page(home: Path) -> Figures:
    """The Draw page: the first visit, strokes, an idle tab; then what all pages leave in the web process."""
    print("The first visitor of a new server draws ...", flush=True)
    with chromium() as browser, serve(home) as server:
        visit = Visit(browser.new_page(), server.url)
        web = psutil.Process(server.pid)
        began = time.monotonic()
        visit.open()
        visit.page.evaluate(WATCH_BARS)
        visit.draw(*(tuple(point) for point in SEVEN[0]), steps=2)
        _seconds_watched(visit.page)
        figures = {"open_to_first_answer_s": time.monotonic() - began}
        _settle(web)
        figures["idle_draw_cpu_percent"] = _idle_percent(web)
        print(f"{STROKES} strokes ...", flush=True)
        visit.open()  # with an empty board
        figures |= _spread("mouse_up_to_bars_ms", _stroke_milliseconds(visit))
        for path in PAGES:
            visit.goto(path)
        figures["web_rss_mb"] = web.memory_info().rss / 1e6
    return figures


def _train(home: Path) -> Figures:
    """The Train page: from the click to the first point, an idle tab, strokes while a training goes on."""
    print("A click on Train with the engine off ...", flush=True)
    with chromium() as browser:
        with serve(home / "cold", INKLING_WARM="0") as server:
            visit = Visit(browser.new_page(), server.url)
            visit.goto("/train")
            figures = {"train_click_to_first_point_cold_s": _seconds_to_first_point(visit)}
        print(f"With the engine warm, {1 + CLICKS} times ...", flush=True)
        with serve(home / "warm") as server:
            visit = Visit(browser.new_page(), server.url)
            visit.goto("/train")
            web = psutil.Process(server.pid)
            until(lambda: _worker_of(web), "the engine has started")
            _settle(_worker_of(web), web)
            figures["idle_train_cpu_percent"] = _idle_percent(web)
            figures["train_click_to_first_point_first_s"] = _seconds_to_first_point(visit)
            warm = [_seconds_to_first_point(visit) for _ in range(CLICKS)]
            figures["train_click_to_first_point_s"] = statistics.median(warm)
            print(f"{STROKES} strokes while Script A trains ...", flush=True)
            visit.goto(f"/train?recipe={quote(to_link(LONG))}")
            _seconds_to_first_point(visit, is_stopped=False)
            visit.page.get_by_role("link", name="Draw", exact=True).first.click()
            figures |= _spread("mouse_up_to_bars_training_ms", _stroke_milliseconds(visit))
    return figures


def _live(home: Path) -> Figures:
    """What it costs a training to be watched: the processor's seconds of the same fit with and without."""
    from core.training.fit import fit  # here, because TensorFlow would slow down all that is measured before

    store = RunStore(f"sqlite:///{home / 'runs.sqlite3'}")
    data = load_dataset(**dict(FAST.data))
    context = multiprocessing.get_context("spawn")

    def alone() -> None:
        fit(FAST, data, lambda progress: None)

    def watched() -> None:
        from core.engine.worker import RunReporter

        run_id = store.submit("benchmark", FAST, drawing=np.full((28, 28), 255, np.uint8))
        store.claim_next()
        begun = store.begin(run_id)
        assert begun is not None
        reporter = RunReporter(store, run_id, begun[2], has_checkpoint=False)
        reporter.spread_points(FAST, data)
        page = context.Process(target=_look_on, args=(store.url, run_id))
        page.start()

        def hear(progress: object) -> None:
            if not isinstance(progress, EpochProgress):  # which is kept whether anybody looks on or not
                reporter.report(progress)

        began = time.process_time()
        fit(FAST, data, hear, reporter.requested_action, drawing=reporter.drawing)
        seconds["watched"].append(time.process_time() - began)
        store.delete(run_id, "benchmark")
        page.join()

    print(f"The same fit alone and watched, {FITS} times in turn ...", flush=True)
    seconds: dict[str, list[float]] = {"alone": [], "watched": []}
    alone()  # traces the model
    for _ in range(FITS):
        began = time.process_time()
        alone()
        seconds["alone"].append(time.process_time() - began)
        watched()
    medians = {name: statistics.median(spent) for name, spent in seconds.items()}
    return {"live_overhead": medians["watched"] / medians["alone"], "fit_cpu_s": medians["alone"]}


def _look_on(url: str, run_id: str) -> None:
    """Look at a run as a page does, until it is gone."""
    from core.store.run_tables import NoSuchRun

    store = RunStore(url)
    while True:
        try:
            store.run(run_id)
        except NoSuchRun:
            return
        time.sleep(0.5)


def _memory(home: Path) -> Figures:
    """What a worker grows by, run after run."""
    figures: Figures = {"worker_peak_rss_mb": 0.0}
    same = [FAST.model_copy(update=QUICK)] * (RUNS + 1)
    varied = [recipe.model_copy(update=QUICK | {"epochs": 1}) for recipe in PRESETS.values()]
    for name, recipes in (("", same), ("varied_", list(islice(cycle(varied), RUNS + 1)))):
        print(f"{RUNS} {name.replace('_', ' ')}runs of 10,000 images after a first one ...", flush=True)
        with _engine(home / f"memory{name}") as (store, engine):
            after = []
            for recipe in recipes:
                peak = _run(store, engine, recipe)
                figures["worker_peak_rss_mb"] = max(figures["worker_peak_rss_mb"], peak)
                worker = _worker_of(psutil.Process())
                after.append(worker.memory_info().rss / 1e6 if worker else 0.0)
            print(" ".join(f"{megabytes:.0f}" for megabytes in after))
            figures[f"worker_rss_growth_mb_after_{RUNS}_{name}runs"] = max(after[1:]) - after[0]
    return figures


SECTIONS: dict[str, Callable[[Path], Figures]] = {
    "drawing": _drawing,
    "page": _page,
    "train": _train,
    "live": _live,
    "memory": _memory,
}


def _written() -> Iterator[list[np.ndarray]]:
    """Digits in the shapes in which the world writes them, a third smaller than the board: the strokes of each."""
    rng = np.random.default_rng(6)
    while True:
        for style in rng.permutation(np.array(STYLES, object)):
            points = control_points(style, 1, rng)[0]
            dots = [style.weights[:, stroke] @ points[stroke] for stroke in style.strokes]
            mine = [style.weights[:, stroke].any(axis=1) for stroke in style.strokes]
            strokes = [line[is_mine] for line, is_mine in zip(dots, mine, strict=True)]
            yield placed(strokes, 180, (140, 140), 0)


def _stroke_milliseconds(visit: Visit) -> list[float]:
    """Draw digits stroke by stroke, and wait for each answer; the board is cleared between two."""
    milliseconds: list[float] = []
    for strokes in _written():
        expect(visit.sheet()).to_have_attribute("data-inkling", "")
        expect(visit.page.get_by_role("status").filter(has_text="Draw a digit")).to_be_visible()
        expect(visit.page.locator(READY)).to_be_attached()
        for stroke in strokes:
            visit.page.evaluate(WATCH_BARS)
            visit.draw(*map(tuple, stroke[::6].tolist()), steps=1)
            seconds = _seconds_watched(visit.page)
            if visit.page.evaluate("() => window.watch.changes"):
                milliseconds.append(seconds * 1e3)
        if len(milliseconds) >= STROKES:
            return milliseconds
        visit.lay_sheet("Clear")
    raise AssertionError("there are always more digits")


def _seconds_watched(page: Page) -> float:
    page.wait_for_function("() => window.watch.until", polling=50, timeout=300_000)
    return float(page.evaluate("() => window.watch.until - window.watch.since")) / 1e3


def _seconds_to_first_point(visit: Visit, *, is_stopped: bool = True) -> float:
    """Click on Train, wait for the first point, and stop."""
    train = visit.page.get_by_role("button", name="Train", exact=True)
    expect(train).to_be_enabled()
    visit.page.evaluate(WATCH_CHART)
    train.click()
    seconds = _seconds_watched(visit.page)
    if is_stopped:
        visit.page.get_by_role("button", name="Stop", exact=True).click()
        expect(visit.page.get_by_role("button", name="Draw with it")).to_be_visible()
    return seconds


def _spread(name: str, values: list[float]) -> Figures:
    return {f"{name}_p{percent}": float(np.percentile(values, percent)) for percent in (50, 95)}


def _idle_percent(process: psutil.Process) -> float:
    """The share of one core that a process uses while nobody does anything."""
    before = process.cpu_times()
    time.sleep(IDLE_SECONDS)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / IDLE_SECONDS * 100


def _settle(*processes: psutil.Process) -> None:
    """Wait until processes do next to nothing: for three seconds less than a tenth of a core each."""
    until(lambda: all(process.cpu_percent(3) < 10 for process in processes), "the processes are at rest")


def _worker_of(process: psutil.Process) -> psutil.Process | None:
    """The engine's worker among a process' descendants, once TensorFlow is in it."""
    large = [child for child in process.children(recursive=True) if child.memory_info().rss > 400e6]
    return max(large, key=lambda child: child.memory_info().rss, default=None)


@contextmanager
def _engine(home: Path) -> Iterator[tuple[RunStore, Engine]]:
    home.mkdir()
    os.environ["INKLING_HOME"] = str(home)
    store = RunStore(f"sqlite:///{home / 'runs.sqlite3'}")
    engine = Engine(store)
    try:
        yield store, engine
    finally:
        engine.close()
        engine_process.stop()


def _run(store: RunStore, engine: Engine, recipe: Recipe) -> float:
    """Let a recipe be trained; how many megabytes the worker held at most."""
    run_id = store.submit("benchmark", recipe)
    engine.check_queue()
    peak = 0.0
    while store.run(run_id).state.is_active:
        if worker := _worker_of(psutil.Process()):
            peak = max(peak, worker.memory_info().rss / 1e6)
        time.sleep(0.1)
    return peak


if __name__ == "__main__":
    main()
