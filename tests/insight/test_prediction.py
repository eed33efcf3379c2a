import numpy as np
import pytest

from core.insight.prediction import answer_drawing, answer_image, certainty
from core.networks.model import Model, Scores
from core.networks.recipe import FAST, SCRIPT_B
from tests.samples import random_weights

SCORES = Scores(
    data_source="mnist", test_accuracy=0.9, test_images=10, test_loss=0.3, kept_epoch=1, epochs=1, seconds=1.0
)
MODEL = Model(FAST, random_weights(FAST.network), SCORES, "")


def stroke(*points):
    path = [["M", *points[0]], *(["L", *point] for point in points[1:])]
    xs, ys = zip(*points, strict=True)
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    return {
        "type": "Path",
        "path": path,
        "left": min(xs) + width / 2,
        "top": min(ys) + height / 2,
        "width": width,
        "height": height,
        "originX": "center",
        "originY": "center",
        "strokeWidth": 18,
    }


def sure_of(digit, logit):
    """A model that gives one digit a logit and all others zero, whatever it sees."""
    weights = {name: np.zeros(spec.shape, np.float32) for name, spec in SCRIPT_B.network.weight_specs().items()}
    weights["dense_2/bias"][digit] = logit
    return Model(SCRIPT_B, weights, SCORES, "")


SEVEN = {"objects": [stroke((80, 60), (200, 60), (160, 140), (120, 230))]}


def test_a_drawn_digit_gets_ten_probabilities_and_the_image_that_was_seen():
    answer = answer_drawing(MODEL, SEVEN)
    assert answer.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert answer.image.shape == (28, 28)
    assert answer.digit == answer.probabilities.argmax()
    assert answer.runner_up != answer.digit


def test_a_confident_answer_says_how_sure_it_is():
    answer = answer_image(sure_of(7, 6), np.zeros((28, 28), np.float32))
    assert (answer.digit, answer.is_sure) == (7, True)
    assert answer.sentence == "97.8\N{THIN SPACE}% sure"


def test_an_unsure_answer_names_the_two_likeliest_digits():
    weights = dict(sure_of(4, 3).weights)
    weights["dense_2/bias"] = weights["dense_2/bias"].copy()
    weights["dense_2/bias"][9] = 2.9
    answer = answer_image(Model(SCRIPT_B, weights, SCORES, ""), np.zeros((28, 28), np.float32))
    assert (answer.sentence, answer.is_sure) == ("Not sure: 4 or 9?", False)


@pytest.mark.parametrize(
    ("drawing", "words"),
    [
        (None, "draw a digit"),
        ({"objects": []}, "draw a digit"),
        ({"objects": [stroke((100, 100), (101, 100))]}, "too little ink"),
        ({"objects": [stroke(*((x, y) for y in range(5, 280, 4) for x in (5, 275)))]}, "too much ink"),
        ({"objects": [{"type": "Path", "path": [["M", 0, 0]] + [["L", 1, 1]] * 100_000}]}, ""),
        ("nonsense", "draw a digit"),
    ],
)
def test_a_drawing_that_is_no_digit_gets_a_sentence_and_no_digit(drawing, words):
    answer = answer_drawing(MODEL, drawing)
    assert answer.digit is None
    assert answer.probabilities is None
    assert answer.sentence
    assert words in answer.sentence.lower()


@pytest.mark.parametrize(("probability", "shown"), [(0.9714, "97.1"), (0.99999, "99.9"), (1.0, "99.9"), (0, "0.0")])
def test_no_answer_is_shown_as_wholly_certain(probability, shown):
    assert certainty(probability) == f"{shown}\N{THIN SPACE}%"
