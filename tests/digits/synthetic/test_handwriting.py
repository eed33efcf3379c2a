"""The built-in handwriting is balanced, and as thick as MNIST or as the board draws."""

from itertools import pairwise

import numpy as np
import pytest

from core.digits.preprocessing import frame_strokes
from core.digits.synthetic.handwriting import HABITS, handwriting, render


def test_each_digit_comes_equally_often_and_in_random_order_with_mnists_ink():
    images, labels = handwriting(4000, seed=1)

    np.testing.assert_array_equal(np.bincount(labels), 400)
    assert all(np.bincount(part, minlength=10).min() > 50 for part in np.array_split(labels, 4))
    assert np.ptp(np.bincount(handwriting(13, 0)[1], minlength=10)) == 1
    assert images.sum() / 255 / 4000 == pytest.approx(103.9, abs=2)
    assert np.mean(images.max(axis=(1, 2)) == 255) >= 0.9


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
