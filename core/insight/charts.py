"""Results as pictures: Vega-Lite specs with the rows they show, a sentence beside each, and figures of images.

A spec depends on the recipe alone. It names no colours: Streamlit gives the two series, in the order of `SERIES`, the
first two `chartCategoricalColors` of the theme, by day and by night. While a run is live only the rows change, which
redraws a chart in place; a changed spec would mount it anew and flicker.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from core.insight.evaluation import percent
from core.insight.prediction import certainty
from core.networks.history import BatchProgress, EpochResult

SERIES = ("training", "validation")
MAX_ROWS = 300  # of one chart; more cannot be told apart on a screen
ACCURACY_STRETCH = 6  # exponent of the accuracy axis: 90 to 100 % takes half of it, and 0 is still 0
LOSS_RANGE = (0.01, 3)  # a guess among ten digits costs 2.3
LEAST_LOSS = 1e-4  # a logarithmic axis has no zero
RISING = 0.001  # a change of validation accuracy that is worth the word

Row = dict[str, float | str | bool]
Spec = dict[str, Any]


def accuracy_curves(epochs: int) -> Spec:
    """Accuracy of training (solid) and validation (dashed, with marks) over so many epochs."""
    accuracy = {
        "field": "accuracy",
        "type": "quantitative",
        "title": "accuracy",
        "scale": {"type": "pow", "exponent": ACCURACY_STRETCH, "domain": [0, 1], "nice": False},
        "axis": _AXIS | {"values": [0, 0.8, 0.9, 0.95, 1], "format": ".0%"},
    }
    return _curves(accuracy, epochs)


def loss_curves(epochs: int) -> Spec:
    """Loss of training (solid) and validation (dashed, with marks) over so many epochs, on a logarithmic axis."""
    loss = {
        "field": "loss",
        "type": "quantitative",
        "title": "loss",
        "scale": {"type": "log", "domain": list(LOSS_RANGE), "nice": False, "clamp": True},
        "axis": _AXIS | {"values": [0.01, 0.03, 0.1, 0.3, 1, 3], "format": "~g"},
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
    mark = {"type": "line", "strokeWidth": 2, "clip": True}
    return {"mark": mark, "encoding": {"x": _epoch_axis(epochs), "y": rate}, **_FRAME}


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


def loss_text(loss: float) -> str:
    """A loss as people read it: three significant digits."""
    return f"{loss:#.3g}"


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
            "labelColor": "currentColor",
            "offset": 2,
            "orient": "top",
            "padding": 0,
            "symbolSize": 400,
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
