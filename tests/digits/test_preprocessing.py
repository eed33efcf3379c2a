"""Drawings become the images MNIST's authors would have made, and bad drawings become plain sentences."""

import math
import tracemalloc
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.digits.canvas import MAX_COORDINATE, MAX_LINES, MAX_POINTS, pen_widths_from_canvas, strokes_from_canvas
from core.digits.preprocessing import (
    BOARD_SIZE,
    PEN_RADIUS,
    Framing,
    NoInk,
    TooLittleInk,
    TooMuchInk,
    averaged,
    centred,
    draw_points,
    drawn_sheet,
    frame_strokes,
    framing_steps,
)
from core.errors import InklingError
from tests.drawings import CROSSED_SEVEN, DIGITS, ONE, SEVEN, SLANTED_ONE, ZERO, canvas


def resampled(stroke, step):
    travelled = np.append(0, np.hypot(*np.diff(stroke, axis=0).T).cumsum())
    # Sampling more densely keeps the corners, as a faster tablet does.
    distances = np.union1d(np.arange(0, travelled[-1], step), travelled)
    return np.stack([np.interp(distances, travelled, stroke[:, axis]) for axis in (0, 1)], axis=1)


def centre_of_mass(image):
    pixels = np.arange(28) + 0.5
    return image.sum(axis=0) @ pixels / image.sum(), image.sum(axis=1) @ pixels / image.sum()


digits = st.sampled_from(DIGITS)
finite = st.floats(-300, 300)


# Framing


@given(digits, finite, finite, st.floats(0.1, 5), st.floats(0.5, 40), st.randoms(use_true_random=False))
@pytest.mark.bad_input(4)
def test_where_how_large_how_fast_and_in_which_order_a_digit_is_drawn_does_not_change_its_image(
    strokes, x, y, scale, step, random
):
    sampled = [resampled(stroke, step) * scale + (x, y) for stroke in strokes]
    shuffled = [stroke[:: random.choice((-1, 1))] for stroke in random.sample(sampled, len(sampled))]

    np.testing.assert_allclose(frame_strokes(shuffled), frame_strokes(strokes), atol=3 / 255)


@given(digits, st.floats(1, 60))
def test_the_pen_width_does_not_change_the_image(strokes, width):
    thick = strokes_from_canvas(canvas(strokes, strokeWidth=width))

    np.testing.assert_array_equal(frame_strokes(thick), frame_strokes(strokes_from_canvas(canvas(strokes))))


@pytest.mark.parametrize("strokes", DIGITS)
def test_a_drawing_is_framed_as_mnist_is(strokes):
    image = frame_strokes(strokes)

    inked = image > 0.02
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert image.max() == 1
    assert image.min() == 0
    assert max(inked.any(axis=0).sum(), inked.any(axis=1).sum()) == 20
    assert all(14 - 1e-5 <= middle <= 15 + 1e-5 for middle in centre_of_mass(image))


@pytest.mark.parametrize("line", [ONE, SLANTED_ONE])
def test_the_exact_half_that_a_straight_line_weighs_is_not_left_to_rounding(line):
    image = frame_strokes(line)

    assert centre_of_mass(image) == pytest.approx((15, 15))  # the end of (14, 15] where exact halves belong
    np.testing.assert_allclose(image[2:, 2:], image[:1:-1, :1:-1], atol=1e-5)


def test_a_line_is_as_grey_as_the_pen_covers_each_pixel():
    line = np.stack([np.arange(0, 20, 0.05), np.full(400, 10.0)], axis=1)

    box = draw_points(line, np.float32(1.25))

    np.testing.assert_allclose(box[8:12, 10], [0.25, 1, 1, 0.25], atol=1e-3)
    assert not box[:8].any()
    assert not box[12:].any()


def test_many_boxes_drawn_and_centred_at_once_are_those_drawn_one_by_one():
    points = np.random.default_rng(0).uniform(2, 18, (5, 40, 2))
    radius = np.linspace(0.8, 2, 5, dtype=np.float32)

    together = centred(draw_points(points, radius))

    np.testing.assert_array_equal(together, [centred(draw_points(p, r)) for p, r in zip(points, radius, strict=True)])


# Switching steps off

ALL_OFF = Framing(box=False, scale=False, centre=False, redraw=False)
framings = st.builds(Framing, st.booleans(), st.booleans(), st.booleans(), st.booleans())


