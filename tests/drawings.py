"""Drawings for tests, as strokes and as the JSON that the canvas writes."""

import json
import math
from itertools import pairwise

import numpy as np

from core.digits.preprocessing import IMAGE_SIZE, averaged, drawn_sheet

SEVEN = [np.array([(80, 60), (140, 57), (200, 60), (178, 103), (150, 160), (130, 230)], float)]
CROSSED_SEVEN = [*SEVEN, np.array([(115, 150), (150, 147), (190, 149)], float)]
ZERO = [np.array([(140 + 45 * math.sin(t), 140 - 80 * math.cos(t)) for t in np.linspace(0, 6.2, 60)])]
ONE = [np.array([(140, 40), (140, 240)], float)]  # symmetric: its centre of mass is an exact half
SLANTED_ONE = [np.array([(150, 43), (131, 240)], float)]
DIGITS = (SEVEN, CROSSED_SEVEN, ZERO, ONE, SLANTED_ONE)


def fabric_bounds(path):
    """Measure a path as Fabric does: a quadratic curve is taken for the cubic with its control point twice."""
    t = np.linspace(0, 1, 1000)[:, None]
    end, points = None, []
    for _, *values in path:
        control, target = np.array(values[:2]), np.array(values[-2:])
        if end is not None and len(values) == 4:
            points.append((1 - t) ** 3 * end + 3 * t * (1 - t) * control + t**3 * target)
        points.append(target[None])
        end = target
    points = np.concatenate(points)
    return points.min(axis=0), points.max(axis=0)


def fabric_path(stroke, **changes):
    """Write a stroke the way Fabric's pencil does; `changes` are what its edit mode changes."""
    path = [["M", *stroke[0]]]
    path += [["Q", *a, *((a + b) / 2)] for a, b in pairwise(stroke)]
    path.append(["L", *stroke[-1]])
    path = json.loads(json.dumps(path))
    (left, top), (right, bottom) = fabric_bounds(path)
    placed = {
        "type": "Path", "version": "7.4.0", "originX": "center", "originY": "center",
        "left": (left + right) / 2, "top": (top + bottom) / 2, "width": right - left, "height": bottom - top,
        "fill": None, "stroke": "#ffffff", "strokeWidth": 18, "scaleX": 1, "scaleY": 1, "angle": 0,
        "flipX": False, "flipY": False, "skewX": 0, "skewY": 0, "path": path,
    }  # fmt: skip
    return {**placed, **changes}


def canvas(strokes, **changes):
    return {"version": "7.4.0", "objects": [fabric_path(stroke, **changes) for stroke in strokes]}


def naive_resize(strokes, pen_width):
    """The whole sheet shrunk to 28x28, as most demos do: (28, 28) float32, its maximum 1 unless it is blank."""
    image = averaged(drawn_sheet(strokes, pen_width), IMAGE_SIZE)
    return image / (image.max() or np.float32(1))
