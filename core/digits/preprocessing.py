"""Strokes -> the 28x28 image that MNIST's authors would have made of them.

A drawing is framed from its strokes, not from its pixels: the pen's centre line is scaled, redrawn with MNIST's own
line thickness and centred, so that pen width, size, place and sampling of the drawing do not matter. The handwriting
generator draws and centres with the very same functions.

Source of the framing: Yadav & Bottou, "Cold Case: The Lost MNIST Digits" (2019), section 2.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InklingError

Points = NDArray[np.float64]  # (n, 2) x and y of one stroke, y down
Pieces = NDArray[np.float64]  # (n, 4, 2) curves: start, two control points, end
Images = NDArray[np.float32]  # (..., side, side) ink in [0, 1]

BOARD_SIZE = 280  # side of the drawing board, in canvas pixels
IMAGE_SIZE = 28  # side of the framed image, in pixels
DIGIT_SIZE = 20  # longer side of the framed digit, the thickness of its line included, in pixels
PEN_RADIUS = 1.2  # of the redrawn line, in pixels: gives built-in handwriting MNIST's mean ink, 103.9 full pixels
DOT_SPACING = 0.2  # of the dots that a line is redrawn with, in pixels: leaves notches of 0.004 pixels

MIN_SIDE = BOARD_SIZE / IMAGE_SIZE  # of a drawing, in canvas pixels; shorter ones are dots
MAX_INK = 220.0  # of a framed digit, in full pixels; of 60,000 redrawn handwritten digits none held more than 190
MAX_LENGTH = 40  # of all lines together, in longer sides of the drawing
MAX_POINTS = 20_000  # of a drawing; a digit has about 100
MAX_COORDINATE = 1e6  # in canvas pixels; nobody draws farther away

CURVE_STEPS = 8  # straight pieces that stand for one curved one


class NoInk(InklingError):
    """Nothing has been drawn."""


class TooLittleInk(InklingError):
    """A dot or a few pixels: too small to be told from a slip of the hand."""


class TooMuchInk(InklingError):
    """The framed drawing holds more ink than any digit does."""


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
        DrawingTooLarge: more than `MAX_POINTS` path commands and objects.
    """
    objects = drawing.get("objects") if isinstance(drawing, dict) else None
    if not isinstance(objects, list):
        return []
    paths = [item for item in objects if isinstance(item, dict) and isinstance(item.get("path"), list)]
    if len(objects) + sum(len(item["path"]) for item in paths) > MAX_POINTS:
        raise DrawingTooLarge(
            f"This drawing has more than {MAX_POINTS:,} points and was not read. Clear the board and draw again."
        )
    return [stroke for item in paths for stroke in _strokes_of_path(item)]


def frame_strokes(strokes: Sequence[NDArray[np.floating[Any]]]) -> Images:
    """Frame a drawing the way MNIST's authors framed theirs, redrawn with MNIST's line thickness.

    Args:
        strokes: (n, 2) x and y of each stroke, in canvas pixels.

    Returns:
        (28, 28) float32 in [0, 1]: longer side 20 pixels, centre of mass in (14, 15] on both axes unless the
        offset had to be clamped to keep the digit inside.

    Raises:
        NoInk: there is no stroke.
        TooLittleInk: the longer side is below `MIN_SIDE`.
        TooMuchInk: the framed image holds more than `MAX_INK`, or the lines are longer than `MAX_LENGTH`.
    """
    lines = [np.asarray(stroke, np.float64) for stroke in strokes if len(stroke)]
    if not lines:
        raise NoInk("Draw a digit.")
    corners = np.array([[line.min(axis=0), line.max(axis=0)] for line in lines])
    low, high = corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)
    side = float((high - low).max())
    if side < MIN_SIDE:
        raise TooLittleInk("Too little ink: draw the digit larger.")
    scale = (DIGIT_SIZE - 2 * PEN_RADIUS) / side
    scaled = [(line - (low + high) / 2) * scale + DIGIT_SIZE / 2 for line in lines]
    if sum(_lengths(line)[-1] for line in scaled) > MAX_LENGTH * DIGIT_SIZE:
        raise TooMuchInk(_TOO_MUCH_INK)
    dots = np.concatenate([_resampled(line) for line in scaled])
    image = centred(draw_points(dots, np.float32(PEN_RADIUS)))
    if image.sum() > MAX_INK:
        raise TooMuchInk(_TOO_MUCH_INK)
    return image


_TOO_MUCH_INK = "Too much ink for one digit: clear the board and draw a single digit with a few lines."


