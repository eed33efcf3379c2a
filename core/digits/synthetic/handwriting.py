"""Procedural handwriting: the shapes in which the world writes its digits, drawn 28x28 as MNIST is.

Each digit has several styles. A style is a skeleton of pen strokes, given by a few examples of it that are mixed at
random. A skeleton is then bent in the ways of its writer (slant, width, proportions, trembling, pen) and in ways of
its own, drawn with a round pen and framed with the very functions that frame drawings.
"""

import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.digits.preprocessing import DIGIT_SIZE, IMAGE_SIZE, PEN_RADIUS, centred, draw_points
from core.storage import home, write_whole

VERSION = 2  # of the generator: raise it whenever the same seed no longer gives the same bytes

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

DOT_SPACING = 0.4  # of the dots that a line is drawn with, in pixels
BLOCK = 256  # images that are made at a time, all of one style
DRAWN_AT_ONCE = 8  # images whose distances to all dots fit into a processor's cache
DIGITS_PER_WRITER = 50
KEPT_FILES = 2  # of a seed: a run's and, where the model is taught by drawings, a lesson's

MEAN_SLANT = 0.12  # of MNIST's writers, in widths per height
HABITS = {  # in which writers differ, and how much: standard deviations
    "thickness": 0.28,  # logarithm of the pen's radius
    "slant": 0.28,
    "turn": 0.12,  # radians
    "width": 0.22,  # logarithm
    "tremor": 0.4,  # logarithm
    "reach": 0.15,  # of a stroke's ends: over the join, or short of it, in distances to the last but one point
    "haste": 0.3,  # how far corners are cut and loops collapse; below 0 they are exaggerated
    "x_xx": 0.12,  # bending of the page, x += x_xx * x * x, ..., in half heights
    "x_xy": 0.2,
    "x_yy": 0.2,
    "y_xx": 0.12,
    "y_xy": 0.2,
    "y_yy": 0.2,
}
POINT_SLIP = 0.03  # of a control point, in heights
STROKE_SLIP = 0.03  # of a whole stroke, in heights
STROKE_TURN = 0.1  # radians
STROKE_STRETCH = 0.1  # logarithm of its size, in both directions
TREMOR = 0.011  # of the hand within a few pixels, in half heights
SWAY = 0.05  # of the hand within a whole stroke, in half heights
MIXING = 0.4  # of a style's examples: the smaller, the more one of them prevails
MEAN_HASTE = 0.2  # of all writers: nobody follows a skeleton exactly
HASTE_REACH = 2.0  # over how much of a line's way a hasty pen averages it, in pixels
END_SLIP = 0.4  # how much farther or shorter a stroke may go, in distances to its last but one point


@dataclass(frozen=True)
class Style:
    """One way to write a digit.

    Attributes:
        digit: what it means.
        share: how often it is written, compared with the digit's other styles.
        examples: skeletons with the same number of strokes and points, mixed at random. Points are "x,y" in percent of
            the digit's height, y down; "/" lifts the pen, "!" marks a corner, all other points are passed smoothly.
    """

    digit: int
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
    def pen(self) -> Floats:
        """What turns control points into evenly spaced dots: (dots, points), each row sums to 1."""
        words = self.examples[0].replace("/", " ").split()
        rows = []
        for stroke in self.strokes:
            corners = [i for i in range(stroke.start, stroke.stop) if words[i].endswith("!")]
            breaks = sorted({stroke.start, *corners, stroke.stop - 1})
            curve = np.concatenate([smooth_curve(a, b + 1, len(words)) for a, b in pairwise(breaks)])
            dots = curve @ self.skeletons.mean(axis=0)
            travelled = np.concatenate([[0], np.hypot(*np.diff(dots, axis=0).T).cumsum()])
            count = math.ceil(travelled[-1] * (DIGIT_SIZE - 2) / DOT_SPACING) + 1
            places = np.linspace(0, travelled[-1], count)
            rows.append(np.stack([np.interp(places, travelled, weights) for weights in curve.T], axis=1))
        return np.concatenate(rows).astype(np.float32)

    @cached_property
    def shortcut(self) -> Floats:
        """What a hasty hand adds to `pen`: it averages each stroke along its way; (dots, points), rows sum to 0."""
        # A dot is made of its own stroke's points alone.
        stroke_of = np.argmax([self.pen[:, stroke].sum(axis=1) for stroke in self.strokes], axis=0)
        place = np.arange(len(stroke_of)) * DOT_SPACING / HASTE_REACH
        near = np.exp(-0.5 * np.square(place[:, None] - place)) * (stroke_of[:, None] == stroke_of)
        shares = near / near.sum(axis=1, keepdims=True)
        weights: Floats = (shares @ self.pen - self.pen).astype(np.float32)
        return weights


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


