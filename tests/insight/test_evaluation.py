import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.insight.evaluation import (
    TEMPERATURES,
    accuracy,
    accuracy_interval,
    cross_entropy,
    expected_calibration_error,
    fitted_temperature,
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
def test_the_temperature_that_spoiled_calibrated_answers_is_found_again(temperature):
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
