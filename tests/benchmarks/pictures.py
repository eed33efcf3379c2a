"""The README's pictures, from the real app: `python -m tests.benchmarks.pictures .github/pictures`.

The moving one first: a digit is drawn and read, a network trained, a digit drawn again for the new network. Then four
stills: Draw by day and by night, Train, Model.
"""

import io
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.app_server import READY, Visit, chromium, serve
from tests.benchmarks import report

SCREEN = {"width": 1280, "height": 720}
BESIDE = {"width": 1100, "height": 560}  # of two stills that stand side by side
FILMED = {"width": 1040, "height": 640}
WIDTH = 832  # of the animation, in pixels
MAX_BYTES = 3_000_000  # of the animation
QUALITY = 72  # of WebP, of 100
TRAINING_FRAMES = 18  # as many as are kept, however long the training took
COLOURS = 250  # in a still's palette
PATIENCE = 900_000  # milliseconds for a training, whatever else the machine does
SEVEN = [[(75, 60), (205, 55), (175, 120), (150, 180), (130, 240)], [(105, 150), (200, 140)]]
THREE = [[(85, 60), (140, 40), (185, 70), (170, 115), (130, 132), (180, 150), (195, 195), (150, 238), (80, 220)]]


@dataclass
class Frames:
    """The animation's pictures in their order, each with how long it is shown, in milliseconds."""

    page: Page
    images: list[Image.Image] = field(default_factory=list)
    durations: list[int] = field(default_factory=list)

    def take(self, milliseconds: int) -> None:
        """Take a picture of the page as it is now."""
        image = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        self.images.append(image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS))
        self.durations.append(milliseconds)

    def thin_out(self, start: int, count: int) -> None:
        """Keep only so many of the pictures from `start` on, evenly, the first and the last among them."""
        indices = range(start, len(self.images))
        kept = {indices[round(step * (len(indices) - 1) / (count - 1))] for step in range(count)}
        for index in reversed(indices):
            if index not in kept:
                del self.images[index], self.durations[index]


def main() -> None:
    """Visit, draw, train, save the pictures."""
    if len(sys.argv) != 2:
        print("Usage: python -m tests.benchmarks.pictures FOLDER", file=sys.stderr)
        sys.exit(2)
    folder = Path(sys.argv[1])
    expect.set_options(timeout=PATIENCE)
    with chromium() as browser, tempfile.TemporaryDirectory() as home, serve(Path(home)) as server:
        size, seconds = _animate(browser, server.url, folder / "inkling.webp")
        _stills(browser, server.url, folder)
    report(animation_bytes=size, animation_seconds=seconds)
    if size > MAX_BYTES:
        sys.exit(1)


@contextmanager
def _visit(browser: Browser, url: str, screen: dict[str, int], theme: str = "light") -> Iterator[Visit]:
    context = browser.new_context(viewport=screen, color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    yield Visit(context.new_page(), url)
    context.close()


def _animate(browser: Browser, url: str, target: Path) -> tuple[int, float]:
    """Save the animation; returns its bytes and its seconds."""
    context = browser.new_context(viewport=FILMED, color_scheme="light")  # type: ignore[arg-type]
    visit = Visit(context.new_page(), url)
    frames = Frames(visit.page)
    visit.open()
    frames.take(900)
    _draw_filmed(visit, frames, SEVEN)
    visit.page.get_by_role("button", name="Train your own").click()
    expect(visit.page.get_by_role("heading", name="Train a network")).to_be_visible()
    expect(visit.page.locator(READY)).to_be_attached()
    frames.take(1200)
    _train_filmed(visit, frames)
    visit.page.get_by_role("button", name="Draw with it").click()
    expect(visit.page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    visit.lay_sheet("Clear")
    expect(visit.page.get_by_role("status").filter(has_text="Draw a digit")).to_be_visible()
    frames.take(700)
    _draw_filmed(visit, frames, THREE)
    context.close()
    first, *others = frames.images
    how = {"duration": frames.durations, "loop": 0, "quality": QUALITY, "method": 6}
    first.save(target, save_all=True, append_images=others, **how)
    return target.stat().st_size, sum(frames.durations) / 1000


def _draw_filmed(visit: Visit, frames: Frames, strokes: list[list[tuple[float, float]]]) -> None:
    """Draw with the mouse, picture by picture, and wait for the answer to each stroke."""
    board = visit.sheet().bounding_box()
    assert board
    undo = visit.page.get_by_role("button", name="Undo").and_(visit.page.locator(":not(.dc-icon-button)"))
    for points in strokes:
        visit.page.mouse.move(board["x"] + points[0][0], board["y"] + points[0][1])
        visit.page.mouse.down()
        for x, y in points[1:]:
            visit.page.mouse.move(board["x"] + x, board["y"] + y, steps=8)
            frames.take(90)
        visit.page.mouse.up()
        expect(undo).to_be_enabled()
        expect(visit.page.get_by_role("status").filter(has_text="sure")).to_be_visible()
        visit.page.wait_for_timeout(700)  # the bars have come to rest
        frames.take(700)
    frames.durations[-1] = 1600


def _train_filmed(visit: Visit, frames: Frames) -> None:
    visit.page.get_by_role("button", name="Train", exact=True).click()
    expect(visit.page.get_by_test_id("stVegaLiteChart").first).to_be_visible(timeout=PATIENCE)
    start = len(frames.images)
    done = visit.page.get_by_role("button", name="Draw with it")
    waited = 0
    while not done.is_visible() and waited < PATIENCE:
        frames.take(220)
        visit.page.wait_for_timeout(300)
        waited += 300
    expect(done).to_be_visible()
    visit.page.wait_for_timeout(500)
    frames.take(220)
    frames.thin_out(start, TRAINING_FRAMES)
    frames.durations[-1] = 2200


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


def _keep(visit: Visit, path: Path) -> None:
    screen = visit.page.viewport_size
    assert screen
    visit.page.mouse.move(screen["width"] - 10, screen["height"] - 10)  # over nothing that would light up
    visit.page.wait_for_timeout(1000)  # what glides and fades in has come to rest
    picture = Image.open(io.BytesIO(visit.page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
