import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.digits.preprocessing import Framing
from core.digits.synthetic.doodles import LETTER
from core.formatting import certainty
from core.insight import prediction
from core.insight.prediction import ANSWERED_FROM, SURE_FROM, answer_drawing, answer_image, digit_odds
from core.networks.model import Model, pretrained
from core.networks.presets import SCRIPT_B
from tests.drawings import canvas
from tests.samples import random_model, scores


def sure_of(digit, logit):
    """A model that gives one digit a logit and all others zero, whatever it sees."""
    weights = {name: np.zeros(spec.shape, np.float32) for name, spec in SCRIPT_B.network.weight_specs().items()}
    weights["dense_2/bias"][digit] = logit
    return Model(SCRIPT_B, weights, scores(), "")


# Drawings: lists of strokes, each of its corners.
SEVEN = [[(80, 60), (200, 60), (160, 140), (120, 230)]]
LETTER_A = [[(60, 240), (140, 40), (220, 240)], [(90, 160), (190, 160)]]
HOUSE = [[(60, 240), (60, 120), (140, 40), (220, 120), (220, 240), (60, 240), (220, 120), (60, 120)]]
KNOT = [(60, 60), (200, 200), (80, 180), (210, 70), (120, 240), (40, 120), (230, 130), (90, 60), (160, 230), (70, 90)]
ONE_AND_SEVEN = [[(60, 80), (62, 220)], [(130, 80), (220, 80), (190, 140), (160, 220)]]


def answered(drawing, model=None, **framing):
    """The answer to a drawing, as the canvas sends it; by the pretrained model, if no other is given."""
    sent = canvas([np.repeat(np.array(stroke, float), 2, axis=0) for stroke in drawing])  # or its corners were round
    return answer_drawing(model or pretrained(), sent, **framing)


def seven():
    """The framed image of a clear digit."""
    return answered(SEVEN).image


def moved(drawing, scale, x, y):
    """The drawing, larger by a factor, its top left corner elsewhere."""
    corner = np.concatenate(drawing).min(axis=0)
    return [(np.array(stroke) - corner) * scale + (x, y) for stroke in drawing]


def test_a_drawn_digit_gets_ten_probabilities_and_the_image_that_was_seen():
    answer = answered(SEVEN, random_model())
    assert answer.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert answer.image.shape == (28, 28)
    assert answer.digit == answer.probabilities.argmax()
    assert answer.runner_up != answer.digit


def test_a_confident_answer_says_how_sure_it_is():
    answer = answer_image(sure_of(7, 6), seven())
    assert (answer.digit, answer.is_sure) == (7, True)
    assert answer.sentence == "97.8\N{THIN SPACE}% sure"


def test_an_unsure_answer_names_the_two_likeliest_digits_and_shows_its_probabilities():
    weights = dict(sure_of(4, 3).weights)
    weights["dense_2/bias"] = weights["dense_2/bias"].copy()
    weights["dense_2/bias"][9] = 2.9
    answer = answer_image(Model(SCRIPT_B, weights, scores(), ""), seven())
    assert (answer.sentence, answer.is_sure) == ("Not sure: 4 or 9?", False)
    assert (answer.digit, answer.runner_up) == (4, 9)
    assert answer.probabilities.argmax() == 4


def with_odds(monkeypatch, odds):
    monkeypatch.setattr(prediction, "digit_odds", lambda image: (odds, LETTER))


def test_where_the_detector_is_in_doubt_the_answer_is_not_sure_however_confident_the_model(monkeypatch):
    with_odds(monkeypatch, (ANSWERED_FROM + SURE_FROM) / 2)
    answer = answer_image(sure_of(7, 6), seven())
    assert answer.sentence == "Not sure: 7, or no digit?"  # the bars leave no doubt between two digits
    assert (answer.digit, answer.is_sure) == (7, False)
    assert answer.probabilities is not None


def test_where_the_detector_sees_no_digit_the_answer_is_declined_however_confident_the_model(monkeypatch):
    with_odds(monkeypatch, ANSWERED_FROM - 0.01)
    answer = answer_image(sure_of(7, 6), seven())
    assert answer.sentence.startswith("Not sure: a letter? If it is a digit, 7 or ")
    assert (answer.digit, answer.runner_up, answer.probabilities, answer.is_sure) == (None, None, None, False)
    assert answer.image is not None  # what the network saw is shown all the same


def test_the_detector_recognises_a_digit():
    assert digit_odds(seven())[0] > SURE_FROM


