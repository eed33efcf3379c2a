"""What the layers do to one image, taken apart: the numbers behind a convolution, a pooling, a ReLU, a dense unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from core.errors import InklingError
from core.formatting import short_text
from core.networks.layers import AveragePooling2D, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D, ReLU
from core.networks.model import Model
from core.networks.network import LayerSummary, Network, as_input, layer_weights

Floats = NDArray[np.float32]
_TIMES = "\N{NO-BREAK SPACE}\N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}"


def _kernel(*rows: tuple[float, ...]) -> Floats:
    kernel = np.array(rows, np.float32)
    kernel.flags.writeable = False
    return kernel


# Kernels that people wrote down long before networks learned their own. The first two are Sobel's.
KERNELS: Mapping[str, Floats] = MappingProxyType(
    {
        "Left edges": _kernel((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
        "Upper edges": _kernel((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
        "Outline": _kernel((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
        "Blur": _kernel(*[(1 / 9,) * 3] * 3),
    }
)


class DoesNotFit(InklingError, ValueError):
    """A network cannot be changed as requested; the message says why."""


def convolve(image: Floats, kernel: Floats) -> Floats:
    """Slide a kernel over an image, with stride 1 and no padding.

    Args:
        image: (height, width) float32.
        kernel: (size, size) float32.

    Returns:
        (height - size + 1, width - size + 1) float32; negative where the image is the kernel's opposite.
    """
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.asarray((windows * kernel).sum(axis=(2, 3)), np.float32)


def arithmetic(patch: Floats, kernel: Floats) -> str:
    """One pixel of `convolve` written out as Markdown, without empty pixels: "0.53 x 2 + 0.99 x -1 = **0.07**".

    Args:
        patch: (size, size), the part of the image under the kernel.
        kernel: (size, size).
    """
    terms = [
        f"{pixel:.2f}{_TIMES}{short_text(float(weight))}"
        for pixel, weight in zip(patch.ravel(), kernel.ravel(), strict=True)
        if pixel > 0 and weight != 0
    ]
    if not terms:
        return "Only paper lies under the kernel, so the sum is 0"
    written = " + ".join(terms) if len(terms) <= 9 else f"{len(terms)} products, added up"
    return f"{written} = **{short_text(float((patch * kernel).sum()))}**"


def first_filters(model: Model) -> Floats | None:
    """The filters of a model's first layer, (filters, size, size); None if that layer is no convolution."""
    name, layer = next(model.network.named_layers())
    return model.weights[f"{name}/kernel"][:, :, 0].transpose(2, 0, 1) if isinstance(layer, Conv2D) else None


def pool(image: Floats, size: int, *, is_mean: bool = False) -> Floats:
    """The largest value, or the mean, of each (size, size) window; the windows do not overlap."""
    layer = (AveragePooling2D if is_mean else MaxPooling2D)(pool_size=size)
    return layer.forward(image[np.newaxis, :, :, np.newaxis], {})[0, :, :, 0]


def shift_right(image: Floats) -> Floats:
    """The image moved one pixel to the right, with paper on the left."""
    return np.pad(image, ((0, 0), (1, 0)))[:, :-1]


def relative_difference(image: Floats, other: Floats) -> float:
    """The sum of the absolute differences between two images, as a share of the first one's sum."""
    return float(np.abs(image - other).sum() / max(float(np.abs(image).sum()), 1e-6))


def first_relu_input(model: Model, image: Floats) -> Floats | None:
    """What the first ReLU that acts on feature maps gets for one (28, 28) image.

    Returns:
        (height, width, channels) float32; None if the network has no such ReLU.
    """
    for row, x in _layer_inputs(model, image):
        if len(row.output_shape) != 3:
            continue
        if isinstance(row.layer, ReLU):
            return x
        if isinstance(row.layer, Conv2D) and row.layer.activation == "relu":
            return _without_activation(row.layer, x, model, row.name)
    return None


def flatten_input(model: Model, image: Floats) -> Floats:
    """What a network's Flatten gets for one (28, 28) image: (height, width, channels).

    A network without Flatten is treated as if it flattened the image itself.
    """
    for row, x in _layer_inputs(model, image):
        if isinstance(row.layer, Flatten) and x.ndim == 3:
            return x
    return image[:, :, np.newaxis]


@dataclass(frozen=True)
class DenseUnit:
    """One unit of a network's first dense layer, at work on one image.

    Attributes:
        layer: the name of the layer.
        units: how many units the layer has.
        is_digit: whether the layer's units are the ten answers.
        inputs: (height, width, channels): feature maps if they were flattened, else one row laid out as a square.
        weights: the same shape: how much each input counts for this unit, for it if positive, against it if negative.
        bias: what the unit adds to the sum.
    """

    layer: str
    units: int
    is_digit: bool
    inputs: Floats
    weights: Floats
    bias: float

    @property
    def products(self) -> Floats:
        """Inputs times weights: what each input adds to the unit's sum."""
        return self.inputs * self.weights

    @property
    def total(self) -> float:
        """The unit's output before its activation."""
        return float(self.products.sum()) + self.bias


