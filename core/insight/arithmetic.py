"""One number of a network worked out in full: a pixel of a feature map, and the ten probabilities at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.formatting import number_text
from core.insight.prediction import on_one_thread
from core.networks.gradients import logits
from core.networks.layers import BatchNormalization, Conv2D, Dropout, ReLU
from core.networks.model import Model
from core.networks.network import LayerSummary, as_input, layer_weights


class Step(NamedTuple):
    """What is done to the sum of a convolution, and what comes of it."""

    words: str
    value: float


@dataclass(frozen=True)
class WorkedPixel:
    """One pixel of a convolution's feature map, from what lies under its kernel to what the next layer is given.

    Attributes:
        layer: the convolution.
        patch: (size, size, inputs) float32, what lies under the kernel; zeros where that reaches beyond the edge.
        kernel: (size, size, inputs) float32.
        products: (size, size, inputs) float32, the one times the other.
        sums: (inputs,) float32, the products added up for each input map.
        corner: row and column of the patch's first number in the input; below zero beyond the edge.
        steps: the sum over all inputs, then bias, normalisation and activation as far as the layers have them.
        value: what comes of the last step.
        last: the layer that does it.
    """

    layer: str
    patch: np.ndarray
    kernel: np.ndarray
    products: np.ndarray
    sums: np.ndarray
    corner: tuple[int, int]
    steps: tuple[Step, ...]
    value: float
    last: str


def convolutions(model: Model) -> list[LayerSummary]:
    """The layers whose arithmetic can be worked out."""
    return [row for row in model.network.table() if isinstance(row.layer, Conv2D)]


@dataclass(frozen=True)
class ConvolutionMaps:
    """What goes into a convolution, and what it and the layers that finish its work make of it.

    Attributes:
        inputs: (height, width, channels) float32.
        outputs: (height, width, filters) float32, after bias, normalisation and activation.
    """

    inputs: np.ndarray
    outputs: np.ndarray


@on_one_thread()
def convolution_maps(model: Model, image: np.ndarray, layer: str) -> ConvolutionMaps:
    """The maps around a convolution for an image.

    Args:
        model: what reads it.
        image: (28, 28) float32 in [0, 1].
        layer: one of `convolutions`.
    """
    activations = model.network.activations(model.weights, image[np.newaxis])
    names = list(activations)
    index = names.index(layer)
    inputs = activations[names[index - 1]] if index else as_input(image[np.newaxis])
    return ConvolutionMaps(inputs[0], activations[_finishing(model, layer)[-1].name][0])


def strongest_pixel(maps: np.ndarray) -> tuple[int, int, int]:
    """Map, row and column of the largest number in (height, width, channels) maps, each counted from 0."""
    row, column, channel = np.unravel_index(int(maps.argmax()), maps.shape)
    return int(channel), int(row), int(column)


@on_one_thread()
def worked_pixel(model: Model, image: np.ndarray, layer: str, channel: int, row: int, column: int) -> WorkedPixel:
    """Work out one pixel of a feature map.

    Args:
        model: what reads the image.
        image: (28, 28) float32 in [0, 1].
        layer: one of `convolutions`.
        channel: which of the layer's maps, from 0.
        row: of the pixel in the map, from 0.
        column: likewise.
    """
    chain = _finishing(model, layer)
    convolution = chain[0].layer
    assert isinstance(convolution, Conv2D)  # it is one of `convolutions`
    inputs = convolution_maps(model, image, layer).inputs
    size, stride = convolution.kernel_size, convolution.strides
    (top, _), (left, _) = convolution.margins(inputs.shape)
    corner = (row * stride - top, column * stride - left)
    patch = np.zeros((size, size, inputs.shape[-1]), np.float32)
    for i in range(size):
        for j in range(size):
            at = corner[0] + i, corner[1] + j
            if 0 <= at[0] < inputs.shape[0] and 0 <= at[1] < inputs.shape[1]:
                patch[i, j] = inputs[at]
    weights = layer_weights(model.weights, layer)
    kernel = weights["kernel"][..., channel]
    products = patch * kernel
    sums = products.sum(axis=(0, 1))
    value = float(sums.sum())
    steps = [Step("sum of all products", value)]
    if convolution.use_bias:
        bias = float(weights["bias"][channel])
        value += bias
        steps.append(Step(f"bias added: {_signed(bias)}", value))
    if convolution.activation == "softmax":
        outputs = model.network.activations(model.weights, image[np.newaxis])[layer]
        value = float(outputs[0, row, column, channel])
        steps.append(Step("softmax over all maps at this pixel", value))
    elif convolution.activation == "relu":
        value = max(value, 0.0)
        steps.append(Step("ReLU: what is below zero becomes zero", value))
    for after in chain[1:]:
        if isinstance(after.layer, BatchNormalization):
            own = {name: float(array[channel]) for name, array in layer_weights(model.weights, after.name).items()}
            spread = float(np.sqrt(own["moving_variance"] + after.layer.epsilon))
            value = (value - own["moving_mean"]) / spread * own["gamma"] + own["beta"]
            words = (
                f"normalised: minus the mean {number_text(own['moving_mean'])}, "
                f"divided by the spread {number_text(spread)}, "
                f"times {number_text(own['gamma'])}, {_signed(own['beta'])}"
            )
            steps.append(Step(words, value))
        elif isinstance(after.layer, ReLU):
            value = max(value, 0.0)
            steps.append(Step("ReLU: what is below zero becomes zero", value))
    return WorkedPixel(layer, patch, kernel, products, sums, corner, tuple(steps), value, chain[-1].name)


def _finishing(model: Model, layer: str) -> list[LayerSummary]:
    """A convolution, and the layers right after it that work on each of its pixels by itself."""
    rows = model.network.table()
    index = next(index for index, row in enumerate(rows) if row.name == layer)
    chain = [rows[index]]
    for row in rows[index + 1 :]:
        if not isinstance(row.layer, BatchNormalization | ReLU | Dropout):
            break
        chain.append(row)
    return chain


def _signed(value: float) -> str:
    return f"{'minus' if value < 0 else 'plus'} {number_text(abs(value))}"


class SoftmaxRow(NamedTuple):
    """How one digit's probability comes about."""

    digit: int
    logit: float
    divided: float
    power: float
    probability: float


