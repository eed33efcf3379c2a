"""The charts of Learn's chapters: Vega-Lite specs without data, and the rows that they show.

As in `charts.py`, a spec names no colours, and every series is told apart without colour: by its dashes or its marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.lessons.descent import OPTIMIZERS, START, Overfitting, Steps, contour, valley, walk
from core.reports.charts import _AXIS, _FRAME, Row, Spec

DASHES = ([1, 0], [6, 3], [2, 2])
HEIGHTS = (0.25, 1, 2.5, 5, 9, 14)  # of the valley's contours
VALLEY_X, VALLEY_Y = (-5.0, 2.5), (-2.0, 2.0)  # what the chart shows of the valley
GRADIENTS_X, GRADIENTS_Y = (-0.5, 0.15), (-0.15, 0.4)  # what the chart shows of them


def lines(x: tuple[str, float, float], y: tuple[str, float, float], names: Sequence[str], *, is_log: bool) -> Spec:
    """Named curves over steps; rows have the fields "x", "y" and "series".

    Args:
        x: title of the axis, its least and its largest value.
        y: the same.
        names: of the series, at most three.
        is_log: whether the axis of y is logarithmic.
    """
    scale = {"domain": list(y[1:]), "nice": False, "clamp": True} | ({"type": "log"} if is_log else {})
    upright = _axis("y", *y) | {"scale": scale}
    upright["axis"] = upright["axis"] | {"format": "~g"}
    encoding = {
        "x": _axis("x", *x),
        "y": upright,
        "color": _series(names),
        "strokeDash": _series(names) | {"scale": {"domain": list(names), "range": [*DASHES[: len(names)]]}},
    }
    return {"mark": {"type": "line", "strokeWidth": 2, "clip": True}, "encoding": encoding, **_FRAME}


def curve_with_point(x: tuple[str, float, float], y: tuple[str, float, float]) -> Spec:
    """One curve, and a large point on it; rows have the fields "x", "y" and "marked"."""
    encoding = {"x": _axis("x", *x), "y": _axis("y", *y)}
    return {
        "encoding": encoding,
        "layer": [
            {"transform": [{"filter": "!datum.marked"}], "mark": {"type": "line", "strokeWidth": 2, "clip": True}},
            {
                "transform": [{"filter": "datum.marked"}],
                "mark": {"type": "point", "filled": True, "size": 160, "opacity": 1},
            },
        ],
        **_FRAME,
    }


def curve_rows(x: np.ndarray, y: np.ndarray, point: tuple[float, float]) -> list[Row]:
    """The rows of `curve_with_point`."""
    curve: list[Row] = [{"x": float(a), "y": float(b), "marked": False} for a, b in zip(x, y, strict=True)]
    return [*curve, {"x": point[0], "y": point[1], "marked": True}]


def series_rows(x: np.ndarray, series: Mapping[str, np.ndarray], least: float = -np.inf) -> list[Row]:
    """The rows of `lines`; values below the least are lifted to it, as a logarithmic axis has no zero."""
    return [
        {"x": float(place), "y": max(float(value), least), "series": name}
        for name, values in series.items()
        for place, value in zip(x, values, strict=True)
    ]


def probability_bars() -> Spec:
    """Ten bars; rows have the fields "digit" and "probability"."""
    encoding = {
        "y": {"field": "digit", "type": "nominal", "title": "digit", "axis": _AXIS | {"ticks": False, "domain": False}},
        "x": _axis("probability", "probability", 0, 1) | {"axis": _AXIS | {"format": ".0%", "tickCount": 5}},
    }
    return {"mark": {"type": "bar", "cornerRadiusEnd": 2}, "encoding": encoding, **_FRAME}


def valley_walks() -> Spec:
    """The valley's contours, and three paths down it, each with its own dashes and marks; rows as in `walk_rows`."""
    names = list(OPTIMIZERS)
    series = _series(names)
    series["legend"] |= {"symbolDash": [1, 0], "symbolStrokeWidth": 0}  # marks, which dashes would fray
    dash = series | {"scale": {"domain": names, "range": [*DASHES]}}
    shape = series | {"scale": {"domain": names, "range": ["circle", "square", "triangle-up"]}}
    path = {"order": {"field": "step", "type": "quantitative"}, "color": series}
    return {
        "encoding": {"x": _axis("x", "along the valley", *VALLEY_X), "y": _axis("y", "across", *VALLEY_Y)},
        "layer": [
            {
                "transform": [{"filter": "datum.kind == 'contour'"}],
                "mark": {"type": "line", "stroke": "currentColor", "strokeWidth": 1, "opacity": 0.3, "clip": True},
                "encoding": {"detail": {"field": "series"}, "order": {"field": "step"}},
            },
            {
                "transform": [{"filter": "datum.kind == 'path'"}],
                "mark": {"type": "line", "strokeWidth": 2, "clip": True},
                "encoding": path | {"strokeDash": dash},
            },
            {
                "transform": [{"filter": "datum.kind == 'path' && datum.step % 5 == 0"}],
                "mark": {"type": "point", "filled": True, "size": 45, "opacity": 1, "clip": True},
                "encoding": path | {"shape": shape},
            },
        ],
        **_FRAME,
    }