def dense_unit(model: Model, image: Floats, unit: int) -> DenseUnit | None:
    """One unit of the first dense layer, at work on one (28, 28) image; None if the network has no dense layer."""
    maps: tuple[int, ...] | None = None
    rows = _layer_inputs(model, image)
    for row, x in rows:
        if isinstance(row.layer, Flatten) and len(row.input_shape) == 3:
            maps = row.input_shape
        elif isinstance(row.layer, Dense):
            own = layer_weights(model.weights, row.name)
            bias = float(own["bias"][unit]) if row.layer.use_bias else 0.0
            inputs, weights = x, own["kernel"][:, unit]
            shape = maps or _square(len(x))
            if maps is None:
                spare = shape[0] * shape[1] - len(x)
                inputs, weights = np.pad(inputs, (0, spare)), np.pad(weights, (0, spare))
            is_digit = row.name == rows[-1][0].name and row.layer.units == 10
            return DenseUnit(row.name, row.layer.units, is_digit, inputs.reshape(shape), weights.reshape(shape), bias)
        elif not isinstance(row.layer, Dropout):
            maps = None  # another layer has changed the row in between
    return None


def softmax(numbers: Floats, temperature: float = 1.0) -> Floats:
    """Probabilities from (n,) logits, divided by a temperature above 0 first."""
    powers = np.exp((numbers - numbers.max()) / temperature)
    return np.asarray(powers / powers.sum())


def with_first_convolution(network: Network, filters: int, kernel_size: int) -> Network:
    """The same network with another first convolution, which it must have.

    Raises:
        DoesNotFit: a later layer no longer fits.
    """
    layers: list[Layer] = list(network.layers)
    index = next(index for index, layer in enumerate(layers) if isinstance(layer, Conv2D))
    layers[index] = layers[index].model_copy(update={"filters": filters, "kernel_size": kernel_size})
    try:
        return Network(layers=tuple(layers))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        raise DoesNotFit(str(problem["ctx"]["error"])) from None


def parameter_arithmetic(row: LayerSummary) -> str:
    """How a layer's number of parameters comes about: "3 x 3 x 32 x 64 + 64"; "" where it has none."""
    layer = row.layer
    if isinstance(layer, Conv2D):
        size = _TIMES.join(str(side) for side in (layer.kernel_size, layer.kernel_size, row.input_shape[-1]))
        return f"{size}{_TIMES}{layer.filters}" + (f" + {layer.filters}" if layer.use_bias else "")
    if isinstance(layer, Dense):
        return f"{row.input_shape[0]:,}{_TIMES}{layer.units}" + (f" + {layer.units}" if layer.use_bias else "")
    return f"4{_TIMES}{row.output_shape[-1]}" if row.parameters else ""


@dataclass(frozen=True)
class InkMeasures:
    """How a digit lies in its image, in pixels.

    Attributes:
        height: of the box around its ink.
        width: of the same box.
        row: of its centre of mass, from the top; the middle of the first pixel is 0.5.
        column: of its centre of mass, from the left.
    """

    height: int
    width: int
    row: float
    column: float


def measure_ink(image: Floats) -> InkMeasures:
    """Measure how a digit lies in its (28, 28) image in [0, 1], which has some ink."""
    rows, columns = (np.flatnonzero(image.max(axis=axis)) for axis in (1, 0))
    middles = np.arange(len(image)) + 0.5
    row, column = (float(image.sum(axis=axis) @ middles) / float(image.sum()) for axis in (1, 0))
    return InkMeasures(int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1, row, column)


def _layer_inputs(model: Model, image: Floats) -> list[tuple[LayerSummary, Floats]]:
    """Each row of the network's table with what its layer gets for one image, without the batch."""
    batch = image[np.newaxis]
    outputs = model.network.activations(model.weights, batch)
    inputs = [as_input(batch), *outputs.values()]
    return [(row, x[0]) for row, x in zip(model.network.table(), inputs, strict=False)]


def _without_activation(layer: Conv2D | Dense, x: Floats, model: Model, name: str) -> Floats:
    linear = layer.model_copy(update={"activation": "linear"})
    return np.asarray(linear.forward(x[np.newaxis], layer_weights(model.weights, name))[0])


def _square(count: int) -> tuple[int, int, int]:
    side = ceil(sqrt(count))
    return ceil(count / side), side, 1
