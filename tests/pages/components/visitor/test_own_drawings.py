import io

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.digits.dataset import Digits
from core.networks.model import pretrained
from core.networks.presets import PRESETS
from core.store import drawings as own
from core.store.drawings import as_archive, drawing_store
from core.store.run_tables import RunState
from core.store.runs import run_store
from core.training.fine_tuning import FineTuning, fine_tuning_recipe
from tests.pages.harness import ONE, SEVEN, buttons, data_of, draw, opened, set_state, texts
from tests.ready_runs import OWNER, SECRET, finished_run

THEIRS = "b" * 64


@pytest.fixture
def app() -> AppTest:
    return visit()


def visit(secret=SECRET):
    return opened(secret=secret, state={"own_set": True})  # the set is unfolded


def right_digit(app):
    """The row of digits; None where there is nothing to correct."""
    return next((control for control in app.segmented_control if control.key == "right_digit"), None)


def tap(app, digit):
    """Tap a digit, or the one that is chosen already."""
    control = right_digit(app)
    return control.set_value(None if control.value == digit else digit).run()


def mine():
    return [drawing.label for drawing in drawing_store().drawings(OWNER)]


def count_shown(app):
    return app.get_by_key("own_set").proto.popover.label


def test_nothing_can_be_corrected_before_there_is_an_answer(app):
    assert right_digit(app) is None
    assert "teach" not in buttons(app)


def test_a_tap_keeps_what_the_network_saw_with_its_right_digit_and_says_so(app):
    draw(app, SEVEN)
    assert right_digit(app).value is None
    assert "Wrong? It is a" in texts(app)
    tap(app, 1)
    assert right_digit(app).value == 1
    assert "Kept as a 1." in texts(app)
    (kept,) = drawing_store().drawings(OWNER)
    np.testing.assert_array_equal(kept.image.ravel(), data_of(app, "answer")["image"])
    assert count_shown(app) == "1 drawing of yours"
    assert not app.error


def test_another_digit_replaces_the_first_and_a_second_tap_takes_the_drawing_back(app):
    tap(draw(app, SEVEN), 1)
    tap(app, 8)
    assert mine() == [8]
    assert "Kept as an 8." in texts(app)
    tap(app, 8)
    assert mine() == []
    assert "Wrong? It is a" in texts(app)


def test_each_drawing_has_its_own_right_digit_which_is_found_again(app):
    tap(draw(app, SEVEN), 1)
    draw(app, ONE)
    assert right_digit(app).value is None
    draw(app, SEVEN)
    assert right_digit(app).value == 1


def test_drawings_are_there_after_a_reload_and_in_no_other_workspace(app):
    tap(draw(app, SEVEN), 1)
    assert count_shown(visit()) == "1 drawing of yours"
    other = visit("B" * 43)
    assert "teach" not in buttons(other)
    assert right_digit(draw(other, SEVEN)).value is None


@pytest.mark.parametrize("tapped", ["10", "-1", "seven", ""])
def test_a_tap_that_no_button_makes_keeps_nothing(app, tapped):
    right_digit(draw(app, SEVEN)).set_value(tapped).run()
    assert mine() == []
    assert not app.error


def test_a_full_set_is_reported(app, monkeypatch):
    monkeypatch.setattr(own, "MAX_DRAWINGS", 1)
    tap(draw(app, SEVEN), 1)
    tap(draw(app, ONE), 7)
    assert "no room for more" in app.toast[0].value
    assert mine() == [1]


def test_the_set_shows_each_drawing_and_one_can_be_removed(app):
    tap(draw(app, SEVEN), 1)
    tap(draw(app, ONE), 7)
    shown = data_of(app, "thumbnails")
    assert shown["words"] == ["1", "7"]
    assert len(shown["removable"]) == 2
    set_state(app, own_thumbnails={"removed": shown["removable"][0]})
    assert mine() == [7]
    assert count_shown(app) == "1 drawing of yours"


def test_somebody_elses_drawing_cannot_be_removed(app):
    drawing_store().keep(THEIRS, np.ones((28, 28), np.uint8), 3)
    (theirs,) = drawing_store().drawings(THEIRS)
    tap(draw(app, SEVEN), 1)
    set_state(app, own_thumbnails={"removed": theirs.key})
    assert len(drawing_store().drawings(THEIRS)) == 1
    assert mine() == [1]


def test_all_drawings_are_deleted_after_a_confirmation(app):
    tap(draw(app, SEVEN), 1)
    app.button(key="ask_remove_all").click().run()
    assert mine() == [1]
    app.button(key="remove_none").click().run()
    assert mine() == [1]
    app.button(key="ask_remove_all").click().run()
    app.button(key="remove_all").click().run()
    assert mine() == []
    assert "teach" not in buttons(app)


