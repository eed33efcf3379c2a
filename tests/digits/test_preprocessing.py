"""Drawings become the images MNIST's authors would have made, and bad drawings become plain sentences."""

import copy
import json
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.digits.preprocessing import (
    BOARD_SIZE,
    MAX_POINTS,
    PEN_RADIUS,
    DrawingTooLarge,
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
    naive_resize,
    pen_widths_from_canvas,
    strokes_from_canvas,
)
from core.insight.prediction import answer_drawing
from core.networks.model import pretrained

SEVEN = [np.array([(80, 60), (140, 57), (200, 60), (178, 103), (150, 160), (130, 230)], float)]
CROSSED_SEVEN = [*SEVEN, np.array([(115, 150), (150, 147), (190, 149)], float)]
ZERO = [np.array([(140 + 45 * math.sin(t), 140 - 80 * math.cos(t)) for t in np.linspace(0, 6.2, 60)])]
ONE = [np.array([(140, 40), (140, 240)], float)]  # symmetric: its centre of mass is an exact half
SLANTED_ONE = [np.array([(150, 43), (131, 240)], float)]
DIGITS = (SEVEN, CROSSED_SEVEN, ZERO, ONE, SLANTED_ONE)


def fabric_bounds(path):
    """Measure a path as Fabric does: a quadratic curve is taken for the cubic with its control point twice."""
    t = np.linspace(0, 1, 1000)[:, None]
    end, points = None, []
    for _, *values in path:
        control, target = np.array(values[:2]), np.array(values[-2:])
        if end is not None and len(values) == 4:
            points.append((1 - t) ** 3 * end + 3 * t * (1 - t) * control + t**3 * target)
        points.append(target[None])
        end = target
    points = np.concatenate(points)
    return points.min(axis=0), points.max(axis=0)


def fabric_path(stroke, **changes):
    """Write a stroke the way Fabric's pencil does; `changes` are what its edit mode changes."""
    path = [["M", *stroke[0]]]
    path += [["Q", *a, *((a + b) / 2)] for a, b in pairwise(stroke)]
    path.append(["L", *stroke[-1]])
    path = json.loads(json.dumps(path))
    (left, top), (right, bottom) = fabric_bounds(path)
    placed = {
        "type": "Path", "version": "7.4.0", "originX": "center", "originY": "center",
        "left": (left + right) / 2, "top": (top + bottom) / 2, "width": right - left, "height": bottom - top,
        "fill": None, "stroke": "#ffffff", "strokeWidth": 18, "scaleX": 1, "scaleY": 1, "angle": 0,
        "flipX": False, "flipY": False, "skewX": 0, "skewY": 0, "path": path,
    }  # fmt: skip
    return {**placed, **changes}


def canvas(strokes, **changes):
    return {"version": "7.4.0", "objects": [fabric_path(stroke, **changes) for stroke in strokes]}


def resampled(stroke, step):
    travelled = np.append(0, np.hypot(*np.diff(stroke, axis=0).T).cumsum())
    # Sampling more densely keeps the corners, as a faster tablet does.
    places = np.union1d(np.arange(0, travelled[-1], step), travelled)
    return np.stack([np.interp(places, travelled, stroke[:, axis]) for axis in (0, 1)], axis=1)


def centre_of_mass(image):
    pixels = np.arange(28) + 0.5
    return image.sum(axis=0) @ pixels / image.sum(), image.sum(axis=1) @ pixels / image.sum()


digits = st.sampled_from(DIGITS)
finite = st.floats(-300, 300)


# Framing


@given(digits, finite, finite, st.floats(0.1, 5))
def test_where_and_how_large_a_digit_is_drawn_does_not_change_its_image(strokes, x, y, scale):
    moved = [stroke * scale + (x, y) for stroke in strokes]

    np.testing.assert_allclose(frame_strokes(moved), frame_strokes(strokes), atol=2 / 255)


@given(digits, st.floats(1, 60))
def test_the_pen_width_does_not_change_the_image(strokes, width):
    thick = strokes_from_canvas(canvas(strokes, strokeWidth=width))

    np.testing.assert_array_equal(frame_strokes(thick), frame_strokes(strokes_from_canvas(canvas(strokes))))