@dataclass(frozen=True)
class WorkedSoftmax:
    """The ten probabilities worked out.

    Attributes:
        temperature: what the logits are divided by.
        rows: one for each digit: its logit, that divided by the temperature, e to the power of the difference from the
            largest of those, and that power's share of all.
        total: of the powers.
        sentence: what comes of it.
    """

    temperature: float
    rows: tuple[SoftmaxRow, ...]
    total: float
    sentence: str


@on_one_thread()
def worked_softmax(model: Model, image: np.ndarray) -> WorkedSoftmax:
    """Work out an answer's probabilities from its logits.

    Args:
        model: what reads the image.
        image: (28, 28) float32 in [0, 1].
    """
    raw = logits(model.network, model.weights, image[np.newaxis])[0].astype(np.float64)
    temperature = model.scores.temperature
    divided = raw / temperature
    powers = np.exp(divided - divided.max())
    total = float(powers.sum())
    shares = powers / total
    rows = tuple(
        SoftmaxRow(digit, *map(float, numbers))
        for digit, numbers in enumerate(zip(raw, divided, powers, shares, strict=True))
    )
    digit = int(shares.argmax())
    sentence = (
        f"The largest logit is that of {digit}: {number_text(raw[digit])}. Its power of e is 1; divided by the sum of "
        f"all ten, {total:.4f}, that is {shares[digit]:.4f}."
    )
    return WorkedSoftmax(temperature, rows, total, sentence)
