"""Each digit has several styles, and each style is a skeleton that can be drawn."""

import numpy as np
import pytest

from core.digits.synthetic.styles import STYLES

each_style = pytest.mark.parametrize("style", STYLES, ids=lambda style: f"{style.label}: {style.examples[0]}")


@pytest.mark.parametrize("digit", range(10))
def test_each_digit_is_written_in_several_styles(digit):
    assert sum(style.label == digit for style in STYLES) >= 4


@each_style
def test_a_style_is_drawn_with_evenly_spaced_dots(style):
    dots = style.weights @ style.skeletons.mean(axis=0)
    steps = np.hypot(*np.diff(dots, axis=0).T) * 18  # pixels

    np.testing.assert_allclose(style.weights.sum(axis=1), 1, atol=1e-5)
    assert np.median(steps) <= 0.41
    assert (steps > 0.41).sum() <= len(style.strokes) - 1  # where the pen is lifted


@pytest.mark.parametrize(
    ("digit", "strokes"),
    [(0, 2), (1, 2), (3, 1), (4, 1), (4, 2), (5, 1), (5, 2), (7, 1), (7, 2), (8, 1), (8, 2), (9, 2)],
)
def test_slashes_bars_feet_and_circles_are_strokes_of_their_own_for_some_writers_only(digit, strokes):
    assert any(len(style.strokes) == strokes and style.share > 0 for style in STYLES if style.label == digit)


@each_style
def test_haste_cuts_corners_within_each_stroke(style):
    points = style.skeletons.mean(axis=0)
    careful, hasty = style.weights @ points, (style.weights + style.smoothing) @ points

    np.testing.assert_allclose(style.smoothing.sum(axis=1), 0, atol=1e-5)
    for stroke in style.strokes:
        own = style.weights[:, stroke].sum(axis=1) > 0.5
        assert np.ptp(hasty[own], axis=0).max() <= np.ptp(careful[own], axis=0).max()
        assert np.abs(np.delete(style.smoothing[own], range(stroke.start, stroke.stop), axis=1)).max(initial=0) < 1e-6
