"""Strokes -> the 28x28 image that MNIST's authors would have made of them.

A drawing is framed from its strokes, not from its pixels: the pen's centre line is scaled, redrawn with MNIST's own
line thickness and centred, so that pen width, size, position and sampling of the drawing do not matter. The handwriting
generator draws and centres with the very same functions. Each step can be left out, to show what it does.

Source of the framing: Yadav & Bottou, "Cold Case: The Lost MNIST Digits" (2019), section 2.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import InklingError

Points = NDArray[np.float64]  # (n, 2) x and y of one stroke, y down
Images = NDArray[np.float32]  # (..., side, side) ink in [0, 1]
Strokes = Sequence[NDArray[np.floating[Any]]]  # (n, 2) x and y of each stroke
PenWidths = float | Sequence[float]  # of the pen or of each stroke

BOARD_SIZE = 280  # side of the drawing board, in canvas pixels
IMAGE_SIZE = 28  # side of the framed image, in pixels
DIGIT_SIZE = 20  # longer side of the framed digit, the thickness of its line included, in pixels
PEN_WIDTH = 18.0  # of the pen on the board, unless it is changed, in canvas pixels
PEN_RADIUS = 1.2  # of the redrawn line, in pixels: gives built-in handwriting MNIST's mean ink, 103.9 full pixels
DOT_SPACING = 0.2  # of the dots that a line is redrawn with, in pixels: leaves notches of 0.004 pixels

MIN_SIDE = BOARD_SIZE / 20  # of a drawing, in canvas pixels; shorter ones are dots and slips of the hand
MAX_INK = 220.0  # of a framed digit, in full pixels; of 60,000 redrawn handwritten digits none held more than 190
MAX_LENGTH = 40  # of all lines together, in longer sides of the drawing and in sides of the board
PEN_WIDTHS = (1.0, 100.0)  # narrowest and widest that are accepted, in canvas pixels
PIXELS_AT_ONCE = 2**18  # that dots are drawn into at a time
INKED = 0.3  # of a pixel, from which on it belongs to the ink when that is boxed

STEP_SIZE = 112  # side of the images that show the steps, in pixels


Switch = Literal["box", "scale", "centre", "redraw"]


@dataclass(frozen=True)
class Framing:
    """Which steps of the framing are done: all of them give MNIST's framing, none merely shrinks the sheet.

    Attributes:
        box: the square around the ink is cut out; else the whole sheet is taken.
        scale: the square fills 20 of the 28 pixels; else all 28.
        centre: the centre of mass comes into the middle; else the middle of the square does.
        redraw: the lines are redrawn with MNIST's line thickness; else the pen's own lines shrink with the drawing.
    """

    box: bool = True
    scale: bool = True
    centre: bool = True
    redraw: bool = True

    @property
    def is_complete(self) -> bool:
        """Whether this is MNIST's framing, which the networks have learned from."""
        return self == MNIST_FRAMING


MNIST_FRAMING = Framing()


@dataclass(frozen=True)
class FramingStep:
    """One of the images on the way from the drawing to what the network sees.

    Attributes:
        name: of the step: "Drawn", "Boxed", ...
        switch: the field of `Framing` that leaves it out; None for the drawing itself.
        sentence: what the step has done, or what is missing without it.
        image: (112, 112) float32 ink in [0, 1]; (28, 28) for the last one.
    """

    name: str
    switch: Switch | None
    sentence: str
    image: Images


class NoInk(InklingError):
    """Nothing has been drawn."""


class TooLittleInk(InklingError):
    """A dot or a few pixels: too small to be told from a slip of the hand."""


class TooMuchInk(InklingError):
    """The framed drawing holds more ink than any digit does."""


