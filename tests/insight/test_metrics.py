import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.insight.metrics import (
    TEMPERATURES,
    accuracy,
    accuracy_interval,
    accuracy_sentence,
    bins_sentence,
    calibration_sentence,
    confusion_matrix,
    confusion_sentence,
    cross_entropy,
    digit_scores,
    digits_sentence,
    expected_calibration_error,
    fitted_temperature,
    mistakes,
    mistakes_sentence,
    read_as,
    reliability,
    worst_confusion,
)
from core.networks.model import tempered


def answers(confidences, digits):
    """Answers that give each digit its confidence and the rest to the others alike."""
    rows = np.repeat((1 - np.array(confidences, np.float64)[:, None]) / 9, 10, axis=1)
    rows[np.arange(len(digits)), digits] = confidences
    return rows


def test_accuracy_is_the_share_of_right_answers():
    assert accuracy(answers([0.9, 0.8, 0.7, 0.6], [1, 2, 3, 4]), np.array([1, 2, 3, 9])) == 0.75


def test_the_interval_of_9900_right_of_10000_is_wilsons():
    low, high = accuracy_interval(0.99, 10_000)
    assert (round(low, 5), round(high, 5)) == (0.98785, 0.99177)


@given(st.floats(0, 1), st.integers(1, 100_000))
def test_the_interval_holds_the_accuracy_and_stays_a_share(share, count):
    low, high = accuracy_interval(share, count)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1


def test_cross_entropy_is_the_mean_surprise():
    assert cross_entropy(answers([0.5, 0.25], [0, 1]), np.array([0, 1])) == pytest.approx(np.log(2) * 1.5)


def test_an_answer_that_is_as_often_right_as_it_says_is_calibrated():
    labels = np.array([0] * 8 + [1] * 2)
    assert expected_calibration_error(answers([0.8] * 10, [0] * 10), labels) == pytest.approx(0)


def test_an_overconfident_answer_is_off_by_its_excess():
    labels = np.array([0] * 5 + [1] * 5)
    assert expected_calibration_error(answers([0.9] * 10, [0] * 10), labels) == pytest.approx(0.4)


@pytest.mark.parametrize("temperature", [0.7, 1.0, 2.5])
def test_the_temperature_that_miscalibrated_answers_is_found_again(temperature):
    random = np.random.default_rng(0)
    calibrated = random.dirichlet(np.full(10, 0.3), 20_000)
    labels = (random.random((len(calibrated), 1)) > calibrated.cumsum(axis=1)).sum(axis=1).clip(0, 9)
    spoiled = tempered(calibrated, 1 / temperature)
    assert fitted_temperature(spoiled, labels) == pytest.approx(temperature, rel=0.03)


def test_the_temperature_stays_within_bounds_where_all_answers_are_right_or_all_wrong():
    rows = answers([0.9] * 20, [3] * 20)
    assert fitted_temperature(rows, np.full(20, 3)) == pytest.approx(TEMPERATURES[0], rel=0.01)
    assert fitted_temperature(rows, np.full(20, 4)) == pytest.approx(TEMPERATURES[1], rel=0.01)


def test_a_temperature_can_be_fitted_to_answers_that_are_certain_to_the_last_bit():
    certain = np.eye(10, dtype=np.float32)[[1, 2, 3, 4]]
    assert np.isfinite(fitted_temperature(certain, np.array([1, 2, 3, 9])))


@st.composite
def answered_digits(draw, least=1):
    """Any probabilities with any labels: (n, 10) rows that sum to 1, (n,) uint8."""
    count = draw(st.integers(least, 60))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    rows = random.dirichlet(np.full(10, draw(st.sampled_from([0.02, 0.3, 5.0]))), count).astype(np.float32)
    digits = draw(st.sampled_from([range(10), (3,), (4, 9)]))
    return rows, random.choice(np.array(digits, np.uint8), count)


def counted(rows, labels):
    """A confusion matrix, image by image."""
    matrix = [[0] * 10 for _ in range(10)]
    for row, label in zip(rows, labels, strict=True):
        matrix[label][max(range(10), key=lambda digit: row[digit])] += 1
    return matrix


@given(answered_digits())
def test_a_confusion_matrix_counts_every_image_once_by_its_digit_and_its_answer(answered):
    rows, labels = answered
    matrix = confusion_matrix(rows, labels)
    assert matrix.tolist() == counted(rows, labels)
    assert matrix.sum(axis=1).tolist() == np.bincount(labels, minlength=10).tolist()
    assert np.trace(matrix) / len(labels) == pytest.approx(accuracy(rows, labels))


