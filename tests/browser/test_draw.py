import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.served import READY

SEVEN = [(80, 60), (200, 60), (160, 140), (120, 230)]
ONE = [(140, 40), (140, 240)]
PHONES = [(320, 568), (360, 640), (375, 667), (390, 844), (430, 932)]


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


def bars(visit):
    return visit.page.get_by_role("list", name="How likely each digit is").get_by_role("listitem")


def status(visit):
    return visit.page.get_by_role("status").filter(has_text=re.compile("sure|Draw a digit"))


def button(visit, name):
    # A new canvas shows its own toolbar for a moment, with buttons of the same names.
    return visit.page.get_by_role("button", name=name).and_(visit.page.locator(":not(.dc-icon-button)"))


def expect_seven(visit):
    expect(status(visit)).to_have_text(re.compile(r"7\s+\d\d\.\d\s% sure"))
    probabilities = [float(bar.get_attribute("data-probability")) for bar in bars(visit).all()]
    assert sum(probabilities) == pytest.approx(1, abs=1e-4)
    assert max(range(10), key=probabilities.__getitem__) == 7
    assert bars(visit).nth(7).inner_text().split()[0] == "7"


def expect_empty(visit):
    expect(status(visit)).to_contain_text("Draw a digit")
    expect(bars(visit)).to_have_count(10)
    assert {float(bar.get_attribute("data-probability")) for bar in bars(visit).all()} == {0}
    expect(button(visit, "Undo")).to_be_disabled()
    expect(button(visit, "Clear")).to_be_disabled()


def place_of_bars(visit):
    return visit.page.get_by_role("list", name="How likely each digit is").bounding_box()


def below_fold(place):
    """How far below the words that unfold it a place lies, in pixels; they may be unfolding still."""
    return place.evaluate(
        """place => place.getBoundingClientRect().top
            - place.closest('details').querySelector('summary').getBoundingClientRect().top"""
    )


def scrolled(visit):
    return visit.page.get_by_test_id("stMain").evaluate("main => main.scrollTop + document.documentElement.scrollTop")


@pytest.mark.bad_input(34)
def test_a_deep_link_to_draw_on_a_cold_server_shows_the_page_of_the_menu(cold_server, visitor):
    by_link, by_menu = visitor(cold_server), visitor(cold_server)
    by_link.open("/draw")
    by_menu.open("/")
    for visit in (by_link, by_menu):
        expect(visit.page).to_have_title("Draw · Inkling")
        expect(visit.page.get_by_role("heading", name="Draw a digit")).to_be_visible()
        expect(visit.page.get_by_test_id("stHeaderLogo")).to_be_visible()
        expect(visit.page.get_by_text("Deploy", exact=True)).to_have_count(0)
        expect(visit.page.get_by_text("Traceback")).to_have_count(0)
        expect(visit.page.get_by_test_id("stSidebar")).to_have_count(0)
        expect(visit.page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.bad_input(7)
def test_a_seven_drawn_by_mouse_is_read_and_undo_and_clear_empty_the_bars(server, visitor):
    visit = visitor(server)
    visit.open()
    expect_empty(visit)
    visit.draw(*SEVEN)
    expect_seven(visit)
    visit.lay_sheet("Undo")
    expect_empty(visit)
    visit.draw(*SEVEN)
    expect_seven(visit)
    visit.lay_sheet("Clear")
    expect_empty(visit)
    visit.draw(*ONE)  # the new sheet works like the first
    expect(status(visit)).to_have_text(re.compile(r"1\s+\d\d\.\d\s% sure"))


def test_ten_digits_in_the_styles_of_the_world_drawn_by_mouse_are_read(server, visitor):
    visit = visitor(server)
    visit.open()
    for style, strokes in WORLD.items():
        for stroke in strokes:
            visit.draw(*stroke)
            expect(button(visit, "Undo")).to_be_enabled()
            # The next stroke belongs to the next drawing until the canvas has sent this one.
            expect(visit.page.locator(".st-key-board_tools")).to_have_css("pointer-events", "auto")
        expect(status(visit), style).to_have_text(re.compile(rf"{style[0]}\s+\d\d\.\d\s% sure"))
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
    expect_seven(visit)
    before = place_of_bars(visit)
    button(visit, "Picture").click()
    file = visit.page.locator("[data-testid=stPopoverBody] input[type=file]")
    file.set_input_files(tmp_path / "program.png")
    expect(visit.page.get_by_role("alert")).to_contain_text("PNG or JPEG please: this file is neither.")
    expect(visit.page.get_by_text("program.png")).to_have_count(0)  # a new opener has come in the old one's place
    expect(file).to_have_count(1)
    expect_seven(visit)
    file.set_input_files(picture)
    expect(status(visit)).to_have_text(re.compile(r"3\s+\d\d\.\d\s% sure"))
    expect(visit.page.get_by_label("Drawing board with the picture that is read")).to_be_visible()
    assert place_of_bars(visit) == before
    button(visit, "Back to drawing").click()
    expect_seven(visit)


def test_the_preparation_unfolds_and_a_step_switched_off_is_said_beside_the_answer(server, visitor):
    visit = visitor(server, 375, 667)
    visit.open()
    visit.draw(*SEVEN)
    expect_seven(visit)
    before = place_of_bars(visit)
    visit.page.get_by_text("How your drawing was prepared").click()
    expect(visit.page.get_by_role("img", name=re.compile("^(Drawn|Boxed|Scaled|Centred|28x28)"))).to_have_count(5)
    expect(visit.page.locator(READY)).to_be_attached()  # the last step is drawn before what stands below it
    visit.page.locator("label", has_text="28x28").click()
    expect(visit.page.get_by_text("Not wholly prepared")).to_be_visible()
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 375
    button(visit, "Switch all steps on").click()
    expect(visit.page.get_by_text("Not wholly prepared")).to_have_count(0)
    expect_seven(visit)
    visit.page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
    assert place_of_bars(visit) == before


def test_what_stands_below_the_images_of_the_preparation_does_not_move_when_they_come(server, visitor):
    visit = visitor(server, 375, 667)
    visit.open()
    visit.draw(*SEVEN)
    expect_seven(visit)
    withheld = visit.page.add_style_tag(content="[data-testid=stImage] img { display: none }")
    visit.page.get_by_text("How your drawing was prepared").click()
    last = visit.page.locator("label", has_text="28x28")
    expect(last).to_be_visible()
    before = below_fold(last)
    withheld.evaluate("style => style.remove()")
    expect(visit.page.get_by_role("img", name=re.compile("^(Drawn|Boxed|Scaled|Centred|28x28)"))).to_have_count(5)
    assert below_fold(last) == before


@pytest.mark.bad_input(35)
def test_a_seven_drawn_by_finger_is_read_while_the_page_stays_still(server, visitor):
    visit = visitor(server, 375, 667, has_touch=True, is_mobile=True)
    visit.open()
    visit.touch(*SEVEN)
    expect_seven(visit)
    assert scrolled(visit) == 0
    visit.lay_sheet("Undo", by_touch=True)
    expect_empty(visit)
    visit.touch(*[(x + 60, y) for x, y in SEVEN])  # starts and passes where the canvas' own toolbar would lie
    expect_seven(visit)
    visit.lay_sheet("Clear", by_touch=True)
    expect_empty(visit)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), *PHONES])
