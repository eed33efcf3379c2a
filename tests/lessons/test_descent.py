import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lessons import descent
from core.lessons.descent import BETA_1, EPSILON, STEEPNESS, batch_gradients, contour, overfit, valley, walk

CURVATURES = np.array([1.0, STEEPNESS])
START = np.array(descent.START)


def test_plain_sgd_shrinks_each_coordinate_by_the_same_factor_at_each_step():
    steps = np.arange(61)[:, None]
    np.testing.assert_allclose(walk("SGD", 0.05, 0.9), START * (1 - 0.05 * CURVATURES) ** steps, rtol=1e-10)


@pytest.mark.parametrize(("rate", "momentum"), [(0.05, 0.9), (0.1, 0.5), (0.2, 0.95), (0.07, 0.0)])
def test_momentum_follows_the_closed_form_of_its_recurrence(rate, momentum):
    path = walk("momentum", rate, momentum)
    for axis, curvature in enumerate(CURVATURES):
        step = np.array([[1 - rate * curvature, momentum], [-rate * curvature, momentum]])  # of position and velocity
        expected = [np.linalg.matrix_power(step, count) @ (START[axis], 0.0) for count in range(61)]
        np.testing.assert_allclose(path[:, axis], np.array(expected)[:, 0], rtol=1e-9, atol=1e-12)


@given(st.floats(0.01, 0.25))
def test_adams_first_step_is_the_learning_rate_along_each_axis_however_steep(rate):
    moved = np.abs(walk("Adam", rate, 0.9)[1] - START)
    np.testing.assert_allclose(moved, rate, rtol=1e-3)


def test_adam_follows_the_sums_that_its_running_means_are():
    path = walk("Adam", 0.1, 0.9)
    gradients = path * CURVATURES
    for step in (1, 2, 7, 60):
        ages = np.arange(step)[::-1, None]
        mean = ((1 - BETA_1) * BETA_1**ages * gradients[:step]).sum(axis=0) / (1 - BETA_1**step)
        square = (0.001 * 0.999**ages * gradients[:step] ** 2).sum(axis=0)
        expected = path[step - 1] - 0.1 * mean * np.sqrt(1 - 0.999**step) / (np.sqrt(square) + EPSILON)
        np.testing.assert_allclose(path[step], expected, rtol=1e-9)


def test_sgd_leaves_the_valley_from_a_rate_of_two_over_its_steepness_on():
    assert valley(walk("SGD", 1.9 / STEEPNESS, 0.9)[-1]) < 0.1
    assert valley(walk("SGD", 2.1 / STEEPNESS, 0.9)[-1]) > 100


@given(st.floats(0.1, 20))
def test_a_contour_has_one_height_and_is_closed(height):
    line = contour(height, 25)
    np.testing.assert_allclose(valley(line), height)
    np.testing.assert_allclose(line[0], line[-1], atol=1e-12)


def test_a_training_converges_with_scaled_pixels_and_keeps_guessing_with_unscaled_ones():
    scaled, unscaled = (descent.scaling_losses(0.1, is_scaled) for is_scaled in (True, False))
    assert scaled[0] == pytest.approx(descent.GUESSING, abs=0.2)
    assert scaled[-1] < 0.7
    assert unscaled[-1] == pytest.approx(descent.GUESSING, abs=0.1)
    assert unscaled.max() > 100


def test_no_learning_rate_makes_unscaled_pixels_as_good_as_scaled_ones():
    rates = (1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.3)
    best = {scaled: min(descent.scaling_losses(rate, scaled)[-1] for rate in rates) for scaled in (True, False)}
    assert best[True] < best[False] / 3


def test_the_gradients_of_the_small_network_are_those_of_its_loss():
    x, targets = descent._practice(slice(20))
    weights = [weight.astype(np.float64) for weight in descent._start(5)]
    _, gradients = descent._loss_and_gradients(weights, x.astype(np.float64), targets)
    random = np.random.default_rng(0)
    directions = [random.standard_normal(weight.shape) for weight in weights]
    tiny = 1e-6
    ahead, behind = (
        descent._loss_and_gradients(
            [weight + sign * tiny * step for weight, step in zip(weights, directions, strict=True)], x, targets
        )[0]
        for sign in (1, -1)
    )
    slope = sum((gradient * step).sum() for gradient, step in zip(gradients, directions, strict=True))
    assert (ahead - behind) / (2 * tiny) == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize(
    ("images", "batch_size", "steps"), [(60_000, 32, 1875), (60_000, 128, 469), (5, 8, 1), (8, 8, 1)]
)
def test_an_epoch_has_a_step_for_every_batch_even_a_smaller_last_one(images, batch_size, steps):
    assert descent.steps_per_epoch(images, batch_size) == steps


def test_a_batch_four_times_as_large_has_half_the_noise():
    for small in (1, 4, 16, 64):
        ratio = batch_gradients(small, 3000).spread / batch_gradients(4 * small, 3000).spread
        assert ratio == pytest.approx(2, rel=0.07)


def test_batches_scatter_around_the_gradient_of_all_images():
    steps = batch_gradients(16, 3000)
    np.testing.assert_allclose(steps.batches.mean(axis=0), steps.full, atol=0.004)


def test_few_images_are_learned_by_heart_and_more_of_them_overfit_later():
    few, many = overfit(50, 32), overfit(800, 32)
    assert few.training[-1] < 0.01
    assert few.rise > 1.2
    assert few.best < many.best
    assert few.validation.min() > many.validation.min()


def test_small_trainings_are_the_same_every_time():
    np.testing.assert_array_equal(overfit(20, 4).validation, overfit(20, 4).validation)
    np.testing.assert_array_equal(batch_gradients(8).batches, batch_gradients(8).batches)
