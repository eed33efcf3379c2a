"""Shapes and scribbles that people draw, as strokes.

A sketch makes `count` drawings on one plan, which differ in their proportions. In each helper, a value that differs
from drawing to drawing has shape (count, 1); one that is the same for all is a number.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.digits.synthetic.skeletons import smooth_curve

Random = np.random.Generator
Numbers = NDArray[np.floating[Any]]
Strokes = list[Numbers]  # of `count` drawings on one plan: x and y of each stroke's points, (count or 1, k, 2)
Sketch = Callable[[Random, int], Strokes]


def _some(rng: Random, count: int, low: float, high: float) -> Numbers:
    return rng.uniform(low, high, (count, 1))


def _about(rng: Random, count: int, value: float, deviation: float) -> Numbers:
    return rng.normal(value, deviation, (count, 1))


def _stroke(x: Numbers, y: Numbers) -> Numbers:
    return np.stack(np.broadcast_arrays(x, y), axis=2)


def _path(*points: tuple[Numbers | float, Numbers | float]) -> Numbers:
    """Straight lines from point to point, each x and y."""
    x, y = (np.broadcast_arrays(*(np.atleast_2d(point[axis]) for point in points)) for axis in (0, 1))
    return _stroke(np.hstack(x), np.hstack(y))


def _arc(
    x: Numbers | float, y: Numbers | float, radius: Numbers | float, start: Numbers | float, sweep: Numbers | float
) -> Numbers:
    angle = start + sweep * np.linspace(0, 1, 40)[None]
    return _stroke(x + radius * np.cos(angle), y + radius * np.sin(angle))


def _circle(rng: Random, count: int, x: Numbers | float, y: Numbers | float, radius: Numbers | float) -> Numbers:
    """A circle that does not quite close, or closes and goes on."""
    turn = rng.choice([-1, 1]) * 2 * np.pi
    return _arc(x, y, radius, _some(rng, count, 0, 2 * np.pi), turn * _some(rng, count, 0.92, 1.12))


def _bow(x: Numbers | float, y: Numbers | float, wide: Numbers | float, deep: Numbers | float) -> Numbers:
    """A curve that hangs down between two points, or stands up where `deep` is negative."""
    t = np.linspace(-1, 1, 24)[None]
    return _stroke(x + wide * t, y + deep * (1 - t**2))


def _smooth(points: Numbers) -> Numbers:
    """A curve through the points: (count, k, 2) -> (count, 24 * (k - 1), 2)."""
    k = points.shape[1]
    return np.asarray(smooth_curve(0, k, k) @ points)


def _mirrored(stroke: Numbers) -> Numbers:
    return stroke * (-1, 1) + (1, 0)


def _turned(strokes: Strokes, angle: Numbers | float) -> Strokes:
    """Turn drawings around their middles, by radians."""
    cos, sin = np.cos(angle), np.sin(angle)
    parts = [np.moveaxis(stroke - 0.5, 2, 0) for stroke in strokes]
    return [_stroke(cos * x - sin * y, sin * x + cos * y) + 0.5 for x, y in parts]


def _any_way(sketch: Sketch, most: float = np.pi) -> Sketch:
    """The same sketch, turned by up to so many radians and stretched a little."""

    def turned(rng: Random, count: int) -> Strokes:
        stretch = np.exp(rng.normal(0, 0.2, (count, 1, 2)))
        strokes = [0.5 + (stroke - 0.5) * stretch for stroke in sketch(rng, count)]
        return _turned(strokes, _some(rng, count, -most, most))

    return turned


def _outlined(corners: Numbers, rng: Random) -> Strokes:
    """Draw along corners and back to the first: in one go, with rounded corners, or side by side."""
    count, k, _ = corners.shape
    ring = np.concatenate([corners, corners[:, :1]], axis=1)
    way = rng.random()
    if way < 0.55:
        ring[:, -1] += rng.normal(0, 0.05, (count, 2))
        return [ring]
    if way < 0.75:  # corners cut off, twice
        for _ in range(2):
            ahead = np.roll(corners, -1, axis=1)
            corners = np.stack([0.8 * corners + 0.2 * ahead, 0.2 * corners + 0.8 * ahead], axis=2)
            corners = corners.reshape(count, -1, 2)
        return [np.concatenate([corners, corners[:, :1]], axis=1)]
    slips = rng.normal(0, 0.035, (2, count, k, 2))
    return [np.stack([ring[:, i] + slips[0, :, i], ring[:, i + 1] + slips[1, :, i]], axis=1) for i in range(k)]


# Shapes


def _polygon(rng: Random, count: int) -> Strokes:
    k = int(rng.choice([3, 3, 4, 4, 5, 6]))
    jitter = rng.choice([0.05, 0.2, 0.35])
    angle = (np.arange(k) + rng.uniform(-jitter, jitter, (count, k))) * 2 * np.pi / k + _some(rng, count, 0, 2 * np.pi)
    radius = 0.5 * (1 - rng.uniform(0, jitter, (count, k)))
    stretch = np.exp(_some(rng, count, -0.5, 0.5))
    return _outlined(_stroke(0.5 + radius * np.cos(angle), 0.5 + stretch * radius * np.sin(angle)), rng)


def _rectangle(rng: Random, count: int) -> Strokes:
    wide, lean = np.exp(_some(rng, count, -0.9, 1.2)) / 2, _some(rng, count, -0.15, 0.15)
    corners = _path(
        (0.5 - wide + lean, 0), (0.5 + wide + lean, 0), (0.5 + wide - lean, 1), (0.5 - wide - lean, 1)
    )  # fmt: skip
    return _outlined(np.roll(corners, rng.integers(4), axis=1) + rng.normal(0, 0.03, corners.shape), rng)


def _star(rng: Random, count: int) -> Strokes:
    if rng.random() < 0.5:  # in one line, as five points are drawn
        k = int(rng.choice([5, 5, 5, 7]))
        angle = np.arange(k + 1) * (k // 2) * 2 * np.pi / k + _some(rng, count, 1, 2)
        corners = _stroke(0.5 + 0.5 * np.cos(angle), 0.5 + 0.5 * np.sin(angle))
        return [corners + rng.normal(0, 0.04, corners.shape)]
    k = int(rng.integers(4, 9))
    angle = np.arange(2 * k) * np.pi / k + _some(rng, count, 0, 2 * np.pi)
    radius = np.where(np.arange(2 * k) % 2, _some(rng, count, 0.15, 0.3), 0.5)
    return _outlined(_stroke(0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle)), rng)


def _heart(rng: Random, count: int) -> Strokes:
    t = np.linspace(0, 2 * np.pi, 60) + rng.choice([0, np.pi])
    x = 0.5 + 0.5 * np.sin(t) ** 3 * _some(rng, count, 0.8, 1.3)
    y = 0.5 - (13 * np.cos(t) - _some(rng, count, 4, 7) * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 34
    return [_stroke(x, y)]


def _arrow(rng: Random, count: int) -> Strokes:
    bow = _some(rng, count, -0.4, 0.4) * rng.integers(2)
    back, wide = _some(rng, count, 0.15, 0.4), _some(rng, count, 0.12, 0.35)
    tilt = -bow * rng.uniform(0, 0.3)
    strokes = [
        _bow(0.5, 0.5, 0.5, bow),
        _path((1 - back, 0.5 - wide + tilt), (1, 0.5 + tilt), (1 - back, 0.5 + wide + tilt)),
    ]
    if rng.random() < 0.25:
        strokes.append(_path((back, 0.5 - wide), (0, 0.5), (back, 0.5 + wide)))
    elif rng.random() < 0.2:  # a closed head
        strokes.append(_path((1 - back, 0.5 - wide), (1 - back, 0.5 + wide)))
    return strokes


def _block_arrow(rng: Random, count: int) -> Strokes:
    neck, thin, wide = _some(rng, count, 0.4, 0.7), _some(rng, count, 0.06, 0.16), _some(rng, count, 0.25, 0.45)
    upper = _path((0, 0.5 - thin), (neck, 0.5 - thin), (neck, 0.5 - wide), (1, 0.5))
    lower = _path((neck, 0.5 + wide), (neck, 0.5 + thin), (0, 0.5 + thin))
    return _outlined(np.concatenate([upper, lower], axis=1), rng)


def cross(rng: Random, count: int) -> Strokes:
    """Two to four lines that cross in the middle."""
    lines, first = int(rng.choice([2, 2, 2, 3, 4])), _some(rng, count, 0, np.pi)
    strokes = []
    for i in range(lines):
        x, y, angle = (_about(rng, count, *normal) for normal in ((0.5, 0.06), (0.5, 0.06), (i * np.pi / lines, 0.12)))
        dx, dy = _some(rng, count, 0.3, 0.55) * (np.cos(first + angle), np.sin(first + angle))
        strokes.append(_path((x - dx, y - dy), (x + dx, y + dy)))
    return strokes


def _plus(rng: Random, count: int) -> Strokes:
    tall, wide = _some(rng, count, 0.3, 0.5), _some(rng, count, 0.3, 0.5)
    x, y = _about(rng, count, 0.5, 0.05), _about(rng, count, 0.5, 0.05)
    return [_path((x, y - tall), (x, y + tall)), _path((x - wide, y), (x + wide, y))]


def _check_mark(rng: Random, count: int) -> Strokes:
    start, low = (_some(rng, count, -0.1, 0.15), _some(rng, count, 0.4, 0.75)), (_some(rng, count, 0.25, 0.45), 1)
    return [_path(start, low, (_some(rng, count, 0.8, 1.3), _some(rng, count, -0.1, 0.3)))]


def _wedge(rng: Random, count: int) -> Strokes:
    """Two lines that meet: up, down, or to a side; not as a 7 or a flagged 1 has them."""
    spread = _some(rng, count, 0.25, 0.6)
    lines = _path((0.5 - spread, 0), (_some(rng, count, 0.4, 0.6), 1), (0.5 + spread, 0))
    return _turned([lines], rng.choice([0, 0, np.pi, np.pi / 2, -np.pi / 2]) + _some(rng, count, -0.2, 0.2))


def _angle(rng: Random, count: int) -> Strokes:
    lines = _path((_some(rng, count, 0, 0.1), 0), (0, 1), (_some(rng, count, 0.5, 1.1), _some(rng, count, 0.9, 1.1)))
    return [_mirrored(lines) if rng.random() < 0.5 else lines]


def _house(rng: Random, count: int) -> Strokes:
    eaves, wide, over = _some(rng, count, 0.3, 0.5), _some(rng, count, 0.3, 0.55), _some(rng, count, -0.02, 0.12)
    left, right = 0.5 - wide, 0.5 + wide
    strokes = _outlined(_path((left, eaves), (right, eaves), (right, 1), (left, 1)), rng)
    strokes.append(_path((left - over, eaves), (0.5, 0), (right + over, eaves)))
    if rng.random() < 0.4:
        door, x = _some(rng, count, 0.6, 0.75), _some(rng, count, 0.35, 0.5)
        strokes.append(_path((x, 1), (x, door), (x + 0.18, door), (x + 0.18, 1)))
    return strokes


def _face(rng: Random, count: int) -> Strokes:
    strokes = [_circle(rng, count, 0.5, 0.5, 0.5)] if rng.random() < 0.85 else []
    level, apart = _some(rng, count, 0.3, 0.42), _some(rng, count, 0.12, 0.22)
    for x in (0.5 - apart, 0.5 + apart):
        tall = _some(rng, count, 0.01, 0.1)
        strokes.append(_path((x, level - tall), (x, level + tall)))
    mouth = _some(rng, count, 0.6, 0.72), _some(rng, count, 0.15, 0.3), _some(rng, count, -0.15, 0.25)
    return [*strokes, _bow(0.5, *mouth)]


def _half_circle(rng: Random, count: int) -> Strokes:
    arc = _arc(0.5, 0.5, 0.5, _some(rng, count, 0, 0.3), np.pi + _some(rng, count, -0.2, 0.4))
    return [np.concatenate([arc, arc[:, :1]], axis=1)]


def _arch(rng: Random, count: int) -> Strokes:
    return [_arc(0.5, 0.5, 0.5, 0, _some(rng, count, 2.4, 4.6))]


def _crescent(rng: Random, count: int) -> Strokes:
    outer = _arc(0.5, 0.5, 0.5, 0.3, _some(rng, count, 3.6, 4.6))
    first, last = outer[:, :1], outer[:, -1:]
    middle, t = (first + last) / 2, np.linspace(0, 1, 30)[None, :, None]
    pull = 2 * (0.5 - (middle - 0.5) * _some(rng, count, 0.1, 0.7)[..., None]) - middle
    return [outer, (1 - t) ** 2 * last + 2 * t * (1 - t) * pull + t**2 * first]


def _cloud(rng: Random, count: int) -> Strokes:
    bumps, t = int(rng.integers(4, 10)), np.linspace(0, 2 * np.pi, 120)
    radius = 0.35 + _some(rng, count, 0.1, 0.25) * np.abs(np.sin(bumps * t / 2 + _some(rng, count, 0, 3)))
    if rng.random() < 0.3:  # cogs
        radius = 0.4 + _some(rng, count, 0.05, 0.15) * np.sign(np.sin(bumps * t))
    return [_stroke(0.5 + radius * np.cos(t) * _some(rng, count, 1, 1.7), 0.5 + radius * np.sin(t))]


def _flower(rng: Random, count: int) -> Strokes:
    petals = int(rng.choice([2, 3, 3, 4, 5]))
    t = np.linspace(0, 2 * np.pi if petals % 2 == 0 else np.pi, 160)
    radius = 0.5 * np.cos(petals * t) + _some(rng, count, 0, 0.2)
    strokes = [_stroke(0.5 + radius * np.cos(t), 0.5 + radius * np.sin(t))]
    if rng.random() < 0.4:
        strokes.append(_path((0.5, 1), (_some(rng, count, 0.4, 0.6), _some(rng, count, 1.5, 1.9))))
    return strokes


def _sun(rng: Random, count: int) -> Strokes:
    rays, radius, first = int(rng.integers(4, 11)), _some(rng, count, 0.18, 0.3), _some(rng, count, 0, 2)
    strokes = [_circle(rng, count, 0.5, 0.5, radius)]
    for i in range(rays):
        angle = first + _about(rng, count, i * 2 * np.pi / rays, 0.1)
        reach = np.hstack([radius + _some(rng, count, 0, 0.1), _some(rng, count, 0.42, 0.55)])
        strokes.append(_stroke(0.5 + reach * np.cos(angle), 0.5 + reach * np.sin(angle)))
    return strokes


def _eye(rng: Random, count: int) -> Strokes:
    strokes = [_bow(0.5, 0.5, 0.5, side * _some(rng, count, 0.15, 0.4)) for side in (-1, 1)]
    if rng.random() < 0.6:
        strokes.append(_circle(rng, count, 0.5, 0.5, _some(rng, count, 0.06, 0.16)))
    elif rng.random() < 0.5:  # a fish
        strokes.append(_path((_some(rng, count, 1.2, 1.4), 0.25), (1, 0.5), (_some(rng, count, 1.2, 1.4), 0.75)))
    return strokes


def _ribbon(rng: Random, count: int) -> Strokes:
    """A line that crosses itself once."""
    ends = _some(rng, count, 0.15, 0.5)
    return [_smooth(_path((1, 0.5 - ends), (0.55, 0.62), (0, 0.5), (0.55, 0.38), (1, 0.5 + ends)))]


def _lying_eight(rng: Random, count: int) -> Strokes:
    t = np.linspace(0, 2 * np.pi, 80) + _some(rng, count, 0, 6)
    return [_stroke(0.5 + 0.5 * np.sin(t), 0.5 + _some(rng, count, 0.12, 0.3) * np.sin(2 * t))]


def _bow_tie(rng: Random, count: int) -> Strokes:
    tall = _some(rng, count, 0.2, 0.45)
    return _outlined(_path((0, 0.5 - tall), (1, 0.5 + tall), (1, 0.5 - tall), (0, 0.5 + tall)), rng)


def _wave(rng: Random, count: int) -> Strokes:
    t = np.linspace(0, 1, 100)
    phase = 2 * np.pi * _some(rng, count, 1.2, 5) * t + _some(rng, count, 0, 6)
    return [_stroke(t[None], 0.5 + _some(rng, count, 0.06, 0.25) * np.sin(phase))]


def _bracket(rng: Random, count: int) -> Strokes:
    deep = _some(rng, count, 0.2, 0.45)
    left = _path((deep, 0), (0, 0), (0, 1), (deep, 1))
    if rng.random() < 0.5:
        left = _stroke(*np.moveaxis(_bow(0.5, deep, 0.5, -deep), 2, 0)[::-1])
    if rng.random() < 0.3:
        return [left * (1.5, 1)]
    return [left, _mirrored(left) + np.stack([_some(rng, count, -0.5, 0.3), np.zeros((count, 1))], axis=2)]


def _parallels(rng: Random, count: int) -> Strokes:
    lines, lean = int(rng.integers(2, 7)), _some(rng, count, -0.5, 0.5)
    apart = _some(rng, count, 0.2, 0.5) if lines < 4 else _some(rng, count, 0.12, 0.25)
    ends = [(_some(rng, count, -0.12, 0.12), _some(rng, count, 0.88, 1.12)) for _ in range(lines)]
    return [_path((i * apart + lean, top), (i * apart, foot)) for i, (top, foot) in enumerate(ends)]


def _grid(rng: Random, count: int) -> Strokes:
    strokes = []
    for is_level in (False, True):
        number = int(rng.integers(1, 4))
        for i in range(number):
            x0, x1, y0, y1 = (
                _about(rng, count, value, 0.045) for value in ((i + 1) / (number + 1), (i + 1) / (number + 1), 0, 1)
            )
            strokes.append(_path((y0, x0), (y1, x1)) if is_level else _path((x0, y0), (x1, y1)))
    is_framed = rng.random() < 0.4
    return strokes + [_path((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))] * is_framed


def _dash(rng: Random, count: int) -> Strokes:
    bow = _bow(0.5, 0.5, 0.5, _some(rng, count, -0.2, 0.2))
    return _turned([bow], _some(rng, count, -0.45, 0.45))


def _dashes(rng: Random, count: int) -> Strokes:
    """Dots, or short lines one after another or scattered."""
    number, size = int(rng.integers(2, 7)), _some(rng, count, 0.01, 0.15)
    way = rng.integers(3)  # scattered, in a row, in a level row
    strokes = []
    for i in range(number):
        x, y, angle = _some(rng, count, 0, 1), _some(rng, count, 0, 1), _some(rng, count, 0, np.pi)
        if way:
            x, angle = _about(rng, count, i / number, 0.03), _about(rng, count, 0, 0.2)
            y = _about(rng, count, 0.5 if way == 2 else i / number, 0.03)
        dx, dy = size * np.cos(angle), size * np.sin(angle)
        strokes.append(_path((x - dx, y - dy), (x + dx, y + dy)))
    return strokes


def _circles(rng: Random, count: int) -> Strokes:
    """Several circles: one in another or beside each other; never one on top of the other, as in an 8."""
    if rng.random() < 0.4:
        x, y = _about(rng, count, 0.5, 0.08), _about(rng, count, 0.5, 0.08)
        return [_circle(rng, count, 0.5, 0.5, 0.5), _circle(rng, count, x, y, _some(rng, count, 0.06, 0.34))]
    apart, rise = _some(rng, count, 0.55, 1.3), _some(rng, count, -0.25, 0.25)
    number = int(rng.integers(2, 5))
    return [_circle(rng, count, i * apart, i * rise, _some(rng, count, 0.25, 0.5)) for i in range(number)]


def _crossed_circle(rng: Random, count: int) -> Strokes:
    """A circle with lines in it, or hanging on it."""
    circle, way = _circle(rng, count, 0.5, 0.5, 0.5), rng.integers(4)
    if way < 3:
        return [circle, *(cross, _dash, _plus)[way](rng, count)]
    stem = _path((0.5, 1), (_some(rng, count, 0.2, 0.8), _some(rng, count, 1.4, 2.0)))
    return [circle, stem, _path((0.2, 1.25), (0.8, _some(rng, count, 1.15, 1.35)))]


def _stick_figure(rng: Random, count: int) -> Strokes:
    hip, shoulder = _some(rng, count, 0.6, 0.75), _some(rng, count, 0.35, 0.5)
    strokes = [_circle(rng, count, 0.5, 0.14, _some(rng, count, 0.1, 0.17)), _path((0.5, 0.28), (0.5, hip))]
    for side in (-1, 1):
        foot, hand = 0.5 + side * _some(rng, count, 0.12, 0.4), 0.5 + side * _some(rng, count, 0.15, 0.4)
        strokes += [_path((0.5, hip), (foot, 1)), _path((0.5, shoulder), (hand, _some(rng, count, 0.2, 0.7)))]
    return strokes


def _tree(rng: Random, count: int) -> Strokes:
    down, wide = _some(rng, count, 0.5, 0.7), _some(rng, count, 0.2, 0.45)
    trunk = _path((0.5, down), (_about(rng, count, 0.5, 0.04), 1))
    if rng.random() < 0.5:
        return [_circle(rng, count, 0.5, down - 0.3, 0.3), trunk, trunk + np.array([0.12, 0])]
    return [*_outlined(_path((0.5 - wide, down), (0.5, 0), (0.5 + wide, down)), rng), trunk]


def _flag(rng: Random, count: int) -> Strokes:
    """A flag that flies to the right; one to the left would be a 4 or a 9."""
    wide, low = _some(rng, count, 0.4, 0.9), _some(rng, count, 0.35, 0.6)
    corners = ((0, 0), (wide, low / 2), (0, low)) if rng.random() < 0.5 else ((0, 0), (wide, 0), (wide, low), (0, low))
    return [_path((0, 0), (0, 1)), _path(*corners)]


def _cup(rng: Random, count: int) -> Strokes:
    deep, lean = _some(rng, count, 0.7, 1.1), _some(rng, count, 0, 0.2)
    strokes = [_path((0, 0), (lean, deep), (1 - lean, deep), (1, 0))]
    if rng.random() < 0.6:
        strokes.append(_path((0, 0), (1, 0)))
    if rng.random() < 0.5:
        strokes.append(_arc(0.95, deep / 2, 0.25, -1.4, _some(rng, count, 2.4, 3.0)))
    return strokes


def _lightning(rng: Random, count: int) -> Strokes:
    corners = np.array([[0.55, 0], [0.1, 0.55], [0.42, 0.55], [0.25, 1], [0.85, 0.38], [0.5, 0.38], [0.8, 0]])
    return _outlined(corners + rng.normal(0, 0.05, (count, 7, 2)), rng)


def _envelope(rng: Random, count: int) -> Strokes:
    tall = _some(rng, count, 0.5, 1)
    box = _outlined(_path((0, 0), (1, 0), (1, tall), (0, tall)), rng)
    if rng.random() < 0.5:
        return [*box, _path((0, 0), (0.5, tall * _some(rng, count, 0.4, 0.7)), (1, 0))]
    return [*box, _path((0, 0), (1, tall)), _path((1, 0), (0, tall))]


def _stairs(rng: Random, count: int) -> Strokes:
    steps = int(rng.integers(2, 6))
    x, y = np.repeat(np.arange(steps + 1), 2)[1:] / steps, np.repeat(np.arange(steps + 1), 2)[:-1] / steps
    if rng.random() < 0.4:  # battlements
        y = np.resize([0, 0.3, 0.3, 0], len(x))
    corners = _stroke(x[None], y * _some(rng, count, 0.6, 1.2))
    return [corners + rng.normal(0, 0.02, corners.shape)]


def _spiral(rng: Random, count: int) -> Strokes:
    t = np.linspace(0, 1, 200)
    angle = rng.choice([-1, 1]) * 2 * np.pi * _some(rng, count, 1.9, 5) * t + _some(rng, count, 0, 2 * np.pi)
    radius = _some(rng, count, 0, 0.1) + 0.5 * t
    return [_stroke(0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle))]


def zigzag(rng: Random, count: int) -> Strokes:
    """Up and down along a level line, with corners or smoothly."""
    k = int(rng.integers(5, 14))
    along = np.sort(rng.uniform(0, 1, (count, k)), axis=1) if rng.random() < 0.3 else np.linspace(0, 1, k)[None]
    tall = _some(rng, count, 0.05, 0.5)
    points = _stroke(along, 0.5 + tall * np.where(np.arange(k) % 2, 1, -1) + rng.normal(0, 0.05, (count, k)))
    return [points if rng.random() < 0.6 else _smooth(points)]


SHAPES: tuple[Sketch, ...] = (
    _any_way(_polygon), _polygon, _rectangle, _any_way(_rectangle, 0.4), _any_way(_rectangle), _any_way(_star),
    _any_way(_heart, 0.4), _any_way(_heart), _any_way(_arrow), _any_way(_arrow), _any_way(_block_arrow), cross, _plus,
    _check_mark, _wedge, _angle, _any_way(_house, 0.2), _any_way(_face, 0.3), _any_way(_half_circle), _any_way(_arch),
    _any_way(_crescent), _any_way(_cloud, 0.4), _any_way(_flower), _sun, _any_way(_eye), _any_way(_ribbon, 0.6),
    _any_way(_lying_eight, 0.5), _any_way(_bow_tie, 0.8), _any_way(_wave, 0.5), _bracket, _parallels,
    _any_way(_parallels), _any_way(_grid, 0.4), _dash, _dashes, _circles, _crossed_circle, _any_way(_stick_figure, 0.2),
    _any_way(_tree, 0.2), _any_way(_flag, 0.15), _any_way(_cup, 0.3), _any_way(_lightning, 0.4),
    _any_way(_envelope, 0.3), _any_way(_stairs), _any_way(_spiral), _any_way(zigzag),
)  # fmt: skip


# Scribbles


def _random_curve(rng: Random, count: int) -> Strokes:
    k = int(rng.integers(6, 26))
    spread = rng.normal(0, 1, (count, k, 2)) if rng.random() < 0.5 else rng.uniform(-1, 1, (count, k, 2))
    return [_smooth(spread * (1, rng.uniform(0.4, 1)))]


def _random_polyline(rng: Random, count: int) -> Strokes:
    return [rng.uniform(0, 1, (count, int(rng.integers(5, 20)), 2))]


def _walk(rng: Random, count: int) -> Strokes:
    """A hand that turns at random."""
    steps = int(rng.integers(60, 200))
    turning = np.cumsum(rng.normal(0, rng.uniform(0.02, 0.12), (count, steps)), axis=1) + _some(rng, count, -0.1, 0.1)
    is_rough = rng.random() < 0.4
    heading = np.cumsum(rng.normal(0, 0.5, (count, steps)) if is_rough else np.clip(turning, -0.5, 0.5), axis=1)
    heading += _some(rng, count, 0, 2 * np.pi)
    return [_stroke(np.cos(heading).cumsum(axis=1), np.sin(heading).cumsum(axis=1))]


def _brownian(rng: Random, count: int) -> Strokes:
    steps = int(rng.integers(12, 90))
    points = rng.normal(0, 1, (count, steps, 2)).cumsum(axis=1)
    return [points if rng.random() < 0.5 else _smooth(points)]


def _lissajous(rng: Random, count: int) -> Strokes:
    a, b = rng.choice(np.arange(1, 8), 2, replace=False)
    t = np.linspace(0, 1, 240) * 2 * np.pi * _some(rng, count, 0.6, 1)
    curve = _stroke(0.5 + 0.5 * np.sin(a * t + _some(rng, count, 0, 6)), 0.5 + 0.5 * np.sin(b * t))
    is_eight = {a, b} == {1, 2}
    return _turned(
        [curve], np.pi / 2 * (a > b) + _about(rng, count, 0, 0.2) if is_eight else _some(rng, count, 0, np.pi)
    )


def _hatching(rng: Random, count: int) -> Strokes:
    """To and fro, as one fills an area or strikes something out; neatly or not."""
    k, slip = int(rng.integers(7, 30)), rng.choice([0.01, 0.06])
    x = np.linspace(0, 1, k)[None] * _some(rng, count, 0.3, 1.5) + rng.normal(0, slip, (count, k))
    swell = np.sin(np.linspace(0, 3, k) * _some(rng, count, 0.3, 2) + _some(rng, count, 0, 6))
    tall = (0.3 + rng.choice([0, 0.2]) * swell) * np.where(np.arange(k) % 2, 1, -1)
    points = _stroke(x, 0.5 + tall + rng.normal(0, slip, (count, k)))
    return _turned([points if rng.random() < 0.5 else _smooth(points)], _some(rng, count, 0, np.pi))


def loops(rng: Random, count: int) -> Strokes:
    """Loop after loop along a line, as in e e e e."""
    number = rng.uniform(2, 8)
    t = np.linspace(0, 1, 200)
    radius = _some(rng, count, 0.08, 0.4) * (1 + 0.3 * np.sin(t * 9 + _some(rng, count, 0, 6)))
    angle = rng.choice([-1, 1]) * 2 * np.pi * number * t + _some(rng, count, 0, 6)
    level = 0.5 + rng.normal(0, 0.15, (count, 1)) * np.sin(4 * t)
    return _turned([_stroke(t + radius * np.cos(angle), level + radius * np.sin(angle))], _some(rng, count, 0, np.pi))


def _tangle(rng: Random, count: int) -> Strokes:
    """Round and round, never the same way twice."""
    turns = rng.uniform(2.5, 7)
    t = np.linspace(0, 1, 240)
    angle = 2 * np.pi * turns * t
    x = y = np.zeros((count, 1))
    for frequency in (0.31, 0.73, 1.37):
        x = x + rng.normal(0, 0.2, (count, 1)) * np.sin(frequency * angle + _some(rng, count, 0, 6))
        y = y + rng.normal(0, 0.2, (count, 1)) * np.sin(frequency * angle + _some(rng, count, 0, 6))
    return [_stroke(x + 0.4 * np.cos(angle), y + 0.4 * np.sin(angle))]


def _harmonics(rng: Random, count: int) -> Strokes:
    """A closed curve, or a part of one, made of a few waves."""
    t = np.linspace(0, 2 * np.pi * rng.uniform(0.7, 1), 240)
    number, decay = int(rng.integers(3, 8)), rng.uniform(0, 0.8)
    x, y = (
        sum(rng.normal(0, 1, (count, 1)) / k**decay * np.sin(k * t + _some(rng, count, 0, 7)) for k in range(1, number))
        for _ in range(2)
    )
    return [_stroke(np.asarray(x), np.asarray(y))]


def _random_curves(rng: Random, count: int) -> Strokes:
    """Several short curves here and there."""
    return [
        _smooth(rng.normal(0, 0.35, (count, int(rng.integers(3, 6)), 2)) + rng.uniform(0, 1, (count, 1, 2)))
        for _ in range(int(rng.integers(2, 7)))
    ]


def random_lines(rng: Random, count: int) -> Strokes:
    """Several straight lines here and there."""
    number = int(rng.integers(3, 10))
    return [rng.uniform(0, 1, (count, 2, 2)) for _ in range(number)]


def _word(rng: Random, count: int) -> Strokes:
    """A line that looks like writing, and is none."""
    k = int(rng.integers(8, 22))
    x = np.cumsum(rng.normal(0.6, 0.7, (count, k)), axis=1)
    return [_smooth(_stroke(x, rng.normal(0, 1, (count, k)) * (1 + (rng.random((count, k)) < 0.2)) * 1.2))]


SCRIBBLES: tuple[Sketch, ...] = (
    _random_curve, _random_curve, _random_polyline, _walk, _walk, _brownian, _lissajous, _hatching, _hatching,
    _hatching, loops, _tangle, _harmonics, _random_curves, _random_curves, random_lines, _word,
)  # fmt: skip
