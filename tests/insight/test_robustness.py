import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.digits.dataset import Digits, drawn_digits
from core.insight import robustness
from core.insight.robustness import CHANGES, accuracy_at, changed, chosen_digits, curve_sentence, sample_digits
from core.networks.model import pretrained

PERCENT = "\N{THIN SPACE}%"


@pytest.fixture(scope="module")
def image():
    """A thick slanting line, well inside the page."""
    paper = np.zeros((1, 28, 28), np.uint8)
    for place in range(9, 19):
        paper[0, place, place - 2 : place + 2] = 255
    return paper


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_axis_of_a_change_counts_in_the_unit_of_its_words(change):
    assert ("%" in change.ticks) == ("%" in change.text(change.amounts[-1])) == ("%" in change.title)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_zero_changes_nothing_and_the_same_strength_changes_the_same(change, random_images):
    assert changed(random_images, change, 0) is random_images
    strongest = change.amounts[-1]
    once, again = changed(random_images, change, strongest), changed(random_images, change, strongest)
    np.testing.assert_array_equal(once, again)
    assert once.dtype == np.uint8
    assert once.shape == random_images.shape
    assert not np.array_equal(once, random_images)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_strengths_rise_evenly_and_zero_is_one_of_them(change):
    assert 0 in change.amounts
    steps = np.diff(change.amounts)
    assert steps.min() > 0
    np.testing.assert_allclose(steps, steps[0], atol=1e-6)
    assert len({change.text(amount) for amount in change.amounts}) == len(change.amounts)


def test_a_right_turn_by_ninety_degrees_is_numpys(random_images):
    turned = changed(random_images, CHANGES["Rotation"], 90)
    np.testing.assert_allclose(turned, np.rot90(random_images, -1, axes=(1, 2)), atol=1)


def test_blur_is_a_gaussian_average_pixel_by_pixel(random_images):
    sigma, page = 1.0, random_images[0].astype(float)
    weight = {away: math.exp(-(away**2) / 2) for away in range(-4, 5)}
    total = sum(weight.values())
    blurred = changed(random_images[:1], CHANGES["Blur"], sigma)[0]
    for row, column in ((0, 0), (13, 14), (27, 5)):
        mean = sum(
            weight[i] * weight[j] / total**2 * page[row + i, column + j]
            for i in weight
            for j in weight
            if 0 <= row + i < 28 and 0 <= column + j < 28
        )
        assert blurred[row, column] == pytest.approx(mean, abs=1)


@given(st.sampled_from(CHANGES["Shift"].amounts))
def test_a_shift_moves_the_ink_so_far_and_loses_none_of_a_digit_well_inside(pixels):
    paper = np.zeros((8, 28, 28), np.uint8)
    paper[:, 12:16, 12:16] = 200
    moved = changed(paper, CHANGES["Shift"], pixels).astype(float)
    places = np.arange(28)
    ink = moved.sum(axis=(1, 2))
    x, y = (moved.sum(axis=axis) @ places / ink - 13.5 for axis in (1, 2))
    np.testing.assert_allclose(np.hypot(x, y), pixels, atol=0.05)
    np.testing.assert_allclose(ink, 16 * 200, rtol=0.02)
    assert pixels == 0 or np.ptp(np.arctan2(y, x)) > 1  # each in a direction of its own


def test_inversion_ends_in_the_negative_and_is_all_grey_half_way(random_images):
    inversion = CHANGES["Inversion"]
    np.testing.assert_array_equal(changed(random_images, inversion, 1), 255 - random_images)
    assert np.ptp(changed(random_images, inversion, 0.5)) == 0


def test_more_noise_is_the_same_noise_only_stronger():
    grey = np.full((3, 28, 28), 128, np.uint8)
    weak, strong = (changed(grey, CHANGES["Noise"], amount).astype(int) - 128 for amount in (0.1, 0.2))
    inside = np.abs(strong) < 127  # what is more is cut off at paper and at full ink
    np.testing.assert_allclose(strong[inside], 2 * weak[inside], atol=2)
    assert np.std(weak) == pytest.approx(25.5, rel=0.05)


def test_the_chosen_digits_are_spread_over_all_and_the_sample_has_one_of_each():
    labels = np.arange(10_000) % 10
    everything = Digits(np.zeros((10_000, 28, 28), np.uint8), labels.astype(np.uint8))
    few = chosen_digits(everything)
    assert len(few) == robustness.IMAGES
    assert set(few.labels) == set(range(10))
    assert sample_digits(few).labels.tolist() == list(range(10))
    assert len(chosen_digits(everything[:20])) == 20


def test_the_shipped_model_reads_digits_as_they_are_better_than_changed_most():
    digits = drawn_digits()[:60]
    unchanged = accuracy_at(pretrained(), digits, CHANGES["Noise"], 0)
    assert unchanged > 0.8
    for change in CHANGES.values():
        assert accuracy_at(pretrained(), digits, change, change.amounts[-1]) < unchanged - 0.2


def test_the_sentence_says_the_accuracy_here_and_where_reading_ends():
    rotation = CHANGES["Rotation"]
    curve = {amount: 0.99 if abs(amount) < 40 else 0.5 for amount in rotation.amounts}
    assert curve_sentence(rotation, curve, 30) == (
        f"At 30 degrees right it reads 99.00{PERCENT} of the digits, unchanged 99.00{PERCENT}. "
        f"It falls below 90{PERCENT} at 45 degrees left and at 45 degrees right."
    )
    assert curve_sentence(rotation, curve, 0).startswith(f"Unchanged, it reads 99.00{PERCENT} of the digits. It falls")
    assert curve_sentence(rotation, dict.fromkeys(rotation.amounts, 0.95), 15).endswith(
        f"never falls below 90{PERCENT} here."
    )
    assert "falls" not in curve_sentence(rotation, dict.fromkeys(rotation.amounts, 0.5), 15)