@given(digits, st.floats(0.5, 40))
def test_how_often_the_pen_is_sampled_does_not_change_the_image(strokes, step):
    sampled = [resampled(stroke, step) for stroke in strokes]

    np.testing.assert_allclose(frame_strokes(sampled), frame_strokes(strokes), atol=3 / 255)


@given(digits, st.randoms(use_true_random=False))
def test_the_order_and_direction_of_strokes_do_not_change_the_image(strokes, random):
    shuffled = [stroke[:: random.choice((-1, 1))] for stroke in random.sample(strokes, len(strokes))]

    np.testing.assert_allclose(frame_strokes(shuffled), frame_strokes(strokes), atol=3 / 255)


@pytest.mark.parametrize("strokes", DIGITS)
def test_a_drawing_is_framed_as_mnist_is(strokes):
    image = frame_strokes(strokes)

    inked = image > 0.02
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert image.max() == 1
    assert image.min() == 0
    assert max(inked.any(axis=0).sum(), inked.any(axis=1).sum()) == 20
    assert all(14 - 1e-5 <= place <= 15 + 1e-5 for place in centre_of_mass(image))


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


# The answer


def answered(strokes, **changes):
    return answer_drawing(pretrained(), canvas(strokes, **changes))


def assert_same_answer(one, other):
    assert one.digit == other.digit
    assert one.digit is not None
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=0.03)


@given(digits, finite, finite, st.floats(0.1, 5), st.floats(1, 60))
def test_row_4_moving_scaling_and_thickening_a_drawing_leaves_its_answer(strokes, x, y, scale, width):
    moved = [stroke * scale + (x, y) for stroke in strokes]  # bad_inputs row 4

    assert_same_answer(answered(moved, strokeWidth=width), answered(strokes))


@given(digits, st.floats(2, 20))
def test_sampling_a_drawing_more_or_less_often_leaves_its_answer(strokes, step):
    assert_same_answer(answered([resampled(stroke, step) for stroke in strokes]), answered(strokes))


@pytest.mark.parametrize("corner", [(-150, -150), (0, -150), (150, 150), (-150, 150)])
@pytest.mark.parametrize("scale", [0.15, 1, 1.6])
def test_row_4_a_digit_at_the_edge_tiny_or_huge_is_read_as_if_drawn_in_the_middle(corner, scale):
    drawn = [(stroke - 140) * scale + 140 + corner for stroke in CROSSED_SEVEN]  # bad_inputs row 4

    assert_same_answer(answered(drawn), answered(CROSSED_SEVEN))


# Switching steps off

ALL_OFF = Framing(box=False, scale=False, centre=False, redraw=False)
framings = st.builds(Framing, st.booleans(), st.booleans(), st.booleans(), st.booleans())


@given(digits, framings)
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


@pytest.mark.parametrize("switch", ["box", "scale", "centre", "redraw"])
def test_a_step_that_is_switched_off_says_what_is_missing(switch):
    steps = framing_steps(SEVEN)

    without = framing_steps(SEVEN, Framing(**{switch: False}))

    place = [step.switch for step in steps].index(switch)
    assert without[place].sentence != steps[place].sentence
    assert len({step.sentence for step in [*steps, without[place]]}) == 6


@given(digits, st.floats(2, 60))
def test_with_all_switched_off_the_sheet_is_merely_shrunk(strokes, width):
    shrunk = naive_resize(strokes, width)

    np.testing.assert_allclose(frame_strokes(strokes, ALL_OFF, width), shrunk, atol=1e-6)
    by_hand = drawn_sheet(strokes, width).reshape(28, 10, 28, 10).mean(axis=(1, 3))
    np.testing.assert_allclose(shrunk, by_hand / by_hand.max(), atol=1e-5)


def test_without_the_box_a_small_digit_stays_small_and_in_its_corner():
    small = [stroke * 0.3 for stroke in SEVEN]

    rows, columns = np.nonzero(frame_strokes(small, ALL_OFF) > 0.1)

    assert rows.max() < 9
    assert columns.max() < 9


