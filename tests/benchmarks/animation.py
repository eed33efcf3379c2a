"""The animated picture at the top of the README, from the real app: a digit is drawn, read, and a network trained.

`python -m tests.benchmarks.animation .github/pictures/inkling.webp`. It draws with the mouse, presses Train, waits for
the run to end, and draws again for the new network; a picture of the page is taken at each step.
"""

import io
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.benchmarks import report
from tests.served import READY, Visit, chromium, serve

SCREEN = {"width": 1040, "height": 640}
WIDTH = 832  # of the animation, in pixels
MAX_BYTES = 3_000_000
QUALITY = 72  # of WebP, of 100
TRAINING_FRAMES = 18  # as many as are kept, however long the training took
PATIENCE = 900_000  # milliseconds for the training, whatever else the machine does
SEVEN = [[(75, 60), (205, 55), (175, 120), (150, 180), (130, 240)], [(105, 150), (200, 140)]]
THREE = [[(85, 60), (140, 40), (185, 70), (170, 115), (130, 132), (180, 150), (195, 195), (150, 238), (80, 220)]]


@dataclass
class Snapshots:
    """The pictures in their order, each with how long it is shown, in milliseconds."""

    page: Page
    frames: list[Image.Image] = field(default_factory=list)
    durations: list[int] = field(default_factory=list)

    def take(self, milliseconds: int) -> None:
        """Take a picture of the page as it is now."""
        frame = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        height = round(frame.height * WIDTH / frame.width)
        self.frames.append(frame.resize((WIDTH, height), Image.Resampling.LANCZOS))
        self.durations.append(milliseconds)

    def thin_out(self, start: int, count: int) -> None:
        """Keep only so many of the pictures from `start` on, evenly, the first and the last among them."""
        places = range(start, len(self.frames))
        kept = {places[round(step * (len(places) - 1) / (count - 1))] for step in range(count)}
        for place in reversed(places):
            if place not in kept:
                del self.frames[place], self.durations[place]


def main() -> None:
    """Play, film, save."""
    if len(sys.argv) != 2:
        print("Usage: python -m tests.benchmarks.animation FILE.webp", file=sys.stderr)
        sys.exit(2)
    target = Path(sys.argv[1])
    expect.set_options(timeout=PATIENCE)
    with chromium() as browser, tempfile.TemporaryDirectory() as home, serve(Path(home)) as server:
        visit = Visit(browser.new_context(viewport=SCREEN, color_scheme="light").new_page(), server.url)  # type: ignore[arg-type]
        snapshots = Snapshots(visit.page)
        visit.open()
        snapshots.take(900)
        _draw(visit, snapshots, SEVEN)
        visit.page.get_by_role("button", name="Train your own").click()
        expect(visit.page.get_by_role("heading", name="Train a network")).to_be_visible()
        expect(visit.page.locator(READY)).to_be_attached()
        snapshots.take(1200)
        _train(visit, snapshots)
        visit.page.get_by_role("button", name="Draw with it").click()
        expect(visit.page.get_by_role("heading", name="Draw a digit")).to_be_visible()
        visit.lay_sheet("Clear")
        expect(visit.page.get_by_role("status").filter(has_text="Draw a digit")).to_be_visible()
        snapshots.take(700)
        _draw(visit, snapshots, THREE)
    snapshots.frames[0].save(
        target,
        save_all=True,
        append_images=snapshots.frames[1:],
        duration=snapshots.durations,
        loop=0,
        quality=QUALITY,
        method=6,
    )
    size = target.stat().st_size
    report(frames=len(snapshots.frames), seconds=sum(snapshots.durations) / 1000, bytes=size)
    if size > MAX_BYTES:
        sys.exit(1)


def _draw(visit: Visit, snapshots: Snapshots, strokes: list[list[tuple[float, float]]]) -> None:
    """Draw with the mouse, picture by picture, and wait for the answer to each stroke."""
    board = visit.sheet().bounding_box()
    assert board
    undo = visit.page.get_by_role("button", name="Undo").and_(visit.page.locator(":not(.dc-icon-button)"))
    for points in strokes:
        visit.page.mouse.move(board["x"] + points[0][0], board["y"] + points[0][1])
        visit.page.mouse.down()
        for x, y in points[1:]:
            visit.page.mouse.move(board["x"] + x, board["y"] + y, steps=8)
            snapshots.take(90)
        visit.page.mouse.up()
        expect(undo).to_be_enabled()
        expect(visit.page.get_by_role("status").filter(has_text="sure")).to_be_visible()
        visit.page.wait_for_timeout(700)  # the bars have come to rest
        snapshots.take(700)
    snapshots.durations[-1] = 1600


def _train(visit: Visit, snapshots: Snapshots) -> None:
    visit.page.get_by_role("button", name="Train", exact=True).click()
    expect(visit.page.get_by_test_id("stVegaLiteChart").first).to_be_visible(timeout=PATIENCE)
    start = len(snapshots.frames)
    done = visit.page.get_by_role("button", name="Draw with it")
    waited = 0
    while not done.is_visible() and waited < PATIENCE:
        snapshots.take(220)
        visit.page.wait_for_timeout(300)
        waited += 300
    expect(done).to_be_visible()
    visit.page.wait_for_timeout(500)
    snapshots.take(220)
    snapshots.thin_out(start, TRAINING_FRAMES)
    snapshots.durations[-1] = 2200


if __name__ == "__main__":
    main()