@given(digits, framings)
@settings(max_examples=40)
def test_whatever_is_switched_off_the_image_is_whole_and_the_last_step_shows_it(strokes, framing):
    image = frame_strokes(strokes, framing)

    steps = framing_steps(strokes, framing)

    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert image.min() >= 0
    assert image.max() == 1
    np.testing.assert_array_equal(steps[-1].image, image)
    assert [step.name for step in steps] == ["Drawn", "Boxed", "Scaled", "Centred", "28x28"]
    assert [step.switch for step in steps] == [None, "box", "scale", "centre", "redraw"]
    assert all(step.image.min() >= 0 and step.image.max() <= 1.001 for step in steps)


def test_a_step_that_is_switched_off_says_what_is_missing():
    done = [step.sentence for step in framing_steps(SEVEN)]

    missing = [step.sentence for step in framing_steps(SEVEN, ALL_OFF)]

    assert len({*done, *missing}) == len(done) + 4


@given(digits, st.floats(2, 60))
@settings(max_examples=40)
def test_with_all_switched_off_the_sheet_is_merely_shrunk(strokes, width):
    by_hand = drawn_sheet(strokes, width).reshape(28, 10, 28, 10).mean(axis=(1, 3))
    np.testing.assert_allclose(frame_strokes(strokes, ALL_OFF, width), by_hand / by_hand.max(), atol=1e-5)


def test_without_a_step_the_image_lacks_what_the_step_does():
    six_low = [*ONE, ZERO[0] * 0.4 + (84, 150)]
    in_the_corner, unscaled, uncentred = (
        np.nonzero(frame_strokes(strokes, framing) > 0.1)
        for strokes, framing in (
            ([stroke * 0.3 for stroke in SEVEN], ALL_OFF),
            (SEVEN, Framing(scale=False)),
            (six_low, Framing(centre=False)),
        )
    )
    inks = [frame_strokes(ZERO, Framing(redraw=False), width).sum() for width in (6, 18, 40)]

    assert np.max(in_the_corner) < 9
    assert (unscaled[0].min(), unscaled[0].max()) == (0, 27)
    assert (uncentred[0].min(), uncentred[0].max()) == (4, 23)
    heights = [centre_of_mass(frame_strokes(six_low, Framing(centre=is_on)))[1] for is_on in (True, False)]
    assert abs(heights[0] - 14.5) < 0.51 < abs(heights[1] - 14.5)
    assert inks == sorted(inks)
    assert inks[2] > 3 * inks[0]


def test_each_stroke_may_have_a_pen_of_its_own():
    drawing = canvas(CROSSED_SEVEN)
    drawing["objects"][1]["strokeWidth"] = 40

    widths = pen_widths_from_canvas(drawing)

    assert widths == [18, 40]
    sheet = drawn_sheet(strokes_from_canvas(drawing), widths)
    assert sheet[:180, 125].sum() == pytest.approx(18 + 40, abs=3)


@pytest.mark.parametrize("width", [-5, 0, 1e6])
@pytest.mark.bad_input(9)
def test_row_9_an_impossible_pen_width_is_drawn_as_a_possible_one(width):
    image = frame_strokes(SEVEN, ALL_OFF, width)

    assert np.isfinite(image).all()
    assert image.max() == 1


def test_a_drawing_beside_the_sheet_is_blank_where_the_sheet_is_taken_whole():
    beside = [stroke + 1000 for stroke in SEVEN]

    for framing in (Framing(box=False), ALL_OFF, Framing(redraw=False)):
        with pytest.raises(NoInk):
            frame_strokes(beside, framing)


def test_the_sheet_is_drawn_as_a_round_pen_draws():
    sheet = drawn_sheet([np.array([(100.0, 140.0), (180.0, 140.0)])], 20)

    assert sheet.sum() == pytest.approx(80 * 20 + math.pi * 100, rel=0.01)
    assert sheet[130:150, 105:175].min() > 0.9


@given(st.floats(-50, 150), st.floats(-50, 150), st.floats(20, 400), st.integers(5, 60))
@settings(max_examples=40)
def test_what_is_averaged_keeps_its_ink(left, top, side, size):
    sheet = np.random.default_rng(0).uniform(size=(100, 100)).astype(np.float32)
    framed = averaged(np.pad(sheet, 500), size, (left + 500, top + 500), side)

    np.testing.assert_allclose(averaged(sheet, size, (left, top), side), framed, atol=1e-4)
    whole = averaged(sheet, size, (-10, -20), 130)
    assert whole.sum() * (130 / size) ** 2 == pytest.approx(sheet.sum(), rel=1e-4)


