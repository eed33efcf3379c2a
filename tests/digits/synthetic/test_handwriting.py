"""The built-in handwriting is balanced, repeatable and framed as MNIST is."""

import os
from itertools import pairwise

import numpy as np
import pytest

from core.digits.preprocessing import frame_strokes
from core.digits.synthetic.handwriting import HABITS, handwriting, render


@pytest.fixture(scope="module")
def digits():
    return handwriting(4000, seed=1)


def test_each_digit_comes_equally_often_and_in_random_order(digits):
    images, labels = digits

    assert images.shape == (4000, 28, 28)
    assert images.dtype == labels.dtype == np.uint8
    np.testing.assert_array_equal(np.bincount(labels), 400)
    assert all(np.bincount(part, minlength=10).min() > 50 for part in np.array_split(labels, 4))


@pytest.mark.parametrize("count", [0, 1, 13])
def test_any_number_of_digits_can_be_made(count):
    images, labels = handwriting(count, seed=0)

    assert images.shape == (count, 28, 28)
    assert np.ptp(np.bincount(labels, minlength=10)) <= 1


def test_the_same_seed_writes_the_same_digits_on_any_number_of_processors(monkeypatch):
    images, labels = handwriting(500, seed=1)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)

    again = handwriting(500, seed=1)

    np.testing.assert_array_equal(images, again[0])
    np.testing.assert_array_equal(labels, again[1])
    assert not np.array_equal(handwriting(500, seed=2)[0], images)


def test_no_digit_is_written_twice(digits):
    assert len(np.unique(digits[0].reshape(4000, -1), axis=0)) == 4000


def test_digits_are_framed_as_mnist_frames_its_own(digits):
    ink = digits[0] / 255.0
    total = ink.sum(axis=(1, 2))
    pixels = np.arange(28) + 0.5
    inked = ink > 0
    longer = np.maximum(inked.any(axis=1).sum(axis=1), inked.any(axis=2).sum(axis=1))

    for axis in (1, 2):
        centroid = ink.sum(axis=axis) @ pixels / total
        assert np.mean((centroid > 13.99) & (centroid < 15.01)) > 0.999  # (14, 15], grey levels being rounded
        assert np.ptp(np.histogram(centroid, bins=5, range=(14, 15))[0]) < 200  # spread evenly over it
    assert np.mean(longer == 20) > 0.995
    assert np.mean(ink.max(axis=(1, 2)) == 1) >= 0.9
    assert total.mean() == pytest.approx(103.9, abs=2)


def test_digits_of_an_even_pen_are_what_the_board_makes_of_the_same_lines():
    line = np.array([(80, 60), (200, 60), (150, 160), (130, 230)], float)
    dots = np.concatenate([np.linspace(a, b, 60) for a, b in pairwise(line)]).astype(np.float32)
    steady = dict.fromkeys(HABITS, np.zeros((1, 1), np.float32)) | {"tremor": np.full((1, 1), -np.inf, np.float32)}

    (image,) = render(dots[None], steady, np.random.default_rng(0))

    np.testing.assert_allclose(image / 255, frame_strokes([line]), atol=0.06)  # its dots are farther apart


def test_an_even_pen_writes_lines_of_one_thickness():
    # The share of an image's ink that is full tells how thick its line is, whatever its shape.
    even, uneven = (
        (images == 255).sum(axis=(1, 2)) / (images > 0).sum(axis=(1, 2))
        for images, _ in (handwriting(500, 5, even_pen=True), handwriting(500, 5))
    )

    assert even.std() < uneven.std() / 2


def test_the_smaller_the_spread_the_more_alike_are_digits_of_one_kind():
    def differences(spread):
        images, labels = handwriting(500, 5, spread=spread, even_pen=True)
        sevens = images[labels == 7] / 255
        return float(np.abs(sevens - sevens.mean(axis=0)).mean())

    assert differences(0.3) < differences(0.7) < differences(1.0)
