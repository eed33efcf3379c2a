"""What people draw that is no digit: two digits at once, letters, shapes and scribbles, drawn as the handwriting is.

The detector learns from these what to decline. They go through the same hand, pen and framing as the handwriting, so
that only their shapes tell them from digits. What is a digit in somebody's hand is left out: circles and ovals, single
upright lines, letters like O, l, S or Z.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from core.digits.preprocessing import DIGIT_SIZE, IMAGE_SIZE
from core.digits.synthetic import sketches
from core.digits.synthetic.handwriting import (
    DIGITS_PER_WRITER,
    HABITS,
    MEAN_SLANT,
    Bytes,
    control_points,
    distort,
    draw_habits,
    render,
)
from core.digits.synthetic.letters import CAPITALS, OTHERS, SMALL
from core.digits.synthetic.skeletons import DOT_SPACING, Floats, Style
from core.digits.synthetic.sketches import SCRIBBLES, SHAPES, Random, Sketch, Strokes
from core.digits.synthetic.styles import STYLES
from core.resources import cores

VERSION = 1  # of the generator: raise it whenever the same seed no longer gives the same bytes

TWO_DIGITS, LETTER, DOODLE = 10, 11, 12  # classes, which continue the labels of digits
SHARES = {TWO_DIGITS: 0.22, LETTER: 0.4, DOODLE: 0.38}
BLOCK = 16  # images that are made at a time, all on one plan
MAX_DOTS = 1600  # of a drawing; longer lines have their dots farther apart


def doodles(count: int, seed: int) -> tuple[Bytes, Bytes]:
    """Draw what is no digit, framed as MNIST's digits are.

    Args:
        count: how many, 0 or more.
        seed: 0 or more; the same seed gives the same bytes.

    Returns:
        images: (count, 28, 28) uint8 in [0, 255], in random order; labels: (count,) uint8, each `TWO_DIGITS`, `LETTER`
        or `DOODLE`, in the proportions of `SHARES`.
    """
    rng = np.random.default_rng([VERSION, seed])
    writers = rng.standard_normal((max(1, count // DIGITS_PER_WRITER), len(HABITS)), np.float32)
    counts = np.diff(np.rint(np.cumsum([0, *SHARES.values()]) * count).astype(int))
    labels = rng.permutation(np.repeat(np.array(list(SHARES), np.uint8), counts))
    images = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)

    def draw(block: tuple[int, NDArray[np.intp]]) -> None:
        number, indices = block
        own_rng = np.random.default_rng([VERSION, seed, number])  # whichever thread comes first
        images[indices] = _GENERATORS[int(labels[indices[0]])](own_rng, len(indices), writers)

    blocks = (
        indices[start : start + BLOCK]
        for indices in (np.flatnonzero(labels == label) for label in SHARES)
        for start in range(0, len(indices), BLOCK)
    )
    with ThreadPoolExecutor(cores()) as threads:
        list(threads.map(draw, enumerate(blocks)))
    return images, labels


def _two_digits(rng: Random, count: int, writers: Floats) -> Bytes:
    """Two digits of one hand (or three), side by side or one above the other."""
    habits = draw_habits(count, writers, rng, even_pen=False)
    styles = [STYLES[i] for i in rng.integers(len(STYLES), size=3 if rng.random() < 0.15 else 2)]
    is_stacked = rng.random() < 0.1 and len({style.label for style in styles}) > 1  # two 0s would be an 8, two 1s a 1
    along, across = (1, 0) if is_stacked else (0, 1)
    has_one = any(style.label == 1 for style in styles)
    # 1s that touch what is beside them become part of it, and so does what stands on something.
    nearest = 0.15 if is_stacked else 0.12 if has_one else rng.choice([-0.12, 0.0, 0.04])
    placed: list[Floats] = []
    free = np.zeros((count, 1), np.float32)  # where the next digit may begin
    for style in styles:
        dots = distort(style.weights @ control_points(style, count, rng), habits)
        low, high = dots.min(axis=1, keepdims=True), dots.max(axis=1, keepdims=True)
        dots = (dots - low) * (np.exp(rng.normal(0, 0.15, (count, 1, 1))) / (high - low)[..., 1:])
        dots[..., along] += free
        dots[..., across] += rng.normal(0, 0.1, (count, 1)) - dots[..., across].max(axis=1, keepdims=True) / 2
        free = dots[..., along].max(axis=1, keepdims=True) + nearest + rng.gamma(1.2, 0.22, (count, 1))
        placed.append(dots)
    return render((2 * np.concatenate(placed, axis=1)).astype(np.float32), habits, rng)


def _letter(rng: Random, count: int, writers: Floats) -> Bytes:
    """One letter or sign."""
    style = LETTERS[rng.choice(len(LETTERS), p=_LETTER_SHARES)]
    habits = _careful(draw_habits(count, writers, rng, even_pen=False), rng)
    return render(distort(style.weights @ control_points(style, count, rng), habits), habits, rng)


LETTERS = tuple(
    Style(LETTER, share, (skeleton,)) for share, table in ((3, CAPITALS), (3, SMALL), (1, OTHERS)) for skeleton in table
)
_LETTER_SHARES = np.array([letter.share for letter in LETTERS]) / sum(letter.share for letter in LETTERS)


def _doodle(rng: Random, count: int, writers: Floats) -> Bytes:
    """A shape or a scribble, two of them in one drawing, or a spoilt digit."""
    habits = draw_habits(count, writers, rng, even_pen=False)
    kind = rng.random()
    if kind < 0.1:
        return render(distort(_spoilt_digit(rng, count), habits), habits, rng)
    if kind < 0.2:
        strokes = _beside(_any_of(SHAPES, rng)(rng, count), _any_of(SHAPES + SCRIBBLES, rng)(rng, count), rng)
    else:
        strokes = _any_of(SHAPES if kind < 0.62 else SCRIBBLES, rng)(rng, count)
    habits = _careful(habits, rng)
    return render(distort(_dots(strokes), habits), habits, rng)


def _careful(habits: dict[str, Floats], rng: Random) -> dict[str, Floats]:
    """The same habits to a smaller degree: people draw shapes and capitals more carefully than digits."""
    strength = np.float32(rng.choice([0.1, 0.3, 0.6, 0.9]))
    milder = {name: value if name == "thickness" else value * strength for name, value in habits.items()}
    upright = {"slant": strength * (MEAN_SLANT + habits["slant"]) - MEAN_SLANT}
    return milder | upright | {"tremor": habits["tremor"] + np.log(strength)}


def _any_of(choices: tuple[Sketch, ...], rng: Random) -> Sketch:
    return choices[rng.integers(len(choices))]


def _beside(first: Strokes, second: Strokes, rng: Random) -> Strokes:
    """Two drawings in one, the second somewhere in, over or beside the first."""
    count = max(len(stroke) for stroke in first)
    away, size = rng.uniform(-0.9, 0.9, (count, 1, 2)), np.exp(rng.uniform(-1.2, 0, (count, 1, 1)))
    return first + [0.5 + (stroke - 0.5) * size + away for stroke in second]


def _spoilt_digit(rng: Random, count: int) -> Floats:
    """Dots of digits that lie on their side, are mirrored (where that is no other digit) or crossed out."""
    way = rng.integers(3)
    fitting = ((2, 3, 5, 6, 7, 9), (3, 6, 7, 9), range(10))[way]
    style: Style = STYLES[rng.choice([i for i, style in enumerate(STYLES) if style.label in fitting])]
    dots = style.weights @ control_points(style, count, rng)
    if way == 0:
        return dots[..., ::-1] * np.array([1, -1] if rng.random() < 0.5 else [-1, 1], np.float32) + np.float32(0.5)
    if way == 1:
        return dots * np.array([-1, 1], np.float32) + np.array([1, 0], np.float32)
    lines = _any_of((sketches.zigzag, sketches.cross, sketches.random_lines, sketches.loops), rng)(rng, count)
    return np.concatenate([dots, _dots(lines)], axis=1)


def _dots(strokes: Strokes) -> Floats:
    """Evenly spaced dots along the strokes, fitted into a square from 0 to 1: (count, dots, 2)."""
    count = max(len(stroke) for stroke in strokes)
    strokes = [np.broadcast_to(stroke, (count, *stroke.shape[1:])) for stroke in strokes]
    points = np.concatenate(strokes, axis=1)
    low, high = points.min(axis=1), points.max(axis=1)
    size = (high - low).max(axis=1)[:, None]
    travelled = []
    for stroke in strokes:
        steps = np.hypot(*np.moveaxis(np.diff(stroke, axis=1), 2, 0)) / size * (DIGIT_SIZE - 2)
        travelled.append(np.concatenate([np.zeros((len(stroke), 1)), steps.cumsum(axis=1)], axis=1))
    longest = [length[:, -1].max() for length in travelled]
    spacing = max(DOT_SPACING, sum(longest) / MAX_DOTS)
    dots = []
    for stroke, length in zip(strokes, travelled, strict=True):
        share = np.linspace(0, 1, int(np.ceil(length[:, -1].max() / spacing)) + 1)
        # All drawings at once: each has its own stretch of one long axis.
        start = 2 * np.arange(len(stroke))[:, None]
        axis = (start + length / np.maximum(length[:, -1:], 1e-6)).ravel()
        positions = (start + share).ravel()
        inside = [np.interp(positions, axis, stroke[..., i].ravel()).reshape(len(stroke), -1) for i in (0, 1)]
        dots.append(np.stack(inside, axis=2))
    middle = (low + high)[:, None] / 2
    fitted: Floats = (0.5 + (np.concatenate(dots, axis=1) - middle) / size[:, None]).astype(np.float32)
    return fitted


_GENERATORS = {TWO_DIGITS: _two_digits, LETTER: _letter, DOODLE: _doodle}
