"""The curves of several runs in one chart, to look at and to download; and a run's history as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core.formatting import percent
from core.networks.history import BatchProgress, EpochResult
from core.reports.charts import MAX_ROWS, SERIES, accuracy_curves, curve_rows, epochs_done, evenly, loss_curves
from core.reports.vega import DASHES, LINE, POINT, Row, Spec, category, where

MOST = 6  # runs in one chart; more could not be told apart
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")  # Vega's
_MARKERS = ("o", "s", "^", "D", "P", "v")  # the same, as matplotlib calls them
_PRINTED = ("#2446C8", "#B04A12", "#1B6E4B", "#7A2E8E", "#1D2433", "#5C6470")  # on white paper
MARKS = 5  # symbols along a curve
Axis = Literal["epoch", "seconds"]
Value = Literal["accuracy", "loss"]


@dataclass(frozen=True)
class Curve:
    """What a chart needs of one run.

    Attributes:
        name: the run's name, different from those of the other runs.
        points: measured within its epochs.
        history: one result for each finished epoch.
        seconds: how long the run took; used where there are no points, which say when they were measured.
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
        epochs, seconds = _clock(curve)
        for series in SERIES:
            line = [row for row in mine if row["series"] == series]
            kept = [line[index] for index in evenly(len(line), MAX_ROWS // (2 * len(curves)))]
            marked = evenly(len(kept), MARKS)
            rows += [
                row
                | {"run": curve.name, "marked": index in marked}
                | {"seconds": round(float(np.interp(float(row["epoch"]), epochs, seconds)), 2)}
                for index, row in enumerate(kept)
            ]
    return rows


def overlaid_curves(curves: Sequence[Curve], value: Value, axis: Axis, colors: Sequence[str]) -> Spec:
    """Accuracy or loss of several runs, training solid and validation dashed, over epochs or over seconds.

    A run has a colour and a symbol, either of which tells it from the others.
    """
    names = [curve.name for curve in curves]
    rows = overlaid_rows(curves)
    end = max((float(row[axis]) for row in rows), default=1.0)
    alone: Spec = (accuracy_curves if value == "accuracy" else loss_curves)(1)
    x = alone["encoding"]["x"] | {"field": axis, "title": axis, "scale": {"domain": [0, end], "nice": False}}
    legend: Spec = {"columns": 2, "labelLimit": 120 if len(names) > 1 else 260}  # the limit is in pixels
    # The dashes have no legend: a sentence explains them, and two legends are wider than a phone.
    dash = category("series", SERIES, DASHES) | {"legend": None}
    shape = category("run", names, SHAPES, **legend)
    return alone | {
        "encoding": {"x": x, "y": alone["encoding"]["y"], "color": category("run", names, colors, **legend)},
        "layer": [
            {"mark": LINE, "encoding": {"strokeDash": dash, "detail": {"field": "series"}}},
            where("datum.marked", POINT | {"size": 50}, {"shape": shape}),
        ],
    }


def overlay_sentence(curves: Sequence[Curve]) -> str:
    """Say where the accuracy curves end: 98.40 % (Fast) and 99.10 % (Script A)."""
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
    """Accuracy and loss side by side, as a file to download; drawn with matplotlib on white paper."""
    from matplotlib.figure import Figure  # takes a second to import, and only a download needs it
    from matplotlib.lines import Line2D

    figure = Figure(figsize=(10, 4), dpi=150, layout="constrained")
    panels = figure.subplots(1, 2)
    rows = overlaid_rows(curves)
    for axes, value in zip(panels, ("accuracy", "loss"), strict=True):
        named: list[tuple[Line2D, str]] = []
        for index, curve in enumerate(curves):
            for series, dashes in zip(SERIES, ("-", "--"), strict=True):
                line = [row for row in rows if row["run"] == curve.name and row["series"] == series]
                if line:
                    (drawn,) = axes.plot(
                        [row["epoch"] for row in line],
                        [row[value] for row in line],
                        dashes,
                        color=_PRINTED[index],
                        marker=_MARKERS[index],
                        markevery=[number for number, row in enumerate(line) if row["marked"]],
                    )
                    named.append((drawn, f"{curve.name}, {series}" if len(curves) > 1 else series))
        axes.set_xlabel("epoch")
        axes.set_ylabel(value)
        axes.grid(alpha=0.25)
        if value == "loss":
            axes.set_yscale("log")
        if named:  # passed explicitly, because matplotlib leaves out labels that begin with "_"
            for words in axes.legend(*zip(*named, strict=True), frameon=False, fontsize=8).get_texts():
                words.set_parse_math(False)
    content = io.BytesIO()
    figure.savefig(content, format=form, metadata={"Date": None} if form == "svg" else None)
    return content.getvalue()


def history_csv(points: Sequence[BatchProgress], history: Sequence[EpochResult]) -> str:
    """A run's history as CSV: a line for every epoch, after the lines of the points within it.

    Within an epoch, training values are means over the batches since the previous line, and validation values are of
    500 images; a finished epoch has Keras' means over the epoch and validation values of all validation images.
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
    """The epochs done at each point of a run, and the seconds at which they were done."""
    if not curve.points:
        return [0.0, float(max(len(curve.history), 1))], [0.0, curve.seconds]
    return [0.0, *map(epochs_done, curve.points)], [0.0, *(point.seconds for point in curve.points)]
