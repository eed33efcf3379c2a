"""Results as charts: Vega-Lite specs, the rows that they show, a sentence beside each; and figures of images.

A spec depends on the recipe alone. While a run is live only the rows change, which redraws a chart in place; a changed
spec would mount it again and make it flicker.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from core.formatting import certainty, loss_text, percent
from core.insight.metrics import Bin, accuracy_interval
from core.networks.history import BatchProgress, EpochResult
from core.reports.vega import DASHES, FRAME, LINE, POINT, Row, Spec, category, quantity, share, where

SERIES = ("training", "validation")
MAX_ROWS = 300  # of one chart; a screen cannot show more
ACCURACY_STRETCH = 3  # exponent of the accuracy axis: 80 to 100 % takes half of it, and 50 % is still visible
LOSS_RANGE = (0.001, 3)  # a guess among ten digits costs 2.3
LEAST_LOSS = 1e-4  # a logarithmic axis has no zero
RISING = 0.001  # a change of validation accuracy that is worth the word

_INK, _PAPER, _ACCENT = "#1D2433", "#FFFFFF", "#2446C8"  # of figures that are downloaded: the light theme


def accuracy_curves(epochs: int) -> Spec:
    """Accuracy of training (solid) and validation (dashed, with marks) over so many epochs."""
    stretch = {"type": "pow", "exponent": ACCURACY_STRETCH}
    ticks = [0, 0.5, 0.8, 0.9, 0.95, 1]
    return _curves(quantity("accuracy", "accuracy", 0, 1, scale=stretch, values=ticks, format=".0%"), epochs)


def loss_curves(epochs: int) -> Spec:
    """Loss of training (solid) and validation (dashed, with marks) over so many epochs, on a logarithmic axis."""
    scale = {"type": "log", "clamp": True}
    ticks = [0.001, 0.01, 0.03, 0.1, 0.3, 1]
    return _curves(quantity("loss", "loss", *LOSS_RANGE, scale=scale, values=ticks, format="~g"), epochs)


def learning_rate_curve(epochs: int, peak: float) -> Spec:
    """The learning rate, at most `peak`, over so many epochs."""
    rate = quantity("learning_rate", "learning rate", 0, peak, format="~g", values=[0, peak / 2, peak])
    mark = LINE | {"point": {"size": 9}}  # a single point makes no line
    return {"mark": mark, "encoding": {"x": _epoch_axis(epochs), "y": rate}, **FRAME}


def reliability_diagram() -> Spec:
    """The share of right answers by their certainty, with 95 % intervals, beside the line of perfect calibration."""
    right = share("accuracy", "how often it is right")
    tooltip = [
        {"field": "range", "title": "certainty"},
        {"field": "images", "title": "images"},
        {"field": "accuracy", "title": "right", "format": ".1%"},
    ]
    diagonal = {"type": "line", "strokeDash": [5, 3], "strokeWidth": 1.5, "color": "currentColor"}
    interval = {"type": "rule", "strokeWidth": 2, "opacity": 0.55, "color": "currentColor"}
    ends = {"y": right | {"field": "low"}, "y2": {"field": "high"}, "tooltip": tooltip}
    return {
        "encoding": {"x": share("confidence", "how sure it is", grid=False), "y": right},
        "layer": [
            where("datum.diagonal", diagonal),
            where("!datum.diagonal", interval, ends),
            where("!datum.diagonal", POINT | {"size": 60}, {"tooltip": tooltip}),
        ],
        **FRAME,
    }


def reliability_rows(bins: Sequence[Bin]) -> list[Row]:
    """The rows of the reliability diagram: the two ends of its diagonal, and each bin that is not empty."""
    rows: list[Row] = [{"confidence": end, "accuracy": end, "diagonal": True} for end in (0.0, 1.0)]
    for one in bins:
        if one.confidence is None or one.accuracy is None:
            continue
        low, high = accuracy_interval(one.accuracy, one.images)
        rows.append(
            {
                "confidence": one.confidence,
                "accuracy": one.accuracy,
                "low": low,
                "high": high,
                "images": one.images,
                "range": f"{one.low * 100:.0f} to {percent(one.high, 0)}",
                "diagonal": False,
            }
        )
    return rows


def robustness_curve(title: str, first: float, last: float, ticks: str) -> Spec:
    """Accuracy over the strength of a change, with the present strength marked.

    Args:
        title: title of the strength's axis.
        first: left end of that axis.
        last: right end.
        ticks: format of its numbers, in the notation of d3-format.
    """
    tooltip = [
        {"field": "strength", "title": "strength"},
        {"field": "accuracy", "title": "accuracy", "format": ".1%"},
    ]
    rule = {"type": "rule", "strokeDash": [3, 3], "color": "currentColor"}
    return {
        "encoding": {
            "x": quantity("amount", title, first, last, format=ticks, grid=False, tickCount=7),
            "y": share("accuracy", "accuracy"),
            "tooltip": tooltip,
        },
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 2, "point": {"size": 25}}},
            where("datum.now", rule, {"y": None}),
            where("datum.now", POINT | {"size": 130}),
        ],
        **FRAME,
    }


def robustness_rows(curve: Mapping[float, float], now: float, text: Callable[[float], str]) -> list[Row]:
    """The rows of a robustness curve: accuracy by strength, with `now` marked, and each strength in words."""
    return [
        {"amount": amount, "accuracy": accuracy, "now": amount == now, "strength": text(amount)}
        for amount, accuracy in curve.items()
    ]


def confusion_figure(matrix: np.ndarray, title: str, kind: Literal["png", "svg"]) -> bytes:
    """A confusion matrix as a file to download: ink on paper, mistakes in blue, darker the more there are.

    Args:
        matrix: (10, 10) counts, a row per true digit, a column per answer.
        title: printed above the matrix.
        kind: format of the file.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    digits = range(len(matrix))
    wrong = np.where(np.eye(len(matrix), dtype=bool), 0, matrix)
    most = max(int(wrong.max()), 1)
    figure = Figure(figsize=(6, 6.2), dpi=200, layout="constrained", facecolor=_PAPER)
    axes = figure.add_subplot(facecolor=_PAPER)
    colours = LinearSegmentedColormap.from_list("ink", [_PAPER, _ACCENT])
    axes.imshow(np.sqrt(wrong), cmap=colours, vmin=0, vmax=math.sqrt(most))
    for row in digits:
        for column in digits:
            if count := int(matrix[row, column]):
                is_dark = row != column and count > most / 3
                weight = "bold" if row == column else "normal"
                colour = _PAPER if is_dark else _INK
                axes.text(column, row, str(count), ha="center", va="center", size=9, weight=weight, color=colour)
    axes.set_xticks(digits)
    axes.set_yticks(digits)
    axes.set_xlabel("read as", color=_INK)
    axes.set_ylabel("true digit", color=_INK)
    axes.set_title(title.replace("$", r"\$"), color=_INK, size=11)  # or matplotlib would set it as a formula
    axes.tick_params(length=0, colors=_INK)
    axes.spines[:].set_color(_INK)
    content = io.BytesIO()
    canvas = FigureCanvasSVG(figure) if kind == "svg" else FigureCanvasAgg(figure)
    # Without a date and with fixed ids the same matrix gives the same file.
    with matplotlib.rc_context({"svg.hashsalt": "inkling"}):
        canvas.print_figure(content, format=kind, metadata={"Date": None} if kind == "svg" else None)
    return content.getvalue()


