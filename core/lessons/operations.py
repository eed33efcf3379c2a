"""What the layers do to one image, taken apart: the numbers behind a convolution, a pooling, a ReLU, a dense unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from core.errors import InklingError
from core.formatting import short_text
from core.networks.layers import AveragePooling2D, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D, ReLU, Weights
from core.networks.model import Model
from core.networks.network import LayerSummary, Network, as_input

Floats = NDArray[np.float32]


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
    """A network cannot be changed as was asked; the message says why."""


@dataclass(frozen=True)
class Place:
    """A kernel at one place of an image.

    Attributes:
        patch: (size, size), the part of the image that lies under it.
        products: (size, size), each pixel times the number above it.
        total: their sum, which is one pixel of the output.
    """

    patch: Floats
    products: Floats
    total: float


def convolved(image: Floats, kernel: Floats) -> Floats:
    """Slide a kernel over an image, with stride 1 and no padding.

    Args:
        image: (height, width) float32.
        kernel: (size, size) float32.

    Returns:
        (height - size + 1, width - size + 1) float32; negative where the image is the kernel's opposite.
    """
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.asarray((windows * kernel).sum(axis=(2, 3)), np.float32)


def convolved_at(image: Floats, kernel: Floats, row: int, column: int) -> Place:
    """The arithmetic behind one pixel of `convolved`."""
    size = len(kernel)
    patch = image[row : row + size, column : column + size]
    products = patch * kernel
    return Place(patch, products, float(products.sum()))


def first_filters(model: Model) -> Floats | None:
    """What a model's first layer has learned to look for, (filters, size, size); None where it is no convolution."""
    name, layer = next(model.network.named_layers())
    return model.weights[f"{name}/kernel"][:, :, 0].transpose(2, 0, 1) if isinstance(layer, Conv2D) else None


def pooled(image: Floats, size: int, kind: Literal["max", "mean"] = "max") -> Floats:
    """The largest value or the mean of each (size, size) window; the windows do not overlap."""
    layer = (MaxPooling2D if kind == "max" else AveragePooling2D)(pool_size=size)
    return layer.forward(image[np.newaxis, :, :, np.newaxis], {})[0, :, :, 0]


def moved_right(image: Floats) -> Floats:
    """The image one pixel further to the right; paper comes in at the left."""
    return np.pad(image, ((0, 0), (1, 0)))[:, :-1]


def difference(image: Floats, other: Floats) -> float:
    """How much two images differ: the sum of all differences, as a share of the first one's sum."""
    return float(np.abs(image - other).sum() / max(float(np.abs(image).sum()), 1e-6))


@dataclass(frozen=True)
class CutOff:
    """Feature maps before and after the first ReLU of a network.

    Attributes:
        where: the name of the layer.
        before: (height, width, channels).
        after: the same, with zeros in place of negative numbers.
    """

    where: str
    before: Floats
    after: Floats


def first_relu(model: Model, image: Floats) -> CutOff | None:
    """The first ReLU that acts on feature maps, at work on one (28, 28) image; None where a network has none."""
    for row, x in _layer_inputs(model, image):
        if len(row.output_shape) != 3:
            continue
        if isinstance(row.layer, ReLU):
            return CutOff(row.name, x, np.maximum(x, 0))
        if isinstance(row.layer, Conv2D) and row.layer.activation == "relu":
            linear = row.layer.model_copy(update={"activation": "linear"})
            before = linear.forward(x[np.newaxis], _own(model.weights, row.name))[0]
            return CutOff(row.name, before, np.maximum(before, 0))
    return None


def flattened(model: Model, image: Floats) -> Floats:
    """What a network's Flatten is given for one (28, 28) image: (height, width, channels).

    A network that has none is taken to flatten the image itself.
    """
    for row, x in _layer_inputs(model, image):
        if isinstance(row.layer, Flatten) and x.ndim == 3:
            return x
    return image[:, :, np.newaxis]


@dataclass(frozen=True)
class DenseUnit:
    """One unit of a network's first dense layer, at work on one image.

    Attributes:
        where: the name of the layer.
        units: how many the layer has.
        is_last: whether its units are the answers.
        is_map: whether its inputs are flattened feature maps; else they are one row, laid out as a square.
        inputs: (height, width, channels).
        weights: the same shape: how much each input counts for this unit, and whether for or against.
        bias: what the unit starts from.
    """

    where: str
    units: int
    is_last: bool
    is_map: bool
    inputs: Floats
    weights: Floats
    bias: float

    @property
    def products(self) -> Floats:
        """Inputs times weights: what each place adds to the unit's sum."""
        return self.inputs * self.weights

    @property
    def total(self) -> float:
        """What the unit puts out, before its activation."""
        return float(self.products.sum()) + self.bias


