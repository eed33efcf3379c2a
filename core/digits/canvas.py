"""The drawing canvas' JSON -> strokes, where the canvas shows them.

The canvas writes what Fabric keeps: freehand paths, and how edit mode has moved, scaled and turned them. A client may
send anything; what is no stroke is skipped.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.digits.preprocessing import BOARD_SIZE, PEN_WIDTH, Points, bounds
from core.errors import InklingError

Pieces = NDArray[np.float64]  # (n, 4, 2) curves: start, two control points, end

MAX_POINTS = 20_000  # of a drawing; a digit has about 100
MAX_LINES = 300  # of a drawing; a digit has three at most, a filled board about 100
MAX_COORDINATE = 10 * BOARD_SIZE  # in canvas pixels; nobody draws farther away
LONGEST_COMMAND = 5  # a name and four numbers
CURVE_STEPS = 8  # straight pieces that stand for one curved one


class DrawingTooLarge(InklingError):
    """The drawing has more points than anybody draws; it was refused unread."""


def strokes_from_canvas(drawing: object) -> list[Points]:
    """Read the strokes of a drawing, where the canvas shows them.

    Objects that are no freehand path, or that hold anything but finite numbers where numbers belong, are skipped.

    Args:
        drawing: what `st_canvas` gives as `json_data`: Fabric's JSON, or anything else a client may send.

    Returns:
        One (n, 2) float64 array of x and y for each stroke, in canvas pixels, in drawing order; curves are flattened.

    Raises:
        DrawingTooLarge: more than `MAX_POINTS` path commands and objects, or more than `MAX_LINES` lines.
    """
    return [stroke for stroke, _ in _strokes_with_widths(drawing)]


def pen_widths_from_canvas(drawing: object) -> list[float]:
    """Read how wide the pen of each stroke of `strokes_from_canvas` was, in canvas pixels."""
    return [width for _, width in _strokes_with_widths(drawing)]


def _strokes_with_widths(drawing: object) -> list[tuple[Points, float]]:
    objects = drawing.get("objects") if isinstance(drawing, dict) else None
    if not isinstance(objects, list):
        return []
    paths = [item for item in objects if isinstance(item, dict) and isinstance(item.get("path"), list)]
    _check_size("points", MAX_POINTS, len(objects) + sum(len(item["path"]) for item in paths))
    # Reading a line costs 0.2 ms however short it is, much more than a point does.
    _check_size("lines", MAX_LINES, sum(_begins_a_line(command) for item in paths for command in item["path"]))
    return [read for item in paths for read in _strokes_of_path(item)]


def _check_size(what: str, most: int, count: int) -> None:
    if count > most:
        raise DrawingTooLarge(
            f"This drawing has more than {most:,} {what} and was not read. Clear the board and draw again."
        )


def _begins_a_line(command: object) -> bool:
    return isinstance(command, list) and command[:1] == ["M"]


def _strokes_of_path(item: dict[str, Any]) -> list[tuple[Points, float]]:
    """The lines of one Fabric path and their pen's width, or nothing when any part is not as Fabric writes it."""
    if item.get("type") not in ("Path", "path"):
        return []
    try:
        lines = _lines(item["path"])
        width = _number(item.get("strokeWidth", PEN_WIDTH))
        return [(stroke, width) for stroke in _placed(lines, item, width)] if lines else []
    except _BadObject:
        return []


class _BadObject(Exception):
    pass


def _number(value: object) -> float:
    # Compared before it is converted: NaN fails the comparison, and an int may be too large for a float.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= MAX_COORDINATE:
        raise _BadObject
    return float(value)


def _lines(path: list[object]) -> list[Pieces]:
    """Read path commands: for each line of the pen its pieces as `start, control, control, end`, (n, 4, 2).

    A quadratic piece has its one control point twice, which is how Fabric measures it and not how it draws it.
    """
    lines: list[list[list[float]]] = []
    start = end = [0.0, 0.0]
    for command in path:
        if not isinstance(command, list) or not 1 <= len(command) <= LONGEST_COMMAND:
            raise _BadObject
        name, values = command[0], [_number(value) for value in command[1:]]
        match name, len(values):
            case "M", 2:
                start = end = values
                lines.append([end * 4])
                continue
            case "L", 2:
                controls = [*end, *values]
            case "Q", 4:
                controls = values[:2] * 2
            case "Z", 0:
                values = start
                controls = [*end, *start]
            case _:
                raise _BadObject
        if not lines:
            raise _BadObject
        lines[-1].append([*end, *controls, *values[-2:]])
        end = values[-2:]
    return [np.array(line).reshape(-1, 4, 2) for line in lines]


def _flattened(pieces: Pieces) -> Points:
    """Turn cubic pieces into points, `CURVE_STEPS` for each."""
    return np.asarray(_BERNSTEIN @ pieces).reshape(-1, 2)


_T = np.arange(1, CURVE_STEPS + 1)[:, None] / CURVE_STEPS
_BERNSTEIN = np.hstack([math.comb(3, k) * _T**k * (1 - _T) ** (3 - k) for k in range(4)])  # (CURVE_STEPS, 4)


def _as_drawn(pieces: Pieces) -> Pieces:
    """Give quadratic pieces the control points of the cubic that is the same curve."""
    start, first, second, end = np.moveaxis(pieces, 1, 0)
    pull = np.where((first == second).all(axis=1, keepdims=True), 2 / 3, 1)
    return np.stack([start, start + pull * (first - start), end + pull * (second - end), end], axis=1)


def _placed(lines: list[Pieces], item: dict[str, Any], pen_width: float) -> list[Points]:
    """Move, scale and turn a path the way Fabric 7 does (`calcOwnMatrix`); edit mode changes only those numbers.

    The path's points count from the middle of the path's own bounding box.
    """
    outline = _flattened(np.concatenate(lines))
    low, high = bounds(outline)
    middle = (low + high) / 2

    def pair(name_x: str, name_y: str, default: Sequence[float]) -> Points:
        return np.array([_number(item.get(name, value)) for name, value in zip((name_x, name_y), default, strict=True)])

    angle = math.radians(_number(item.get("angle", 0)))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    flip = [-1 if item.get(name) is True else 1 for name in ("flipX", "flipY")]
    skew_x, skew_y = np.tan(np.radians(pair("skewX", "skewY", (0, 0))))
    stretch = np.diag(pair("scaleX", "scaleY", (1, 1)) * flip) @ [[1, skew_x], [0, 1]] @ [[1, 0], [skew_y, 1]]
    size = np.abs(stretch) @ (high - low + pen_width)
    origin = [_to_centre(item.get(name)) for name in ("originX", "originY")]
    centre = pair("left", "top", tuple(middle)) + turn @ (origin * size)
    placed = [(_flattened(_as_drawn(line)) - middle) @ (turn @ stretch).T + centre for line in lines]
    if any(np.abs(line).max() > MAX_COORDINATE for line in placed):
        raise _BadObject
    return placed


def _to_centre(origin: object) -> float:
    return _TO_CENTRE.get(origin, 0) if isinstance(origin, str) else 0


_TO_CENTRE = {"left": 0.5, "top": 0.5, "right": -0.5, "bottom": -0.5}  # in widths and heights