@given(answered_digits())
def test_precision_recall_and_f1_are_those_of_their_definitions(answered):
    rows, labels = answered
    answers = rows.argmax(axis=1)
    for score in digit_scores(confusion_matrix(rows, labels)):
        hits = sum(1 for a, b in zip(answers, labels, strict=True) if a == b == score.digit)
        missed = sum(1 for a, b in zip(answers, labels, strict=True) if b == score.digit != a)
        false = sum(1 for a, b in zip(answers, labels, strict=True) if a == score.digit != b)
        assert score.images == hits + missed
        assert score.precision == (hits / (hits + false) if hits + false else None)
        assert score.recall == (hits / (hits + missed) if hits + missed else None)
        if hits:
            assert score.f1 == pytest.approx(2 / (1 / score.precision + 1 / score.recall))
        else:
            assert score.f1 == (0 if missed or false else None)


@given(answered_digits())
def test_the_bins_add_up_to_the_calibration_error(answered):
    rows, labels = answered
    members = [[] for _ in range(15)]
    for row, label in zip(rows, labels, strict=True):
        members[min(int(row.max() * 15), 14)].append((float(row.max()), row.argmax() == label))
    found = reliability(rows, labels)
    error = 0.0
    for each, held in zip(found, members, strict=True):
        assert each.images == len(held)
        if not held:
            assert each.confidence is each.accuracy is None
            continue
        assert each.confidence == pytest.approx(sum(sure for sure, _ in held) / len(held))
        assert each.accuracy == pytest.approx(sum(right for _, right in held) / len(held))
        assert each.low - 1e-6 <= each.confidence <= each.high + 1e-6
        error += len(held) / len(labels) * abs(each.confidence - each.accuracy)
    assert error == pytest.approx(expected_calibration_error(rows, labels), abs=1e-6)


@given(answered_digits())
def test_mistakes_are_all_that_is_read_wrong_the_surest_first(answered):
    rows, labels = answered
    wrong = mistakes(rows, labels).tolist()
    assert sorted(wrong) == [n for n in range(len(labels)) if rows[n].argmax() != labels[n]]
    sure = [float(rows[n].max()) for n in wrong]
    assert sure == sorted(sure, reverse=True)


@given(answered_digits())
def test_the_images_of_all_cells_are_all_images(answered):
    rows, labels = answered
    matrix = confusion_matrix(rows, labels)
    cells = {(d, a): read_as(rows, labels, d, a).tolist() for d in range(10) for a in range(10)}
    assert all(len(indices) == matrix[cell] for cell, indices in cells.items())
    assert sorted(index for indices in cells.values() for index in indices) == list(range(len(labels)))


def test_the_confusion_sentence_names_the_commonest_mistake_and_how_often_it_is_made():
    matrix = np.diag([90] * 10)
    assert confusion_sentence(matrix) == "It makes no mistake in 900 images."
    assert worst_confusion(matrix) == (0, 0)
    matrix[9, 4] = 1
    assert confusion_sentence(matrix) == "It makes one mistake: it takes a 9 for 4."
    matrix[9, 4], matrix[3, 5] = 6, 2
    assert confusion_sentence(matrix) == "It takes 9 for 4 most often: 6 times, of 8 mistakes in all."
    matrix[2, 7] = 6
    assert confusion_sentence(matrix).endswith("of 14 mistakes in all. One other pair is mixed up as often.")


@given(answered_digits())
def test_every_sentence_is_complete_for_any_answers(answered):
    rows, labels = answered
    matrix = confusion_matrix(rows, labels)
    said = [
        accuracy_sentence(matrix),
        confusion_sentence(matrix),
        digits_sentence(digit_scores(matrix)),
        calibration_sentence(rows, labels, 1.3),
        bins_sentence(reliability(rows, labels)),
        mistakes_sentence(rows, labels),
    ]
    assert all(sentence.endswith(".") and "nan" not in sentence for sentence in said)


def test_the_calibration_sentence_says_which_way_it_errs_and_what_the_temperature_does():
    labels = np.array([0] * 5 + [1] * 5)
    too_sure = calibration_sentence(answers([0.9] * 10, [0] * 10), labels, 1.25)
    assert "too sure. Bin by bin, the two lie 40.00 points apart" in too_sure
    assert "temperature is 1.25, which makes its answers less certain" in too_sure
    modest = calibration_sentence(answers([0.4] * 10, [0] * 10), np.zeros(10, int), 1)
    assert "too modest" in modest
    assert "temperature is 1: the answers are those of its softmax" in modest


def test_the_sentence_about_bins_names_the_one_that_is_farthest_off():
    labels = np.array([0] * 50 + [1] * 50)
    off = bins_sentence(reliability(answers([0.9] * 100, [0] * 100), labels))
    assert "where it is 90\N{THIN SPACE}% sure, 50\N{THIN SPACE}% are right (100 images)" in off
    fine = bins_sentence(reliability(answers([0.5] * 100, [0] * 100), labels))
    assert fine.endswith("runs through every bar.")
