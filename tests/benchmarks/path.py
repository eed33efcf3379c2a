"""The README's pictures of the way from a first visit to a better model than Script A, from the real app.

`python -m tests.benchmarks.path .github/pictures`. It opens the chapter, draws an 8, trains Script A and then one cycle
on 10,000 images each, compares them and draws again for the new model.
"""

import io
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from tests.benchmarks import report
from tests.served import READY, Visit, chromium, serve

SCREEN = {"width": 1280, "height": 720}
SIZE = (960, 540)  # of a picture, in pixels
COLOURS = 250  # in a picture's palette
PATIENCE = 900_000  # milliseconds for a training, whatever else the machine does
EIGHT = [
    [(170, 70), (130, 48), (100, 72), (115, 110), (150, 135), (180, 170), (170, 220), (125, 235), (95, 205)],
    [(95, 205), (105, 165), (150, 135), (180, 105), (170, 70)],
]
CHAPTER = "/learn?chapter=better_than_script_a"


def main() -> None:
    """Walk the way and keep the pictures."""
    if len(sys.argv) != 2:
        print("Usage: python -m tests.benchmarks.path FOLDER", file=sys.stderr)
        sys.exit(2)
    folder = Path(sys.argv[1])
    expect.set_options(timeout=PATIENCE)
    with chromium() as browser, tempfile.TemporaryDirectory() as home, serve(Path(home)) as server:
        context = browser.new_context(viewport=SCREEN, color_scheme="light", reduced_motion="reduce")  # type: ignore[arg-type]
        visit = Visit(context.new_page(), server.url)
        visit.goto(CHAPTER)
        expect(visit.page.get_by_role("heading", name="8. Draw again")).to_be_attached()
        _keep(visit, folder / "path-1-chapter.png")
        _draw_eight(visit)
        _train(visit, "Script A, quick", "Script A, quick")
        expect(visit.page.get_by_text(re.compile("Epoch 2, batch"))).to_be_visible()
        _keep(visit, folder / "path-2-training.png")
        first = _score(visit)
        _train(visit, "One cycle, quick", "Script A, one cycle, quick")
        second = _score(visit)
        _keep(visit, folder / "path-3-one-cycle.png")
        visit.goto("/runs")
        for name in ("Script A, quick", "Script A, one cycle, quick"):
            visit.page.get_by_role("checkbox", name=f"Choose {name}", exact=True).check()
            expect(visit.page.locator(READY)).to_be_attached()
        expect(visit.page.get_by_role("heading", name="Side by side")).to_be_visible()
        visit.page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
        _keep(visit, folder / "path-4-compare.png")
        visit.goto("/train")
        visit.page.get_by_role("button", name="Draw with it").click()
        _draw_eight(visit)
        visit.page.get_by_text("The nearest training digits").click()
        expect(visit.page.get_by_role("list", name="The nearest training digits")).to_be_visible()
        visit.page.get_by_text("The runner-up", exact=True).click()
        expect(visit.page.get_by_text("Ink here speaks for").first).to_be_visible()
        visit.page.get_by_text("The nearest training digits").evaluate("words => words.scrollIntoView()")
        visit.page.get_by_test_id("stMain").evaluate("main => main.scrollBy(0, -90)")  # from under the navigation
        _keep(visit, folder / "path-5-yours.png")
    report(script_a=first, one_cycle=second)


def _draw_eight(visit: Visit) -> None:
    if not visit.page.get_by_role("heading", name="Draw a digit", exact=True).is_visible():
        visit.page.get_by_role("link", name="Draw", exact=True).click()
    expect(visit.sheet()).to_have_attribute("data-inkling", "")
    if visit.page.locator(".st-key-clear button").is_enabled():
        visit.lay_sheet("Clear")
    for stroke in EIGHT:
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


def _keep(visit: Visit, path: Path) -> None:
    visit.page.mouse.move(1270, 710)  # over nothing that would light up
    visit.page.wait_for_timeout(1000)  # what glides and fades in has come to rest
    picture = Image.open(io.BytesIO(visit.page.screenshot())).convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