@pytest.mark.bad_input(35)
def test_board_answer_bars_and_tools_are_in_sight_together_and_stay_where_they_are(server, visitor, width, height):
    visit = visitor(server, width, height)
    visit.open()
    expect(bars(visit)).to_have_count(10)
    before = place_of_bars(visit)
    visit.draw(*SEVEN)
    expect_seven(visit)
    assert place_of_bars(visit) == before
    answer = visit.page.get_by_role("region", name="Answer")
    for part in (visit.sheet(), answer, button(visit, "Undo"), button(visit, "Clear")):
        expect(part).to_be_in_viewport(ratio=1)
    if (width, height) in PHONES:  # one under the other: the board stands in the middle
        board = visit.sheet().bounding_box()
        assert board["x"] + board["width"] / 2 == pytest.approx(width / 2, abs=1)
    assert before["x"] >= 0
    assert before["x"] + before["width"] <= width
    assert before["y"] + before["height"] <= height
    assert scrolled(visit) == 0
    assert visit.page.evaluate("document.documentElement.scrollWidth") == width


def test_by_night_the_strokes_are_chalk_and_a_change_of_theme_recolours_the_drawing(server, visitor):
    visit = visitor(server, color_scheme="dark")
    visit.open()
    visit.draw(*SEVEN)
    expect_seven(visit)
    expect(visit.page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(21, 33, 29)")
    colour = "canvas => [...canvas.getContext('2d').getImageData(140, 60, 1, 1).data]"
    assert visit.page.locator("canvas.dc-canvas.lower-canvas").evaluate(colour) == [242, 240, 230, 255]
    visit.page.emulate_media(color_scheme="light")
    expect(visit.page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(251, 249, 244)")
    visit.page.wait_for_function(
        """() => [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")].some((host) => {
            const canvas = host.shadowRoot?.querySelector("canvas.dc-canvas.lower-canvas")
            return canvas && String([...canvas.getContext("2d").getImageData(140, 60, 1, 1).data]) == "29,36,51,255"
        })""",
        timeout=60_000,
    )
    expect_seven(visit)


def test_a_file_that_is_no_model_gets_a_sentence_and_the_answer_stays(server, visitor):
    visit = visitor(server)
    visit.open()
    visit.draw(*SEVEN)
    expect_seven(visit)
    button(visit, "Pretrained").click()
    file = {"name": "bad.safetensors", "mimeType": "application/octet-stream", "buffer": b"no model"}
    visit.page.locator("input[type=file]").set_input_files(file)
    expect(visit.page.get_by_role("alert")).to_contain_text("not a .safetensors model")
    expect(button(visit, "Pretrained")).to_be_visible()
    expect_seven(visit)


def test_the_server_that_answers_never_loads_a_training_library_and_stays_below_300_megabytes(server, visitor):
    process = Path(f"/proc/{server.pid}")
    if not process.exists():
        pytest.skip("the memory of another process is read from /proc, which only Linux has")
    visit = visitor(server)
    visit.open()
    visit.draw(*SEVEN)
    expect_seven(visit)
    loaded = (process / "maps").read_text()
    assert not re.search("tensorflow|torch", loaded)
    assert int((process / "status").read_text().split("VmRSS:")[1].split()[0]) < 300_000  # kB
