"""Skeletons: the pen strokes of a digit, a letter or a sign as a few control points, and the lines through them.

A skeleton is one line of text. Each point is "x,y" in percent of the character's height, with y down. "/" lifts the
pen. "!" after a point marks a corner; the line passes all other points smoothly.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.digits.preprocessing import DIGIT_SIZE

Floats = NDArray[np.float32]

DOT_SPACING = 0.4  # of the dots that a line is drawn with, in pixels
SMOOTHING_REACH = 2.0  # over how much of a line's length a hasty pen averages it, in pixels


@dataclass(frozen=True)
class Style:
    """One way to write a character.

    Attributes:
        label: what it means: a digit, or the class of what is no digit.
        share: how often it is written, compared with the other styles of this character.
        examples: skeletons with the same number of strokes and points, mixed at random.
    """

    label: int
    share: float
    examples: tuple[str, ...]

    @cached_property
    def skeletons(self) -> Floats:
        """Control points of the examples: (examples, points, 2), heights from 0 to 1."""
        words = [example.replace("/", " ").replace("!", "").split() for example in self.examples]
        return np.array([[[float(v) / 100 for v in word.split(",")] for word in line] for line in words], np.float32)

    @cached_property
    def strokes(self) -> list[slice]:
        """Which control points belong to which stroke."""
        ends = np.cumsum([0] + [len(stroke.split()) for stroke in self.examples[0].split("/")])
        return [slice(a, b) for a, b in pairwise(ends)]

    @cached_property
    def weights(self) -> Floats:
        """Weights of the control points in evenly spaced dots along the lines: (dots, points), rows sum to 1."""
        words = self.examples[0].replace("/", " ").split()
        rows = []
        for stroke in self.strokes:
            corners = [i for i in range(stroke.start, stroke.stop) if words[i].endswith("!")]
            breaks = sorted({stroke.start, *corners, stroke.stop - 1})
            curve = np.concatenate([smooth_curve(a, b + 1, len(words)) for a, b in pairwise(breaks)])
            dots = curve @ self.skeletons.mean(axis=0)
            travelled = np.concatenate([[0], np.hypot(*np.diff(dots, axis=0).T).cumsum()])
            count = math.ceil(travelled[-1] * (DIGIT_SIZE - 2) / DOT_SPACING) + 1
            distances = np.linspace(0, travelled[-1], count)
            rows.append(np.stack([np.interp(distances, travelled, weights) for weights in curve.T], axis=1))
        return np.concatenate(rows).astype(np.float32)

    @cached_property
    def smoothing(self) -> Floats:
        """What haste adds to `weights`: it averages each stroke along its length; (dots, points), rows sum to 0."""
        # A dot depends on the points of its own stroke only.
        stroke_of = np.argmax([self.weights[:, stroke].sum(axis=1) for stroke in self.strokes], axis=0)
        distance = np.arange(len(stroke_of)) * DOT_SPACING / SMOOTHING_REACH
        near = np.exp(-0.5 * np.square(distance[:, None] - distance)) * (stroke_of[:, None] == stroke_of)
        averages = near / near.sum(axis=1, keepdims=True)
        change: Floats = (averages @ self.weights - self.weights).astype(np.float32)
        return change


def read_styles(table: str) -> tuple[Style, ...]:
    """The styles of a table of lines.

    A style begins with its label, its share and its first example. Its other examples follow, indented, one a line.
    "#" begins a comment.
    """
    styles: list[tuple[int, float, list[str]]] = []
    for line in table.strip().splitlines():
        if line.startswith("#"):
            continue
        example = line.strip()
        if not line.startswith(" "):
            label, share, example = line.split(maxsplit=2)
            styles.append((int(label), float(share), []))
        styles[-1][2].append(example)
    return tuple(Style(label, share, tuple(examples)) for label, share, examples in styles)


def smooth_curve(start: int, stop: int, points: int) -> NDArray[np.float64]:
    """Return the weights of the control points start..stop in a Catmull-Rom curve through them: (steps, points)."""
    t = np.linspace(0, 1, 24)[:, None]
    hermite = [2 * t**3 - 3 * t**2 + 1, t**3 - 2 * t**2 + t, -2 * t**3 + 3 * t**2, t**3 - t**2]
    at = np.eye(points)
    last = stop - 1
    pieces = []
    for i in range(start, last):
        j = i + 1
        leave = (at[j] - at[max(i - 1, start)]) / (2 if i > start else 1)
        arrive = (at[min(j + 1, last)] - at[i]) / (2 if j < last else 1)
        pieces.append(hermite[0] * at[i] + hermite[1] * leave + hermite[2] * at[j] + hermite[3] * arrive)
    return np.concatenate(pieces)