def test_without_scaling_the_digit_fills_the_image():
    rows, _ = np.nonzero(frame_strokes(SEVEN, Framing(scale=False)) > 0.1)

    assert (rows.min(), rows.max()) == (0, 27)


def test_without_centring_the_middle_of_the_box_is_the_middle_of_the_image():
    six_low = [stroke for stroke in ONE] + [ZERO[0] * 0.4 + (84, 150)]

    image, centre = frame_strokes(six_low, Framing(centre=False)), frame_strokes(six_low)

    rows, _ = np.nonzero(image > 0.1)
    assert (rows.min(), rows.max()) == (4, 23)
    assert abs(centre_of_mass(centre)[1] - 14.5) < 0.51 < abs(centre_of_mass(image)[1] - 14.5)


def test_without_redrawing_a_thick_pen_stays_thick():
    inks = [frame_strokes(ZERO, Framing(redraw=False), width).sum() for width in (6, 18, 40)]

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
def test_row_9_an_impossible_pen_width_is_drawn_as_a_possible_one(width):  # bad_inputs row 9
    image = frame_strokes(SEVEN, ALL_OFF, width)

    assert np.isfinite(image).all()
    assert image.max() == 1


def test_a_drawing_beside_the_sheet_is_blank_where_the_sheet_is_taken_whole():
    beside = [stroke + 1000 for stroke in SEVEN]

    assert not naive_resize(beside, 18).any()
    for framing in (Framing(box=False), ALL_OFF, Framing(redraw=False)):
        with pytest.raises(NoInk):
            frame_strokes(beside, framing)


def test_the_sheet_is_drawn_as_a_round_pen_draws():
    sheet = drawn_sheet([np.array([(100.0, 140.0), (180.0, 140.0)])], 20)

    assert sheet.sum() == pytest.approx(80 * 20 + math.pi * 100, rel=0.01)
    assert sheet[130:150, 105:175].min() > 0.9


@given(st.floats(-50, 150), st.floats(-50, 150), st.floats(20, 400), st.integers(5, 60))
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


@pytest.mark.parametrize("strokes", [[], [np.empty((0, 2))]])
def test_a_blank_board_asks_for_a_digit(strokes):  # bad_inputs row 1
    with pytest.raises(NoInk, match=r"^Draw a digit\.$"):
        frame_strokes(strokes)


@pytest.mark.parametrize(
    "strokes",
    [[np.array([(100.0, 100.0)])], [np.array([(100, 100), (100.036, 100)])], [np.array([(100, 100), (106, 104)])]],
)
def test_a_dot_or_a_few_pixels_are_too_little_ink(strokes):
    with pytest.raises(TooLittleInk, match="Too little ink"):
        frame_strokes(strokes)


