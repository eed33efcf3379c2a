"""How the app looks: pictures of every page on four screens, by day and by night, before, during and after a training.

`python -m tests.benchmarks.look FOLDER [--widths 375 ...] [--themes dark] [--states before ...]`. On the way axe-core
looks for what a screen reader or weak eyes cannot use, and the page itself for what is wider than the screen and for
what jumps while a training is live. What was found is printed; the pictures are for a person to look at. How soon one
can draw is measured first: for the first visitor of a server (`first_open_s`), for others whose browsers keep nothing
yet (`cold_open_s`), and beside them how soon a Streamlit page with nothing but a title shows it (`bare_open_s`).
"""

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.app_server import READY, Visit, chromium, serve
from tests.axe import serious
from tests.benchmarks import report

HEIGHTS = {1440: 900, 768: 1024, 375: 667, 320: 568}  # of the screens, by width, in pixels
THEMES = ("light", "dark")
STATES = ("before", "during", "after")
TOKEN = "the leader of the group"
PAGES = ("/", "/train", "/model", "/evaluate", "/runs", "/learn", "/scoreboard", "/privacy", "/leader", "/?present=1")
CHAPTERS = sorted(path.stem for path in (Path(__file__).parents[2] / "pages" / "chapters").glob("*/*.py"))
SEVEN = [(80, 60), (200, 60), (160, 140), (120, 230)]
OPENS = 5
PATIENCE = 300_000  # milliseconds in which a cold engine has come up on a busy machine
LIVE_SECONDS = 6  # for which a page with a live training is watched for jumps
TALLEST = 7000  # pixels of a page in one picture

WATCH_JUMPS = """
window.jumps = []
const key = (node) => node?.closest?.("[class*=st-key-]")?.className.match(/st-key-\\w+/)?.[0]
const named = ({ node }) => key(node) ?? node?.dataset?.testid
new PerformanceObserver((list) => {
  for (const jump of list.getEntries())
    if (!jump.hadRecentInput) window.jumps.push([jump.value, ...jump.sources.map(named)])
}).observe({ type: "layout-shift", buffered: true })
"""
SETTLE = """() => new Promise((done) => {
  let calm
  const rest = () => { clearTimeout(calm); calm = setTimeout(done, 400) }
  new MutationObserver(rest).observe(document.body, { childList: true, subtree: true, attributes: true })
  setTimeout(done, 4000)
  rest()
})"""
TOO_WIDE = """() => {
  const found = new Set()
  const cut = (element) => getComputedStyle(element).overflowX !== "visible"
  const walk = (element, isCut) => {
    const { left, right, width, height } = element.getBoundingClientRect()
    const isSeen = width && height && element.checkVisibility({ visibilityProperty: true })
    if (!isCut && isSeen && (right > innerWidth + 1 || left < -1))
      found.add(`${element.tagName.toLowerCase()}.${element.className?.baseVal ?? element.className}`.slice(0, 80))
    const inside = isCut || cut(element)
    for (const child of [...(element.shadowRoot?.children ?? []), ...element.children]) walk(child, inside)
  }
  const main = document.querySelector("[data-testid=stMain]")
  for (const child of main.children) walk(child, false)
  if (main.scrollWidth > main.clientWidth) found.add("the page scrolls sideways")
  return [...found]
}"""


@dataclass
class Album:
    """The pictures taken so far, and what was found amiss in them."""

    folder: Path
    pictures: int = 0
    serious: list[str] = field(default_factory=list)
    wide: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    jumps: list[float] = field(default_factory=list)

    def keep(self, page: Page, name: str) -> None:
        """Look the page over and take its picture, the whole of it at once."""
        page.evaluate(SETTLE)
        self._note(self.serious, name, _serious(page))
        self._note(self.wide, name, page.evaluate(TOO_WIDE))
        screen = page.viewport_size
        assert screen
        jumps = page.evaluate("window.jumps.length")
        tall = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        page.set_viewport_size({"width": screen["width"], "height": min(max(tall, screen["height"]), TALLEST)})
        page.evaluate(SETTLE)
        page.screenshot(path=self.folder / f"{name}.png")
        page.set_viewport_size(screen)
        page.evaluate("count => window.jumps.splice(count)", jumps)  # what moved because the window grew is no jump
        self.pictures += 1

    def watch(self, page: Page, name: str) -> None:
        """Wait a while beside a live training and note how much has jumped since the page was opened and at rest."""
        page.wait_for_timeout(1000 * LIVE_SECONDS)
        jumps = page.evaluate("window.jumps")
        self.jumps.append(sum(size for size, *_ in jumps))
        print(f"{name}: layout shift {self.jumps[-1]:.3f} {max(jumps, default='')}", flush=True)

    @staticmethod
    def _note(kept: list[str], name: str, found: list[str]) -> None:
        for problem in found:
            kept.append(f"{name}: {problem}")
            print(kept[-1], flush=True)