def walk_rows(paths: Mapping[str, np.ndarray]) -> list[Row]:
    """The rows of `valley_walks`: contours and paths; a path ends where it has left the picture for good."""
    rows: list[Row] = []
    for height in HEIGHTS:
        rows += _path_rows("contour", f"{height:g}", contour(height, 25))
    for name, path in paths.items():
        outside = np.flatnonzero(np.abs(path).max(axis=1) > 50)
        rows += _path_rows("path", name, path[: outside[0] if len(outside) else None])
    return rows


def walks(learning_rate: float, momentum: float) -> dict[str, np.ndarray]:
    """The path of each optimiser, by its name."""
    return {name: walk(name, learning_rate, momentum) for name in OPTIMIZERS}


def walk_sentence(paths: Mapping[str, np.ndarray]) -> str:
    """How high above the floor each optimiser ends: "After 60 steps SGD is at height 0.0012, ..."."""
    start = float(valley(np.array(START)))
    ends = {name: float(valley(path[-1])) for name, path in paths.items()}
    told = [f"{name} {'has flown out of it' if end > start else 'is ' + _height(end)}" for name, end in ends.items()]
    steps = len(next(iter(paths.values()))) - 1
    lowest, second = sorted(ends, key=ends.__getitem__)[:2]
    nearest = f"; {lowest} is nearest to the floor" if _height(ends[second]) != _height(ends[lowest]) else ""
    return f"All start at height {start:.3g}. After {steps} steps {told[0]}, {told[1]} and {told[2]}{nearest}."


def _height(value: float) -> str:
    return f"at height {value:.2g}" if value >= 0.001 else "below height 0.001"


def gradient_cloud() -> Spec:
    """Gradients of batches as points, and that of all images as a cross; rows as in `gradient_rows`."""
    names = ["a batch", "all images"]
    mark = _series(names)
    return {
        "mark": {"type": "point", "filled": True, "opacity": 0.7, "clip": True},
        "encoding": {
            "x": _axis("x", "slope for the weight of the middle", *GRADIENTS_X),
            "y": _axis("y", "for the weight of the ring", *GRADIENTS_Y),
            "color": mark,
            "shape": mark | {"scale": {"domain": names, "range": ["circle", "cross"]}},
            "size": mark | {"scale": {"domain": names, "range": [35, 260]}, "legend": None},
        },
        **_FRAME,
    }


def gradient_rows(steps: Steps) -> list[Row]:
    """The rows of `gradient_cloud`."""
    named = [("a batch", point) for point in steps.batches] + [("all images", steps.full)]
    return [{"x": float(x), "y": float(y), "series": name} for name, (x, y) in named]


def overfitting_sentence(result: Overfitting) -> str:
    """What the two losses did, in a sentence."""
    least, last = result.validation.min(), result.validation[-1]
    told = f"Training loss sinks to {result.training[-1]:#.2g}. "
    told += f"Validation loss is lowest after step {result.best}, {least:#.3g}"
    if result.rise < 1.03:
        return f"{told}, and stays there: hardly any overfitting."
    return f"{told}, and has risen to {last:#.3g} at the end: from step {result.best} on the network overfits."


def _path_rows(kind: str, name: str, path: np.ndarray) -> list[Row]:
    return [
        {"kind": kind, "series": name, "step": step, "x": round(float(x), 4), "y": round(float(y), 4)}
        for step, (x, y) in enumerate(path)
    ]


def _axis(field: str, title: str, least: float, most: float) -> dict[str, Any]:
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": {"domain": [least, most], "nice": False},
        "axis": _AXIS | {"tickCount": 5, "format": "~f", "grid": False},
    }


def _series(names: Sequence[str]) -> dict[str, Any]:
    return {
        "field": "series",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(names)},
        "legend": {"labelColor": "currentColor", "offset": 2, "orient": "top", "padding": 0, "symbolSize": 200},
    }
