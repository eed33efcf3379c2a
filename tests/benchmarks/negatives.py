"""Drawings that are no digit, as strokes; made otherwise than those that the detector was trained with.

Letters are the centre lines of printers' letters, two digits are pairs of MNIST's test digits or of pen digits,
scribbles are filtered noise, and shapes come from formulas, with a wobbling hand.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.digits.preprocessing import BOARD_SIZE
from tests.benchmarks.pen_files import placed

Strokes = list[np.ndarray]  # (n, 2) x and y of each, y down

# None that is a digit in somebody's hand; nor i and j, as thinning may lose their dots.
LETTERS = "ACDEFGHJKLMNPQRTUVWXYacdefhkmnprtuvwxy"
FONTS = (
    "DejaVuSans", "DejaVuSans-Oblique", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSerif-Italic", "DejaVuSansMono",
    "STIXGeneral", "STIXGeneralItalic", "cmr10", "cmmi10", "cmss10", "cmtt10",
)  # fmt: skip
HAND = 0.012  # standard deviation of a point, in sizes of the drawing


def blank(rng: np.random.Generator) -> Strokes:
    """Nothing at all."""
    return []


def dot(rng: np.random.Generator) -> Strokes:
    """A click, or a slip of a few pixels."""
    start = rng.uniform(20, BOARD_SIZE - 20, 2)
    return [start + np.cumsum(rng.normal(0, 1, (int(rng.integers(1, 6)), 2)), axis=0)]


def filled(rng: np.random.Generator) -> Strokes:
    """The board, or a large part of it, blackened to and fro or round and round."""
    side, spacing = rng.uniform(150, 270), rng.uniform(5, 16)
    if rng.random() < 0.5:
        rows = np.arange(0, side, spacing)
        points = np.stack([np.where(np.arange(len(rows)) % 2, side, 0), rows], axis=1)
    else:
        angle = np.arange(0, np.pi * side / spacing, 0.2)
        points = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (spacing * angle / 2 / np.pi)[:, None]
    points = points + rng.normal(0, 1, points.shape)
    return _on_the_board([points[:, :: rng.choice([-1, 1])]], side, rng)


def scribble(rng: np.random.Generator) -> Strokes:
    """One to five strokes of filtered noise, dense or sparse, or circling."""
    strokes = []
    number = int(rng.choice([1, 1, 2, 3, 5]))
    for _ in range(number):
        length = int(rng.integers(120, 400))
        width = rng.uniform(4, 14) * (1 if number == 1 else 2)  # of the filter, in points
        points = _filtered(rng, length, width) + rng.normal(0, 0.7, 2) * (number > 1)
        if rng.random() < 0.3:
            angle = np.linspace(0, rng.uniform(14, 45), length)
            points = 0.6 * points + rng.uniform(0.5, 1.5) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        strokes.append(points)
    return _on_the_board(strokes, rng.uniform(70, 250), rng)


def shape(rng: np.random.Generator) -> Strokes:
    """One of the shapes that people draw, with a wobbling hand."""
    name = list(_SHAPES)[rng.integers(len(_SHAPES))]
    return _by_hand(_SHAPES[name](rng), rng, HAND)


def letter(rng: np.random.Generator) -> Strokes:
    """A letter that is no digit in anybody's hand."""
    glyph = _glyph(FONTS[rng.integers(len(FONTS))], LETTERS[rng.integers(len(LETTERS))])
    return _by_hand(glyph, rng, HAND)


def two_digits(rng: np.random.Generator, digits: Sequence[Strokes]) -> Strokes:
    """Two of the digits, side by side with a gap that can be seen."""
    both = [digits[i] for i in rng.integers(len(digits), size=2)]
    height = 100.0
    strokes: Strokes = []
    right = 0.0
    for digit in both:
        low, high = _bounds(digit)
        scale = height * rng.uniform(0.85, 1.15) / max((high - low)[1], (high - low)[0] / 1.5, 1e-9)
        moved = [(stroke - (low + high) / 2) * scale for stroke in digit]
        start = right - _bounds(moved)[0][0] + (rng.uniform(0.12, 0.6) * height if strokes else 0)
        place = np.array([start, rng.normal(0, 0.08) * height])
        strokes += [stroke + place for stroke in moved]
        right = max(stroke[:, 0].max() for stroke in strokes)
    return _on_the_board(strokes, rng.uniform(100, 260), rng)


# Lines


