"""The charts of Learn's chapters: Vega-Lite specs without data, the rows that they show, and sentences about them.

Every series can be told from the others without colour, by its dashes or its marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.lessons.descent import OPTIMIZERS, START, BatchGradients, Overfitting, contour, valley, walk
from core.reports.vega import AXIS, DASHES, FRAME, LINE, POINT, Row, Spec, category, quantity, share, where

Axis = tuple[str, float, float]  # title, lowest and highest value
HEIGHTS = (0.25, 1, 2.5, 5, 9, 14)  # of the valley's contours
VALLEY_X, VALLEY_Y = (-5.0, 2.5), (-2.0, 2.0)  # the part of the valley that the chart shows
GRADIENTS_X, GRADIENTS_Y = (-0.5, 0.15), (-0.15, 0.4)  # the part of the gradients' plane that the chart shows
GRADIENTS = ("a batch", "all images")


def lines(x: Axis, y: Axis, names: Sequence[str]) -> Spec:
    """At most three named curves on a logarithmic axis; rows as in `line_rows`."""
    encoding = {
        "x": _quantity("x", *x),
        "y": _quantity("y", *y, scale={"type": "log", "clamp": True}, format="~g"),
        "color": _category(names),
        "strokeDash": _category(names, DASHES),
    }
    return {"mark": LINE, "encoding": encoding, **FRAME}


def line_rows(x: np.ndarray, series: Mapping[str, np.ndarray], least: float) -> list[Row]:
    """The rows of `lines`; smaller values are raised to `least`, because a logarithmic axis has no zero."""
    return [
        {"x": float(at), "y": max(float(value), least), "series": name}
        for name, values in series.items()
        for at, value in zip(x, values, strict=True)
    ]


def curve_with_point(x: Axis, y: Axis) -> Spec:
    """A curve with a large point on it; rows as in `curve_with_point_rows`."""
    return {
        "encoding": {"x": _quantity("x", *x), "y": _quantity("y", *y)},
        "layer": [where("!datum.marked", LINE), where("datum.marked", POINT | {"size": 160})],
        **FRAME,
    }


def curve_with_point_rows(x: np.ndarray, y: np.ndarray, point: tuple[float, float]) -> list[Row]:
    """The rows of `curve_with_point`: those of the curve, and the point."""
    curve: list[Row] = [{"x": float(a), "y": float(b), "marked": False} for a, b in zip(x, y, strict=True)]
    return [*curve, {"x": point[0], "y": point[1], "marked": True}]


def probability_bars() -> Spec:
    """Ten bars; rows have the fields "digit" and "probability"."""
    probability = share("probability", "probability", grid=False)
    axis = AXIS | {"ticks": False, "domain": False}
    digit = {"field": "digit", "type": "nominal", "title": "digit", "axis": axis}
    return {"mark": {"type": "bar", "cornerRadiusEnd": 2}, "encoding": {"y": digit, "x": probability}, **FRAME}


def valley_walks() -> Spec:
    """The valley's contours and three paths down it, each with its own dashes and marks; rows as in `walk_rows`."""
    legend: Spec = {"symbolDash": [1, 0], "symbolStrokeWidth": 0}  # shows the marks, which dashes would fray
    shapes = ("circle", "square", "triangle-up")
    path = {"order": {"field": "step", "type": "quantitative"}, "color": _category(OPTIMIZERS, **legend)}
    dashed = path | {"strokeDash": _category(OPTIMIZERS, DASHES, **legend)}
    marked = path | {"shape": _category(OPTIMIZERS, shapes, **legend)}
    line = LINE | {"stroke": "currentColor", "strokeWidth": 1, "opacity": 0.3}
    return {
        "encoding": {"x": _quantity("x", "along the valley", *VALLEY_X), "y": _quantity("y", "across", *VALLEY_Y)},
        "layer": [
            where("datum.kind == 'contour'", line, {"detail": {"field": "series"}, "order": {"field": "step"}}),
            where("datum.kind == 'path'", LINE, dashed),
            where("datum.kind == 'path' && datum.step % 5 == 0", POINT | {"size": 45, "clip": True}, marked),
        ],
        **FRAME,
    }


