import io
import json
import sys

import numpy as np
import pytest
from PIL import Image

from core.insight.metrics import Bin
from core.networks.history import BatchProgress, EpochResult
from core.reports import charts


def point(epoch, step, loss=0.5, accuracy=0.8, validation=None, steps=100):
    checked = {} if validation is None else {"validation_loss": validation[0], "validation_accuracy": validation[1]}
    return BatchProgress(epoch, step, steps, loss, accuracy, 0.001, 5000.0, step * 0.1, **checked)


def ended(epoch, loss=0.1, accuracy=0.97, validation=(0.08, 0.98)):
    return EpochResult(epoch, loss, accuracy, 0.001, *validation)


def series(rows, name):
    return [row for row in rows if row["series"] == name]


SPECS = {
    "accuracy": charts.accuracy_curves(5),
    "loss": charts.loss_curves(5),
    "learning rate": charts.learning_rate_curve(5, 0.008),
}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_a_spec_is_plain_json_holds_no_data_and_fixes_both_axes(spec):
    assert json.loads(json.dumps(spec)) == spec
    assert "data" not in spec
    for axis in ("x", "y"):
        assert len(spec["encoding"][axis]["scale"]["domain"]) == 2
        assert spec["encoding"][axis]["title"]


@pytest.mark.parametrize("name", ["accuracy", "loss"])
def test_training_and_validation_are_told_apart_without_colour(name):
    dash = SPECS[name]["layer"][0]["encoding"]["strokeDash"]["scale"]
    assert dash["domain"] == ["training", "validation"]
    assert dash["range"][0] != dash["range"][1]


def test_the_accuracy_axis_runs_from_nothing_to_all():
    assert SPECS["accuracy"]["encoding"]["y"]["scale"]["domain"] == [0, 1]


def test_there_are_no_rows_before_there_is_a_point():
    assert charts.curve_rows((), ()) == []
    assert charts.learning_rate_rows(()) == []
    assert charts.curve_summary((), (), "accuracy") == ""


def test_training_points_stand_where_they_were_measured_and_the_newest_is_marked():
    rows = charts.curve_rows((point(1, 50), point(2, 25, loss=0.2, accuracy=0.9)), ())
    assert [(row["epoch"], row["loss"], row["accuracy"], row["marked"]) for row in rows] == [
        (0.5, 0.5, 0.8, False),
        (1.25, 0.2, 0.9, True),
    ]


def test_an_epochs_own_validation_replaces_the_one_on_a_sample_at_its_last_step():
    points = (point(1, 50, validation=(0.3, 0.9)), point(1, 100, validation=(0.2, 0.94)))
    validation = series(charts.curve_rows(points, (ended(1),)), "validation")
    assert [(row["epoch"], row["accuracy"]) for row in validation] == [(0.5, 0.9), (1.0, 0.98)]


def test_a_run_without_validation_has_a_training_curve_only():
    rows = charts.curve_rows((point(1, 10),), (ended(1, validation=(None, None)),))
    assert {row["series"] for row in rows} == {"training"}