STYLES = (
    # oval; begun at the right, ends overlapping; tail at the top; slashed
    Style(0, 3, (
        "50,1 24,14 14,48 24,86 50,99 76,86 86,50 76,14 50,1",
        "56,2 20,10 2,46 16,88 54,99 92,84 100,44 86,12 50,4",
        "52,2 38,14 32,48 38,86 50,99 64,86 70,50 64,14 48,1",
    )),
    Style(0, 3, (
        "64,8 38,2 12,30 12,70 40,98 76,84 88,44 74,12 50,2 36,8",
        "70,14 44,0 8,26 2,66 36,100 84,84 98,44 78,10 54,4 44,16",
        "60,4 40,6 24,34 22,72 42,98 66,84 74,44 66,16 52,10 40,18",
    )),
    Style(0, 1, (
        "80,2 40,4 10,36 16,84 52,98 84,70 82,28 56,8 28,16",
        "90,8 50,2 14,30 10,76 44,98 80,78 86,36 66,12 36,8",
    )),
    Style(0, 0.6, (
        "50,1 22,14 12,48 22,86 50,99 78,86 88,50 78,14 50,1 / 92,4 50,50 8,96",
        "50,1 28,14 20,48 28,86 50,99 72,86 80,50 72,14 50,1 / 70,26 50,50 30,74",
    )),
    # its end runs inside
    Style(0, 0.3, (
        "52,2 22,16 8,54 20,94 54,98 80,70 70,24 36,18",
        "58,2 24,14 4,52 18,96 58,98 86,66 70,18 30,16",
        "50,0 26,20 14,56 26,94 52,97 70,72 64,28 40,18",
    )),
    # plain; flagged; long flag; foot
    Style(1, 7, (
        "50,0 50,33 50,67 50,100",
        "54,0 48,33 48,67 54,100",
        "46,0 52,33 52,67 46,100",
    )),
    Style(1, 2.5, (
        "36,16 54,0! 54,33 54,67 54,100",
        "14,42 54,0! 54,33 54,67 54,100",
        "44,22 54,0! 54,33 54,67 52,100",
    )),
    Style(1, 1.5, (
        "16,58 34,32 58,0! 56,33 54,67 52,100",
        "2,48 30,30 60,0! 58,33 54,67 50,100",
        "30,70 44,36 60,2! 54,33 48,67 42,100",
    )),
    Style(1, 1.5, (
        "34,18 54,0! 54,50 54,100 / 26,100 54,100 84,100",
        "14,34 54,0! 54,50 54,100 / 34,99 54,101 76,99",
        "34,10 54,0! 54,50 54,98 / 10,98 54,99 98,100",
    )),
    Style(1, 0.3, ("52,0 52,50 52,100 / 26,100 54,100 84,100",)),
    # long flag and foot; long, hollow flag; long, straight flag; rounded top; flag close to the stem
    Style(1, 1, (
        "10,44 54,0! 50,50 46,96 / 14,100 46,98 84,94",
        "20,28 60,0! 52,50 44,94 / 4,96 44,94 90,92",
        "18,20 50,0! 48,50 46,100 / 6,88 46,86 86,84",
    )),
    Style(1, 1.1, (
        "14,24 24,34 50,20 72,0! 62,50 52,100",
        "4,42 14,42 50,26 78,0! 66,50 52,100",
        "0,44 20,32 46,20 76,0! 58,50 46,100",
        "30,20 36,30 56,18 66,0! 62,50 62,100",
    )),
    Style(1, 0.9, (
        "0,44 36,20 76,0! 66,34 58,67 50,100",
        "6,52 40,22 70,0! 62,34 54,67 44,100",
        "10,46 46,24 78,0! 62,40 58,74 66,100",
    )),
    Style(1, 0.5, (
        "20,46 24,34 46,10 60,0 64,12 50,54 38,100",
        "10,46 30,26 54,6 66,0 70,10 54,54 36,100",
        "36,44 30,34 36,12 52,0 58,10 54,54 54,100",
    )),
    Style(1, 0.3, (
        "46,72 38,66 42,34 58,0! 56,50 52,100",
        "40,44 36,34 44,14 56,0! 54,50 52,100",
    )),
    # straight foot; small, large looped foot; wavy foot; hooked start; short head over a long foot
    Style(2, 4, (
        "12,24 34,3 64,4 76,26 60,54 34,78 8,98! 48,98 90,96",
        "16,16 40,0 66,10 68,32 54,56 34,78 12,98! 44,98 82,99",
        "6,28 30,2 72,2 88,26 68,54 38,78 4,96! 50,94 100,90",
        "10,8 34,0 58,6 62,24 50,50 30,76 12,98! 34,98 60,100",
    )),
    Style(2, 6, (
        "12,24 38,2 70,8 74,34 52,66 24,94 6,92 12,78 34,80 60,94 94,92",
        "8,30 28,4 62,2 76,26 58,64 22,98 6,90 18,76 36,84 62,96 100,86",
        "14,18 38,0 64,10 66,34 48,66 26,92 14,94 14,84 30,84 54,94 84,96",
        "20,20 44,0 70,12 64,46 44,78 16,98 2,86 10,70 36,72 62,86 98,92",
    )),
    Style(2, 5, (
        "22,18 46,2 70,16 64,46 40,86 14,98 2,82 16,66 44,74 68,90 100,96",
        "10,20 40,0 72,14 74,46 54,86 24,99 4,84 18,66 48,74 76,90 110,88",
        "30,14 48,2 64,18 58,48 40,86 20,98 10,86 20,70 42,78 58,90 80,98",
    )),
    Style(2, 2, (
        "14,22 36,2 68,6 74,32 54,62 20,92! 36,84 62,94 94,88",
        "12,26 34,4 66,2 78,26 56,62 12,96! 36,86 66,98 100,94",
        "14,18 36,0 66,8 70,30 46,64 8,92! 40,90 70,96 110,100",
    )),
    Style(2, 1, (
        "28,30 14,20 32,2 66,4 76,28 54,64 10,98! 46,98 90,96",
        "30,24 16,14 38,0 70,8 72,32 50,66 12,96! 46,96 86,92",
    )),
    Style(2, 1.5, (
        "6,20 40,0 76,10 70,40 20,88! 60,88 120,84",
        "20,14 50,4 70,20 58,50 6,94! 60,90 116,96",
        "4,10 40,6 64,16 60,40 14,86! 50,90 104,100",
    )),
    Style(2, 1.5, (
        "22,18 38,2 58,16 54,42 34,74 6,98! 50,98 100,98",
        "26,14 42,4 58,18 50,44 34,68 16,94! 44,95 72,96",
        "20,24 36,6 62,8 60,36 36,72 4,94! 50,97 110,94",
    )),
    # wide loop under an arch
    Style(2, 5.5, (
        "6,30 20,6 50,0 70,16 62,44 40,80 12,99 -4,86 12,66 44,70 96,84",
        "14,24 36,0 66,6 74,26 64,52 42,82 16,98 2,84 18,66 50,74 96,96",
        "20,34 30,4 58,0 74,20 64,50 44,82 18,99 2,86 14,68 46,68 90,74",
    )),
    # foot cut short; hooked start; wide, with a rising corner
    Style(2, 0.5, (
        "10,18 40,2 70,16 54,44 36,72 34,90 44,98",
        "30,6 52,2 58,24 46,50 32,70 34,92 52,99",
    )),
    Style(2, 1, (
        "40,34 18,22 30,4 64,2 70,24 40,66 10,98! 34,96 66,90",
        "36,32 12,18 34,0 66,8 64,28 38,64 8,98! 36,97 72,99",
    )),
    Style(2, 0.6, (
        "16,30 10,6 40,0 62,16 30,56 20,70! 56,84 100,90",
        "4,24 24,0 60,4 62,30 40,56 18,76! 60,84 110,90",
        "20,26 18,4 48,0 64,18 44,50 10,84! 50,90 96,98",
    )),
    # corner in the middle; loop there; flat topped; open, like a flat wave
    Style(3, 4, (
        "14,14 42,0 72,14 64,36 36,46! 72,56 80,80 50,100 10,88",
        "10,10 46,0 76,16 62,38 40,48! 70,58 72,82 46,98 16,92",
        "18,16 40,2 66,10 62,32 34,46! 78,54 90,80 54,100 4,84",
        "6,6 50,0 84,12 66,34 46,42! 70,48 74,72 48,96 6,100",
    )),
    Style(3, 3, (
        "14,14 46,0 74,14 62,36 42,46 40,52 66,56 80,76 52,100 10,88",
        "10,12 40,0 70,12 62,38 30,52 32,42 66,52 84,74 56,100 6,90",
        "20,10 52,0 76,14 62,34 44,42 46,48 64,50 72,72 44,98 6,96",
    )),
    Style(3, 2.5, (
        "14,4 46,4 76,4! 56,22 38,40! 72,52 78,78 48,100 8,88",
        "12,6 44,2 78,2! 60,20 44,36! 74,48 80,78 48,100 12,94",
    )),
    Style(3, 2, (
        "20,12 48,0 70,12 66,32 50,46 64,60 66,80 46,98 16,92",
        "14,8 52,0 78,14 74,34 58,46 74,58 80,78 52,100 12,94",
    )),
    Style(3, 1, (
        "18,26 24,6 48,0 70,14 60,38 36,46! 70,56 76,82 48,100 20,94 18,78",
        "10,20 20,4 46,2 66,16 56,36 38,44! 74,54 80,80 46,98 14,96 8,80",
    )),
    # hardly a notch; its middle a wide zigzag
    Style(3, 1, (
        "12,14 40,2 70,6 56,34 46,46 50,62 40,84 16,98",
        "20,16 44,2 62,4 54,28 44,48 50,66 42,88 24,99",
        "10,16 28,2 62,2 58,24 40,50 48,68 44,86 14,98",
    )),
    Style(3, 0.3, (
        "14,34 12,8 44,0 74,14 50,46 24,70 44,86 66,99",
        "4,18 10,2 54,0 78,18 50,46 22,66 44,84 62,100",
    )),
    # open in two strokes: square, round, small; open in one stroke; closed in one and in two strokes
    Style(4, 4, (
        "24,4 18,30 12,58! 46,60 84,56 / 66,16 64,56 60,100",
        "30,0 20,28 8,54! 46,56 96,50 / 74,6 66,54 58,100",
        "18,6 16,30 14,56! 44,58 76,56 / 70,20 68,58 66,100",
        "34,0 24,26 8,66! 46,68 90,60 / 80,4 64,54 46,100",
    )),
    Style(4, 3, (
        "20,4 12,36 24,58 50,56 78,44 / 76,4 70,52 62,100",
        "16,8 10,40 26,56 54,54 84,46 / 80,10 74,54 72,100",
        "12,2 14,32 26,46 50,44 76,34 / 74,0 70,50 66,100",
    )),
    Style(4, 2, (
        "30,0 22,30 16,62! 42,63 68,60 / 50,42 49,70 46,100",
        "40,0 24,34 8,68! 44,68 84,64 / 54,40 52,70 48,100",
        "24,0 18,30 14,60! 44,62 80,58 / 46,30 44,66 40,100",
    )),
    Style(4, 1.3, (
        "20,4 14,34 22,54 50,52 72,34 78,4! 72,52 66,100",
        "26,2 12,32 16,52 48,54 74,36 84,8! 72,54 60,100",
        "10,10 10,32 20,44 48,42 70,26 76,2! 74,52 72,100",
    )),
    Style(4, 2, (
        "62,100 64,50 64,0! 36,34 8,66! 50,66 92,64",
        "58,100 62,50 66,2! 36,30 6,58! 50,60 90,58",
    )),
    Style(4, 2, (
        "62,2! 34,34 6,66! 50,66 92,64 / 64,10 64,55 64,100",
        "70,2! 38,26 10,54! 50,56 94,52 / 70,4 64,52 56,100",
        "50,0! 30,36 10,72! 50,72 88,70 / 60,30 58,65 56,100",
    )),
    # in one stroke like an h; short right limb; closed, in one curve; hooked; wide
    Style(4, 0.4, (
        "36,0 24,44 12,80 24,92 46,72 56,64! 50,84 50,100",
        "40,0 24,40 16,62 30,66 44,58 50,54! 50,80 60,100",
        "34,4 26,40 20,72 30,84 46,76 48,62! 50,84 56,100",
    )),
    Style(4, 0.5, (
        "34,0 22,40 12,88 22,96 40,92 / 58,66 50,82 46,100",
        "36,0 20,44 12,80 28,90 48,84 / 44,62 44,84 38,100",
        "44,0 26,30 12,62 34,64 62,60 / 56,42 50,70 48,100",
    )),
    Style(4, 0.3, (
        "40,4 14,34 20,50 52,42 74,18 64,22 50,60 34,100",
        "36,2 16,26 24,38 50,34 64,12 56,20 44,54 30,100",
    )),
    Style(4, 0.5, (
        "20,20 30,2 40,10 14,58! 40,58 70,58 / 60,28 54,60 50,100",
        "26,16 36,0 40,14 18,52! 42,54 66,50 / 66,20 58,60 54,100",
    )),
    Style(4, 0.4, (
        "40,0 12,40 10,60 40,66 74,72! 76,86 76,100",
        "46,0 18,36 14,58 44,62 78,60! 76,80 72,100",
    )),
    # bar first; bar last; in one sweep; bar slipped to the right
    Style(5, 3, (
        "80,4 54,4 28,4! 22,42! 52,38 78,60 66,92 36,100 8,88",
        "88,2 58,4 32,6! 22,44! 46,38 70,56 62,88 36,98 10,92",
        "72,6 50,6 30,6! 26,40! 58,40 82,64 66,94 34,100 4,92",
        "100,0 64,6 30,14! 20,48! 46,46 62,64 52,90 26,98 2,92",
    )),
    Style(5, 3, (
        "30,6 26,26 22,44! 52,38 78,60 66,92 36,100 8,88 / 28,6 54,4 86,2",
        "34,8 28,26 20,42! 46,36 72,58 62,90 34,98 4,90 / 36,10 64,4 98,0",
        "26,12 24,30 24,46! 54,44 76,66 62,92 34,98 14,94 / 30,10 52,8 76,8",
    )),
    Style(5, 3, (
        "78,6 48,4 30,18 32,36 60,46 76,68 62,94 32,100 8,90",
        "94,2 54,6 36,24 36,38 56,50 66,70 52,94 26,98 4,88",
        "70,4 50,8 38,24 40,40 58,52 64,70 48,92 26,98 12,94",
    )),
    Style(5, 2, (
        "36,14 28,32 26,46! 56,44 76,66 60,94 32,100 10,92 / 48,6 74,3 104,0",
        "44,16 36,32 30,46! 52,46 62,64 52,88 30,98 6,96 / 48,12 78,6 110,2",
    )),
    Style(5, 1, (
        "76,8 52,6 30,8! 24,42! 46,46 66,62 72,90 44,98 8,96",
        "78,4 52,4 26,4! 26,44! 56,44 78,52 78,92 48,98 14,98",
    )),
    Style(5, 2.2, (
        "72,4 52,5 32,6! 24,44! 56,40 80,64 62,94 34,98 12,88 22,74",
        "84,4 60,4 36,8! 26,46! 50,42 72,62 56,92 28,98 8,90 10,80",
    )),
    # angular under a bar of its own; a bar with a hook over a small body
    Style(5, 1.2, (
        "46,6 28,22 18,38 60,54 58,74 26,100 / 8,4 40,2 92,4",
        "54,8 30,24 16,36 62,50 48,74 10,100 / 14,2 50,2 94,2",
        "46,10 42,36 44,66 42,90 26,98 6,94 / 10,36 36,10 86,4",
    )),
    Style(5, 0.8, (
        "60,8 46,10 40,36 56,60 50,88 22,96 / 10,34 12,8 80,4",
        "54,6 48,18 40,36 66,52 60,88 24,94 / 14,30 26,8 74,2",
        "44,4 40,22 36,42 64,50 56,86 26,98 / 22,20 50,6 90,2",
    )),
    # curved; large loop; straight, small loop; hooked; open loop
    Style(6, 4, (
        "64,2 34,24 16,58 22,90 50,99 76,82 70,60 44,56 20,76",
        "56,0 36,22 22,56 24,90 46,99 66,84 64,64 44,60 24,80",
        "78,4 40,18 14,54 14,88 50,99 88,80 82,56 48,54 18,74",
    )),
    Style(6, 2.5, (
        "70,4 30,14 6,50 20,94 60,98 88,66 66,36 34,42 10,64",
        "60,2 26,20 8,56 22,94 58,98 80,68 62,42 34,48 14,70",
        "54,0 30,20 14,56 22,92 54,98 78,76 68,46 40,40 18,60",
    )),
    Style(6, 4, (
        "58,0 40,26 22,60 24,92 50,99 72,84 66,64 46,62 24,84",
        "44,0 34,30 24,62 24,90 46,99 64,86 62,70 46,66 26,80",
        "46,0 36,30 28,64 32,94 50,99 60,84 52,72 40,76 32,92",
        "72,0 46,28 18,64 16,92 44,99 66,86 62,70 42,68 22,84",
        "62,0 40,34 30,70 40,96 58,90 60,76 46,72 36,76 26,84",
    )),
    Style(6, 1.5, (
        "80,14 60,2 26,26 12,64 30,97 62,95 78,74 58,56 20,70",
        "70,18 56,2 30,20 18,60 32,96 58,94 68,74 50,60 26,74",
    )),
    Style(6, 1.5, (
        "36,0 24,34 18,70 30,96 60,98 80,80 72,64 56,66 46,84",
        "60,0 30,30 14,66 26,96 60,98 90,84 84,66 62,62 46,76",
    )),
    # leaning, with a low loop
    Style(6, 6, (
        "70,0 36,40 14,78 24,98 50,96 66,76 50,64 26,80",
        "60,0 26,40 10,76 22,98 56,94 70,70 50,60 24,78",
        "40,0 22,36 10,72 26,98 60,96 76,74 56,58 22,70",
        "84,0 44,36 14,74 24,98 50,94 60,72 46,66 20,82",
    )),
    # its end crosses the stem; flat loop
    Style(6, 1.3, (
        "60,4 44,30 34,66 38,96 52,94 54,70 40,60 14,70",
        "74,2 50,8 40,40 38,80 50,98 60,84 42,64 10,72",
        "90,2 50,30 18,70 24,94 50,96 60,80 40,68 10,72",
        "56,2 26,40 14,80 40,99 64,90 68,60 40,52 8,54",
    )),
    Style(6, 0.6, (
        "60,16 66,2 40,14 28,60 36,96 56,98 66,80 50,66 24,66 10,74",
        "66,12 48,0 30,30 22,66 36,96 56,94 62,74 46,62 24,64 8,72",
    )),
    Style(6, 0.4, (
        "40,2 24,30 16,52 30,74 40,90 66,92 76,84 54,78 34,88 14,98",
        "50,0 30,28 18,54 22,80 38,96 66,94 74,82 56,74 34,82 18,94",
    )),
    # plain; crossed; with a serif; wavy; rounded; hooked and crossed; long serif
    Style(7, 7.5, (
        "10,6 48,5 86,4! 66,32 50,62 42,100",
        "14,10 50,6 80,4! 66,36 50,68 36,100",
        "6,8 46,6 84,6! 76,36 68,66 62,100",
        "20,4 46,6 74,8! 60,36 40,66 22,100",
    )),
    Style(7, 2.5, (
        "10,6 48,5 86,4! 66,32 50,62 40,100 / 30,52 54,51 80,50",
        "12,8 48,6 84,4! 70,32 56,62 46,100 / 38,48 60,46 84,42",
        "20,6 44,6 68,4! 60,32 50,62 42,100 / 10,58 50,54 92,50",
    )),
    Style(7, 3, (
        "12,24 12,5! 48,5 86,4! 66,32 50,62 42,100",
        "14,16 12,6! 48,6 84,4! 68,32 52,66 40,100",
        "18,44 20,10! 50,8 80,4! 70,36 58,66 50,100",
    )),
    Style(7, 1.5, (
        "8,14 28,4 58,10 90,3! 66,36 50,66 44,100",
        "6,18 20,6 56,12 86,4! 70,36 58,66 54,100",
    )),
    Style(7, 3, (
        "8,16 40,4 76,4 80,22 58,56 46,100",
        "10,22 38,6 70,6 78,24 64,58 56,100",
        "16,10 44,2 72,10 74,32 56,66 26,98",
    )),
    Style(7, 2.5, (
        "14,22 24,6 48,12 76,4! 60,36 46,68 40,100 / 10,56 46,54 86,48",
        "26,16 36,2 50,8 68,2! 58,34 48,68 46,100 / 8,50 48,50 94,46",
        "4,24 20,8 50,8 84,6! 66,38 52,68 50,100 / 26,54 52,50 80,50",
        "14,20 28,6 50,12 74,4! 62,36 52,66 50,98 / 4,68 48,62 92,58",
    )),
    # rounded, with a low, hooked bar; cornered, with such a bar; crossed in one stroke
    Style(7, 1.4, (
        "8,14 26,2 50,6 54,34 48,66 40,100 / 22,82 28,68 66,64",
        "10,8 40,1 70,6 60,36 46,68 32,100 / 14,80 26,66 72,62",
        "6,22 22,3 44,8 48,36 48,68 46,100 / 18,76 30,68 84,70",
        "20,20 36,2 58,8 56,34 44,62 30,96 / 20,62 26,48 60,44",
    )),
    Style(7, 1.2, (
        "10,8 40,2 70,6! 62,38 50,68 38,100 / 20,84 24,70 70,66",
        "14,14 24,2 56,4! 52,36 50,68 48,100 / 26,76 34,68 80,64",
        "6,6 40,4 60,10! 52,40 52,70 54,100 / 90,78 60,70 34,68",
    )),
    Style(7, 0.4, (
        "4,6 34,4 54,16 48,52 34,98! 60,70 40,66 6,62",
        "10,12 40,4 66,8 58,48 42,98! 66,72 44,64 10,66",
    )),
    # from the top right; from the top; two circles; open topped; small top, large bottom and the reverse
    Style(8, 4, (
        "74,14 50,1 26,16 38,42 66,62 72,86 46,99 24,84 36,58 64,38 74,10",
        "80,16 54,1 24,12 30,38 60,58 74,84 44,99 16,84 30,58 68,38 82,12",
        "66,12 52,1 36,14 40,40 60,62 64,86 46,99 32,84 40,60 60,40 66,14",
    )),
    Style(8, 3, (
        "50,1 28,12 28,34 50,48 74,66 72,90 48,99 24,88 26,66 50,48 72,32 72,12 50,1",
        "54,1 34,10 30,30 50,44 66,64 64,90 44,99 24,88 28,64 54,44 74,28 74,8 52,1",
        "60,2 36,10 34,34 52,50 64,72 54,94 34,98 20,86 28,68 52,50 78,32 82,10 60,2",
    )),
    Style(8, 2, (
        "50,1 28,10 26,36 50,47 74,36 72,10 50,1 / 50,47 22,58 20,88 50,99 80,88 78,58 50,47",
        "50,1 34,10 34,36 50,45 66,36 66,10 50,1 / 50,46 30,58 28,88 50,99 72,88 70,58 50,46",
    )),
    Style(8, 3, (
        "80,6 46,2 22,20 42,42 68,64 66,92 38,99 22,82 40,58 70,34 90,4",
        "74,2 44,4 28,20 46,42 64,64 58,92 34,98 24,82 42,56 70,32 96,10",
        "66,8 42,2 22,18 36,40 60,64 60,92 42,99 30,84 44,60 64,38 78,16",
        "70,2 50,6 44,20 52,38 60,60 54,90 40,98 34,86 42,60 56,36 74,4",
    )),
    Style(8, 2, (
        "66,18 50,4 34,16 42,34 74,58 80,86 46,99 12,84 24,54 58,36 70,16",
        "80,24 50,1 20,22 34,50 60,68 64,90 48,99 34,88 42,68 70,48 82,20",
    )),
    # from the left of its waist; collapsed top; from the far right; from the right of its waist
    Style(8, 0.6, (
        "10,50 38,50 62,74 36,99 8,86 20,58 56,22 56,4 32,4 10,16",
        "20,48 44,54 62,78 40,99 16,90 24,60 60,18 54,2 32,4 20,18",
        "30,28 46,52 64,78 44,99 22,86 36,56 66,20 58,2 36,4 22,16",
    )),
    Style(8, 0.4, (
        "66,4 34,12 26,50 22,96 36,88 54,50 78,6 84,0 64,2 46,6",
        "62,8 44,6 34,40 40,94 50,92 54,60 66,20 76,2 60,2 40,10",
        "66,6 30,20 20,56 30,96 46,94 46,70 56,36 80,4 64,2 44,4",
    )),
    Style(8, 0.7, (
        "90,4 64,2 34,26 12,70 28,98 56,94 66,70 48,40 38,20 62,4",
        "74,40 66,6 40,2 16,22 34,50 66,90 36,99 10,80 26,54 64,30",
        "92,10 70,2 34,10 20,30 40,56 56,86 36,99 18,86 30,54 60,20",
    )),
    Style(8, 0.4, (
        "58,28 70,4 46,4 42,30 44,64 34,98 12,90 24,64 50,60 76,62",
        "54,36 36,30 34,8 52,2 58,24 52,64 46,97 28,94 32,66 52,46",
    )),
    # straight tail; bent tail; long hook; loop not closed; circle and stem; small loop
    Style(9, 7, (
        "72,14 46,2 20,20 24,44 52,48 72,24 76,8! 72,50 68,100",
        "70,12 44,4 24,20 26,40 50,42 70,24 74,10! 66,52 56,100",
        "76,20 50,0 14,18 14,46 48,52 76,28 80,12! 78,56 76,100",
        "80,16 56,2 26,16 22,38 46,44 72,26 80,14! 58,56 30,100",
    )),
    Style(9, 3, (
        "70,12 46,2 20,20 26,46 54,46 72,20 74,40 66,76 46,100",
        "72,16 44,2 14,22 22,48 56,46 74,20 74,44 58,78 28,98",
    )),
    Style(9, 3, (
        "72,14 48,2 20,18 24,44 54,44 74,14! 78,52 60,92 16,92",
        "72,12 44,0 18,18 24,44 50,44 74,8! 74,50 62,90 22,96",
        "66,16 40,2 12,20 24,42 54,36 76,10! 82,52 64,92 26,84",
    )),
    Style(9, 6, (
        "72,10 40,4 16,28 30,48 60,36 74,6! 66,52 58,100",
        "60,6 30,4 14,26 32,44 58,34 72,4! 64,50 46,100",
        "56,2 30,12 20,34 36,46 60,34 76,8! 70,54 66,100",
        "78,10 40,8 12,34 30,46 60,36 80,12! 66,54 54,100",
        "74,4 36,10 16,32 26,46 50,40 76,6! 72,50 66,100",
    )),
    Style(9, 2, (
        "50,2 26,10 22,36 44,48 66,38 70,14 50,2 / 72,4 70,52 66,100",
        "54,4 30,8 20,32 40,46 68,36 72,14 52,2 / 74,2 66,54 54,100",
    )),
    Style(9, 2, (
        "66,8 50,2 36,12 38,28 54,32 66,18 70,8! 64,54 56,100",
        "70,14 54,2 34,10 30,28 48,34 66,22 72,10! 68,54 66,100",
    )),
    Style(9, 3, (
        "64,18 44,2 22,14 24,38 48,46 70,30 72,40 66,74 42,98 14,88",
        "58,12 38,4 18,18 28,40 54,40 74,30 78,52 64,84 36,100 8,92",
    )),
    Style(9, 2.5, (
        "64,14 42,2 20,18 30,40 56,36 74,8! 76,52 56,94! 34,94 8,92",
        "70,20 46,0 20,16 28,40 56,36 78,14! 72,62 50,94! 20,98 -10,96",
        "60,10 40,4 26,20 36,36 56,28 66,8! 70,54 56,90! 40,94 22,84",
    )),
    # curl over a wide hook; open curl over such a hook; begun at the right; flat loop; begun at its waist; from the
    # foot up; in two strokes
    Style(9, 1.6, (
        "56,12 40,2 30,14 46,26 60,18 52,12 66,40 86,72 70,92 6,98",
        "50,6 34,0 26,18 40,28 56,12 52,20 66,46 80,74 62,94 14,99",
        "70,8 44,2 20,16 30,34 48,24 54,14 62,40 76,70 58,96 4,92",
        "60,8 38,2 28,20 44,28 58,12 56,16 62,44 66,72 50,94 24,99",
    )),
    Style(9, 0.8, (
        "84,6 44,2 24,18 34,36 54,22! 68,50 78,72 64,92 2,92",
        "88,8 52,0 26,18 36,36 62,18! 76,50 70,80 44,98 4,98",
        "70,14 40,2 20,20 36,36 56,20! 60,46 62,72 46,94 14,98",
    )),
    Style(9, 0.5, (
        "78,36 42,38 8,32 22,10 38,0 48,24 46,62 42,100",
        "70,30 40,32 18,26 30,6 46,0 50,20 42,60 40,100",
        "60,28 42,36 16,30 24,8 46,2 56,18 54,62 54,100",
    )),
    Style(9, 0.6, (
        "88,4 64,2 40,10 54,16 84,2! 66,40 40,76 10,100",
        "84,10 60,2 40,14 56,20 88,4! 70,40 46,76 8,100",
        "74,6 50,6 34,18 48,24 76,6! 66,40 48,74 24,100",
    )),
    Style(9, 1, (
        "40,52 14,30 22,6 50,2 60,20 38,50 56,70 50,100",
        "44,40 20,34 20,10 46,0 62,16 46,40 58,62 46,100",
        "10,42 40,40 66,20 56,2 30,6 24,30 52,60 30,100",
    )),
    Style(9, 0.3, (
        "0,100 40,70 78,36 84,4 60,4 44,40 50,70 54,80",
        "10,100 44,72 72,36 72,6 52,2 40,28 50,48 66,40",
    )),
    Style(9, 0.7, (
        "28,8 60,6 64,40 44,56 36,36 42,22 / 42,22 62,40 56,80 16,100",
        "20,24 40,2 62,10 56,34 36,36 20,22 / 48,32 60,50 56,80 34,100",
    )),
)  # fmt: skip


