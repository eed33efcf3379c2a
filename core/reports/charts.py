"""Results as pictures: Vega-Lite specs with the rows they show, a sentence beside each, and figures of images.

A spec depends on the recipe alone. It names no colours: Streamlit gives the two series, in the order of `SERIES`, the
first two `chartCategoricalColors` of the theme, by day and by night. While a run is live only the rows change, which
redraws a chart in place; a changed spec would mount it anew and flicker.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from core.formatting import certainty, loss_text, percent
from core.insight.metrics import Bin, accuracy_interval
from core.networks.history import BatchProgress, EpochResult

SERIES = ("training", "validation")
MAX_ROWS = 300  # of one chart; more cannot be told apart on a screen
ACCURACY_STRETCH = 3  # exponent of the accuracy axis: 80 to 100 % takes half of it, and a beginner's 50 % is seen
LOSS_RANGE = (0.001, 3)  # a guess among ten digits costs 2.3
LEAST_LOSS = 1e-4  # a logarithmic axis has no zero
RISING = 0.001  # a change of validation accuracy that is worth the word

_INK, _PAPER, _ACCENT = "#1D2433", "#FFFFFF", "#2446C8"  # of figures that leave the page: by day

Row = dict[str, float | str | bool]
Spec = dict[str, Any]


def accuracy_curves(epochs: int) -> Spec:
    """Accuracy of training (solid) and validation (dashed, with marks) over so many epochs."""
    accuracy = {
        "field": "accuracy",
        "type": "quantitative",
        "title": "accuracy",
        "scale": {"type": "pow", "exponent": ACCURACY_STRETCH, "domain": [0, 1], "nice": False},
        "axis": _AXIS | {"values": [0, 0.5, 0.8, 0.9, 0.95, 1], "format": ".0%"},
    }
    return _curves(accuracy, epochs)


def loss_curves(epochs: int) -> Spec:
    """Loss of training (solid) and validation (dashed, with marks) over so many epochs, on a logarithmic axis."""
    loss = {
        "field": "loss",
        "type": "quantitative",
        "title": "loss",
        "scale": {"type": "log", "domain": list(LOSS_RANGE), "nice": False, "clamp": True},
        "axis": _AXIS | {"values": [0.001, 0.01, 0.03, 0.1, 0.3, 1], "format": "~g"},
    }
    return _curves(loss, epochs)


def learning_rate_curve(epochs: int, peak: float) -> Spec:
    """The learning rate, at most `peak`, over so many epochs."""
    rate = {
        "field": "learning_rate",
        "type": "quantitative",
        "title": "learning rate",
        "scale": {"domain": [0, peak], "nice": False},
        "axis": _AXIS | {"format": "~g", "values": [0, peak / 2, peak]},
    }
    mark = {"type": "line", "strokeWidth": 2, "clip": True, "point": {"size": 9}}  # the first one is no line yet
    return {"mark": mark, "encoding": {"x": _epoch_axis(epochs), "y": rate}, **_FRAME}


def reliability_diagram() -> Spec:
    """Of the answers of one certainty, the share that is right, with its 95 % interval, beside the line of honesty."""
    share = {"type": "quantitative", "scale": {"domain": [0, 1], "nice": False}}
    axis = _AXIS | {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]}
    sure = share | {"field": "confidence", "title": "how sure it is", "axis": axis | {"grid": False}}
    right = share | {"field": "accuracy", "title": "how often it is right", "axis": axis}
    tooltip = [
        {"field": "range", "title": "sure"},
        {"field": "images", "title": "images"},
        {"field": "accuracy", "title": "right", "format": ".1%"},
    ]
    return {
        "encoding": {"x": sure, "y": right},
        "layer": [
            {
                "transform": [{"filter": "datum.honest"}],
                "mark": {"type": "line", "strokeDash": [5, 3], "strokeWidth": 1.5, "color": "currentColor"},
            },
            {
                "transform": [{"filter": "!datum.honest"}],
                "mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.55, "color": "currentColor"},
                "encoding": {"y": right | {"field": "low"}, "y2": {"field": "high"}, "tooltip": tooltip},
            },
            {
                "transform": [{"filter": "!datum.honest"}],
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                "encoding": {"tooltip": tooltip},
            },
        ],
        **_FRAME,
    }


def reliability_rows(bins: Sequence[Bin]) -> list[Row]:
    """The rows of the reliability diagram: the two ends of its line, and each bin that is not empty."""
    rows: list[Row] = [{"confidence": end, "accuracy": end, "honest": True} for end in (0.0, 1.0)]
    for place in bins:
        if place.confidence is None or place.accuracy is None:
            continue
        low, high = accuracy_interval(place.accuracy, place.images)
        rows.append(
            {
                "confidence": place.confidence,
                "accuracy": place.accuracy,
                "low": low,
                "high": high,
                "images": place.images,
                "range": f"{place.low * 100:.0f} to {percent(place.high, 0)}",
                "honest": False,
            }
        )
    return rows


def robustness_curve(title: str, first: float, last: float, ticks: str) -> Spec:
    """Accuracy over the strength of a change, from the first to the last, with the present one marked.

    Args:
        title: of the axis of the strength.
        first: its left end.
        last: its right end.
        ticks: how its numbers are written, in the notation of d3-format.
    """
    strength = {
        "field": "amount",
        "type": "quantitative",
        "title": title,
        "scale": {"domain": [first, last], "nice": False},
        "axis": _AXIS | {"format": ticks, "grid": False, "tickCount": 7},
    }
    accuracy = {
        "field": "accuracy",
        "type": "quantitative",
        "title": "accuracy",
        "scale": {"domain": [0, 1], "nice": False},
        "axis": _AXIS | {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]},
    }
    tooltip = [{"field": "said", "title": "strength"}, {"field": "accuracy", "title": "accuracy", "format": ".1%"}]
    here = [{"filter": "datum.now"}]
    return {
        "encoding": {"x": strength, "y": accuracy, "tooltip": tooltip},
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 2, "point": {"size": 25}}},
            {
                "transform": here,
                "mark": {"type": "rule", "strokeDash": [3, 3], "color": "currentColor"},
                "encoding": {"y": None},
            },
            {"transform": here, "mark": {"type": "point", "filled": True, "size": 130, "opacity": 1}},
        ],
        **_FRAME,
    }


def robustness_rows(curve: Mapping[float, float], now: float, text: Callable[[float], str]) -> list[Row]:
    """The rows of a robustness curve: accuracy by strength, the one at `now` marked, each strength in words."""
    return [
        {"amount": amount, "accuracy": accuracy, "now": amount == now, "said": text(amount)}
        for amount, accuracy in curve.items()
    ]


def confusion_figure(matrix: np.ndarray, title: str, kind: Literal["png", "svg"]) -> bytes:
    """A confusion matrix as a figure to take home: ink on paper, mistakes in blue, the more the darker.

    Args:
        matrix: (10, 10) counts, a row per true digit, a column per answer.
        title: above it.
        kind: of the file.
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
    axes.set_title(title.replace("$", r"\$"), color=_INK, size=11)  # no formulas
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

    Training values are those of the batches since the point before, not Keras' running means. Where an epoch has ended,
    its validation, on all validation images, replaces the glimpse that was taken at its last step.
    """
    training = [_row(0, _place(point), point.loss, point.accuracy) for point in points]
    validation = {
        _place(point): (point.validation_loss, point.validation_accuracy)
        for point in points
        if point.validation_accuracy is not None
    }
    validation |= {
        float(result.epoch): (result.validation_loss, result.validation_accuracy)
        for result in history
        if result.validation_accuracy is not None
    }
    if training:
        training[-1]["marked"] = True  # where the run is now; and a single point makes no line
    checked = [
        _row(1, place, loss, accuracy, marked=True)
        for place, (loss, accuracy) in sorted(validation.items())
        if loss is not None and accuracy is not None
    ]
    checked = _thinned(checked, MAX_ROWS // 2)
    return _thinned(training, MAX_ROWS - len(checked)) + checked


def learning_rate_rows(points: Sequence[BatchProgress]) -> list[Row]:
    """The rows of the learning-rate chart."""
    rows: list[Row] = [{"epoch": _place(point), "learning_rate": point.learning_rate} for point in points]
    return _thinned(rows, MAX_ROWS)


def curve_summary(
    points: Sequence[BatchProgress], history: Sequence[EpochResult], value: Literal["accuracy", "loss"]
) -> str:
    """What a curve shows, in a sentence: "Validation accuracy 98.40 % after epoch 2, still rising."."""
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
    """What the network made of one test image: "Read as 7, 99.8 % sure. Right."."""
    digit = int(probabilities.argmax())
    verdict = "Right." if digit == label else f"Wrong: it is a {label}."
    return f"Read as {digit}, {certainty(float(probabilities[digit]))} sure. {verdict}"


def sample_image(image: np.ndarray) -> bytes:
    """One digit as a PNG, drawn with matplotlib in grey, as Script B shows it.

    Args:
        image: (28, 28) uint8, 0 is paper and 255 ink.
    """
    from matplotlib.figure import Figure  # a second to import, and only the end of a run needs it

    # Figure and not pyplot: pyplot's figures belong to the process, which many visitors share.
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


# Streamlit's own distances are made for charts of twice the height.
# "currentColor" is the text colour of the page around the SVG; Streamlit's greys are too pale for type of this size.
_AXIS: Spec = {
    "labelColor": "currentColor",
    "labelFontSize": 11,
    "labelOverlap": False,
    "labelPadding": 4,
    "titleColor": "currentColor",
    "titleFontSize": 12,
    "titlePadding": 6,
}
_FRAME: Spec = {"padding": {"left": 0, "right": 10, "top": 6, "bottom": 4}}


def _curves(value: Spec, epochs: int) -> Spec:
    series = {
        "field": "series",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(SERIES)},
        "legend": {
            "columnPadding": 8,
            "labelColor": "currentColor",
            "labelFontSize": 12,  # both fit beside each other on a tablet held upright
            "offset": 2,
            "orient": "top",
            "padding": 0,
            "symbolSize": 300,
            "symbolType": "stroke",
        },
    }
    dash = series | {"scale": {"domain": list(SERIES), "range": [[1, 0], [5, 3]]}}
    return {
        "encoding": {"x": _epoch_axis(epochs), "y": value, "color": series},
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 2, "clip": True}, "encoding": {"strokeDash": dash}},
            {
                "transform": [{"filter": "datum.marked"}],
                "mark": {"type": "point", "filled": True, "size": 30, "opacity": 1},
            },
        ],
        **_FRAME,
    }


def _epoch_axis(epochs: int) -> Spec:
    return {
        "field": "epoch",
        "type": "quantitative",
        "title": "epoch",
        "scale": {"domain": [0, epochs], "nice": False},
        "axis": _AXIS | {"titlePadding": 2, "tickCount": 5, "format": "~f", "grid": False},
    }


def _place(point: BatchProgress) -> float:
    """Epochs that are behind a point: 1.5 is the middle of the second."""
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
    """At most so many of the rows, evenly, the first and the last among them."""
    if len(rows) <= most:
        return rows
    return [rows[place] for place in np.linspace(0, len(rows) - 1, most).round().astype(int)]
