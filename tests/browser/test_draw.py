import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.app_server import READY
from tests.browser.harness import (
    CHALK,
    INK,
    ONE,
    SEVEN,
    bars,
    button,
    expect_answer,
    expect_empty,
    expect_ink,
    expect_nothing_wider,
    expect_within,
    turn,
)

PHONE = (320, 568)


# One of each digit, in strokes as people draw them: "0" with a slash, "1" with a flag and a foot, ...
WORLD = {
    "0, slashed": [
        [(140, 40), (95, 75), (85, 140), (100, 210), (140, 240), (180, 210), (195, 140), (185, 75), (140, 40)],
        [(195, 50), (90, 230)],
    ],
    "1, flagged, with a foot": [[(100, 90), (145, 45), (145, 235)], [(105, 237), (190, 235)]],
    "2, looped": [
        [
            (85, 85),
            (110, 50),
            (150, 42),
            (185, 70),
            (180, 115),
            (140, 170),
            (95, 222),
            (78, 208),
            (95, 192),
            (130, 208),
        ],
        [(130, 208), (165, 228), (210, 222)],
    ],
    "3, flat topped": [[(85, 50), (195, 48), (135, 120), (180, 135), (195, 180), (165, 225), (110, 232), (75, 210)]],
    "4, open, two strokes": [[(105, 50), (85, 145), (200, 145)], [(175, 60), (170, 240)]],
    "5, with a separate bar": [
        [(110, 55), (100, 130), (140, 118), (185, 140), (190, 190), (150, 232), (95, 225)],
        [(110, 55), (195, 50)],
    ],
    "6, with a straight tail": [
        [(175, 40), (120, 120), (95, 180), (110, 225), (150, 238), (185, 205), (175, 165), (135, 155), (103, 185)]
    ],
    "7, crossed": [[(80, 55), (200, 52), (165, 130), (130, 240)], [(105, 145), (195, 140)]],
    "8, two circles": [
        [(140, 40), (105, 60), (105, 105), (140, 128), (175, 105), (175, 60), (140, 40)],
        [(140, 128), (95, 155), (95, 215), (140, 242), (185, 215), (185, 155), (140, 128)],
    ],
    "9, with a hooked tail": [
        [(180, 80), (145, 45), (100, 70), (100, 115), (140, 135), (180, 85), (180, 180), (160, 235), (105, 220)]
    ],
}


def below_fold(place):
    """How far below the words that unfold it a place lies, in pixels; they may be unfolding still."""
    return place.evaluate(
        """place => place.getBoundingClientRect().top
            - place.closest('details').querySelector('summary').getBoundingClientRect().top"""
    )


def scrolled(visit):
    return visit.page.get_by_test_id("stMain").evaluate("main => main.scrollTop + document.documentElement.scrollTop")


@pytest.mark.bad_input(7)
def test_a_seven_drawn_by_mouse_is_read_and_undo_and_clear_empty_the_bars(server, visitor):
    visit = visitor(server)
    visit.open()
    expect_empty(visit)
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    visit.lay_sheet("Undo")
    expect_empty(visit)
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    visit.lay_sheet("Clear")
    expect_empty(visit)
    visit.draw(*ONE)  # the new sheet works like the first
    expect_answer(visit, 1)


def test_ten_digits_in_ten_styles_drawn_by_mouse_are_read(server, visitor):
    visit = visitor(server)
    visit.open()
    for style, strokes in WORLD.items():
        for stroke in strokes:
            visit.draw(*stroke)
            expect(button(visit, "Undo")).to_be_enabled()
            # The next stroke belongs to the next drawing until the canvas has sent this one.
            expect(visit.page.locator(".st-key-board_tools")).to_have_css("pointer-events", "auto")
        expect_answer(visit, int(style[0]))
        visit.lay_sheet("Clear")
        expect_empty(visit)


def test_a_picture_is_opened_answered_and_taken_away(server, visitor, tmp_path):
    picture = tmp_path / "three.png"
    image = Image.new("L", (600, 400), 255)
    points = [(190, 90), (310, 70), (370, 150), (290, 200), (390, 270), (310, 360), (170, 340)]
    ImageDraw.Draw(image).line(points, fill=0, width=30)
    image.save(picture)
    (tmp_path / "program.png").write_bytes(b"MZ" + bytes(500))
    visit = visitor(server)
    visit.open()
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    before = bars(visit).bounding_box()
    button(visit, re.compile("Picture")).click()
    file = visit.page.locator("[data-testid=stPopoverBody] input[type=file]")
    file.set_input_files(tmp_path / "program.png")
    expect(visit.page.get_by_role("alert")).to_contain_text("PNG or JPEG please: this file is neither.")
    expect(visit.page.get_by_text("program.png")).to_have_count(0)  # a new opener has come in the old one's place
    expect(file).to_have_count(1)
    expect_answer(visit, 7)
    file.set_input_files(picture)
    expect_answer(visit, 3)
    expect(visit.page.get_by_label("Drawing board with the picture that is read")).to_be_visible()
    assert bars(visit).bounding_box() == before
    button(visit, "Back to drawing").click()
    expect_answer(visit, 7)