def walks(learning_rate: float, momentum: float) -> dict[str, np.ndarray]:
    """The path of each optimiser, by its name."""
    return {name: walk(name, learning_rate, momentum) for name in OPTIMIZERS}


def walk_rows(paths: Mapping[str, np.ndarray]) -> list[Row]:
    """The rows of `valley_walks`: contours and paths; a path ends where it leaves the valley for good."""
    rows = [row for height in HEIGHTS for row in _path_rows("contour", f"{height:g}", contour(height, 25))]
    for name, path in paths.items():
        outside = np.flatnonzero(np.abs(path).max(axis=1) > 50)
        rows += _path_rows("path", name, path[: outside[0] if len(outside) else None])
    return rows


def walk_sentence(paths: Mapping[str, np.ndarray]) -> str:
    """Say at which height each optimiser ends: "After 60 steps SGD is at height 0.0012, ..."."""
    start = float(valley(np.array(START)))
    ends = {name: float(valley(path[-1])) for name, path in paths.items()}
    said = [f"{name} {'has flown out of it' if end > start else 'is ' + _height(end)}" for name, end in ends.items()]
    steps = len(next(iter(paths.values()))) - 1
    lowest, second = sorted(ends, key=ends.__getitem__)[:2]
    nearest = f"; {lowest} is nearest to the lowest point" if _height(ends[second]) != _height(ends[lowest]) else ""
    return f"All start at height {start:.3g}. After {steps} steps {said[0]}, {said[1]} and {said[2]}{nearest}."


def gradient_cloud() -> Spec:
    """Gradients of batches as dots, and the gradient of all images as a cross; rows as in `gradient_rows`."""
    return {
        "mark": POINT | {"opacity": 0.7, "clip": True},
        "encoding": {
            "x": _quantity("x", "slope for the weight of the middle", *GRADIENTS_X),
            "y": _quantity("y", "for the weight of the ring", *GRADIENTS_Y),
            "color": _category(GRADIENTS),
            "shape": _category(GRADIENTS, ("circle", "cross")),
            "size": _category(GRADIENTS, (35, 260)) | {"legend": None},
        },
        **FRAME,
    }


def gradient_rows(gradients: BatchGradients) -> list[Row]:
    """The rows of `gradient_cloud`."""
    batch, all_images = GRADIENTS
    points = [(batch, point) for point in gradients.batches] + [(all_images, gradients.full)]
    return [{"x": float(x), "y": float(y), "series": name} for name, (x, y) in points]


def overfitting_sentence(result: Overfitting) -> str:
    """Describe both losses, and say from which step on the network overfits."""
    training, lowest, last = result.training[-1], result.validation.min(), result.validation[-1]
    losses = (
        f"Training loss falls to {training:#.2g}. Validation loss is lowest after step {result.best}, {lowest:#.3g}"
    )
    if result.rise < 1.03:
        return f"{losses}, and stays there: hardly any overfitting."
    return f"{losses}, and has risen to {last:#.3g} at the end: from step {result.best} on the network overfits."


def _height(value: float) -> str:
    return f"at height {value:.2g}" if value >= 0.001 else "below height 0.001"


def _path_rows(kind: str, name: str, path: np.ndarray) -> list[Row]:
    return [
        {"kind": kind, "series": name, "step": step, "x": round(float(x), 4), "y": round(float(y), 4)}
        for step, (x, y) in enumerate(path)
    ]


def _quantity(field: str, title: str, low: float, high: float, **more: Any) -> Spec:
    axis: Spec = {"tickCount": 5, "format": "~f", "grid": False}
    return quantity(field, title, low, high, **(axis | more))


def _category(names: Sequence[str], values: Sequence[Any] = (), **legend: Any) -> Spec:
    return category("series", names, values, symbolSize=200, **legend)
