"""The curves of several runs in one picture, to look at and to keep; and a run's history as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core.formatting import percent
from core.networks.history import BatchProgress, EpochResult
from core.reports.charts import MAX_ROWS, SERIES, Row, Spec, accuracy_curves, curve_rows, loss_curves

MOST = 6  # runs in one picture; more cannot be told apart
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")  # Vega's
_MARKERS = ("o", "s", "^", "D", "P", "v")  # the same, as matplotlib calls them
_PRINTED = ("#2446C8", "#B04A12", "#1B6E4B", "#7A2E8E", "#1D2433", "#5C6470")  # on white paper
MARKS = 5  # symbols along a curve
Axis = Literal["epoch", "seconds"]
Value = Literal["accuracy", "loss"]


@dataclass(frozen=True)
class Curve:
    """What a picture needs of one run.

    Attributes:
        name: by which it is told from the others; no two may be the same.
        seconds: that the run took; used where no point says when it was.
    """

    name: str
    points: Sequence[BatchProgress]
    history: Sequence[EpochResult]
    seconds: float = 0.0


def overlaid_rows(curves: Sequence[Curve]) -> list[Row]:
    """The rows of the overlaid charts: those of `charts.curve_rows` with run and seconds, at most `MAX_ROWS`."""
    rows: list[Row] = []
    for curve in curves:
        mine = curve_rows(curve.points, curve.history)
        places, seconds = _clock(curve)
        for series in SERIES:
            line = [row for row in mine if row["series"] == series]
            keep = np.linspace(0, len(line) - 1, min(len(line), MAX_ROWS // (2 * len(curves)))).round().astype(int)
            kept = [line[place] for place in keep]
            marked = set(np.linspace(0, len(kept) - 1, MARKS).round().astype(int).tolist())
            rows += [
                row
                | {"run": curve.name, "marked": place in marked}
                | {"seconds": round(float(np.interp(float(row["epoch"]), places, seconds)), 2)}
                for place, row in enumerate(kept)
            ]
    return rows


def overlaid_curves(curves: Sequence[Curve], value: Value, axis: Axis, colors: Sequence[str]) -> Spec:
    """Accuracy or loss of several runs, training solid and validation dashed, over epochs or over seconds.

    A run has a colour and a symbol, so that it can be told from the others without the one or the other.
    """
    names = [curve.name for curve in curves]
    rows = overlaid_rows(curves)
    end = max((float(row[axis]) for row in rows), default=1.0)
    alone: Spec = (accuracy_curves if value == "accuracy" else loss_curves)(1)
    x = alone["encoding"]["x"] | {"field": axis, "title": axis, "scale": {"domain": [0, end], "nice": False}}
    legend = {"labelColor": "currentColor", "orient": "top", "padding": 0, "offset": 2, "columns": 2}
    legend["labelLimit"] = 120 if len(names) > 1 else 260  # pixels
    run = {"field": "run", "type": "nominal", "title": None}
    color = run | {"scale": {"domain": names, "range": list(colors[: len(names)])}, "legend": legend}
    shape = run | {"scale": {"domain": names, "range": list(SHAPES[: len(names)])}, "legend": legend}
    dash = {
        "field": "series",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(SERIES), "range": [[1, 0], [5, 3]]},
        "legend": None,  # a sentence says it; two legends are wider than a phone
    }
    return {
        "encoding": {"x": x, "y": alone["encoding"]["y"], "color": color},
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 2, "clip": True},
                "encoding": {"strokeDash": dash, "detail": {"field": "series"}},
            },
            {
                "transform": [{"filter": "datum.marked"}],
                "mark": {"type": "point", "filled": True, "size": 50, "opacity": 1},
                "encoding": {"shape": shape},
            },
        ],
        "padding": alone["padding"],
    }


def overlay_sentence(curves: Sequence[Curve]) -> str:
    """Where the curves end: "Validation accuracy ends at 98.40 % (Fast) and 99.10 % (Script A)."."""
    ends = []
    for curve in curves:
        rows = curve_rows(curve.points, curve.history)
        if shown := [row for row in rows if row["series"] == SERIES[1]] or rows:
            measured = "" if shown[-1]["series"] == SERIES[1] else " of its training images"
            ends.append(f"{percent(float(shown[-1]['accuracy']))}{measured} ({curve.name})")
    if not ends:
        return "None of these runs has a curve yet."
    if len(curves) == 1:
        return f"The accuracy curve ends at {ends[0].removesuffix(f' ({curves[0].name})')}."
    if len(ends) == 1:
        return f"The accuracy curve ends at {ends[0]}."
    return f"The accuracy curves end at {', '.join(ends[:-1])} and {ends[-1]}."


def curves_figure(curves: Sequence[Curve], form: Literal["png", "svg"]) -> bytes:
    """Accuracy and loss side by side, as a file to keep; drawn with matplotlib on white paper."""
    from matplotlib.figure import Figure  # a second to import, and only who keeps a picture needs it
    from matplotlib.lines import Line2D

    figure = Figure(figsize=(10, 4), dpi=150, layout="constrained")
    panels = figure.subplots(1, 2)
    rows = overlaid_rows(curves)
    for axes, value in zip(panels, ("accuracy", "loss"), strict=True):
        named: list[tuple[Line2D, str]] = []
        for place, curve in enumerate(curves):
            for series, dashes in zip(SERIES, ("-", "--"), strict=True):
                line = [row for row in rows if row["run"] == curve.name and row["series"] == series]
                if line:
                    (drawn,) = axes.plot(
                        [row["epoch"] for row in line],
                        [row[value] for row in line],
                        dashes,
                        color=_PRINTED[place],
                        marker=_MARKERS[place],
                        markevery=[number for number, row in enumerate(line) if row["marked"]],
                    )
                    named.append((drawn, f"{curve.name}, {series}" if len(curves) > 1 else series))
        axes.set_xlabel("epoch")
        axes.set_ylabel(value)
        axes.grid(alpha=0.25)
        if value == "loss":
            axes.set_yscale("log")
        if named:  # given by hand, as a label that begins with "_" would be left out
            for words in axes.legend(*zip(*named, strict=True), frameon=False, fontsize=8).get_texts():
                words.set_parse_math(False)
    content = io.BytesIO()
    figure.savefig(content, format=form, metadata={"Date": None} if form == "svg" else None)
    return content.getvalue()


def history_csv(points: Sequence[BatchProgress], history: Sequence[EpochResult]) -> str:
    """A run's history as a table: a line for every epoch, before it the points within it.

    Within an epoch the values are those of the batches since the line before and, of validation, of 500 images; a
    finished epoch has Keras' means over the epoch and all validation images.
    """
    shared = ("epoch", "loss", "accuracy", "learning_rate", "validation_loss", "validation_accuracy")
    lines: list[dict[str, Any]] = [
        {"line": "within an epoch", "step": point.step, "seconds": point.seconds}
        | {name: getattr(point, name) for name in shared}
        for point in points
    ]
    lines += [{"line": "epoch"} | {name: getattr(result, name) for name in shared} for result in history]
    lines.sort(key=lambda line: (line["epoch"], line["line"] == "epoch"))
    content = io.StringIO()
    table = csv.DictWriter(content, ["line", "step", "seconds", *shared], lineterminator="\n")
    table.writeheader()
    table.writerows(lines)
    return content.getvalue()


def _clock(curve: Curve) -> tuple[list[float], list[float]]:
    """When each place was reached: epochs behind, and the seconds at that moment."""
    if not curve.points:
        return [0.0, float(max(len(curve.history), 1))], [0.0, curve.seconds]
    places = [point.epoch - 1 + point.step / point.steps for point in curve.points]
    return [0.0, *places], [0.0, *(point.seconds for point in curve.points)]
