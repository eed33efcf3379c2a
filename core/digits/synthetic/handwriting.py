"""Procedural handwriting: digits in the shapes in which the world writes them, drawn 28x28 as MNIST is.

Each digit has several styles (`styles.py`). A style's skeleton is distorted by its writer's habits (slant, width,
proportions, tremor, pen) and by chance, drawn with a round pen, and framed with the functions that frame drawings.
"""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from core.digits.preprocessing import DIGIT_SIZE, IMAGE_SIZE, PEN_RADIUS, centred, draw_points
from core.digits.synthetic.skeletons import DOT_SPACING, Floats, Style
from core.digits.synthetic.styles import STYLES
from core.resources import cores

VERSION = 2  # of the generator: raise it whenever the same seed no longer gives the same bytes

Bytes = NDArray[np.uint8]

BLOCK = 256  # images that are made at a time, all of one style
RENDERED_AT_ONCE = 8  # images whose distances to all dots fit into a processor's cache
DIGITS_PER_WRITER = 50

MEAN_SLANT = 0.12  # of MNIST's writers, in widths per height
HABITS = {  # in which writers differ, and how much: standard deviations
    "thickness": 0.28,  # logarithm of the pen's radius
    "slant": 0.28,  # widths per height
    "turn": 0.12,  # radians
    "width": 0.22,  # logarithm
    "tremor": 0.4,  # logarithm
    "reach": 0.15,  # how far a stroke's ends go beyond the skeleton's, in distances to the last point but one
    "haste": 0.3,  # how far corners are cut and loops collapse; below 0 they are exaggerated
    "x_xx": 0.12,  # quadratic distortion of the page, x += x_xx * x * x, ..., in half heights
    "x_xy": 0.2,
    "x_yy": 0.2,
    "y_xx": 0.12,
    "y_xy": 0.2,
    "y_yy": 0.2,
}
POINT_JITTER = 0.03  # of a control point, in heights
STROKE_SHIFT = 0.03  # of a whole stroke, in heights
STROKE_TURN = 0.1  # radians
STROKE_STRETCH = 0.1  # logarithm of its size, in both directions
END_JITTER = 0.4  # by which a stroke may be longer or shorter, in distances to its last point but one
TREMOR = 0.011  # of the hand within a few pixels, in half heights
SWAY = 0.05  # of the hand within a whole stroke, in half heights
MIXING = 0.4  # gamma shape of the examples' shares: the smaller, the more one example prevails
MEAN_HASTE = 0.2  # of all writers: nobody follows a skeleton exactly