@pytest.mark.parametrize("lines", [8, 16, 70, 400])
def test_a_filled_board_is_too_much_ink(lines):
    y = np.linspace(5, BOARD_SIZE - 5, lines)
    zigzag = np.stack([np.tile([5, BOARD_SIZE - 5], lines // 2), y], axis=1).astype(float)

    with pytest.raises(TooMuchInk, match="Too much ink"):
        frame_strokes([zigzag])


def test_a_hand_that_never_stops_is_refused_before_it_is_drawn():
    scribble = np.random.default_rng(0).uniform(0, BOARD_SIZE, (MAX_POINTS, 2))

    with pytest.raises(TooMuchInk):
        frame_strokes([scribble])


# Reading the canvas


@given(digits)
def test_the_strokes_of_an_untouched_drawing_lie_where_they_were_drawn(strokes):
    read = strokes_from_canvas(canvas(strokes))

    assert len(read) == len(strokes)
    for line, stroke in zip(read, strokes, strict=True):
        assert line.dtype == np.float64
        np.testing.assert_allclose(line[[0, -1]], stroke[[0, -1]], atol=0.2)  # finds Fabric's bounding box to that


@given(
    st.floats(-100, 400), st.floats(-100, 400), st.floats(0.1, 4), st.floats(0.1, 4), st.floats(-360, 360),
    st.booleans(), st.booleans(), st.floats(-40, 40), st.floats(-40, 40),
)  # fmt: skip
def test_a_stroke_moved_scaled_turned_flipped_and_skewed_in_edit_mode_lies_where_it_is_shown(
    left, top, scale_x, scale_y, angle, flip_x, flip_y, skew_x, skew_y
):
    edited = {"left": left, "top": top, "scaleX": scale_x, "scaleY": scale_y, "angle": angle}
    edited |= {"flipX": flip_x, "flipY": flip_y, "skewX": skew_x, "skewY": skew_y}
    path = fabric_path(ZERO[0])

    (read,) = strokes_from_canvas({"objects": [path | edited]})

    x, y = (strokes_from_canvas({"objects": [path]})[0] - (path["left"], path["top"])).T
    x, y = x, y + math.tan(math.radians(skew_y)) * x
    x, y = x + math.tan(math.radians(skew_x)) * y, y
    x, y = x * scale_x * (-1) ** flip_x, y * scale_y * (-1) ** flip_y
    turn = math.radians(angle)
    by_hand = np.stack([x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)], axis=1)
    np.testing.assert_allclose(read, by_hand + np.array([left, top]), atol=1)


REAL_HOOK = {  # as the canvas (streamlit-drawable-canvas 0.13.0, Fabric 7.4.0) sent it after edit mode had turned it
    "type": "Path", "version": "7.4.0", "originX": "center", "originY": "center", "left": 127.4293, "top": 142.6363,
    "width": 54.847, "height": 134.7395, "strokeWidth": 6, "scaleX": 1, "scaleY": 1, "angle": 44.7144,
    "flipX": False, "flipY": False, "skewX": 0, "skewY": 0,
    "path": [["M", 60.006, 79.994], ["Q", 60, 80, 90, 70], ["Q", 120, 60, 105, 130], ["L", 89.994, 200.006]],
}  # fmt: skip


def test_a_stroke_turned_in_the_real_canvas_lies_where_the_real_canvas_showed_it():
    (read,) = strokes_from_canvas({"objects": [REAL_HOOK]})

    np.testing.assert_allclose(read[[0, -1]], [(145, 86), (81, 192)], atol=1.5)  # read off the picture it sent


def test_left_and_top_may_mean_the_corner_with_the_pen_width():
    corner = {"originX": "left", "originY": "top", "strokeWidth": 10, "scaleX": 2, "left": 0, "top": 0}
    path = {"type": "path", "path": [["M", 100, 50], ["L", 200, 150]], **corner}

    (read,) = strokes_from_canvas({"objects": [path]})

    np.testing.assert_allclose(read[[0, -1]], [(10, 5), (210, 105)])


def test_a_drawing_turned_in_edit_mode_answers_as_one_drawn_turned():
    edited = strokes_from_canvas(canvas(SEVEN, angle=15, left=60, top=200, scaleX=0.5, scaleY=0.5))
    c, s = math.cos(math.radians(15)), math.sin(math.radians(15))
    drawn = strokes_from_canvas(canvas([stroke @ np.array([[c, s], [-s, c]]) for stroke in SEVEN]))

    np.testing.assert_allclose(frame_strokes(edited), frame_strokes(drawn), atol=2 / 255)


def test_a_curve_is_followed_and_its_control_point_is_not_touched():
    (read,) = strokes_from_canvas({"objects": [{"type": "Path", "path": [["M", 0, 0], ["Q", 50, 100, 100, 0]]}]})

    np.testing.assert_allclose(read[:, 1], read[:, 0] * (100 - read[:, 0]) / 50, atol=1e-9)
    assert read[:, 1].max() == pytest.approx(50)


def test_a_click_without_a_move_is_a_stroke_that_holds_too_little_ink():
    dot = {"type": "Path", "path": [["M", 99.98, 100], ["L", 100.02, 100]], "strokeWidth": 18}

    with pytest.raises(TooLittleInk):
        frame_strokes(strokes_from_canvas({"objects": [dot]}))


BAD_OBJECTS = [
    None, 7, "Path", [], {}, {"type": "Path"}, {"type": "Path", "path": "M 0 0 L 9 9"}, {"type": "Path", "path": []},
    {"type": "Rect", "width": 50, "height": 50}, {"type": "Rect", "path": [["M", 0, 0], ["L", 9, 9]]},
    {"type": ["Path"], "path": [["M", 0, 0], ["L", 9, 9]]},
    {"type": "Path", "path": [["L", 0, 0]]}, {"type": "Path", "path": [["Z"]]}, {"type": "Path", "path": [[]]},
    {"type": "Path", "path": [["M", 0, 0], ["A", 1, 2, 3]]}, {"type": "Path", "path": [["M", 0], ["L", 9, 9]]},
    {"type": "Path", "path": [[{}, 0, 0]]}, {"type": "Path", "path": [[["M"], 0, 0]]},
]  # fmt: skip
BAD_NUMBERS = [math.nan, math.inf, -math.inf, 1e300, 10**400, "5", None, True, [1], {"x": 1}]


@pytest.mark.parametrize("bad", BAD_OBJECTS, ids=repr)
def test_row_9_a_bad_object_is_skipped_and_the_others_are_read(bad):  # bad_inputs row 9
    drawing = canvas(SEVEN)
    drawing["objects"].insert(0, bad)

    assert len(strokes_from_canvas(drawing)) == 1


@pytest.mark.parametrize("bad", BAD_NUMBERS, ids=lambda bad: repr(bad)[:20])
@pytest.mark.parametrize("place", ["left", "scaleX", "angle", "skewY", "strokeWidth", "path"])
def test_row_9_an_object_with_anything_but_finite_numbers_is_skipped(bad, place):  # bad_inputs row 9
    drawing = canvas(CROSSED_SEVEN)
    if place == "path":
        drawing["objects"][0]["path"][1][2] = bad
    else:
        drawing["objects"][0][place] = bad

    assert len(strokes_from_canvas(drawing)) == 1


@pytest.mark.parametrize(
    "drawing", [None, [], "objects", 3, {}, {"objects": None}, {"objects": {"path": []}}], ids=repr
)
def test_what_is_no_drawing_is_blank(drawing):
    assert strokes_from_canvas(drawing) == []


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["M", "L", "Q", "Z"]),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["objects", "type", "path", "left", "angle", "scaleX", "skewX"]), inner)
    ),
    max_leaves=20,
)