def curve_rows(points: Sequence[BatchProgress], history: Sequence[EpochResult]) -> list[Row]:
    """The rows of the accuracy and loss charts, at most `MAX_ROWS`.

    Training values are means over the batches since the previous point, not Keras' running means. Where an epoch has
    ended, its validation on all validation images replaces the one on a sample of them at its last step.
    """
    training = [_row(0, epochs_done(point), point.loss, point.accuracy) for point in points]
    validation = {
        epochs_done(point): (point.validation_loss, point.validation_accuracy)
        for point in points
        if point.validation_accuracy is not None
    }
    validation |= {
        float(result.epoch): (result.validation_loss, result.validation_accuracy)
        for result in history
        if result.validation_accuracy is not None
    }
    if training:
        training[-1]["marked"] = True  # where the run is now; a single point makes no line
    checked = [
        _row(1, epoch, loss, accuracy, marked=True)
        for epoch, (loss, accuracy) in sorted(validation.items())
        if loss is not None and accuracy is not None
    ]
    checked = _thinned(checked, MAX_ROWS // 2)
    return _thinned(training, MAX_ROWS - len(checked)) + checked


def learning_rate_rows(points: Sequence[BatchProgress]) -> list[Row]:
    """The rows of the learning-rate chart."""
    rows: list[Row] = [{"epoch": epochs_done(point), "learning_rate": point.learning_rate} for point in points]
    return _thinned(rows, MAX_ROWS)


def curve_summary(
    points: Sequence[BatchProgress], history: Sequence[EpochResult], value: Literal["accuracy", "loss"]
) -> str:
    """Describe a curve in a sentence: "Validation accuracy 98.40 % after epoch 2, still rising."."""
    rows = curve_rows(points, history)
    shown = [row for row in rows if row["series"] == SERIES[1]] or rows
    if not shown:
        return ""
    last = shown[-1]
    epoch = float(last["epoch"])
    when = f"after epoch {epoch:.0f}" if epoch.is_integer() else f"in epoch {int(epoch) + 1}"
    number = percent(float(last[value])) if value == "accuracy" else loss_text(float(last[value]))
    sentence = f"{str(last['series']).capitalize()} {value} {number} {when}"
    before = shown[:-1]
    if not before:
        return f"{sentence}."
    if value == "accuracy":
        gain = float(last[value]) - max(float(row[value]) for row in before)
        trend = "still rising" if gain > RISING else "level" if gain > -5 * RISING else "below its best"
    else:
        gain = min(float(row[value]) for row in before) / float(last[value])
        trend = "still falling" if gain > 1.02 else "level" if gain > 0.9 else "above its best"
    return f"{sentence}, {trend}."


def check_sentence(label: int, probabilities: np.ndarray) -> str:
    """Describe the network's answer to one test image: "Read as 7, 99.8 % sure. Right."."""
    digit = int(probabilities.argmax())
    verdict = "Right." if digit == label else f"Wrong: it is a {label}."
    return f"Read as {digit}, {certainty(float(probabilities[digit]))} sure. {verdict}"


def sample_image(image: np.ndarray) -> bytes:
    """One digit as a PNG, drawn with matplotlib in grey, as Script B shows it.

    Args:
        image: (28, 28) uint8, 0 is paper and 255 ink.
    """
    from matplotlib.figure import Figure  # takes a second to import, and only the end of a run needs it

    # Figure, not pyplot: pyplot's figures belong to the process, which many visitors share.
    figure = Figure(figsize=(2, 2), dpi=112)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()


def digits_mask(images: np.ndarray) -> bytes:
    """Digits side by side as one PNG whose opacity is their ink, so that a page can give them its own colour.

    Args:
        images: (n, 28, 28) uint8, 0 is paper and 255 ink.
    """
    from PIL import Image

    ink = np.concatenate(list(images), axis=1)
    content = io.BytesIO()
    Image.fromarray(np.stack([np.zeros_like(ink), ink], axis=-1)).save(content, "PNG", optimize=True)
    return content.getvalue()


def _curves(value: Spec, epochs: int) -> Spec:
    # At this size both entries of the legend fit beside each other on a tablet held upright.
    legend: Spec = {"columnPadding": 8, "labelFontSize": 12, "symbolSize": 300, "symbolType": "stroke"}
    dash = category("series", SERIES, DASHES, **legend)
    return {
        "encoding": {"x": _epoch_axis(epochs), "y": value, "color": category("series", SERIES, **legend)},
        "layer": [
            {"mark": LINE, "encoding": {"strokeDash": dash}},
            where("datum.marked", POINT | {"size": 30}),
        ],
        **FRAME,
    }


def _epoch_axis(epochs: int) -> Spec:
    return quantity("epoch", "epoch", 0, epochs, titlePadding=2, tickCount=5, format="~f", grid=False)


def epochs_done(point: BatchProgress) -> float:
    """The epochs done at a point: 1.5 is the middle of the second."""
    return point.epoch - 1 + point.step / point.steps


def _row(series: int, epoch: float, loss: float, accuracy: float, marked: bool = False) -> Row:
    return {
        "epoch": epoch,
        "series": SERIES[series],
        "loss": max(loss, LEAST_LOSS),
        "accuracy": accuracy,
        "marked": marked,
    }


def _thinned(rows: list[Row], most: int) -> list[Row]:
    """At most so many of the rows, evenly spaced, with the first and the last."""
    return [rows[index] for index in evenly(len(rows), most)]


def evenly(count: int, most: int) -> list[int]:
    """At most so many of the indices below `count`, evenly spaced, with the first and the last."""
    return [int(index) for index in np.linspace(0, count - 1, min(count, most)).round()]