def test_the_preparation_unfolds_without_a_jump_and_a_step_switched_off_is_named_beside_the_answer(server, visitor):
    visit = visitor(server, 375, 667)
    visit.open()
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    before = bars(visit).bounding_box()
    withheld = visit.page.add_style_tag(content="[data-testid=stImage] img { display: none }")
    visit.page.get_by_text("How your drawing was prepared").click()
    last = visit.page.locator("label", has_text="28x28")
    expect(last).to_be_visible()
    expect(visit.page.locator(READY)).to_be_attached()
    reserved = below_fold(last)
    withheld.evaluate("style => style.remove()")
    expect(visit.page.get_by_role("img", name=re.compile("^(Drawn|Boxed|Scaled|Centred|28x28)"))).to_have_count(5)
    assert below_fold(last) == reserved  # the images have come into the room that was kept for them
    last.click()
    expect(visit.page.get_by_text("Not fully prepared")).to_be_visible()
    expect_nothing_wider(visit, 375)
    button(visit, "Switch all steps on").click()
    expect(visit.page.get_by_text("Not fully prepared")).to_have_count(0)
    expect_answer(visit, 7)
    visit.page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
    assert bars(visit).bounding_box() == before


@pytest.mark.bad_input(35)
def test_a_seven_drawn_by_finger_is_read_while_the_page_stays_still(server, visitor):
    visit = visitor(server, 375, 667, has_touch=True, is_mobile=True)
    visit.open()
    visit.touch(*SEVEN)
    expect_answer(visit, 7)
    assert scrolled(visit) == 0
    visit.lay_sheet("Undo", by_touch=True)
    expect_empty(visit)
    visit.touch(*[(x + 60, y) for x, y in SEVEN])  # starts and passes where the canvas' own toolbar would lie
    expect_answer(visit, 7)
    visit.lay_sheet("Clear", by_touch=True)
    expect_empty(visit)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), PHONE])
@pytest.mark.bad_input(35)
def test_board_answer_bars_and_tools_are_in_sight_together_and_stay_where_they_are(server, visitor, width, height):
    visit = visitor(server, width, height)
    visit.open()
    expect(bars(visit).get_by_role("listitem")).to_have_count(10)
    before = bars(visit).bounding_box()
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    assert bars(visit).bounding_box() == before
    region = visit.page.get_by_role("region", name="Answer")
    for part in (visit.sheet(), region, button(visit, "Undo"), button(visit, "Clear")):
        expect(part).to_be_in_viewport(ratio=1)
    if (width, height) == PHONE:  # one under the other: the board stands in the middle
        board = visit.sheet().bounding_box()
        assert board["x"] + board["width"] / 2 == pytest.approx(width / 2, abs=1)
    expect_within(before, width, height)
    assert scrolled(visit) == 0
    expect_nothing_wider(visit, width)


def test_strokes_are_chalk_in_the_dark_theme_and_a_change_of_theme_recolours_them(server, visitor):
    visit = visitor(server, color_scheme="dark")
    visit.open()
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    expect_ink(visit, CHALK)
    turn(visit, "light")
    expect_ink(visit, INK)
    expect_answer(visit, 7)


def test_a_file_that_is_no_model_gets_a_sentence_and_the_answer_stays(server, visitor):
    visit = visitor(server)
    visit.open()
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    pretrained = button(visit, re.compile("Pretrained"))
    pretrained.click()
    file = {"name": "bad.safetensors", "mimeType": "application/octet-stream", "buffer": b"no model"}
    visit.page.locator("input[type=file]").set_input_files(file)
    expect(visit.page.get_by_role("alert")).to_contain_text("not a .safetensors model")
    expect(pretrained).to_be_visible()
    expect_answer(visit, 7)


def test_the_server_that_answers_never_loads_a_training_library_and_stays_below_300_megabytes(server, visitor):
    process = Path(f"/proc/{server.pid}")
    if not process.exists():
        pytest.skip("the memory of another process is read from /proc, which only Linux has")
    visit = visitor(server)
    visit.open()
    visit.draw(*SEVEN)
    expect_answer(visit, 7)
    loaded = (process / "maps").read_text()
    assert not re.search("tensorflow|torch", loaded)
    assert int((process / "status").read_text().split("VmRSS:")[1].split()[0]) < 300_000  # kB