def frame_strokes(
    strokes: Strokes,
    framing: Framing = MNIST_FRAMING,
    pen_width: PenWidths = PEN_WIDTH,
    ink: Images | None = None,
) -> Images:
    """Frame a drawing the way MNIST's authors framed theirs, redrawn with MNIST's line thickness.

    Args:
        strokes: (n, 2) x and y of each stroke, in canvas pixels.
        framing: the steps that are done. What is no digit is refused whichever these are.
        pen_width: of the pen or of each stroke, in canvas pixels; matters only where the lines are not redrawn.
        ink: (280, 280) the sheet where it is a picture; a drawing's is drawn when it is needed.

    Returns:
        (28, 28) float32 in [0, 1]: longer side 20 pixels, centre of mass in (14, 15] on both axes unless the
        offset had to be clamped to keep the digit inside.

    Raises:
        NoInk: there is no stroke, or all of them lie beside the sheet that is taken whole.
        TooLittleInk: the longer side is below `MIN_SIDE`.
        TooMuchInk: the framed image holds more than `MAX_INK`, or the lines are longer than `MAX_LENGTH`.
    """
    lines = _checked(strokes)
    if not lines:
        raise NoInk(_NO_INK)
    low, high = bounds(np.concatenate(lines))
    side = float((high - low).max())
    if side < MIN_SIDE:
        raise TooLittleInk("Too little ink: draw the digit larger.")
    if sum(_lengths(line)[-1] for line in lines) * (DIGIT_SIZE - 2 * PEN_RADIUS) / side > MAX_LENGTH * DIGIT_SIZE:
        raise TooMuchInk(_TOO_MUCH_INK)
    image = centred(_redrawn(lines, MNIST_FRAMING))
    if image.sum() > MAX_INK:
        raise TooMuchInk(_TOO_MUCH_INK)
    if framing.is_complete:
        return image
    box = _redrawn(lines, framing) if framing.redraw else _shrunk(_sheet(strokes, pen_width, ink), framing)
    return centred(box) if framing.centre else np.pad(box, (IMAGE_SIZE - len(box)) // 2)


def framing_steps(
    strokes: Strokes,
    framing: Framing = MNIST_FRAMING,
    pen_width: PenWidths = PEN_WIDTH,
    ink: Images | None = None,
) -> list[FramingStep]:
    """Return the steps from a drawing to what the network sees: drawn, boxed, scaled, centred, 28x28.

    Takes and raises what `frame_strokes` does; the last image is what it returns.
    """
    framed = frame_strokes(strokes, framing, pen_width, ink)
    lines = [np.asarray(stroke, np.float64) for stroke in strokes if len(stroke)]
    sheet = _sheet(strokes, pen_width, ink)
    corner, side = _square_of_ink(sheet) if framing.box else (np.zeros(2), float(BOARD_SIZE))
    size = DIGIT_SIZE if framing.scale else IMAGE_SIZE
    offset = moved = np.full(2, (IMAGE_SIZE - size) / 2)
    if framing.centre:
        box = _redrawn(lines, framing) if framing.redraw else _shrunk(sheet, framing)
        moved = _offsets(box[np.newaxis])[:, 0]
    image_side = side * IMAGE_SIZE / size
    images = {
        None: averaged(sheet, STEP_SIZE),
        "box": averaged(sheet, STEP_SIZE, corner, side),
        "scale": averaged(sheet, STEP_SIZE, corner - offset * side / size, image_side),
        "centre": averaged(sheet, STEP_SIZE, corner - moved * side / size, image_side),
        "redraw": framed,
    }
    done = {None, *(switch for switch, is_on in vars(framing).items() if is_on)}
    if not framing.scale:
        done -= {"centre"}  # without a margin there is no room to move in
    return [
        FramingStep(name, switch, does if switch in done else misses, images[switch])
        for name, switch, does, misses in _STEPS
    ]


_STEPS: tuple[tuple[str, Switch | None, str, str], ...] = (
    ("Drawn", None, "The sheet, as it was drawn.", ""),
    (
        "Boxed",
        "box",
        "The square around the ink is cut out, so it does not matter where it was drawn, or how large.",
        "The whole sheet is kept: a small digit stays small, one in a corner stays there.",
    ),
    (
        "Scaled",
        "scale",
        "The square becomes 20 of 28 pixels wide, as in MNIST, with a margin around it.",
        "What was kept fills all 28 pixels, without the margin that the network has always seen.",
    ),
    (
        "Centred",
        "centre",
        "The ink's centre of mass moves to the middle, by whole pixels.",
        "The digit is not moved, wherever its ink is heaviest.",
    ),
    (
        "28x28",
        "redraw",
        "The lines are drawn again, as thick as MNIST's, in 28 by 28 pixels: what the network sees.",
        "The pen's own lines are merely shrunk: too thin or too thick for the network.",
    ),
)


def drawn_sheet(strokes: Strokes, pen_width: PenWidths) -> Images:
    """Draw strokes as the canvas does, with a round pen.

    Args:
        strokes: (n, 2) x and y of each stroke, in canvas pixels; what lies beside the sheet is cut off.
        pen_width: of the pen or of each stroke, in canvas pixels.

    Returns:
        (280, 280) float32 ink in [0, 1].

    Raises:
        TooMuchInk: the lines are longer than `MAX_LENGTH`.
    """
    _checked(strokes)
    sheet = np.zeros((BOARD_SIZE, BOARD_SIZE), np.float32)
    for stroke, width in zip(strokes, np.broadcast_to(pen_width, len(strokes)), strict=True):
        if not len(stroke):
            continue
        radius = np.clip(width, *PEN_WIDTHS) / 2
        dots = _resampled(np.asarray(stroke, np.float64), max(0.5, radius / 4))
        near = np.arange(-math.ceil(radius) - 1, math.ceil(radius) + 2)
        dots = dots[((dots > near[0]) & (dots < BOARD_SIZE + near[-1])).all(axis=1)]
        at_once = max(1, PIXELS_AT_ONCE // len(near) ** 2)
        for start in range(0, len(dots), at_once):
            _draw_dots(sheet, dots[start : start + at_once], radius, near)
    return sheet


def _draw_dots(sheet: Images, dots: Points, radius: float, near: NDArray[np.intp]) -> None:
    """Draw round dots into a sheet; each covers the pixels `near` it, (dots, height, width), and the darkest counts."""
    x, y = (np.floor(dots[:, axis, None]).astype(np.intp) + near for axis in (0, 1))
    far_x, far_y = (pixels + 0.5 - dots[:, axis, None] for axis, pixels in enumerate((x, y)))
    ink = np.clip(radius + 0.5 - np.hypot(far_y[:, :, None], far_x[:, None, :]), 0, 1).astype(np.float32)
    on_sheet = _on_sheet(y)[:, :, None] & _on_sheet(x)[:, None, :]
    np.maximum.at(sheet.ravel(), (y[:, :, None] * BOARD_SIZE + x[:, None, :])[on_sheet], ink[on_sheet])


def averaged(
    sheet: Images, size: int, corner: NDArray[np.floating[Any]] | tuple[float, float] = (0, 0), side: float = BOARD_SIZE
) -> Images:
    """Cut a square out of a sheet and resize it by the average over each pixel's area; around the sheet is paper.

    Args:
        sheet: (height, width) float32.
        size: of the result, in pixels.
        corner: x and y of the square's top left corner, in pixels of the sheet.
        side: of the square, in pixels of the sheet.

    Returns:
        (size, size) float32.
    """
    upright = _averaged_rows(sheet, size, float(corner[1]), side)
    return _averaged_rows(upright.T, size, float(corner[0]), side).T.astype(np.float32)


def _averaged_rows(sheet: NDArray[np.floating[Any]], size: int, start: float, side: float) -> Points:
    # Differences of running sums: a matrix product would wait for threads while a training has the processor's cores.
    edges = np.clip(start + side / size * np.arange(size + 1), 0, len(sheet))
    above = np.minimum(edges.astype(np.intp), len(sheet) - 1)
    sums = np.pad(sheet.cumsum(axis=0, dtype=np.float64), ((1, 0), (0, 0)))[above]
    return np.asarray(np.diff(sums + (edges - above)[:, None] * sheet[above], axis=0) * size / side)


_NO_INK = "Draw a digit."
_TOO_MUCH_INK = "Too much ink for one digit: clear the board and draw a single digit with a few lines."


def draw_points(
    points: NDArray[np.floating[Any]], radius: NDArray[np.float32] | np.float32, size: int = DIGIT_SIZE
) -> Images:
    """Draw dots with a round pen into boxes of 20x20 pixels, each pixel as grey as the pen covers it.

    Args:
        points: (..., k, 2) x and y of the dots in pixels; (0, 0) is the top left corner of the box.
        radius: (...) of the pen, in pixels.
        size: of the boxes, where they are not to be 20x20.

    Returns:
        (..., size, size) float32 in [0, 1], divided by the maximum as MNIST's are.
    """
    pixels = np.arange(size, dtype=np.float32)[:, None] + np.float32(0.5)
    x, y = np.moveaxis(points.astype(np.float32)[..., None, :, :], -1, 0)  # each (..., 1, k)
    # x and y are squared apart, so that a dot costs each pixel one sum and one comparison.
    squared = (np.square(pixels - x)[..., None, :, :] + np.square(pixels - y)[..., :, None, :]).min(axis=-1)
    ink: Images = np.clip(np.asarray(radius)[..., None, None] + np.float32(0.5) - np.sqrt(squared), 0, 1)
    ink /= ink.max(axis=(-2, -1), keepdims=True)
    return ink


def centred(boxes: Images) -> Images:
    """Put the centre of mass of each digit into the middle of a larger image, shifted by whole pixels as in MNIST.

    Args:
        boxes: (..., size, size) float32, none of them blank; size 20 leaves them room to move, 28 none.

    Returns:
        (..., 28, 28) float32.
    """
    size = boxes.shape[-1]
    flat = boxes.reshape(-1, size, size)
    images = np.zeros((len(flat), IMAGE_SIZE, IMAGE_SIZE), np.float32)
    left, top = _offsets(flat)
    for image, box, i, j in zip(images, flat, top, left, strict=True):
        image[i : i + size, j : j + size] = box
    return images.reshape(*boxes.shape[:-2], IMAGE_SIZE, IMAGE_SIZE)


def _offsets(boxes: Images) -> NDArray[np.intp]:
    """How far each box moves to the right and down to have its centre of mass in the middle: (2, n)."""
    size = boxes.shape[-1]
    pixels = np.arange(size) + 0.5
    ink = boxes.sum(axis=(1, 2), dtype=np.float64)
    # Rounded, because exact halves are common (a straight line is symmetric) and must not flip with the last bit.
    moves = [
        np.clip(15 - np.round(boxes.sum(axis=axis, dtype=np.float64) @ pixels / ink, 6), 0, IMAGE_SIZE - size)
        for axis in (1, 2)
    ]
    return np.array(moves).astype(np.intp)


def _sheet(strokes: Strokes, pen_width: PenWidths, ink: Images | None) -> Images:
    return drawn_sheet(strokes, pen_width) if ink is None else ink


def _shrunk(sheet: Images, framing: Framing) -> Images:
    size = DIGIT_SIZE if framing.scale else IMAGE_SIZE
    box = averaged(sheet, size, *_square_of_ink(sheet)) if framing.box else averaged(sheet, size)
    if not box.any():
        raise NoInk(_NO_INK)
    return np.asarray(box / box.max())


def _redrawn(lines: Sequence[Points], framing: Framing) -> Images:
    size = DIGIT_SIZE if framing.scale else IMAGE_SIZE
    if framing.box:
        low, high = bounds(np.concatenate(lines))
        middle, scale = (low + high) / 2, (size - 2 * PEN_RADIUS) / float((high - low).max())
    else:
        middle, scale = np.full(2, BOARD_SIZE / 2), size / BOARD_SIZE
    dots = np.concatenate([_resampled((line - middle) * scale + size / 2, DOT_SPACING) for line in lines])
    if not framing.box:
        dots = dots[((dots >= 0) & (dots <= size)).all(axis=1)]
        if not len(dots):
            raise NoInk(_NO_INK)
    return draw_points(dots, np.float32(PEN_RADIUS), size)


def _checked(strokes: Strokes) -> list[Points]:
    """The strokes that have points; raises TooMuchInk where they are longer than any drawing's.

    Every dot that a line is drawn with costs memory, wherever it lies, so this comes before any is made.
    """
    lines = [np.asarray(stroke, np.float64) for stroke in strokes if len(stroke)]
    if not sum(_lengths(line)[-1] for line in lines) <= MAX_LENGTH * BOARD_SIZE:
        raise TooMuchInk(_TOO_MUCH_INK)
    return lines


def bounds(points: Points) -> tuple[Points, Points]:
    """Find the box around points: its top left corner and its bottom right one."""
    sides = np.ascontiguousarray(points.T)  # NumPy looks along a row ten times as fast as down a column
    return sides.min(axis=1), sides.max(axis=1)


def _square_of_ink(sheet: Images) -> tuple[Points, float]:
    """Find the square of the longer side around the ink of a sheet: its top left corner and its side."""
    inked = sheet > INKED
    ranges = [np.flatnonzero(inked.any(axis=axis)) for axis in (0, 1)]
    if not len(ranges[0]):
        raise NoInk(_NO_INK)
    low, high = (np.array([indices[end] for indices in ranges], float) for end in (0, -1))
    high += 1
    side = float((high - low).max())
    return (low + high - side) / 2, side


def _on_sheet(pixels: NDArray[np.intp]) -> NDArray[np.bool_]:
    return np.asarray((pixels >= 0) & (pixels < BOARD_SIZE))


def _lengths(line: Points) -> Points:
    return np.concatenate([[0.0], np.hypot(*np.diff(line, axis=0).T).cumsum()])


def _resampled(line: Points, spacing: float) -> Points:
    travelled = _lengths(line)
    distances = np.linspace(0, travelled[-1], math.ceil(travelled[-1] / spacing) + 1)
    return np.stack([np.interp(distances, travelled, line[:, axis]) for axis in (0, 1)], axis=1)