def _bounds(strokes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    points = np.concatenate(strokes)
    return points.min(axis=0), points.max(axis=0)


def _filtered(rng: np.random.Generator, length: int, width: float) -> np.ndarray:
    """White noise through a bell-shaped filter; (length, 2), standard deviation about 1."""
    bell = np.exp(-0.5 * (np.arange(-40, 41) / width) ** 2)
    noise = rng.normal(0, 1, (2, length + 80))
    return np.stack([np.convolve(line, bell, "valid") for line in noise], axis=1) / np.sqrt((bell**2).sum())


def _by_hand(strokes: Strokes, rng: np.random.Generator, slip: float) -> Strokes:
    """Slanted, stretched and turned a little, by a hand that wobbles, somewhere on the board."""
    turn, slant, stretch = rng.normal(0, 0.07), rng.normal(0, 0.1), np.exp(rng.normal(0, 0.1))
    by = np.array([[stretch, 0], [slant, 1]]) @ [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
    low, high = _bounds(strokes)
    size = (high - low).max()
    wobbled = []
    for stroke in strokes:
        travelled = np.concatenate([[0], np.hypot(*np.diff(stroke, axis=0).T).cumsum()])
        places = np.linspace(0, travelled[-1], max(2, round(travelled[-1] / size * 40)))
        even = np.stack([np.interp(places, travelled, stroke[:, axis]) for axis in (0, 1)], axis=1)
        wobbled.append((even / size + slip * _filtered(rng, len(even), 4)) @ by)
    return _on_the_board(wobbled, rng.uniform(60, 240), rng)


def _on_the_board(strokes: Strokes, size: float, rng: np.random.Generator) -> Strokes:
    room = (BOARD_SIZE - size) / 2
    x, y = BOARD_SIZE / 2 + rng.uniform(-room, room, 2)
    return placed(strokes, size, (x, y), 0)


# Letters and MNIST's digits, thinned to their centre lines


@cache
def _glyph(font: str, character: str) -> Strokes:
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"
    page = Image.new("L", (160, 160))
    ImageDraw.Draw(page).text((40, 20), character, fill=255, font=ImageFont.truetype(path, 80))
    return centre_lines(np.asarray(page) > 127)


def digit_lines(image: np.ndarray) -> Strokes:
    """The centre lines of a (28, 28) uint8 digit."""
    large = Image.fromarray(image).resize((112, 112), Image.Resampling.BICUBIC)
    return centre_lines(np.pad(np.asarray(large) > 110, 2))


def centre_lines(ink: np.ndarray) -> Strokes:
    """Thin a picture, (height, width) bool, and follow its lines from end to end or from crossing to crossing."""
    thin = _thinned(ink)
    pixels = {(int(x), int(y)) for y, x in np.argwhere(thin)}
    near: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for x, y in pixels:
        for dx, dy in ((1, 0), (0, 1), (1, 1), (1, -1)):
            # Diagonal neighbours count where no third pixel joins them already.
            is_joined = dx and dy and ((x + dx, y) in pixels or (x, y + dy) in pixels)
            if (x + dx, y + dy) in pixels and not is_joined:
                near[x, y].append((x + dx, y + dy))
                near[x + dx, y + dy].append((x, y))
    strokes = [np.array([pixel, pixel], float) for pixel in pixels if not near[pixel]]
    left = {frozenset((a, b)) for a in near for b in near[a]}
    for begin in sorted(near, key=lambda pixel: len(near[pixel]) == 2):  # ends and crossings first, then rings
        for step in near[begin]:
            line = [begin]
            while frozenset((line[-1], step)) in left:
                left.remove(frozenset((line[-1], step)))
                line.append(step)
                onward = [pixel for pixel in near[step] if frozenset((step, pixel)) in left]
                if len(near[step]) != 2 or not onward:
                    break
                step = onward[0]
            if len(line) > 1:
                strokes.append(_smoothed(np.array(line, float)))
    return strokes


def _smoothed(line: np.ndarray) -> np.ndarray:
    for _ in range(4):
        line[1:-1] = (line[:-2] + 2 * line[1:-1] + line[2:]) / 4
    return line


def _thinned(ink: np.ndarray) -> np.ndarray:
    """Take ink from the edges until lines are one pixel wide (Zhang & Suen, 1984)."""
    ink = ink.astype(np.uint8)
    while True:
        before = ink.copy()
        for turn in (0, 1):
            page = np.pad(ink, 1)
            around = [
                page[1 + dy : page.shape[0] - 1 + dy, 1 + dx : page.shape[1] - 1 + dx]
                for dx, dy in ((0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1))
            ]
            changes = sum((a == 0) & (b == 1) for a, b in pairwise([*around, around[0]]))
            number = sum(part.astype(int) for part in around)
            north, east, south, west = around[::2]
            if turn == 0:
                is_side = (north * east * south == 0) & (east * south * west == 0)
            else:
                is_side = (north * east * west == 0) & (north * south * west == 0)
            ink = np.where((ink == 1) & (number >= 2) & (number <= 6) & (changes == 1) & is_side, 0, ink)
        if np.array_equal(ink, before):
            return ink.astype(bool)


# Shapes: strokes in a square of about 100


def _lines(*strokes: Sequence[tuple[float, float]]) -> Strokes:
    return [np.array(stroke, float) for stroke in strokes]


def _ring(x: float, y: float, rx: float, ry: float, start: float = -90, sweep: float = 360) -> np.ndarray:
    angle = np.radians(start + np.linspace(0, sweep, 60))
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1)


def _regular(corners: int, rng: np.random.Generator, step: int = 1) -> Strokes:
    angle = rng.uniform(-0.3, 0.3) - np.pi / 2 + np.arange(corners + 1) * step * 2 * np.pi / corners
    return [50 + 50 * np.stack([np.cos(angle), np.sin(angle)], axis=1)]


def _rays(number: int, rng: np.random.Generator, inner: float) -> Strokes:
    angles = rng.uniform(0, 3) + np.arange(number) * 2 * np.pi / number
    return [50 + np.outer([inner, 50], [np.cos(angle), np.sin(angle)]) for angle in angles]


def _curve(t: np.ndarray, x: np.ndarray, y: np.ndarray) -> Strokes:
    return [np.stack(np.broadcast_arrays(x, y), axis=1)]


_T = np.linspace(0, 2 * np.pi, 120)
_BOX = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)]
_SHAPES = {
    "triangle": lambda rng: _lines([(50, 0), (100, 90), (0, 90), (50, 0)]),
    "right triangle": lambda rng: _lines([(0, 0), (0, 100), (100, 100), (0, 0)]),
    "triangle on its tip": lambda rng: _lines([(0, 0), (100, 0), (50, 90), (0, 0)]),
    "square": lambda rng: _lines(_BOX),
    "wide rectangle": lambda rng: [np.array(_BOX) * (1, rng.uniform(0.3, 0.7))],
    "tall rectangle": lambda rng: [np.array(_BOX) * (rng.uniform(0.45, 0.75), 1)],
    "diamond": lambda rng: _lines([(50, 0), (95, 50), (50, 100), (5, 50), (50, 0)]),
    "pentagon": lambda rng: _regular(5, rng),
    "hexagon": lambda rng: _regular(6, rng),
    "star": lambda rng: _regular(5, rng, 2),
    "trapezium": lambda rng: _lines([(25, 20), (75, 20), (100, 80), (0, 80), (25, 20)]),
    "heart": lambda rng: _curve(
        _T, 50 + 50 * np.sin(_T) ** 3, 45 - 3 * (13 * np.cos(_T) - 5 * np.cos(2 * _T) - 2 * np.cos(3 * _T))
    ),
    "arrow right": lambda rng: _lines([(0, 50), (100, 50)], [(70, 25), (100, 50), (70, 75)]),
    "arrow up": lambda rng: _lines([(50, 100), (50, 0)], [(25, 30), (50, 0), (75, 30)]),
    "arrow down": lambda rng: _lines([(50, 0), (50, 100)], [(25, 70), (50, 100), (75, 70)]),
    "plus": lambda rng: _lines([(50, 0), (50, 100)], [(0, 50), (100, 50)]),
    "cross": lambda rng: _lines([(0, 0), (100, 100)], [(100, 0), (0, 100)]),
    "asterisk": lambda rng: _rays(int(rng.integers(5, 9)), rng, 0),
    "check mark": lambda rng: _lines([(0, 60), (30, 100), (100, 10)]),
    "house": lambda rng: _lines([(10, 45), (10, 100), (90, 100), (90, 45)], [(0, 50), (50, 0), (100, 50)]),
    "house of one line": lambda rng: _lines([(0, 100), (0, 40), (50, 0), (100, 40), (100, 100), (0, 100)]),
    "face": lambda rng: [
        _ring(50, 50, 50, 50), _ring(32, 35, 5, 6), _ring(68, 35, 5, 6), _ring(50, 55, 26, 22, 10, 160),
    ],
    "half circle": lambda rng: [np.vstack([_ring(50, 60, 50, 50, 180, 180), [(0, 60)]])],
    "crescent": lambda rng: [np.vstack([_ring(50, 50, 50, 50, 60, 240), _ring(80, 50, 38, 44, 275, -190)])],
    "wave": lambda rng: _curve(_T, 100 * _T / 6.3, 50 + 16 * np.sin(rng.uniform(1.5, 4) * _T)),
    "zigzag": lambda rng: [np.array([(16 * i, 30 + 40 * (i % 2)) for i in range(int(rng.integers(5, 9)))], float)],
    "spiral": lambda rng: _curve(_T, 50 + 8 * _T * np.cos(3 * _T), 50 + 8 * _T * np.sin(3 * _T)),
    "cloud": lambda rng: _curve(
        _T, 50 + (38 + 12 * np.abs(np.sin(3 * _T))) * np.cos(_T), 50 + (26 + 12 * np.abs(np.sin(3 * _T))) * np.sin(_T)
    ),
    "flower": lambda rng: _curve(_T, 50 + 50 * np.cos(2 * _T) * np.cos(_T), 50 + 50 * np.cos(2 * _T) * np.sin(_T)),
    "sun": lambda rng: [_ring(50, 50, 24, 24), *_rays(8, rng, 32)],
    "eye": lambda rng: [_ring(50, 90, 64, 64, 218, 104), _ring(50, 10, 64, 64, 38, 104), _ring(50, 50, 12, 12)],
    "infinity": lambda rng: _curve(_T, 50 + 50 * np.sin(_T), 50 + 22 * np.sin(2 * _T)),
    "parallels": lambda rng: _lines(*([(i * 30, 0), (i * 30 + 5, 100)] for i in range(int(rng.integers(2, 5))))),
    "equals": lambda rng: _lines([(0, 30), (100, 30)], [(0, 70), (100, 70)]),
    "dash": lambda rng: _lines([(0, 50), (100, 50 + rng.uniform(-12, 12))]),
    "hash": lambda rng: _lines(
        [(35, 0), (30, 100)], [(70, 0), (65, 100)], [(0, 35), (100, 35)], [(0, 68), (100, 68)]
    ),
    "caret": lambda rng: _lines([(0, 80), (50, 10), (100, 80)]),
    "bracket": lambda rng: _lines([(45, 0), (5, 0), (5, 100), (45, 100)]),
    "brackets": lambda rng: _lines([(25, 0), (0, 0), (0, 100), (25, 100)], [(65, 0), (90, 0), (90, 100), (65, 100)]),
    "stairs": lambda rng: _lines([(0, 100), (0, 66), (33, 66), (33, 33), (66, 33), (66, 0), (100, 0)]),
    "bolt": lambda rng: _lines([(60, 0), (10, 55), (45, 55), (30, 100), (90, 40), (52, 40), (80, 0), (60, 0)]),
    "envelope": lambda rng: [np.array(_BOX) * (1, 0.65), np.array([(0, 0), (50, 38), (100, 0)], float)],
    "target": lambda rng: [_ring(50, 50, 50, 50), _ring(50, 50, 22, 22)],
    "two rings": lambda rng: [_ring(25, 50, 25, 25), _ring(75, 50, 25, 25)],
    "crossed ring": lambda rng: [_ring(50, 50, 50, 50), *_lines([(15, 15), (85, 85)], [(85, 15), (15, 85)])],
    "stick figure": lambda rng: [
        _ring(50, 14, 14, 14),
        *_lines([(50, 28), (50, 65)], [(20, 42), (80, 42)], [(50, 65), (25, 100)], [(50, 65), (75, 100)]),
    ],
    "flag": lambda rng: _lines([(10, 0), (10, 100)], [(10, 0), (80, 18), (10, 40)]),
    "tree": lambda rng: _lines([(50, 0), (90, 70), (10, 70), (50, 0)], [(50, 70), (50, 100)]),
    "fish": lambda rng: [*_lines([(100, 20), (85, 50), (100, 80)]), _ring(45, 50, 42, 24)],
    "hourglass on its side": lambda rng: _lines([(0, 20), (100, 80), (100, 20), (0, 80), (0, 20)]),
    "grid": lambda rng: [
        *_lines(_BOX), *_lines([(33, 0), (33, 100)], [(66, 0), (66, 100)], [(0, 33), (100, 33)], [(0, 66), (100, 66)]),
    ],
    "door": lambda rng: _lines([(0, 100), (0, 0), (80, 0), (80, 100)]),
    "cup": lambda rng: _lines([(0, 10), (10, 100), (80, 100), (90, 10), (0, 10)]),
}  # fmt: skip
