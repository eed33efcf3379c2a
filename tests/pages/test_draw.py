import dataclasses
import logging

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.errors import InklingError
from core.networks.model import pretrained
from core.store.drawings import drawing_store
from core.store.runs import run_store
from pages.components.draw import explanation_view, preparation
from pages.components.visitor import model_choice, own_drawings
from tests.pages.harness import CANVAS, SEVEN, THIN, answer, answered_by, data_of, draw, drawn, opened
from tests.ready_runs import OWNER, finished_run

DOT = [(140, 140), (141, 140)]
SCRIBBLE = [(x, y) for x in range(10, 270, 4) for y in ((10, 270) if x % 8 == 2 else (270, 10))]


@pytest.fixture
def app() -> AppTest:
    return opened(state={"model": True})  # what lies behind "answered by" is unfolded


def open_file(app, name, content):
    return app.file_uploader(key="model_file").set_value((name, content, "application/octet-stream")).run()


def test_an_untouched_board_asks_for_a_digit_and_has_nothing_to_undo(app):
    assert "Draw a digit" in answer(app)["sentence"]
    assert answer(app)["probabilities"] == []
    assert answer(app)["digit"] is None
    assert app.button(key="undo").disabled
    assert app.button(key="clear").disabled


def test_a_drawn_seven_is_answered_with_ten_bars_that_sum_to_one_and_the_image_that_the_network_saw(app):
    draw(app, SEVEN)
    assert answer(app)["digit"] == 7
    assert sum(answer(app)["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert answer(app)["shares"][7] in answer(app)["sentence"]
    assert len(answer(app)["image"]) == 28 * 28
    assert max(answer(app)["image"]) == 255


@pytest.mark.parametrize(
    ("drawing", "sentence"),
    [
        (drawn(DOT), "Too little ink"),
        (drawn(SCRIBBLE), "Too much ink"),
        (drawn([(float(place % 280), 5.0) for place in range(100_000)]), "points"),
        ({"objects": [{"path": [["M", "left", None], 7]}, None, 3]}, "Draw a digit"),
        ({"objects": "none"}, "Draw a digit"),
    ],
    ids=["dot", "filled board", "too many points", "nonsense strokes", "no strokes at all"],
)
@pytest.mark.bad_input(2, 3, 8, 9)
def test_what_is_no_digit_gets_a_sentence_and_no_digit(app, drawing, sentence):
    draw(app, raw=drawing)
    assert sentence in answer(app)["sentence"]
    assert answer(app)["probabilities"] == []
    assert answer(app)["digit"] is None
    assert not app.error


def test_undo_takes_the_last_stroke_back_and_clear_takes_all(app):
    draw(app, SEVEN, [(120, 140), (200, 140)])
    app.button(key="undo").click().run()
    assert len(app.session_state["drawing"]["objects"]) == 1
    assert answer(app)["digit"] == 7
    draw(app, SEVEN, SEVEN, SEVEN)
    app.button(key="clear").click().run()
    assert answer(app)["probabilities"] == []
    assert app.button(key="undo").disabled


def test_a_drawing_is_still_there_after_a_visit_to_another_page(app):
    draw(app, SEVEN)
    del app.session_state[f"board_{app.session_state['board_number']}"]  # what Streamlit does when one leaves the page
    app.run()
    assert answer(app)["digit"] == 7
    canvas = data_of(app, CANVAS)
    assert len(canvas["initialDrawing"]["objects"]) == 1


def test_the_pen_has_the_chosen_width_and_its_ink_turns_into_chalk_when_the_theme_does(app):
    draw(app, SEVEN)
    app.context["theme"] = "dark"
    app.slider(key="pen_width").set_value(30).run()
    canvas = data_of(app, CANVAS)
    assert (canvas["strokeColor"], canvas["strokeWidth"]) == ("#F2F0E6", 30)
    assert [stroke["stroke"] for stroke in canvas["initialDrawing"]["objects"]] == ["#F2F0E6"]
    assert answer(app)["digit"] == 7


def test_a_model_opened_from_a_file_answers_and_says_what_it_learned_from(app):
    shipped = pretrained()
    scores = shipped.scores.model_copy(update={"data_source": "handwriting", "test_accuracy": 0.9012})
    open_file(app, "![x](mine).safetensors", dataclasses.replace(shipped, scores=scores).to_bytes())
    draw(app, SEVEN)
    assert r"\!\[x\]\(mine" in answered_by(app)  # as text, never as markup
    assert "90.1" in answered_by(app)
    assert answer(app)["digit"] == 7
    assert any("built-in handwriting" in text.value for text in app.markdown)
    app.button(key="use_pretrained").click().run()
    assert "Pretrained" in answered_by(app)
    assert not any("built-in handwriting" in text.value for text in app.markdown)


def test_what_is_folded_is_not_computed_for_a_stroke(monkeypatch):
    run_id = finished_run("Mine")
    drawing_store().keep(OWNER, np.full((28, 28), 9, np.uint8), 5)
    for module, part in (
        (model_choice, "my_runs"),
        (preparation, "_steps"),
        (own_drawings, "_render_set"),
        *((explanation_view, part) for part in ("layer_views", "occlusion", "grad_cam", "runner_up", "worked_pixel")),
    ):
        monkeypatch.setattr(module, part, None)  # whoever calls it fails
    app = draw(opened(state={"answering_run": run_id}), SEVEN)
    assert not app.error
    assert answered_by(app).startswith("Mine")
    assert answer(app)["digit"] is not None
    assert not app.file_uploader


def test_a_run_of_ones_own_can_be_chosen_from_a_list_by_name_and_test_accuracy(app):
    finished_run("Theirs", owner="somebody else")
    draw(app, SEVEN)
    assert not app.selectbox
    older, newer = finished_run("First try"), finished_run("Second try", test_accuracy=0.75, drawn_accuracy=0.9901)
    run_store().submit(OWNER, pretrained().recipe)  # it has no model yet
    app.run()
    shipped = answer(app)["probabilities"]
    box = app.selectbox(key="chosen_run")
    second = f"Second try, 75.00{THIN}%"
    assert box.options == [f"{second}, drawn 99.01{THIN}%", f"First try, 98.76{THIN}%"]
    assert box.value is None
    box.select(older).run()
    assert answered_by(app) == f"First try, 98.76{THIN}%"
    assert answer(app)["probabilities"] != shipped
    app.selectbox(key="chosen_run").select(newer).run()
    assert answered_by(app) == second
    assert any("drawn with an even pen" in text.value for text in app.markdown)
    app.button(key="use_pretrained").click().run()
    assert answered_by(app).startswith("Pretrained")
    assert answer(app)["probabilities"] == shipped
    assert app.selectbox(key="chosen_run").value is None


def test_what_was_chosen_last_answers_a_run_or_a_file(app):
    run_id = finished_run("Mine")
    open_file(app, "file.safetensors", pretrained().to_bytes())
    assert answered_by(app).startswith("file")
    app.session_state["answering_run"] = run_id  # what the buttons of other pages do
    app.run()
    assert answered_by(app).startswith("Mine")
    assert app.selectbox(key="chosen_run").value == run_id
    open_file(app, "other.safetensors", pretrained().to_bytes())
    assert answered_by(app).startswith("other")
    assert app.selectbox(key="chosen_run").value is None


def test_a_run_by_link_answers_though_it_is_in_no_list_of_mine(app):
    app.session_state["answering_run"] = finished_run("Theirs", owner="somebody else")
    app.run()
    assert answered_by(app).startswith("Theirs")
    app.session_state["answering_run"] = run_store().submit(OWNER, pretrained().recipe)
    assert answered_by(app.run()).startswith("Pretrained")  # as that one has left no model
    assert not app.error


def test_when_the_run_that_answers_is_deleted_the_shipped_model_takes_over_and_says_so(app):
    run_id = finished_run("Mine")
    app.session_state["answering_run"] = run_id
    draw(app, SEVEN)
    assert answered_by(app).startswith("Mine")
    run_store().delete(run_id, OWNER)
    app.run()
    assert not app.error
    assert answered_by(app).startswith("Pretrained")
    assert answer(app)["digit"] == 7
    assert any("is gone, so the pretrained model answers" in text.value for text in app.markdown)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x80\x04\x95pickle", b"PK\x03\x04zip"])
@pytest.mark.bad_input(20)
def test_a_bad_model_file_gets_one_sentence_and_the_model_stays(app, content):
    draw(app, SEVEN)
    before = answer(app), answered_by(app)
    open_file(app, "bad.safetensors", content)
    assert len(app.error) == 1
    assert ".safetensors" in app.error[0].value
    assert (answer(app), answered_by(app)) == before
    app.file_uploader(key="model_file").set_value(None).run()
    assert not app.error


def test_an_error_that_a_visitor_can_fix_is_shown_as_it_stands(app, monkeypatch):
    monkeypatch.setattr("core.insight.prediction.answer_drawing", refuse(InklingError("The ink is dry: wet it.")))
    app.run()
    assert [error.value.replace("\\", "") for error in app.error] == ["The ink is dry: wet it."]


def test_a_bug_is_logged_with_an_id_and_shown_as_a_friendly_sentence(app, monkeypatch, caplog):
    monkeypatch.setattr("core.insight.prediction.answer_drawing", refuse(ZeroDivisionError("secret detail")))
    with caplog.at_level(logging.ERROR, "inkling.pages"):
        app.run()
    assert not app.exception
    assert len(app.error) == 1
    assert "secret detail" not in app.error[0].value
    incident = caplog.records[0].args[0]
    assert incident in app.error[0].value
    assert caplog.messages[0] == f"event=incident incident={incident} run=''"
    assert "secret detail" in caplog.text


def refuse(error):
    def answer_drawing(*asked):
        raise error

    return answer_drawing