def draw_points(points: NDArray[np.floating[Any]], radius: NDArray[np.float32] | np.float32) -> Images:
    """Draw dots with a round pen into boxes of 20x20 pixels, each pixel as grey as the pen covers it.

    Args:
        points: (..., k, 2) x and y of the dots in pixels; (0, 0) is the top left corner of the box.
        radius: (...) of the pen, in pixels.

    Returns:
        (..., 20, 20) float32 in [0, 1], divided by the maximum as MNIST's are.
    """
    pixels = np.arange(DIGIT_SIZE, dtype=np.float32)[:, None] + np.float32(0.5)
    x, y = np.moveaxis(points.astype(np.float32)[..., None, :, :], -1, 0)  # each (..., 1, k)
    # x and y are squared apart, so that a dot costs each pixel one sum and one comparison.
    squared = (np.square(pixels - x)[..., None, :, :] + np.square(pixels - y)[..., :, None, :]).min(axis=-1)
    ink: Images = np.clip(np.asarray(radius)[..., None, None] + np.float32(0.5) - np.sqrt(squared), 0, 1)
    ink /= ink.max(axis=(-2, -1), keepdims=True)
    return ink


def centred(boxes: Images) -> Images:
    """Put the centre of mass of each digit into the middle of a larger image, shifted by whole pixels as in MNIST.

    Args:
        boxes: (..., 20, 20) float32, none of them blank.

    Returns:
        (..., 28, 28) float32.
    """
    flat = boxes.reshape(-1, DIGIT_SIZE, DIGIT_SIZE)
    pixels = np.arange(DIGIT_SIZE) + 0.5
    ink = flat.sum(axis=(1, 2), dtype=np.float64)
    # Rounded, because exact halves are common (a straight line is symmetric) and must not flip with the last bit.
    left, top = (
        np.clip(15 - np.round(flat.sum(axis=axis, dtype=np.float64) @ pixels / ink, 6), 0, IMAGE_SIZE - DIGIT_SIZE)
        for axis in (1, 2)
    )
    images = np.zeros((len(flat), IMAGE_SIZE, IMAGE_SIZE), np.float32)
    for image, box, i, j in zip(images, flat, top.astype(int), left.astype(int), strict=True):
        image[i : i + DIGIT_SIZE, j : j + DIGIT_SIZE] = box
    return images.reshape(*boxes.shape[:-2], IMAGE_SIZE, IMAGE_SIZE)


def _lengths(line: Points) -> Points:
    return np.concatenate([[0.0], np.hypot(*np.diff(line, axis=0).T).cumsum()])


def _resampled(line: Points) -> Points:
    travelled = _lengths(line)
    places = np.linspace(0, travelled[-1], math.ceil(travelled[-1] / DOT_SPACING) + 1)
    return np.stack([np.interp(places, travelled, line[:, axis]) for axis in (0, 1)], axis=1)


def _strokes_of_path(item: dict[str, Any]) -> list[Points]:
    """Return the pen's lines of one Fabric path, or nothing when any part of it is not as Fabric writes it."""
    if item.get("type") not in ("Path", "path"):
        return []
    try:
        lines = _lines(item["path"])
        return _placed(lines, item) if lines else []
    except _BadObject:
        return []


class _BadObject(Exception):
    pass


def _number(value: object) -> float:
    # Compared before it is converted: NaN fails the comparison, and an int may be too large for a float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_COORDINATE:
        raise _BadObject
    return float(value)


def _lines(path: list[object]) -> list[Pieces]:
    """Read path commands: for each line of the pen its pieces as `start, control, control, end`, (n, 4, 2).

    A quadratic piece has its one control point twice, which is how Fabric measures it and not how it draws it.
    """
    lines: list[list[list[float]]] = []
    start = end = [0.0, 0.0]
    for command in path:
        if not isinstance(command, list) or not command:
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


def _placed(lines: list[Pieces], item: dict[str, Any]) -> list[Points]:
    """Move, scale and turn a path the way Fabric 7 does (`calcOwnMatrix`), for edit mode changes only those numbers.

    The path's points count from the middle of the path's own bounding box.
    """
    outline = _flattened(np.concatenate(lines))
    low, high = outline.min(axis=0), outline.max(axis=0)
    middle = (low + high) / 2

    def pair(name_x: str, name_y: str, default: Sequence[float]) -> Points:
        return np.array([_number(item.get(name, value)) for name, value in zip((name_x, name_y), default, strict=True)])

    angle = math.radians(_number(item.get("angle", 0)))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    flip = [-1 if item.get(name) is True else 1 for name in ("flipX", "flipY")]
    skew_x, skew_y = np.tan(np.radians(pair("skewX", "skewY", (0, 0))))
    stretch = np.diag(pair("scaleX", "scaleY", (1, 1)) * flip) @ [[1, skew_x], [0, 1]] @ [[1, 0], [skew_y, 1]]
    size = np.abs(stretch) @ (high - low + _number(item.get("strokeWidth", 1)))
    origin = [_TO_CENTRE.get(str(item.get(name)), 0) for name in ("originX", "originY")]
    centre = pair("left", "top", tuple(middle)) + turn @ (origin * size)
    placed = [(_flattened(_as_drawn(line)) - middle) @ (turn @ stretch).T + centre for line in lines]
    if any(np.abs(line).max() > MAX_COORDINATE for line in placed):
        raise _BadObject
    return placed


_TO_CENTRE = {"left": 0.5, "top": 0.5, "right": -0.5, "bottom": -0.5}  # in widths and heights