def test_the_detector_uses_mnists_framing_whatever_the_models_framing():
    naive = Framing(box=False, scale=False, centre=False, redraw=False)
    small = moved(SEVEN, 0.25, 20, 200)
    assert answered(small, framing=naive).digit is not None  # a speck in a corner, and yet a digit
    assert answered(LETTER_A, framing=naive).digit is None


def declined(answer):
    """The answer, which must not name a digit."""
    assert answer.digit is None
    assert answer.probabilities is None
    assert not answer.is_sure
    return answer


@pytest.mark.parametrize(
    "drawing", [None, {}, {"objects": []}, {"objects": [{"type": "Path", "path": []}]}, "nonsense"]
)
@pytest.mark.bad_input(1)
def test_a_blank_canvas_is_answered_by_what_to_do(drawing):
    assert declined(answer_drawing(pretrained(), drawing)).sentence == "Draw a digit."


@pytest.mark.parametrize("points", [[(140, 140), (140, 140)], [(100, 100), (101, 100)], [(50, 50), (53, 54), (51, 55)]])
@pytest.mark.bad_input(2)
def test_a_dot_or_a_few_pixels_are_too_little_ink(points):
    assert declined(answered([points])).sentence.startswith("Too little ink")


@pytest.mark.parametrize("spacing", [4, 10, 16])
@pytest.mark.bad_input(3)
def test_a_filled_canvas_is_too_much_ink(spacing):
    to_and_fro = [(x, y) for i, y in enumerate(range(5, 280, spacing)) for x in ((5, 275), (275, 5))[i % 2]]
    assert declined(answered([to_and_fro])).sentence.startswith("Too much ink")


@pytest.mark.parametrize(
    ("scale", "x", "y"),
    [(0.15, 4, 4), (0.15, 250, 240), (1, 5, 5), (1, 150, 100), (1.5, 5, 5), (0.5, 5, 190), (1.6, 60, 40)],
    ids=["tiny", "tiny in a corner", "at the edge", "at another", "huge", "in a corner", "beyond the edge"],
)
@pytest.mark.bad_input(4)
def test_a_digit_at_the_edge_tiny_huge_or_off_centre_is_read_as_in_the_middle(scale, x, y):
    middle, elsewhere = (answered(drawing) for drawing in (SEVEN, moved(SEVEN, scale, x, y)))
    assert (elsewhere.digit, elsewhere.is_sure) == (middle.digit, middle.is_sure) == (7, True)
    np.testing.assert_allclose(elsewhere.probabilities, middle.probabilities, atol=1e-3)


@pytest.mark.bad_input(5)
def test_two_digits_side_by_side_are_noticed_and_declined():
    assert declined(answered(ONE_AND_SEVEN)).sentence == "Two digits? Draw one at a time."


@pytest.mark.parametrize("drawing", [[KNOT], LETTER_A, HOUSE], ids=["scribble", "letter", "shape"])
@pytest.mark.bad_input(6)
def test_a_scribble_a_letter_or_a_shape_is_not_sure_and_names_the_two_likeliest_digits(drawing):
    answer = declined(answered(drawing))
    assert re.fullmatch(r"Not sure.* (\d) or (?!\1)\d\?", answer.sentence)


@given(
    drawing=st.sampled_from([SEVEN, LETTER_A, HOUSE, [KNOT], ONE_AND_SEVEN]),
    scale=st.floats(0.2, 1.4),
    x=st.floats(0, 200),
    y=st.floats(0, 200),
)
@settings(deadline=None, max_examples=25)
def test_size_and_position_of_a_drawing_do_not_change_the_answer(drawing, scale, x, y):
    here, there = (answered(shown) for shown in (drawing, moved(drawing, scale, x, y)))
    assert (there.digit, there.is_sure) == (here.digit, here.is_sure)
    if here.digit is None:
        assert there.sentence == here.sentence


def test_an_enormous_drawing_gets_a_sentence_and_no_digit():
    enormous = {"objects": [{"type": "Path", "path": [["M", 0, 0]] + [["L", 1, 1]] * 100_000}]}
    assert declined(answer_drawing(pretrained(), enormous)).sentence


@pytest.mark.parametrize(("probability", "shown"), [(0.9714, "97.1"), (0.99999, "99.9"), (1.0, "99.9"), (0, "0.0")])
def test_no_answer_is_shown_as_wholly_certain(probability, shown):
    assert certainty(probability) == f"{shown}\N{THIN SPACE}%"
