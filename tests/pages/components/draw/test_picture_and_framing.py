"""A picture on the board, and the preparation shown step by step and switched off."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from tests.pages.harness import CANVAS, ONE, SEVEN, answer, buttons, data_of, draw, opened, set_state, texts

SMALL_SEVEN = [(20 + x * 0.25, 20 + y * 0.25) for x, y in SEVEN]


@pytest.fixture
def app() -> AppTest:
    return opened()


def three(kind="PNG"):
    image = Image.new("L", (280, 280), 255)
    pen = ImageDraw.Draw(image)
    pen.line([(90, 60), (150, 50), (180, 90), (140, 125), (190, 170), (150, 220), (80, 210)], fill=0, width=18)
    content = io.BytesIO()
    image.save(content, kind)
    return content.getvalue()


def open_picture(app, content, name="digit.png"):
    set_state(app, open_picture=True)
    uploader = next(one for one in app.file_uploader if one.key.startswith("picture_file"))
    return uploader.set_value((name, content, "image/png")).run()


def unfold(app):
    return set_state(app, prepared=True)


def canvas(app):
    return data_of(app, CANVAS)


def sheet(app):
    return data_of(app, "board")


def toggles(app):
    return [toggle.label for toggle in app.toggle]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_opened_picture_is_answered_and_shown_in_place_of_the_drawing(app, kind):
    draw(app, SEVEN)
    open_picture(app, three(kind))
    assert answer(app)["digit"] == 3
    assert sheet(app)["picture"].startswith("data:image/png;base64,")
    assert canvas(app)["initialDrawing"]["objects"] == []
    assert not app.error


@pytest.mark.parametrize(
    "how",
    [
        "a click",
        "a stroke",
        "Clear",
        "a stroke and Clear",
        "a stroke and Undo",
        "another picture",
        "Clear and another picture",
    ],
)
def test_a_picture_goes_by_a_click_a_stroke_or_clear_and_the_way_back_to_the_drawing_outlives_it(app, how):
    draw(app, SEVEN)
    open_picture(app, three())
    if "stroke" in how:
        draw(app, ONE)
        assert answer(app)["digit"] == 1
        assert not app.button(key="undo").disabled
    for button in ("clear", "undo"):
        if button in how.lower():
            app.button(key=button).click().run()
            assert "Draw a digit" in answer(app)["sentence"]
            assert app.button(key="clear").disabled
    assert (sheet(app)["picture"] is None) is (how not in ("a click", "another picture"))
    if "picture" in how:
        open_picture(app, three())
    app.button(key="back_to_drawing").click().run()
    assert answer(app)["digit"] == 7
    assert len(canvas(app)["initialDrawing"]["objects"]) == 1
    assert sheet(app)["picture"] is None
    assert "back_to_drawing" not in buttons(app)
    assert not app.button(key="undo").disabled


def test_where_nothing_was_drawn_there_is_no_way_back_once_the_picture_is_gone(app):
    open_picture(app, three())
    app.button(key="back_to_drawing").click().run()
    open_picture(app, three())
    app.button(key="clear").click().run()
    assert app.button(key="undo").disabled
    assert "back_to_drawing" not in buttons(app)


def test_a_picture_is_still_there_after_a_visit_to_another_page(app):
    open_picture(app, three())
    del app.session_state[f"board_{app.session_state['board_number']}"]
    app.run()
    assert answer(app)["digit"] == 3
    assert sheet(app)["picture"]


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg/>", b"%PDF-1.7", b"MZ\x90\x00", three()[:200], b"\x89PNG\r\n\x1a\n"],
    ids=["0 bytes", "SVG", "PDF", ".exe", "truncated", "a header"],
)
@pytest.mark.bad_input(10)
def test_a_file_that_is_no_picture_gets_one_sentence_and_the_drawing_stays(app, content):
    draw(app, SEVEN)
    before = answer(app)
    open_picture(app, content)
    assert [error.value.startswith("PNG or JPEG please") for error in app.error] == [True]
    assert answer(app) == before
    assert app.button(key="undo").label == "Undo"
    open_picture(app, three())  # a good one takes the sentence away
    assert not app.error


@pytest.mark.bad_input(7)
def test_on_an_empty_board_there_are_neither_bars_nor_steps(app):
    unfold(app)
    assert not app.toggle
    for key in ("undo", "clear"):
        draw(app, SEVEN)
        assert answer(app)["digit"] == 7
        app.button(key=key).click().run()
        assert answer(app)["probabilities"] == []
        assert not app.toggle
        assert not app.exception


def test_the_unfolded_preparation_shows_five_images_with_sentences_and_four_switches(app):
    draw(app, SEVEN)
    unfold(app)
    assert toggles(app) == ["Boxed", "Scaled", "Centred", "28x28"]
    assert len(app.get("image")) == 5
    for part in ("as it was drawn", "cut out", "20 of 28", "centre of mass", "drawn again"):
        assert part in texts(app)


def test_switching_steps_off_changes_the_answer_at_once_and_one_click_brings_it_back(app):
    draw(app, SMALL_SEVEN)
    prepared = answer(app)
    assert prepared["digit"] == 7
    assert any(control.key == "right_digit" for control in app.segmented_control)
    unfold(app)
    for switch in ("box", "scale", "centre", "redraw"):
        app.toggle(key=f"framing_{switch}").set_value(False).run()
    broken = answer(app)
    assert broken["image"] != prepared["image"]
    assert broken["sentence"] != prepared["sentence"]
    image = np.array(broken["image"]).reshape(28, 28)
    assert not image[12:].any()  # small, and in its corner
    assert not any(control.key == "right_digit" for control in app.segmented_control)  # no correction is asked for
    set_state(app, prepared=False)
    assert not app.toggle
    assert "Not fully prepared" in texts(app)  # still, with the way back
    app.button(key="framing_on").click().run()
    assert answer(app) == prepared
    assert "Not fully prepared" not in texts(app)
    assert all(toggle.value for toggle in unfold(app).toggle)


def test_the_steps_of_a_picture_are_shown_too(app):
    open_picture(app, three())
    unfold(app)
    assert len(app.toggle) == 4
    app.toggle(key="framing_redraw").set_value(False).run()
    assert answer(app)["digit"] is not None
    assert not app.error