def handwriting(count: int, seed: int, *, spread: float = 1.0, even_pen: bool = False) -> tuple[Bytes, Bytes]:
    """Write digits as many people would, framed as MNIST's are.

    Args:
        count: how many, 0 or more; each digit 0-9 comes equally often (to within one).
        seed: 0 or more; the same seed gives the same bytes.
        spread: how far writers and hands stray from their styles' examples. At 1 some digits are hardly readable: what
            is learned from them carries over to people; at 0 nothing strays.
        even_pen: whether all are written with a pen of `PEN_RADIUS`, as drawings are once they are framed.

    Returns:
        images: (count, 28, 28) uint8 in [0, 255], in random order; labels: (count,) uint8 in [0, 9].
    """
    rng = np.random.default_rng([VERSION, seed])
    writers = rng.standard_normal((max(1, count // DIGITS_PER_WRITER), len(HABITS)), np.float32)
    labels = rng.permutation(np.arange(count) % 10).astype(np.uint8)
    images = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)

    def write(block: tuple[int, int, NDArray[np.intp]]) -> None:
        style, number, places = block
        own_rng = np.random.default_rng([VERSION, seed, style, number])  # whichever thread comes first
        images[places] = _written(STYLES[style], len(places), writers, own_rng, spread, even_pen)

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(write, _blocks(labels, rng)))
    return images, labels


def _blocks(labels: Bytes, rng: np.random.Generator) -> Iterator[tuple[int, int, NDArray[np.intp]]]:
    """Yield a style, a number and the places of the images to be written in that style, at most `BLOCK` at a time."""
    for digit in range(10):
        styles = [i for i, style in enumerate(STYLES) if style.digit == digit]
        shares = np.array([STYLES[i].share for i in styles])
        places = np.flatnonzero(labels == digit)
        chosen = rng.choice(styles, len(places), p=shares / shares.sum())
        for style in styles:
            mine = places[chosen == style]
            yield from ((style, start, mine[start : start + BLOCK]) for start in range(0, len(mine), BLOCK))


def _written(
    style: Style, count: int, writers: Floats, rng: np.random.Generator, spread: float, even_pen: bool
) -> Bytes:
    """Write a digit in one style: (count, 28, 28) uint8."""
    habit = {name: spread * value for name, value in habits(count, writers, rng, even_pen).items()}
    points = jittered(style, count, rng, habit["reach"], spread)
    haste = np.clip(MEAN_HASTE + habit["haste"], -0.5, 1)[:, :, None]
    return drawn(bent(style.pen @ points + haste * (style.shortcut @ points), habit), habit, rng, spread)


def habits(count: int, writers: Floats, rng: np.random.Generator, even_pen: bool) -> dict[str, Floats]:
    """The habits in which so many things are written: a writer's, and how the moment differs; each (count, 1)."""
    writer = writers[rng.integers(len(writers), size=count)]
    own = rng.standard_normal(writer.shape, np.float32)
    mixed = (0.8 * writer + 0.6 * own) * np.array(list(HABITS.values()), np.float32)
    habit = dict(zip(HABITS, mixed.T[:, :, None], strict=True))
    if even_pen:
        habit["thickness"] = np.zeros((count, 1), np.float32)
    return habit


def drawn(dots: Floats, habit: dict[str, Floats], rng: np.random.Generator, spread: float = 1.0) -> Bytes:
    """Draw dots with the writers' trembling hands and pens, framed as MNIST is: (count, k, 2) -> (count, 28, 28)."""
    dots = dots + spread * _wavering(dots.shape, habit, rng)
    radius: Floats = np.float32(PEN_RADIUS) * np.exp(habit["thickness"])
    low, high = dots.min(axis=1, keepdims=True), dots.max(axis=1, keepdims=True)
    side = (high - low).max(axis=2, keepdims=True)
    dots = (dots - (low + high) / 2) / side * (DIGIT_SIZE - 2 * radius[..., None]) + DIGIT_SIZE / 2
    portions = [slice(i, i + DRAWN_AT_ONCE) for i in range(0, len(dots), DRAWN_AT_ONCE)]
    boxes = np.concatenate([draw_points(dots[portion], radius[portion, 0]) for portion in portions])
    return np.rint(centred(boxes) * 255).astype(np.uint8)


def jittered(
    style: Style, count: int, rng: np.random.Generator, reach: Floats | float = 0.0, spread: float = 1.0
) -> Floats:
    """Mix the style's examples and let every stroke and point slip a little: control points (count, points, 2)."""
    shares = rng.standard_gamma(MIXING, (count, len(style.examples)), np.float32)
    shares /= shares.sum(axis=1, keepdims=True)
    points = np.tensordot(shares, style.skeletons, 1)
    points += rng.normal(0, spread * POINT_SLIP, points.shape).astype(np.float32)
    for stroke in style.strokes:
        part = points[:, stroke]
        middle = part.mean(axis=1, keepdims=True)
        size = np.exp(rng.normal(0, spread * STROKE_STRETCH, (count, 1, 2)))
        turn = rng.normal(0, spread * STROKE_TURN, (count, 1))
        away = (part - middle) * size
        turned = np.stack([away[..., 0] - turn * away[..., 1], away[..., 1] + turn * away[..., 0]], axis=2)
        points[:, stroke] = middle + turned + rng.normal(0, spread * STROKE_SLIP, (count, 1, 2))
        for end, before in ((stroke.start, stroke.start + 1), (stroke.stop - 1, stroke.stop - 2)):
            slip = reach + spread * rng.uniform(-END_SLIP, END_SLIP, (count, 1))
            points[:, end] += slip * (points[:, end] - points[:, before])
    return points


def bent(points: Floats, habit: dict[str, Floats]) -> Floats:
    """Bend digits as their writers do; (count, k, 2) -> same."""
    x, y = points[..., 0] * 2 - 1, points[..., 1] * 2 - 1
    x = x * np.exp(habit["width"])
    x, y = (
        x + habit["x_xx"] * x * x + habit["x_xy"] * x * y + habit["x_yy"] * y * y,
        y + habit["y_xx"] * x * x + habit["y_xy"] * x * y + habit["y_yy"] * y * y,
    )
    x = x - (MEAN_SLANT + habit["slant"]) * y
    return np.stack([x - habit["turn"] * y, y + habit["turn"] * x], axis=2)


def _wavering(shape: tuple[int, ...], habit: dict[str, Floats], rng: np.random.Generator) -> Floats:
    """Let the hand waver on its way: how far each dot of a line is moved; (count, dots, 2)."""
    count, dots, _ = shape
    travelled = np.arange(dots, dtype=np.float32)[:, None] * DOT_SPACING
    moved = np.zeros(shape, np.float32)
    for wavelength, away in ((4.0, TREMOR), (8.0, TREMOR), (16.0, SWAY), (32.0, SWAY)):  # pixels
        phase = rng.uniform(0, 2 * math.pi, (count, 1, 2)).astype(np.float32)
        size = np.abs(rng.normal(0, away, (count, 1, 2))).astype(np.float32)
        moved += size * np.sin(travelled * (2 * math.pi / wavelength) + phase)
    return moved * np.exp(habit["tremor"])[..., None]


def load_handwriting(
    count: int, seed: int, folder: Path | None = None, *, spread: float = 1.0, even_pen: bool = False
) -> tuple[Bytes, Bytes]:
    """Return `handwriting(count, seed)`, kept on disk for the next time in the place of older ones of this seed.

    Args:
        count: how many digits, 0 or more.
        seed: 0 or more.
        spread: as in `handwriting`.
        even_pen: as in `handwriting`.
        folder: where to keep them; by default `cache` in Inkling's home. A damaged file is written anew, and a folder
            that cannot be written to costs the time of writing the digits again, no more.

    Returns:
        images: (count, 28, 28) uint8; labels: (count,) uint8; both read-only.
    """
    path = _kept_at(count, seed, folder, spread, even_pen)
    size = count * IMAGE_SIZE**2
    content = b""
    with suppress(OSError):
        content = path.read_bytes()
    digest, body = content[:_DIGEST_SIZE], memoryview(content)[_DIGEST_SIZE:]
    if len(body) != size + count or sha256(body).digest() != digest:
        del content, body
        images, labels = handwriting(count, seed, spread=spread, even_pen=even_pen)
        images.flags.writeable = labels.flags.writeable = False
        with suppress(OSError):
            _keep(path, images, labels)
            _remove_older(path, seed)
        return images, labels
    values = np.frombuffer(body, np.uint8)
    return values[:size].reshape(count, IMAGE_SIZE, IMAGE_SIZE), values[size:]


def load_handwriting_part(
    count: int, seed: int, start: int, stop: int, folder: Path | None = None
) -> tuple[Bytes, Bytes]:
    """Return the digits from `start` to before `stop` of `load_handwriting(count, seed)`.

    The whole is made in a process of its own where it is not on disk yet, and checked as it is read: this process never
    holds more than the part, unless the folder cannot be written to.
    """
    part = _read_part(count, seed, start, stop, folder)
    if part is None:
        _make_in_a_process_of_its_own(count, seed, folder)
        part = _read_part(count, seed, start, stop, folder)
    if part is None:
        images, labels = load_handwriting(count, seed, folder)
        part = images[start:stop].copy(), labels[start:stop].copy()
    return part


def _read_part(count: int, seed: int, start: int, stop: int, folder: Path | None) -> tuple[Bytes, Bytes] | None:
    wanted = slice(start * IMAGE_SIZE**2, stop * IMAGE_SIZE**2)
    labelled = slice(count * IMAGE_SIZE**2 + start, count * IMAGE_SIZE**2 + stop)
    images, labels, position = bytearray(), bytearray(), 0
    with suppress(OSError), _kept_at(count, seed, folder, 1.0, False).open("rb") as file:
        digest, found = file.read(_DIGEST_SIZE), sha256()
        while piece := file.read(_PIECE):
            found.update(piece)
            for part, kept in ((wanted, images), (labelled, labels)):
                kept += piece[max(0, part.start - position) : max(0, part.stop - position)]
            position += len(piece)
        if position == count * (IMAGE_SIZE**2 + 1) and found.digest() == digest:
            parts = np.frombuffer(bytes(images), np.uint8), np.frombuffer(bytes(labels), np.uint8)
            return parts[0].reshape(-1, IMAGE_SIZE, IMAGE_SIZE), parts[1]
    return None


def _make_in_a_process_of_its_own(count: int, seed: int, folder: Path | None) -> None:
    """Seventy thousand digits take four times their 55 MB while they are made."""
    code = f"from core.digits.synthetic.handwriting import load_handwriting as load; load({count}, {seed}, FOLDER)"
    where = "None" if folder is None else f"__import__('pathlib').Path({str(folder)!r})"
    paths = os.pathsep.join(filter(None, [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH")]))
    with suppress(OSError):
        subprocess.run(
            [sys.executable, "-c", code.replace("FOLDER", where)],
            env=os.environ | {"PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            check=False,
        )


def _kept_at(count: int, seed: int, folder: Path | None, spread: float, even_pen: bool) -> Path:
    hand = f"{spread:g}{'-even' * even_pen}"
    return (folder or home() / "cache") / f"handwriting-v{VERSION}-{count}-{seed}-{hand}.bin"


_PIECE = 1 << 20  # bytes that are read at a time


def _keep(path: Path, images: Bytes, labels: Bytes) -> None:
    parts = [values.ravel().data for values in (images, labels)]
    digest = sha256()
    for part in parts:
        digest.update(part)
    write_whole(path, b"".join([digest.digest(), *parts]))


def _remove_older(path: Path, seed: int) -> None:
    """Leave `KEPT_FILES` of a seed's files: this one and the latest others.

    Whoever reads one of the others meanwhile reads it to its end, or on Windows keeps it there.
    """
    ours = re.compile(rf"handwriting-v\d+-\d+-{seed}-.+\.bin")
    others = [other for other in path.parent.iterdir() if ours.fullmatch(other.name) and other != path]
    ages = {}
    for other in others:
        with suppress(OSError):  # another process may have removed it
            ages[other] = other.stat().st_mtime_ns
    for other in sorted(ages, key=ages.__getitem__, reverse=True)[KEPT_FILES - 1 :]:
        with suppress(OSError):
            other.unlink()


_DIGEST_SIZE = sha256().digest_size