def all_places(value, path=()):
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from all_places(inner, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    value = copy.copy(value)
    value[path[0]] = replaced(value[path[0]], path[1:], new)
    return value


REAL = canvas(CROSSED_SEVEN)
PLACES = sorted(all_places(REAL), key=str)


@given(json_values)
def test_no_json_makes_reading_a_drawing_fail(drawing):
    assert all(np.isfinite(stroke).all() for stroke in strokes_from_canvas(drawing))


@given(st.sampled_from(PLACES), json_values)
def test_no_damage_to_a_real_drawing_makes_reading_it_fail(place, damage):
    strokes = strokes_from_canvas(replaced(REAL, place, damage))

    assert all(stroke.ndim == 2 and stroke.shape[1] == 2 and np.isfinite(stroke).all() for stroke in strokes)


@pytest.mark.parametrize(
    "objects",
    [
        [{"type": "Path", "path": [["M", 0, 0]] + [["L", 1, 1]] * 100_000}],
        [{"type": "Path", "path": [["M", 0, 0], ["L", 9, 9]]}] * (MAX_POINTS // 2),
        [{}] * (MAX_POINTS + 1),
        [{"type": "Nonsense", "path": [None] * (MAX_POINTS + 1)}],
    ],
    ids=["one long stroke", "many strokes", "many objects", "long nonsense"],
)
def test_row_8_a_drawing_of_too_many_points_is_refused_in_plain_words(objects):  # bad_inputs row 8
    with pytest.raises(DrawingTooLarge, match=r"more than 20,000 points.*Clear the board and draw again\.$"):
        strokes_from_canvas({"objects": objects})
