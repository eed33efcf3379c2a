"""Doodles are repeatable, of three classes, framed as digits are, and diverse."""

import os

import numpy as np
import pytest

from core.digits.synthetic import doodles as module
from core.digits.synthetic.doodles import DOODLE, LETTER, LETTERS, SHARES, TWO_DIGITS, doodles
from core.digits.synthetic.sketches import SCRIBBLES, SHAPES


@pytest.fixture(scope="module")
def drawings():
    return doodles(1500, seed=1)


def test_the_classes_continue_the_labels_of_digits_and_come_in_their_shares_in_random_order(drawings):
    images, labels = drawings

    assert images.shape == (1500, 28, 28)
    assert images.dtype == labels.dtype == np.uint8
    assert (TWO_DIGITS, LETTER, DOODLE) == (10, 11, 12)
    assert {label: np.sum(labels == label) for label in SHARES} == {label: 1500 * SHARES[label] for label in SHARES}
    for part in np.array_split(labels, 3):
        for label, share in SHARES.items():
            assert np.mean(part == label) == pytest.approx(share, abs=0.08)


@pytest.mark.parametrize("count", [0, 1, 17])
def test_any_number_of_doodles_can_be_made(count):
    images, labels = doodles(count, seed=0)

    assert images.shape == (count, 28, 28)
    assert labels.shape == (count,)


def test_the_same_seed_draws_the_same_doodles_on_any_number_of_processors(monkeypatch):
    images, labels = doodles(200, seed=1)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)

    again = doodles(200, seed=1)

    np.testing.assert_array_equal(images, again[0])
    np.testing.assert_array_equal(labels, again[1])
    assert not np.array_equal(doodles(200, seed=2)[0], images)


def test_no_doodle_is_drawn_twice(drawings):
    assert len(np.unique(drawings[0].reshape(1500, -1), axis=0)) == 1500


def test_doodles_are_framed_as_digits_are(drawings):
    ink = drawings[0] / 255.0
    total = ink.sum(axis=(1, 2))
    pixels = np.arange(28) + 0.5
    inked = [np.where((ink > 0).any(axis=axis), np.arange(28), np.nan) for axis in (1, 2)]
    spans = [np.nanmax(at, axis=1) - np.nanmin(at, axis=1) + 1 for at in inked]

    for axis in (1, 2):
        centroid = ink.sum(axis=axis) @ pixels / total
        assert np.mean((centroid > 13.99) & (centroid < 15.01)) > 0.99
    assert np.mean(np.maximum(*spans) == 20) > 0.99
    assert total.min() > 0


@pytest.mark.parametrize("sketch", sorted(set(SHAPES + SCRIBBLES), key=(SHAPES + SCRIBBLES).index))
def test_a_sketch_differs_from_drawing_to_drawing_and_has_evenly_spaced_dots(sketch):
    rng = np.random.default_rng(3)
    for _ in range(10):
        dots = module._dots(sketch(rng, 4))
        extent = np.ptp(dots, axis=1).max(axis=1)
        steps = np.hypot(*np.moveaxis(np.diff(dots, axis=1), 2, 0)) * 18  # pixels

        assert dots.shape[0] == 4
        assert np.isfinite(dots).all()
        assert not np.array_equal(dots[0], dots[1])
        np.testing.assert_allclose(extent, 1, atol=0.05)  # corners may fall between two dots
        assert (np.median(steps, axis=1) < 0.8).all()


@pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.examples[0])
def test_a_letter_is_a_skeleton_that_can_be_drawn(letter):
    dots = letter.weights @ letter.skeletons.mean(axis=0)

    np.testing.assert_allclose(letter.weights.sum(axis=1), 1, atol=1e-5)
    assert np.ptp(dots, axis=0).max() > 0.5


def test_there_are_more_than_a_hundred_letters():
    assert len(LETTERS) > 100