def test_lines_are_redrawn_with_the_same_pen_whatever_else_is_switched_off():
    line = [np.array([(40.0, 140.0), (240.0, 140.0)])]

    for framing in (Framing(), Framing(box=False), Framing(scale=False), Framing(centre=False)):
        column = frame_strokes(line, framing)[:, 14]
        assert column.sum() == pytest.approx(2 * PEN_RADIUS, abs=0.3)


# Drawings that are no digit


def zigzag(lines):
    return np.stack([np.tile([5, 275], lines // 2), np.linspace(5, 275, lines)], axis=1).astype(float)


@pytest.mark.parametrize(
    ("strokes", "refusal", "sentence"),
    [
        ([], NoInk, r"^Draw a digit\.$"),
        ([np.empty((0, 2))], NoInk, r"^Draw a digit\.$"),
        ([np.array([(100.0, 100.0)])], TooLittleInk, "Too little ink"),
        ([np.array([(100, 100), (100.036, 100)])], TooLittleInk, "Too little ink"),
        ([np.array([(100, 100), (106, 104)])], TooLittleInk, "Too little ink"),
        *(([zigzag(lines)], TooMuchInk, "Too much ink") for lines in (8, 16, 70, 400)),
        ([np.random.default_rng(0).uniform(0, BOARD_SIZE, (MAX_POINTS, 2))], TooMuchInk, "Too much ink"),
    ],
)
@pytest.mark.bad_input(1, 2, 3)
def test_what_is_no_digit_is_refused_in_plain_words(strokes, refusal, sentence):
    with pytest.raises(refusal, match=sentence):
        frame_strokes(strokes)


# However it is made, no drawing takes much memory

MEGABYTES = 60  # a whole Draw page has 300


def peak_megabytes(work):
    tracemalloc.start()
    try:
        with suppress(InklingError):
            work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


FAR_ZIGZAG = np.array([(1e6 * (-1) ** i, i) for i in range(16)])
ONE_POINT_FAR_AWAY = np.array([(5000, 0), *((280 * (i % 2), i % 280) for i in range(500))], float)
TO_AND_FRO = np.array([(280 * (i % 2), 280 * (i % 2)) for i in range(28)], float)  # long, with little ink
FILLED = np.array([(280 * (i % 2), 7 * i) for i in range(39)], float)


@pytest.mark.parametrize(
    "framing", [Framing(), Framing(box=False), Framing(scale=False), Framing(redraw=False), ALL_OFF]
)
def test_a_line_that_goes_far_beyond_the_board_takes_no_more_memory_than_one_on_it(framing):
    for line in (FAR_ZIGZAG, FAR_ZIGZAG / 1000, ONE_POINT_FAR_AWAY, TO_AND_FRO, FILLED):
        for width in (1, 100):
            assert peak_megabytes(partial(framing_steps, [line], framing, width)) < MEGABYTES


numbers = st.floats(-MAX_COORDINATE, MAX_COORDINATE) | st.floats(0, BOARD_SIZE) | st.sampled_from([0, 280, 1e6, -1e7])
points = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=8)


@given(
    st.lists(points, min_size=1, max_size=4), st.integers(1, 400), st.sampled_from([-1, 0.1, 1, 18, 100, 1e6]),
    st.sampled_from([1, MAX_LINES, MAX_POINTS]), framings,
)  # fmt: skip
@settings(max_examples=40)
def test_no_drawing_makes_large_arrays(lines, times, width, copies, framing):
    objects = [
        {"type": "Path", "strokeWidth": width, "path": [["M", *first], *(["L", *point] for point in others * times)]}
        for first, *others in lines
    ]
    drawing = {"objects": objects * (copies // len(lines) or 1)}

    def work():
        framing_steps(strokes_from_canvas(drawing), framing, pen_widths_from_canvas(drawing))

    assert peak_megabytes(work) < MEGABYTES


def test_a_line_longer_than_forty_boards_is_refused_before_any_dot_of_it_is_made(monkeypatch):
    monkeypatch.setattr("core.digits.preprocessing._resampled", None)
    for draw in (frame_strokes, framing_steps, partial(drawn_sheet, pen_width=18)):
        with pytest.raises(TooMuchInk, match="Too much ink"):
            draw([FAR_ZIGZAG])
