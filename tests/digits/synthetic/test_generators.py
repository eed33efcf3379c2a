"""What generators of digits and doodles have in common: any number, the same for the same seed, framed as MNIST."""

from functools import cache

import numpy as np
import pytest

from core import resources
from core.digits.synthetic.doodles import LETTERS, doodles
from core.digits.synthetic.handwriting import handwriting
from core.digits.synthetic.styles import STYLES

each_generator = pytest.mark.parametrize("generate", [handwriting, doodles], ids=lambda generate: generate.__name__)


@cache
def many(generate):
    return generate(1500, seed=1)


@each_generator
@pytest.mark.parametrize("count", [0, 1, 13])
def test_any_number_of_images_can_be_made(generate, count):
    images, labels = generate(count, seed=0)

    assert images.shape == (count, 28, 28)
    assert labels.shape == (count,)
    assert images.dtype == labels.dtype == np.uint8


@each_generator
def test_the_same_seed_makes_the_same_images_on_any_number_of_processors(generate, monkeypatch):
    images, labels = generate(200, seed=1)
    monkeypatch.setattr(resources.os, "sched_getaffinity", lambda pid: {0}, raising=False)

    again = generate(200, seed=1)

    np.testing.assert_array_equal(images, again[0])
    np.testing.assert_array_equal(labels, again[1])
    assert not np.array_equal(generate(200, seed=2)[0], images)


@each_generator
def test_no_image_is_made_twice(generate):
    assert len(np.unique(many(generate)[0].reshape(1500, -1), axis=0)) == 1500


@each_generator
def test_images_are_framed_as_mnist_frames_its_own(generate):
    ink = many(generate)[0] / 255.0
    total = ink.sum(axis=(1, 2))
    pixels = np.arange(28) + 0.5
    inked = [np.where((ink > 0).any(axis=axis), np.arange(28), np.nan) for axis in (1, 2)]
    spans = [np.nanmax(at, axis=1) - np.nanmin(at, axis=1) + 1 for at in inked]

    for axis in (1, 2):
        centroid = ink.sum(axis=axis) @ pixels / total
        assert np.mean((centroid > 13.99) & (centroid < 15.01)) > 0.99  # (14, 15], grey levels being rounded
        assert np.ptp(np.histogram(centroid, bins=5, range=(14, 15))[0]) < 150  # spread evenly over it
    assert np.mean(np.maximum(*spans) == 20) > 0.99
    assert total.min() > 0


def test_every_style_and_letter_is_drawn_with_evenly_spaced_dots():
    for style in (*STYLES, *LETTERS):
        dots = style.weights @ style.skeletons.mean(axis=0)
        steps = np.hypot(*np.diff(dots, axis=0).T) * 18  # pixels

        np.testing.assert_allclose(style.weights.sum(axis=1), 1, atol=1e-5, err_msg=style.examples[0])
        assert np.median(steps) <= 0.41, style.examples[0]
        assert (steps > 0.41).sum() <= len(style.strokes) - 1, style.examples[0]  # where the pen is lifted
        assert np.ptp(dots, axis=0).max() > 0.5, style.examples[0]


def test_haste_cuts_corners_within_each_stroke():
    for style in STYLES:
        points = style.skeletons.mean(axis=0)
        careful, hasty = style.weights @ points, (style.weights + style.smoothing) @ points
        np.testing.assert_allclose(style.smoothing.sum(axis=1), 0, atol=1e-5, err_msg=style.examples[0])
        for stroke in style.strokes:
            own = style.weights[:, stroke].sum(axis=1) > 0.5
            others = np.delete(style.smoothing[own], range(stroke.start, stroke.stop), axis=1)
            assert np.ptp(hasty[own], axis=0).max() <= np.ptp(careful[own], axis=0).max(), style.examples[0]
            assert np.abs(others).max(initial=0) < 1e-6, style.examples[0]


def test_slashes_bars_feet_and_circles_are_strokes_of_their_own_for_some_writers_only():
    kinds = {(style.label, len(style.strokes)) for style in STYLES}

    assert all(sum(style.label == digit for style in STYLES) >= 4 for digit in range(10))
    assert {(0, 2), (1, 2), (3, 1), (4, 1), (4, 2), (5, 1), (5, 2), (7, 1), (7, 2), (8, 1), (8, 2), (9, 2)} <= kinds
