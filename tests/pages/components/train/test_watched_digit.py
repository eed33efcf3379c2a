"""The visitor's own digit, which a run on Train answers while it learns."""

import numpy as np
import pytest

from core.networks.presets import PRESETS
from core.store.runs import run_store
from tests.pages.harness import (
    THIN,
    data_of,
    image,
    opened,
    set_state,
)
from tests.ready_runs import OWNER, SOMEBODY, Worker, finished_run
from tests.samples import hundred_digits


def watched(app):
    return data_of(app, "answer", "learning")


def answered(*likely, by=10):
    return {"drawing_probabilities": tuple(0.9 if digit in likely else 0.1 / (by - 1) for digit in range(by))}


def test_without_a_drawing_an_empty_frame_invites_to_draw():
    app = opened("train")
    assert watched(app)["image"] is None
    assert watched(app)["probabilities"] == []
    assert any("Put a digit of yours here" in link.proto.label for link in app.get("page_link"))


def test_the_last_drawing_goes_with_the_run_and_its_answer_moves_with_the_reports():
    app = opened("train", drawing=image())
    assert watched(app)["sentence"] == "Your drawing. Its answers will appear here."
    app.button(key="train").click().run()
    (run,) = run_store().runs_of(OWNER)
    np.testing.assert_array_equal(run.drawing, image())
    worker = Worker(run.id)
    worker.report(10, **answered(3))
    app.run()
    assert watched(app)["sentence"] == f"Reads your drawing as a 3, 90.0{THIN}%."
    worker.report(20, **answered(8))
    app.run()
    assert watched(app)["sentence"] == f"Reads your drawing as an 8, 90.0{THIN}%."
    assert watched(app)["probabilities"][8] == 0.9


@pytest.mark.parametrize("owner", [OWNER, SOMEBODY])
def test_a_digit_drawn_during_a_run_is_watched_from_then_on_in_ones_own_run_alone(owner):
    worker = Worker(run_store().submit(owner, PRESETS["fast"], drawing=image(0)))
    app = opened("train", run=worker.run_id)
    set_state(app, last_drawing=image(1))
    assert not app.error
    np.testing.assert_array_equal(worker.report(20).drawing, image(1 if owner == OWNER else 0))


def test_when_the_run_is_over_its_model_answers_the_drawing():
    run_id = finished_run(samples=hundred_digits(), drawing=image())
    app = opened("train", run=run_id)
    expected = run_store().model(run_id).probabilities(image()[np.newaxis])[0]
    assert watched(app)["probabilities"] == pytest.approx(expected.tolist(), abs=1e-6)