def handwriting(count: int, seed: int, *, spread: float = 1.0, even_pen: bool = False) -> tuple[Bytes, Bytes]:
    """Write digits as many people would, framed as MNIST's are.

    Args:
        count: how many, 0 or more; each digit 0-9 comes equally often (to within one).
        seed: 0 or more; the same seed gives the same bytes.
        spread: scales how far writers and hands deviate from their styles' examples. At 0 nothing deviates; at 1 some
            digits are hardly readable, and what is learned from them carries over to people.
        even_pen: whether all are written with a pen of `PEN_RADIUS`, as drawings are once they are framed.

    Returns:
        images: (count, 28, 28) uint8 in [0, 255], in random order; labels: (count,) uint8 in [0, 9].
    """
    rng = np.random.default_rng([VERSION, seed])
    writers = rng.standard_normal((max(1, count // DIGITS_PER_WRITER), len(HABITS)), np.float32)
    labels = rng.permutation(np.arange(count) % 10).astype(np.uint8)
    images = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)

    def write(block: tuple[int, int, NDArray[np.intp]]) -> None:
        style, number, indices = block
        own_rng = np.random.default_rng([VERSION, seed, style, number])  # whichever thread comes first
        images[indices] = _write(STYLES[style], len(indices), writers, own_rng, spread, even_pen)

    with ThreadPoolExecutor(cores()) as threads:
        list(threads.map(write, _blocks(labels, rng)))
    return images, labels


def _blocks(labels: Bytes, rng: np.random.Generator) -> Iterator[tuple[int, int, NDArray[np.intp]]]:
    """Yield a style, a number and the indices of the images to write in that style, at most `BLOCK` at a time."""
    for digit in range(10):
        styles = [i for i, style in enumerate(STYLES) if style.label == digit]
        shares = np.array([STYLES[i].share for i in styles])
        indices = np.flatnonzero(labels == digit)
        chosen = rng.choice(styles, len(indices), p=shares / shares.sum())
        for style in styles:
            own = indices[chosen == style]
            yield from ((style, start, own[start : start + BLOCK]) for start in range(0, len(own), BLOCK))


def _write(style: Style, count: int, writers: Floats, rng: np.random.Generator, spread: float, even_pen: bool) -> Bytes:
    """Write a digit in one style: (count, 28, 28) uint8."""
    habits = {name: spread * value for name, value in draw_habits(count, writers, rng, even_pen).items()}
    points = control_points(style, count, rng, habits["reach"], spread)
    haste = np.clip(MEAN_HASTE + habits["haste"], -0.5, 1)[:, :, None]
    dots = style.weights @ points + haste * (style.smoothing @ points)
    return render(distort(dots, habits), habits, rng, spread)


def draw_habits(count: int, writers: Floats, rng: np.random.Generator, even_pen: bool) -> dict[str, Floats]:
    """Draw the habits with which each of `count` drawings is made: its writer's, varied a little; each (count, 1)."""
    writer = writers[rng.integers(len(writers), size=count)]
    own = rng.standard_normal(writer.shape, np.float32)
    mixed = (0.8 * writer + 0.6 * own) * np.array(list(HABITS.values()), np.float32)
    habits = dict(zip(HABITS, mixed.T[:, :, None], strict=True))
    if even_pen:
        habits["thickness"] = np.zeros((count, 1), np.float32)
    return habits


def control_points(
    style: Style, count: int, rng: np.random.Generator, reach: Floats | float = 0.0, spread: float = 1.0
) -> Floats:
    """Mix a style's examples and move every stroke and point a little at random: (count, points, 2)."""
    shares = rng.standard_gamma(MIXING, (count, len(style.examples)), np.float32)
    shares /= shares.sum(axis=1, keepdims=True)
    points = np.tensordot(shares, style.skeletons, 1)
    points += rng.normal(0, spread * POINT_JITTER, points.shape).astype(np.float32)
    for stroke in style.strokes:
        part = points[:, stroke]
        middle = part.mean(axis=1, keepdims=True)
        size = np.exp(rng.normal(0, spread * STROKE_STRETCH, (count, 1, 2)))
        turn = rng.normal(0, spread * STROKE_TURN, (count, 1))
        away = (part - middle) * size
        turned = np.stack([away[..., 0] - turn * away[..., 1], away[..., 1] + turn * away[..., 0]], axis=2)
        points[:, stroke] = middle + turned + rng.normal(0, spread * STROKE_SHIFT, (count, 1, 2))
        for end, before in ((stroke.start, stroke.start + 1), (stroke.stop - 1, stroke.stop - 2)):
            extension = reach + spread * rng.uniform(-END_JITTER, END_JITTER, (count, 1))
            points[:, end] += extension * (points[:, end] - points[:, before])
    return points


def distort(points: Floats, habits: dict[str, Floats]) -> Floats:
    """Stretch, bend, slant and turn drawings as their writers do: (count, k, 2) in [0, 1] to about [-1, 1]."""
    x, y = points[..., 0] * 2 - 1, points[..., 1] * 2 - 1
    x = x * np.exp(habits["width"])
    x, y = (
        x + habits["x_xx"] * x * x + habits["x_xy"] * x * y + habits["x_yy"] * y * y,
        y + habits["y_xx"] * x * x + habits["y_xy"] * x * y + habits["y_yy"] * y * y,
    )
    x = x - (MEAN_SLANT + habits["slant"]) * y
    return np.stack([x - habits["turn"] * y, y + habits["turn"] * x], axis=2)


def render(dots: Floats, habits: dict[str, Floats], rng: np.random.Generator, spread: float = 1.0) -> Bytes:
    """Draw dots with the writers' tremor and pens, framed as MNIST is: (count, k, 2) -> (count, 28, 28) uint8."""
    dots = dots + spread * _tremor(dots.shape, habits, rng)
    radius: Floats = np.float32(PEN_RADIUS) * np.exp(habits["thickness"])
    low, high = dots.min(axis=1, keepdims=True), dots.max(axis=1, keepdims=True)
    side = (high - low).max(axis=2, keepdims=True)
    dots = (dots - (low + high) / 2) / side * (DIGIT_SIZE - 2 * radius[..., None]) + DIGIT_SIZE / 2
    portions = [slice(i, i + RENDERED_AT_ONCE) for i in range(0, len(dots), RENDERED_AT_ONCE)]
    boxes = np.concatenate([draw_points(dots[portion], radius[portion, 0]) for portion in portions])
    return np.rint(centred(boxes) * 255).astype(np.uint8)


def _tremor(shape: tuple[int, ...], habits: dict[str, Floats], rng: np.random.Generator) -> Floats:
    """How far the hand's tremor moves each dot along a line: (count, dots, 2), a sum of sine waves."""
    count, dots, _ = shape
    travelled = np.arange(dots, dtype=np.float32)[:, None] * DOT_SPACING
    moved = np.zeros(shape, np.float32)
    for wavelength, away in ((4.0, TREMOR), (8.0, TREMOR), (16.0, SWAY), (32.0, SWAY)):  # pixels
        phase = rng.uniform(0, 2 * math.pi, (count, 1, 2)).astype(np.float32)
        size = np.abs(rng.normal(0, away, (count, 1, 2))).astype(np.float32)
        moved += size * np.sin(travelled * (2 * math.pi / wavelength) + phase)
    return moved * np.exp(habits["tremor"])[..., None]