def _serious(page: Page) -> list[str]:
    """What axe-core finds while nothing is faded, as Streamlit fades what it is about to draw anew."""
    for _ in range(10):
        expect(page.locator("[data-stale=true]")).to_have_count(0)
        found = serious(page)
        if not found or not page.locator("[data-stale=true]").count():
            break
    return found


@dataclass(frozen=True)
class Screen:
    """One size of window by day or by night."""

    width: int
    theme: str

    @property
    def name(self) -> str:
        return f"{self.width}-{self.theme}"


def main() -> None:
    """Visit, look, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--widths", type=int, nargs="+", choices=HEIGHTS, default=list(HEIGHTS))
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=THEMES)
    parser.add_argument("--states", nargs="+", choices=STATES, default=STATES)
    chosen = parser.parse_args()
    expect.set_options(timeout=PATIENCE)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    album = Album(chosen.folder)
    screens = [Screen(width, theme) for width in chosen.widths for theme in chosen.themes]
    with (
        chromium() as browser,
        tempfile.TemporaryDirectory() as home,
        serve(Path(home), INKLING_LEADER_TOKEN=TOKEN) as server,
    ):
        opened = _opens(browser, server.url)
        print(opened, flush=True)
        if "before" in chosen.states:
            _before(browser, server.url, album, screens)
        if {"during", "after"} & set(chosen.states):
            _during_and_after(browser, server.url, album, screens, chosen.states)
    report(
        pages=album.pictures,
        axe_serious=len(album.serious),
        overflows=len(album.wide),
        console_errors=len(album.errors),
        layout_shift=max(album.jumps, default=None),
        **opened,
    )


def _opens(browser: Browser, url: str) -> dict[str, float]:
    """Seconds from a visit by a browser that keeps nothing until one can draw, or a bare page shows its title."""
    first = _open_seconds(browser, url, _drawable)
    colds, bares = [], []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "app.py").write_text('import streamlit as st\n\nst.title("A title")\n', encoding="utf-8")
        with serve(Path(folder, "home"), app=Path(folder), options=("--browser.gatherUsageStats=false",)) as bare:
            for _ in range(OPENS):
                bares.append(_open_seconds(browser, bare.url, _titled))
                colds.append(_open_seconds(browser, url, _drawable))
    return {
        "first_open_s": first,
        "cold_open_s": statistics.median(colds),
        "bare_open_s": statistics.median(bares[1:]),  # its server had to come up for the first, too
    }


def _drawable(visit: Visit) -> None:
    expect(visit.sheet()).to_have_attribute("data-inkling", "")


def _titled(visit: Visit) -> None:
    expect(visit.page.get_by_role("heading")).to_be_visible()


def _open_seconds(browser: Browser, url: str, wait: Callable[[Visit], None]) -> float:
    with _visit(browser, url, Screen(1440, "light"), []) as visit:
        began = time.monotonic()
        visit.page.goto(url)
        wait(visit)
        return time.monotonic() - began


@contextmanager
def _visit(browser: Browser, url: str, screen: Screen, errors: list[str], token: str = "") -> Iterator[Visit]:
    size = {"width": screen.width, "height": HEIGHTS[screen.width]}
    context = browser.new_context(viewport=size, color_scheme=screen.theme, reduced_motion="reduce")  # type: ignore[arg-type]
    if token:
        context.add_cookies([{"name": "inkling_workspace", "value": token, "url": url}])
    visit = Visit.noting(context.new_page(), url)
    visit.page.add_init_script(WATCH_JUMPS)
    yield visit
    context.close()
    Album._note(errors, screen.name, visit.problems)


def _open(visit: Visit, path: str) -> None:
    visit.page.goto(visit.url + path)
    expect(visit.page.locator(READY)).to_be_attached(timeout=PATIENCE)
    if "present=" in path:  # board and answer alone
        expect(visit.sheet()).to_have_attribute("data-inkling", "")
    else:
        expect(visit.page.get_by_role("heading").first).to_be_visible(timeout=PATIENCE)


def _name(path: str) -> str:
    if "present=" in path:
        return "present"
    return re.sub(r"\W+", "-", path.partition("?")[0].strip("/") or "draw")


def _before(browser: Browser, url: str, album: Album, screens: list[Screen]) -> None:
    for place, screen in enumerate(screens):
        with _visit(browser, url, screen, album.errors) as visit:
            for path in PAGES:
                _open(visit, path)
                if path == "/":
                    expect(visit.sheet()).to_have_attribute("data-inkling", "")
                album.keep(visit.page, f"before-{_name(path)}-{screen.name}")
            # Each chapter on each width, and about as often by day as by night.
            for chapter in CHAPTERS[place % 2 :: 2] if len(screens) > 1 else CHAPTERS:
                _open(visit, f"/learn?chapter={chapter}")
                album.keep(visit.page, f"before-learn-{chapter}-{screen.name}")
            print(f"before, {screen.name}: done", flush=True)


def _during_and_after(
    browser: Browser, url: str, album: Album, screens: list[Screen], states: list[str] | tuple[str, ...]
) -> None:
    with _visit(browser, url, Screen(1440, "light"), album.errors) as owner:
        _draw(owner)
        owner.page.get_by_role("link", name="Train", exact=True).click()
        owner.page.locator(".st-key-recipe_preset").get_by_text("Script A", exact=True).click()
        epochs = owner.page.get_by_role("spinbutton", name="Epochs", exact=True)
        expect(owner.page.get_by_role("spinbutton", name="Batch size", exact=True)).to_have_value("32")
        epochs.fill("50")
        epochs.press("Enter")
        expect(owner.page.locator(READY)).to_be_attached()
        owner.page.evaluate("window.jumps = []")
        owner.page.get_by_role("button", name="Train", exact=True).click()
        album.keep(owner.page, "during-starting-1440-light")
        expect(owner.page.get_by_test_id("stVegaLiteChart").first).to_be_visible(timeout=PATIENCE)
        album.watch(owner.page, "during, from the click on Train")
        token = next(c["value"] for c in owner.page.context.cookies() if c["name"] == "inkling_workspace")
        run = re.search(r"run=([\w-]+)", owner.page.url)
        assert run
        if "during" in states:
            for screen in screens:
                with _visit(browser, url, screen, album.errors, token) as visit:
                    _open(visit, "/train")
                    expect(visit.page.get_by_test_id("stVegaLiteChart").first).to_be_visible(timeout=PATIENCE)
                    visit.page.evaluate(SETTLE)
                    visit.page.evaluate("window.jumps = []")
                    album.watch(visit.page, f"during, {screen.name}")
                    album.keep(visit.page, f"during-train-{screen.name}")
                    _draw(visit)
                    album.keep(visit.page, f"during-draw-{screen.name}")
                    led = f"/leader?token={TOKEN}"
                    for path in ("/runs", f"/runs?run={run[1]}", "/model", "/evaluate", "/learn", led):
                        _open(visit, path)
                        album.keep(visit.page, f"during-{'run' if '/runs?' in path else _name(path)}-{screen.name}")
                    print(f"during, {screen.name}: done", flush=True)
        owner.page.get_by_role("button", name="Stop", exact=True).click()
        expect(owner.page.get_by_role("button", name="Draw with it")).to_be_visible(timeout=PATIENCE)
    if "after" not in states:
        return
    for screen in screens:
        with _visit(browser, url, screen, album.errors, token) as visit:
            for path in ("/train", "/runs", f"/runs?run={run[1]}", f"/model?run={run[1]}", f"/evaluate?run={run[1]}"):
                _open(visit, path)
                album.keep(visit.page, f"after-{'run' if '/runs?' in path else _name(path)}-{screen.name}")
            _open(visit, "/runs")
            for choice in ("Choose Pretrained", re.compile("^Choose Script A")):
                visit.page.get_by_role("checkbox", name=choice).check()
                expect(visit.page.locator(READY)).to_be_attached()
            expect(visit.page.get_by_role("heading", name="Side by side")).to_be_visible()
            album.keep(visit.page, f"after-compared-{screen.name}")
            _draw(visit)
            album.keep(visit.page, f"after-draw-{screen.name}")
            for fold in ("How your drawing was prepared", "What each layer saw", "Which pixels mattered"):
                visit.page.get_by_text(fold).first.click()
            album.keep(visit.page, f"after-draw-unfolded-{screen.name}")
            print(f"after, {screen.name}: done", flush=True)


def _draw(visit: Visit) -> None:
    visit.open("/")
    expect(visit.sheet()).to_have_attribute("data-inkling", "")
    visit.draw(*SEVEN)
    expect(visit.page.get_by_role("status").filter(has_text=re.compile("sure", re.I))).to_be_visible()


if __name__ == "__main__":
    main()