def test_a_long_run_has_300_rows_at_most_and_keeps_its_ends():
    points = tuple(point(1 + step // 100, step % 100, validation=(0.1, 0.9)) for step in range(2000))
    rows = charts.curve_rows(points, tuple(ended(epoch) for epoch in range(1, 21)))
    assert len(rows) <= charts.MAX_ROWS
    training = series(rows, "training")
    assert (training[0]["epoch"], training[-1]["epoch"]) == (0, 19.99)
    assert series(rows, "validation")[-1]["epoch"] == 20
    assert len(charts.learning_rate_rows(points)) == charts.MAX_ROWS


def test_a_loss_of_zero_is_raised_onto_the_logarithmic_axis():
    assert charts.curve_rows((point(1, 10, loss=0.0),), ())[0]["loss"] > 0


@pytest.mark.parametrize(
    ("accuracies", "sentence"),
    [
        ((0.984,), "Validation accuracy 98.40\N{THIN SPACE}% after epoch 1."),
        ((0.95, 0.984), "Validation accuracy 98.40\N{THIN SPACE}% after epoch 2, still rising."),
        ((0.9836, 0.984), "Validation accuracy 98.40\N{THIN SPACE}% after epoch 2, level."),
        ((0.99, 0.984), "Validation accuracy 98.40\N{THIN SPACE}% after epoch 2, below its best."),
    ],
)
def test_the_accuracy_curve_is_put_into_a_sentence(accuracies, sentence):
    history = tuple(ended(epoch, validation=(0.05, value)) for epoch, value in enumerate(accuracies, 1))
    assert charts.curve_summary((), history, "accuracy") == sentence


def test_the_loss_curve_is_put_into_a_sentence_with_three_digits():
    history = (ended(1, validation=(0.2, 0.9)), ended(2, validation=(0.05, 0.95)))
    assert charts.curve_summary((), history, "loss") == "Validation loss 0.0500 after epoch 2, still falling."
    assert "above its best" in charts.curve_summary((), (*history, ended(3, validation=(0.1, 0.95))), "loss")


def test_without_validation_the_sentence_is_about_training():
    assert charts.curve_summary((point(2, 50),), (), "accuracy").startswith("Training accuracy 80.00")
    assert "in epoch 2" in charts.curve_summary((point(2, 50),), (), "accuracy")


def test_a_check_says_which_digit_was_read_and_whether_it_is_right():
    probabilities = np.full(10, 0.002)
    probabilities[7] = 0.982
    assert charts.check_sentence(7, probabilities) == "Read as 7, 98.2\N{THIN SPACE}% sure. Right."
    assert charts.check_sentence(1, probabilities).endswith("Wrong: it is a 1.")


def test_a_sample_is_drawn_in_grey_and_leaves_pyplot_alone(monkeypatch):
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    digit = np.zeros((28, 28), np.uint8)
    digit[:, 14:] = 255
    drawn = np.asarray(Image.open(io.BytesIO(charts.sample_image(digit))).convert("RGB"))
    assert drawn.shape[0] == drawn.shape[1]
    assert drawn[100, 10].tolist() == [0, 0, 0]
    assert drawn[100, -10].tolist() == [255, 255, 255]
    assert "matplotlib.pyplot" not in sys.modules


def test_the_mask_of_the_samples_is_as_opaque_as_they_are_inked(random_images):
    mask = np.asarray(Image.open(io.BytesIO(charts.digits_mask(random_images[:3]))))
    assert mask.shape == (28, 84, 2)
    np.testing.assert_array_equal(mask[:, 28:56, 1], random_images[1])


def test_the_reliability_diagram_has_a_diagonal_and_a_point_for_each_bin_with_answers():
    rows = charts.reliability_rows([Bin(0, 0.5, 4, 0.4, 0.5), Bin(0.5, 0.6, 0, None, None), Bin(0.6, 1, 96, 0.9, 1.0)])
    line, points = [row for row in rows if row["diagonal"]], [row for row in rows if not row["diagonal"]]
    assert [(row["confidence"], row["accuracy"]) for row in line] == [(0, 0), (1, 1)]
    assert [(row["confidence"], row["accuracy"], row["images"]) for row in points] == [(0.4, 0.5, 4), (0.9, 1.0, 96)]
    assert all(0 <= row["low"] <= row["accuracy"] <= row["high"] <= 1 for row in points)
    assert points[0]["high"] - points[0]["low"] > points[1]["high"] - points[1]["low"]
    assert json.loads(json.dumps(charts.reliability_diagram())) == charts.reliability_diagram()


def test_a_robustness_curve_spans_its_whole_range_and_marks_the_present_strength():
    spec = charts.robustness_curve("noise", -60, 60, ".0%")
    assert spec["encoding"]["x"]["scale"]["domain"] == [-60, 60]
    assert spec["encoding"]["x"]["axis"]["format"] == ".0%"
    rows = charts.robustness_rows({-60: 0.5, 0: 0.99, 60: 0.4}, 0, lambda amount: f"{amount} degrees")
    assert [row["now"] for row in rows] == [False, True, False]
    assert rows[0] == {"amount": -60, "accuracy": 0.5, "now": False, "strength": "-60 degrees"}


@pytest.mark.parametrize("matrix", [np.diag([5] * 10), np.arange(100).reshape(10, 10), np.zeros((10, 10), int)])
def test_a_confusion_matrix_can_be_downloaded_as_png_and_as_svg(matrix, monkeypatch):
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    png = charts.confusion_figure(matrix, "Mine $\\frac$ <x>: 99 % right", "png")
    assert Image.open(io.BytesIO(png)).size == (1200, 1240)
    svg = charts.confusion_figure(matrix, "Mine & <x>", "svg").decode()
    assert svg.startswith("<?xml")
    assert "Mine &amp; &lt;x&gt;" in svg
    assert charts.confusion_figure(matrix, "Mine & <x>", "svg").decode() == svg
    assert "matplotlib.pyplot" not in sys.modules
