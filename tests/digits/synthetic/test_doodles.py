"""Doodles are of three classes, and diverse."""

import numpy as np
import pytest

from core.digits.synthetic import doodles as module
from core.digits.synthetic.doodles import DOODLE, LETTER, SHARES, TWO_DIGITS, doodles
from core.digits.synthetic.sketches import SCRIBBLES, SHAPES


def test_the_classes_continue_the_labels_of_digits_and_come_in_their_shares_in_random_order():
    _, labels = doodles(1500, seed=1)

    assert (TWO_DIGITS, LETTER, DOODLE) == (10, 11, 12)
    assert {label: np.sum(labels == label) for label in SHARES} == {label: 1500 * SHARES[label] for label in SHARES}
    for part in np.array_split(labels, 3):
        for label, share in SHARES.items():
            assert np.mean(part == label) == pytest.approx(share, abs=0.08)


def test_a_sketch_differs_from_drawing_to_drawing_and_has_evenly_spaced_dots():
    for sketch in dict.fromkeys(SHAPES + SCRIBBLES):
        rng = np.random.default_rng(3)
        for _ in range(10):
            dots = module._dots(sketch(rng, 4))
            extent = np.ptp(dots, axis=1).max(axis=1)
            steps = np.hypot(*np.moveaxis(np.diff(dots, axis=1), 2, 0)) * 18  # pixels

            assert dots.shape[0] == 4
            assert np.isfinite(dots).all()
            assert not np.array_equal(dots[0], dots[1]), sketch
            np.testing.assert_allclose(extent, 1, atol=0.05, err_msg=repr(sketch))  # corners may fall between two dots
            assert (np.median(steps, axis=1) < 0.8).all(), sketch
