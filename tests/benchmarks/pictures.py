"""The README's still pictures, from the real app; `animation.py` makes the one that moves.

`python -m tests.benchmarks.pictures .github/pictures`. First Draw by day and by night, Train, Model. Then the way from
a first visit to a better model than Script A: it opens the chapter, draws an 8, trains Script A and then one cycle on
10,000 images each, compares them and draws again for the new model.
"""

import io
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, expect

from tests.benchmarks import report
from tests.benchmarks.animation import SEVEN
from tests.served import READY, Visit, chromium, serve

SCREEN = {"width": 1280, "height": 720}
BESIDE = {"width": 1100, "height": 560}  # of two that stand side by side
STEP = (960, 540)  # of a picture of a step, in pixels
COLOURS = 250  # in a picture's palette
PATIENCE = 900_000  # milliseconds for a training, whatever else the machine does
EIGHT = [
    [(170, 70), (130, 48), (100, 72), (115, 110), (150, 135), (180, 170), (170, 220), (125, 235), (95, 205)],
    [(95, 205), (105, 165), (150, 135), (180, 105), (170, 70)],
]
CHAPTER = "/learn?chapter=better_than_script_a"


def main() -> None:
    """Visit, walk the way, keep the pictures."""
    if len(sys.argv) != 2:
        print("Usage: python -m tests.benchmarks.pictures FOLDER", file=sys.stderr)
        sys.exit(2)
    folder = Path(sys.argv[1])
    expect.set_options(timeout=PATIENCE)
    with chromium() as browser, tempfile.TemporaryDirectory() as home, serve(Path(home)) as server:
        _stills(browser, server.url, folder)
        first, second = _path(browser, server.url, folder)
    report(script_a=first, one_cycle=second)


@contextmanager
def _visit(browser: Browser, url: str, screen: dict[str, int], theme: str = "light") -> Iterator[Visit]:
    context = browser.new_context(viewport=screen, color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    yield Visit(context.new_page(), url)
    context.close()


def _stills(browser: Browser, url: str, folder: Path) -> None:
    for theme in ("light", "dark"):
        with _visit(browser, url, BESIDE, theme) as visit:
            visit.open()
            _draw(visit, SEVEN)
            _keep(visit, folder / f"draw-{theme}.png")
    with _visit(browser, url, SCREEN) as visit:
        visit.open()
        _draw(visit, SEVEN)
        visit.page.get_by_role("button", name="Train your own").click()
        epochs = visit.page.get_by_role("spinbutton", name="Epochs", exact=True)
        epochs.fill("4")
        epochs.press("Enter")
        expect(visit.page.locator(READY)).to_be_attached()
        visit.page.get_by_role("button", name="Train", exact=True).click()
        expect(visit.page.get_by_text(re.compile("Epoch 3, batch"))).to_be_visible()
        _keep(visit, folder / "train-light.png")
        visit.page.get_by_role("button", name="Stop", exact=True).click()
        expect(visit.page.get_by_role("button", name="Draw with it")).to_be_visible()
    with _visit(browser, url, SCREEN, "dark") as visit:
        visit.goto("/model")
        expect(visit.page.get_by_text("Each block is as large as")).to_be_visible()
        _keep(visit, folder / "model-dark.png")


def _path(browser: Browser, url: str, folder: Path) -> tuple[str, str]:
    """Walk the way; return the test accuracies of Script A and of one cycle."""
    with _visit(browser, url, SCREEN) as visit:
        visit.goto(CHAPTER)
        expect(visit.page.get_by_role("heading", name="8. Draw again")).to_be_attached()
        _keep(visit, folder / "path-1-chapter.png", STEP)
        _draw(visit, EIGHT)
        _train(visit, "Script A, quick", "Script A, quick")
        expect(visit.page.get_by_text(re.compile("Epoch 2, batch"))).to_be_visible()
        _keep(visit, folder / "path-2-training.png", STEP)
        first = _score(visit)
        _train(visit, "One cycle, quick", "Script A, one cycle, quick")
        second = _score(visit)
        _keep(visit, folder / "path-3-one-cycle.png", STEP)
        visit.goto("/runs")
        for name in ("Script A, quick", "Script A, one cycle, quick"):
            visit.page.get_by_role("checkbox", name=f"Choose {name}", exact=True).check()
            expect(visit.page.locator(READY)).to_be_attached()
        expect(visit.page.get_by_role("heading", name="Side by side")).to_be_visible()
        visit.page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
        _keep(visit, folder / "path-4-compare.png", STEP)
        visit.goto("/train")
        visit.page.get_by_role("button", name="Draw with it").click()
        _draw(visit, EIGHT)
        visit.page.get_by_text("The nearest training digits").click()
        expect(visit.page.get_by_role("list", name="The nearest training digits")).to_be_visible()
        visit.page.get_by_text("The runner-up", exact=True).click()
        expect(visit.page.get_by_text("Ink here speaks for").first).to_be_visible()
        visit.page.get_by_text("The nearest training digits").evaluate("words => words.scrollIntoView()")
        visit.page.get_by_test_id("stMain").evaluate("main => main.scrollBy(0, -90)")  # from under the navigation
        _keep(visit, folder / "path-5-yours.png", STEP)
    return first, second


def _draw(visit: Visit, strokes: list[list[tuple[float, float]]]) -> None:
    if not visit.page.get_by_role("heading", name="Draw a digit", exact=True).is_visible():
        visit.page.get_by_role("link", name="Draw", exact=True).click()
    expect(visit.sheet()).to_have_attribute("data-inkling", "")
    if visit.page.locator(".st-key-clear button").is_enabled():
        visit.lay_sheet("Clear")
    for stroke in strokes:
        visit.draw(*stroke)
        expect(visit.page.locator(".st-key-board_tools")).to_have_css("pointer-events", "auto")
    expect(visit.page.get_by_role("status").filter(has_text="sure")).to_be_visible()
    expect(visit.page.locator(READY)).to_be_attached()


def _train(visit: Visit, button: str, recipe: str) -> None:
    """Go by the chapter's button to Train, and press it there."""
    visit.page.get_by_role("link", name="Learn", exact=True).click()
    visit.page.get_by_role("link", name="A better model than Script A").first.click()
    visit.page.get_by_role("button", name=button, exact=True).click()
    expect(visit.page.get_by_text(f"The controls were filled with the recipe {recipe}. A card")).to_be_visible()
    expect(visit.page.locator(READY)).to_be_attached()
    visit.page.get_by_role("button", name="Train", exact=True).click()
    expect(visit.page.get_by_role("button", name="Stop", exact=True)).to_be_visible()


def _score(visit: Visit) -> str:
    """The test accuracy of the run that is shown, when it is over."""
    expect(visit.page.get_by_role("button", name="Draw with it")).to_be_visible()
    said = visit.page.get_by_text(re.compile(r"Reads \d\d\.\d\d\s% of 10,000 test images"))
    return said.inner_text().split()[1]


def _keep(visit: Visit, path: Path, size: tuple[int, int] | None = None) -> None:
    screen = visit.page.viewport_size
    assert screen
    visit.page.mouse.move(screen["width"] - 10, screen["height"] - 10)  # over nothing that would light up
    visit.page.wait_for_timeout(1000)  # what glides and fades in has come to rest
    picture = Image.open(io.BytesIO(visit.page.screenshot())).convert("RGB")
    if size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