@pytest.mark.bad_input(23)
def test_drawings_that_cannot_be_deleted_now_stay_and_so_does_the_question(app, full_disk):
    tap(draw(app, SEVEN), 1)
    app.button(key="ask_remove_all").click().run()
    with full_disk():
        app.button(key="remove_all").click().run()
    assert not app.exception
    assert [toast.value for toast in app.toast] == ["The disk is full."]
    assert mine() == [1]
    assert "remove_all" in buttons(app)


def test_the_download_is_what_numpy_opens():
    drawing_store().keep(OWNER, np.full((28, 28), 9, np.uint8), 5)
    with np.load(io.BytesIO(as_archive(drawing_store().drawings(OWNER)))) as archive:
        assert archive["images"].tolist() == [[[9] * 28] * 28]
        assert archive["labels"].tolist() == [5]


# Teach


def test_teach_queues_the_fine_tuning_of_the_model_that_answers(app, engine):
    tap(draw(app, SEVEN), 1)
    app.button(key="teach").click().run()
    (run,) = run_store().runs_of(OWNER)
    assert (run.name, run.state, run.is_fine_tuning) == ("Pretrained, taught", RunState.QUEUED, True)
    assert run.recipe == fine_tuning_recipe(pretrained().recipe)
    fine_tuning = run_store().fine_tuning(run.id)
    assert fine_tuning.start.scores == pretrained().scores
    assert fine_tuning.drawings.labels.tolist() == [1]
    np.testing.assert_array_equal(run.drawing, fine_tuning.drawings.images[0])
    assert engine.queue_checks == 1


def test_teach_fine_tunes_the_run_that_answers(app):
    run_id = finished_run("Mine")
    app.session_state["answering_run"] = run_id
    tap(draw(app, SEVEN), 1)
    app.button(key="teach").click().run()
    newest = run_store().runs_of(OWNER)[0]
    assert newest.name == "Mine, taught"
    assert newest.recipe.network == PRESETS["fast"].network


def test_teach_is_disabled_while_the_limit_of_active_runs_is_reached(app, monkeypatch):
    monkeypatch.setenv("INKLING_MAX_ACTIVE_RUNS", "1")
    run_store().submit(OWNER, PRESETS["fast"])
    tap(draw(app, SEVEN), 1)
    assert app.button(key="teach").disabled


def fine_tuning_of(*labels):
    images = np.random.default_rng(0).integers(0, 256, (len(labels), 28, 28), dtype=np.uint8)
    return FineTuning(pretrained(), Digits(images, np.array(labels, np.uint8)))


def test_fine_tuning_shows_how_its_drawings_are_read_before_and_after():
    fine_tuning = fine_tuning_of(7, 1, 3)
    before = fine_tuning.start.probabilities(fine_tuning.drawings.images).argmax(axis=1)
    run_id = run_store().submit(OWNER, PRESETS["fast"], "Pretrained, taught", fine_tuning=fine_tuning)
    app = opened("train", run=run_id)
    assert data_of(app, "thumbnails")["words"] == [f"{digit} → ?" for digit in before]
    assert data_of(app, "thumbnails")["removable"] == []
    run_store().delete(run_id, OWNER)

    run_id = finished_run("Pretrained, taught", fine_tuning=fine_tuning, test_accuracy=0.9958, drawn_accuracy=0.989)
    after = run_store().model(run_id).probabilities(fine_tuning.drawings.images).argmax(axis=1)
    app = opened("train", run=run_id)
    shown = data_of(app, "thumbnails")
    assert shown["words"] == [f"{was} → {now}" for was, now in zip(before, after, strict=True)]
    assert shown["marks"] == [bool(now == label) for now, label in zip(after, (7, 1, 3), strict=True)]
    said = data_of(app, "run_figures")["status"]
    assert f"Reads {sum(shown['marks'])} of 3 drawings" in said
    assert "→ 99.58\N{THIN SPACE}%" in said
    assert "draw_with_it" in buttons(app)


def test_who_watches_fine_tuning_sees_the_drawings_and_cannot_download_them():
    run_id = finished_run("Theirs, taught", owner=THEIRS, fine_tuning=fine_tuning_of(7))
    app = opened("train", run=run_id)
    assert len(data_of(app, "thumbnails")["words"]) == 1
    assert data_of(app, "thumbnails")["removable"] == []
    assert not any(part.proto.id.startswith("download_drawings") for part in app.get("download_button"))