def dense_unit(model: Model, image: Floats, unit: int) -> DenseUnit | None:
    """One unit of the first dense layer, at work on one (28, 28) image; None where a network has none."""
    maps: tuple[int, ...] | None = None
    rows = list(_layer_inputs(model, image))
    for row, x in rows:
        if isinstance(row.layer, Flatten) and len(row.input_shape) == 3:
            maps = row.input_shape
        elif isinstance(row.layer, Dense):
            own = _own(model.weights, row.name)
            unit = min(unit, row.layer.units - 1)
            bias = float(own["bias"][unit]) if row.layer.use_bias else 0.0
            inputs, weights = x, own["kernel"][:, unit]
            shape = maps or _square(len(x))
            if maps is None:
                spare = shape[0] * shape[1] - len(x)
                inputs, weights = np.pad(inputs, (0, spare)), np.pad(weights, (0, spare))
            is_last = row.name == rows[-1][0].name
            return DenseUnit(
                row.name, row.layer.units, is_last, bool(maps), inputs.reshape(shape), weights.reshape(shape), bias
            )
        elif not isinstance(row.layer, Dropout):
            maps = None  # something else has been done to the row in between
    return None


def with_first_convolution(network: Network, filters: int, kernel_size: int) -> Network:
    """The same network with another first convolution.

    Raises:
        DoesNotFit: it has none, or a later layer no longer fits.
    """
    places = [place for place, layer in enumerate(network.layers) if isinstance(layer, Conv2D)]
    if not places:
        raise DoesNotFit("This network has no convolution.")
    first = network.layers[places[0]].model_copy(update={"filters": filters, "kernel_size": kernel_size})
    return with_layers(network, {places[0]: first})


def with_layers(network: Network, changed: Mapping[int, Layer]) -> Network:
    """The same network with some layers replaced, by their places. Raises DoesNotFit as the network says."""
    try:
        return Network(layers=tuple(changed.get(place, layer) for place, layer in enumerate(network.layers)))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        raise DoesNotFit(str(problem.get("ctx", {}).get("error", "This does not fit together."))) from None


def counted(row: LayerSummary) -> str:
    """How a layer's parameters are counted, as arithmetic: "3 x 3 x 32 weights x 64 filters + 64 biases"."""
    layer, times = row.layer, "\N{NO-BREAK SPACE}\N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}"
    if isinstance(layer, Conv2D):
        size = times.join(str(side) for side in (layer.kernel_size, layer.kernel_size, row.input_shape[-1]))
        return f"{size}{times}{layer.filters}" + (f" + {layer.filters}" if layer.use_bias else "")
    if isinstance(layer, Dense):
        return f"{row.input_shape[0]:,}{times}{layer.units}" + (f" + {layer.units}" if layer.use_bias else "")
    return f"4{times}{row.output_shape[-1]}" if row.parameters else ""


def _layer_inputs(model: Model, image: Floats) -> list[tuple[LayerSummary, Floats]]:
    """Each row of the network's table with what its layer is given for one image, without the batch."""
    batch = image[np.newaxis]
    outputs = model.network.activations(model.weights, batch)
    inputs = [as_input(batch), *outputs.values()]
    return [(row, x[0]) for row, x in zip(model.network.table(), inputs, strict=False)]


def _own(weights: Weights, name: str) -> dict[str, np.ndarray]:
    return {key.partition("/")[2]: value for key, value in weights.items() if key.startswith(name + "/")}


def _square(count: int) -> tuple[int, int, int]:
    side = ceil(sqrt(count))
    return ceil(count / side), side, 1


def arithmetic(place: Place, kernel: Floats) -> str:
    """A place's sum written out, without the pixels that are paper: "0.53 x 2 + 0.99 x -1 = 0.07"."""
    terms = [
        f"{pixel:.2f}\N{NO-BREAK SPACE}\N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}{short_text(float(weight))}"
        for pixel, weight in zip(place.patch.ravel(), kernel.ravel(), strict=True)
        if pixel > 0 and weight != 0
    ]
    if not terms:
        return "Only paper lies under the kernel, so the sum is 0"
    written = " + ".join(terms) if len(terms) <= 9 else f"{len(terms)} products, added up"
    return f"{written} = **{short_text(place.total)}**"


def logits(model: Model, image: Floats) -> Floats:
    """What a network has added up for each digit before its softmax, for one (28, 28) image: (10,) float32."""
    row, x = _layer_inputs(model, image)[-1]
    if isinstance(row.layer, Dense):
        linear = row.layer.model_copy(update={"activation": "linear"})
        return np.asarray(linear.forward(x[np.newaxis], _own(model.weights, row.name))[0])
    return x  # a softmax layer of its own


def softmax(numbers: Floats, temperature: float = 1.0) -> Floats:
    """Probabilities from (n,) logits, which are divided by a temperature above 0 first."""
    powers = np.exp((numbers - numbers.max()) / temperature)
    return np.asarray(powers / powers.sum())


@dataclass(frozen=True)
class Framed:
    """How a digit lies in its image, in pixels.

    Attributes:
        height: of the box around its ink.
        width: of the same.
        row: of its centre of mass, from above; the middle of the first pixel is 0.5.
        column: of the same, from the left.
        ink: its sum, in full pixels.
    """

    height: int
    width: int
    row: float
    column: float
    ink: float


def framed(image: Floats) -> Framed:
    """Measure how a digit lies in its (28, 28) image with some ink in [0, 1]."""
    rows, columns = (np.flatnonzero(image.max(axis=axis)) for axis in (1, 0))
    total = float(image.sum())
    middles = np.arange(len(image)) + 0.5
    row, column = (float(image.sum(axis=axis) @ middles) / total for axis in (1, 0))
    return Framed(int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1, row, column, total)
