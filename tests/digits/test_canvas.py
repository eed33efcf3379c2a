"""What the canvas sends becomes strokes, and nothing that a client may send makes reading it fail."""

import copy
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.digits.canvas import MAX_LINES, MAX_POINTS, DrawingTooLarge, pen_widths_from_canvas, strokes_from_canvas
from core.digits.preprocessing import PEN_WIDTH
from tests.drawings import CROSSED_SEVEN, DIGITS, SEVEN, ZERO, canvas, fabric_path


@given(st.sampled_from(DIGITS))
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


def test_a_curve_is_followed_and_its_control_point_is_not_touched():
    (read,) = strokes_from_canvas({"objects": [{"type": "Path", "path": [["M", 0, 0], ["Q", 50, 100, 100, 0]]}]})

    np.testing.assert_allclose(read[:, 1], read[:, 0] * (100 - read[:, 0]) / 50, atol=1e-9)
    assert read[:, 1].max() == pytest.approx(50)


BAD_OBJECTS = [
    None, 7, "Path", [], {}, {"type": "Path"}, {"type": "Path", "path": "M 0 0 L 9 9"}, {"type": "Path", "path": []},
    {"type": "Rect", "width": 50, "height": 50}, {"type": "Rect", "path": [["M", 0, 0], ["L", 9, 9]]},
    {"type": ["Path"], "path": [["M", 0, 0], ["L", 9, 9]]},
    {"type": "Path", "path": [["L", 0, 0]]}, {"type": "Path", "path": [["Z"]]}, {"type": "Path", "path": [[]]},
    {"type": "Path", "path": [["M", 0, 0], ["A", 1, 2, 3]]}, {"type": "Path", "path": [["M", 0], ["L", 9, 9]]},
    {"type": "Path", "path": [[{}, 0, 0]]}, {"type": "Path", "path": [[["M"], 0, 0]]},
    {"type": "Path", "path": [["M", *[1] * 100_000]]},
]  # fmt: skip
BAD_NUMBERS = [math.nan, math.inf, -math.inf, 1e300, 10**400, "5", None, True, [1], {"x": 1}]


@pytest.mark.bad_input(9)
def test_row_9_a_bad_object_is_skipped_and_the_others_are_read():
    sound = canvas(SEVEN)["objects"]
    for bad in BAD_OBJECTS:
        assert len(strokes_from_canvas({"objects": [bad, *sound]})) == 1, repr(bad)[:80]


@pytest.mark.parametrize("setting", ["left", "scaleX", "angle", "skewY", "strokeWidth", "path"])
@pytest.mark.bad_input(9)
def test_row_9_an_object_with_anything_but_finite_numbers_is_skipped(setting):
    for bad in BAD_NUMBERS:
        drawing = canvas(CROSSED_SEVEN)
        if setting == "path":
            drawing["objects"][0]["path"][1][2] = bad
        else:
            drawing["objects"][0][setting] = bad
        assert len(strokes_from_canvas(drawing)) == 1, repr(bad)[:20]


@pytest.mark.bad_input(9)
def test_what_is_no_drawing_is_blank():
    for drawing in (None, [], "objects", 3, {}, {"objects": None}, {"objects": {"path": []}}):
        assert strokes_from_canvas(drawing) == [], drawing


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


def all_paths(value, path=()):
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from all_paths(inner, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    value = copy.copy(value)
    value[path[0]] = replaced(value[path[0]], path[1:], new)
    return value


REAL = canvas(CROSSED_SEVEN)
PATHS = sorted(all_paths(REAL), key=str)


@given(json_values)
@pytest.mark.bad_input(9)
def test_no_json_makes_reading_a_drawing_fail(drawing):
    assert all(np.isfinite(stroke).all() for stroke in strokes_from_canvas(drawing))


@given(st.sampled_from(PATHS), json_values)
def test_no_damage_to_a_real_drawing_makes_reading_it_fail(path, damage):
    strokes = strokes_from_canvas(replaced(REAL, path, damage))

    assert all(stroke.ndim == 2 and stroke.shape[1] == 2 and np.isfinite(stroke).all() for stroke in strokes)


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        ([{"type": "Path", "path": [["M", 0, 0]] + [["L", 1, 1]] * 100_000}], "20,000 points"),
        ([{"type": "Path", "path": [["M", 0, 0], ["L", 9, 9]]}] * (MAX_POINTS // 2), "20,000 points"),
        ([{}] * (MAX_POINTS + 1), "20,000 points"),
        ([{"type": "Nonsense", "path": [None] * (MAX_POINTS + 1)}], "20,000 points"),
        ([{"type": "Path", "path": [["M", 1, 1]] * 19_000}], "300 lines"),
        ([{"type": "Path", "path": [["M", 1, 1]]}] * 9_000, "300 lines"),
        ([{"type": "Path", "path": [["M", 1, 1], ["L", 9, 9]], "left": 1e9}] * (MAX_LINES + 1), "300 lines"),
    ],
    ids=["one stroke", "many strokes", "many objects", "nonsense", "lines in one", "lines apart", "lines far away"],
)
@pytest.mark.bad_input(8)
def test_row_8_a_drawing_of_too_many_points_or_lines_is_refused_unread(objects, reason, monkeypatch):
    monkeypatch.setattr("core.digits.canvas._lines", None)
    with pytest.raises(DrawingTooLarge, match=rf"more than {reason}.*Clear the board and draw again\.$"):
        strokes_from_canvas({"objects": objects})


def test_as_many_lines_as_are_allowed_are_read():
    assert len(strokes_from_canvas({"objects": canvas(ZERO)["objects"] * MAX_LINES})) == MAX_LINES


def test_an_origin_nested_thousands_deep_is_no_origin():
    deep = []
    for _ in range(100_000):
        deep = [deep]

    assert len(strokes_from_canvas(canvas(SEVEN, originX=deep, originY={"x": deep}))) == 1


def test_a_pen_without_a_width_is_the_boards_pen_for_the_corner_too():
    path = {"type": "path", "path": [["M", 100, 50], ["L", 200, 150]], "originX": "left", "left": 0, "top": 0}

    read, stated = ({"objects": [path | more]} for more in ({}, {"strokeWidth": PEN_WIDTH}))

    np.testing.assert_array_equal(strokes_from_canvas(read), strokes_from_canvas(stated))
    assert pen_widths_from_canvas(read) == [PEN_WIDTH]


def test_a_stroke_ten_boards_away_is_skipped():
    assert strokes_from_canvas(canvas(SEVEN, left=5000)) == []
    assert len(strokes_from_canvas(canvas(SEVEN, left=2000))) == 1
