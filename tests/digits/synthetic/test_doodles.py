"""Doodles are repeatable, of three sorts, framed as digits are, and diverse; no digit is among the letters."""

import os

import numpy as np
import pytest

from core.digits.synthetic import doodles as module
from core.digits.synthetic.doodles import DOODLE, LETTER, LETTERS, SCRIBBLES, SHAPES, SHARES, TWO_DIGITS, doodles


@pytest.fixture(scope="module")
def drawings():
    return doodles(3000, seed=1)


def test_doodles_are_uint8_images_with_their_sorts(drawings):
    images, sorts = drawings

    assert images.shape == (3000, 28, 28)
    assert sorts.shape == (3000,)
    assert images.dtype == sorts.dtype == np.uint8


def test_the_sorts_continue_the_labels_of_digits_come_in_their_shares_and_in_no_order(drawings):
    _, sorts = drawings

    assert (TWO_DIGITS, LETTER, DOODLE) == (10, 11, 12)
    for part in np.array_split(sorts, 3):
        for sort, share in SHARES.items():
            assert np.mean(part == sort) == pytest.approx(share, abs=0.06)
    assert {sort: np.sum(sorts == sort) for sort in SHARES} == {sort: 3000 * share for sort, share in SHARES.items()}


@pytest.mark.parametrize("count", [0, 1, 17])
def test_any_number_of_doodles_can_be_had(count):
    images, sorts = doodles(count, seed=0)

    assert images.shape == (count, 28, 28)
    assert sorts.shape == (count,)


def test_the_same_seed_draws_the_same_doodles_on_any_number_of_processors(drawings, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 1)

    images, sorts = doodles(3000, seed=1)

    np.testing.assert_array_equal(images, drawings[0])
    np.testing.assert_array_equal(sorts, drawings[1])


def test_another_seed_draws_other_doodles(drawings):
    assert not np.array_equal(doodles(3000, seed=2)[0], drawings[0])


def test_no_doodle_is_drawn_twice(drawings):
    assert len(np.unique(drawings[0].reshape(3000, -1), axis=0)) == 3000


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
def test_every_sketch_differs_from_drawing_to_drawing_and_is_drawn_with_evenly_spaced_dots(sketch):
    rng = np.random.default_rng(3)
    for _ in range(10):
        strokes = sketch(rng, 4)
        dots = module._dotted(strokes)
        extent = np.ptp(dots, axis=1).max(axis=1)
        steps = np.hypot(*np.moveaxis(np.diff(dots, axis=1), 2, 0)) * 18  # pixels

        assert dots.shape[0] == 4
        assert np.isfinite(dots).all()
        assert not np.array_equal(dots[0], dots[1])
        np.testing.assert_allclose(extent, 1, atol=0.05)  # corners may fall between two dots
        assert (np.median(steps, axis=1) < 0.8).all()


@pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.examples[0])
def test_every_letter_is_a_skeleton_that_can_be_drawn(letter):
    dots = letter.pen @ letter.skeletons.mean(axis=0)

    np.testing.assert_allclose(letter.pen.sum(axis=1), 1, atol=1e-5)
    assert np.ptp(dots, axis=0).max() > 0.5


def test_the_letters_are_many():
    assert len(LETTERS) > 100
