"""Drawings for tests, as strokes and as the JSON that the canvas writes."""

import math

import numpy as np

from core.digits.preprocessing import IMAGE_SIZE, averaged, drawn_sheet

SEVEN = [np.array([(80, 60), (140, 57), (200, 60), (178, 103), (150, 160), (130, 230)], float)]
CROSSED_SEVEN = [*SEVEN, np.array([(115, 150), (150, 147), (190, 149)], float)]
ZERO = [np.array([(140 + 45 * math.sin(t), 140 - 80 * math.cos(t)) for t in np.linspace(0, 6.2, 60)])]
ONE = [np.array([(140, 40), (140, 240)], float)]  # symmetric: its centre of mass is an exact half
SLANTED_ONE = [np.array([(150, 43), (131, 240)], float)]
DIGITS = (SEVEN, CROSSED_SEVEN, ZERO, ONE, SLANTED_ONE)


def fabric_path(stroke, **changes):
    """Write a stroke the way Fabric's pencil does; `changes` are what its edit mode changes."""
    middles = (stroke[:-1] + stroke[1:]) / 2
    path = [["M", *stroke[0].tolist()]]
    path += [["Q", *point, *middle] for point, middle in zip(stroke[:-1].tolist(), middles.tolist(), strict=True)]
    path.append(["L", *stroke[-1].tolist()])
    low, high = _fabric_bounds(stroke, middles)
    (left, top), (width, height) = ((low + high) / 2).tolist(), (high - low).tolist()
    placed = {
        "type": "Path", "version": "7.4.0", "originX": "center", "originY": "center",
        "left": left, "top": top, "width": width, "height": height, "fill": None, "stroke": "#ffffff",
        "strokeWidth": 18, "strokeLineCap": "round", "strokeLineJoin": "round", "scaleX": 1, "scaleY": 1, "angle": 0,
        "flipX": False, "flipY": False, "skewX": 0, "skewY": 0, "path": path,
    }  # fmt: skip
    return {**placed, **changes}


def _fabric_bounds(points, middles):
    """Measure a path as Fabric does: it takes a quadratic curve for the cubic that has its control point twice."""
    t = np.linspace(0, 1, 65)[:, None, None]
    starts = np.concatenate([points[:1], middles[:-1]])
    curves = (1 - t) ** 3 * starts + 3 * t * (1 - t) * points[:-1] + t**3 * middles
    outline = np.concatenate([curves.reshape(-1, 2), points[-1:]])
    return outline.min(axis=0), outline.max(axis=0)


def canvas(strokes, **changes):
    return {"version": "7.4.0", "objects": [fabric_path(stroke, **changes) for stroke in strokes]}


def naive_resize(strokes, pen_width):
    """The whole sheet shrunk to 28x28, as most demos do: (28, 28) float32, its maximum 1 unless it is blank."""
    image = averaged(drawn_sheet(strokes, pen_width), IMAGE_SIZE)
    return image / (image.max() or np.float32(1))
