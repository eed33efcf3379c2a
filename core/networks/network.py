"""A network as data: a list of layers, from which shapes, parameters, multiply-adds and answers follow."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import prod
from typing import ClassVar, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from core.networks.layers import Conv2D, Layer, Shape, Weights, WeightSpec
from core.value import Value

IMAGE_SHAPE = (28, 28, 1)  # height, width, channels
CLASSES = 10  # the digits
MAX_LAYERS = 40
MAX_PARAMETERS = 5_000_000  # 20 MB of float32: what a browser uploads and a small server keeps without noticing
MAX_MULTIPLY_ADDS = 200_000_000  # for one image; training an epoch of MNIST on two cores then takes about half an hour
BATCH = 128  # images in one NumPy forward pass; larger batches fall out of the processor's cache
# Numbers that one layer's step may hold, 32 MB: where maps are large, a pass takes fewer images, and a network that
# needs more for a single image is refused.
MAX_NUMBERS = 8_000_000
NUMBER_WORK = 10  # multiply-adds that take as long as moving one number through a layer


class LayerSummary(NamedTuple):
    """One row of a network's table."""

    name: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape
    parameters: int
    trainable_parameters: int
    multiply_adds: int


class Network(Value):
    """A stack of layers from a 28x28 image to ten probabilities, one for each digit.

    Raises:
        pydantic.ValidationError: a layer does not fit the one before it, the last one does not put out ten
            probabilities, or the whole is larger than `MAX_PARAMETERS` or `MAX_MULTIPLY_ADDS`. The message names
            the layer.
    """

    classes: ClassVar[int] = CLASSES  # how many probabilities it puts out
    layers: tuple[Layer, ...] = Field(min_length=1, max_length=MAX_LAYERS)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        shape: Shape = IMAGE_SHAPE
        for name, layer in self.named_layers():
            try:
                shape = layer.output_shape(shape)
            except ValueError as problem:
                raise ValueError(f"Layer {name} {problem}.") from None
        if shape != (self.classes,) or getattr(self.layers[-1], "activation", "") != "softmax":
            raise ValueError(
                f"The last layer must put out {self.classes} probabilities: end with Dense {self.classes}, softmax."
            )
        for cost, limit, unit in (
            ("parameters", MAX_PARAMETERS, "parameters"),
            ("multiply_adds", MAX_MULTIPLY_ADDS, "multiply-adds per image"),
        ):
            costs = {row.name: getattr(row, cost) for row in self.table()}
            if (total := sum(costs.values())) > limit:
                largest = max(costs, key=costs.__getitem__)
                raise ValueError(
                    f"The network has {total:,} {unit}, most of them in layer {largest}; at most {limit:,} are allowed."
                )
        name, numbers = max(self._held().items(), key=lambda held: held[1])
        if numbers > MAX_NUMBERS:
            raise ValueError(
                f"Layer {name} holds {numbers:,} numbers for one image; at most {MAX_NUMBERS:,} are allowed: "
                "take a smaller kernel, or shrink the maps before it."
            )
        return self

    def named_layers(self) -> Iterator[tuple[str, Layer]]:
        """Each layer with its name: conv2d_1, conv2d_2, dense_1, ..."""
        return _named(self.layers)

    def table(self) -> list[LayerSummary]:
        """One row per layer: shapes of input and output, parameters, multiply-adds."""
        return list(_table(self.layers))

    @property
    def parameters(self) -> int:
        """Count of all weights, including those that gradient descent does not change."""
        return sum(row.parameters for row in self.table())

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds for one image."""
        return sum(row.multiply_adds for row in self.table())

    @property
    def work(self) -> int:
        """Cost of one image's forward pass in multiply-adds, with `NUMBER_WORK` for each number put out."""
        return self.multiply_adds + NUMBER_WORK * sum(prod(row.output_shape) for row in self.table())

    @property
    def images_at_once(self) -> int:
        """Images in one NumPy forward pass."""
        return min(BATCH, MAX_NUMBERS // max(self._held().values()))

    def _held(self) -> dict[str, int]:
        """Numbers that each layer's step holds for one image: input, output, and a convolution's patches."""
        return {
            row.name: prod(row.input_shape) + 2 * prod(row.output_shape) + _patch_numbers(row.layer, row.input_shape)
            for row in self.table()
        }

    def weight_specs(self) -> dict[str, WeightSpec]:
        """Every weight array by its full name ("conv2d_1/kernel"), in the order of the layers."""
        return {
            f"{row.name}/{weight}": spec
            for row in self.table()
            for weight, spec in row.layer.weight_specs(row.input_shape).items()
        }

    def activations(self, weights: Weights, images: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs of every layer.

        Args:
            weights: float32 arrays by full name, as in `weight_specs`.
            images: (n, 28, 28), uint8 in 0..255 or float32 in [0, 1].

        Returns:
            By layer name, in order: (n, *output shape) float32.
        """
        x = as_input(images)
        outputs, own = {}, _by_layer(weights)
        for name, layer in self.named_layers():
            outputs[name] = x = layer.forward(x, own[name])
        return outputs

    def probabilities(self, weights: Weights, images: np.ndarray) -> np.ndarray:
        """The network's answers: (n, 28, 28) images in, (n, `classes`) float32 rows that sum to 1 out."""
        return self.outputs_of(self.table()[-1].name, weights, images)

    def outputs_of(self, wanted: str, weights: Weights, images: np.ndarray) -> np.ndarray:
        """The outputs of one layer, (n, *its output shape) float32; those of the others are not kept."""
        size = self.images_at_once if len(images) > 1 else 1
        parts, own = [], _by_layer(weights)
        for start in range(0, len(images), size):
            x = as_input(images[start : start + size])
            for name, layer in self.named_layers():
                x = layer.forward(x, own[name])
                if name == wanted:
                    break
            parts.append(x)
        if parts:
            return np.concatenate(parts)
        (shape,) = (row.output_shape for row in self.table() if row.name == wanted)
        return np.empty((0, *shape), np.float32)


def _patch_numbers(layer: Layer, shape: Shape) -> int:
    """Numbers that a convolution copies into patches before it multiplies them, for one image."""
    if not isinstance(layer, Conv2D):
        return 0
    return prod(layer.output_shape(shape)[:2]) * layer.kernel_size**2 * shape[-1]


def layer_weights(weights: Weights, name: str) -> dict[str, np.ndarray]:
    """One layer's own weights, by Keras' names ("kernel"), out of all by full name ("conv2d_1/kernel")."""
    return _by_layer(weights)[name]


def _by_layer(weights: Weights) -> dict[str, dict[str, np.ndarray]]:
    by_layer: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
    for key, value in weights.items():
        layer, _, name = key.partition("/")
        by_layer[layer][name] = value
    return by_layer


def _named(layers: Iterable[Layer]) -> Iterator[tuple[str, Layer]]:
    seen: Counter[str] = Counter()
    for layer in layers:
        kind = layer.layer.lower()
        seen[kind] += 1
        yield f"{kind}_{seen[kind]}", layer


@lru_cache(maxsize=64)  # each answer needs it several times
def _table(layers: tuple[Layer, ...]) -> tuple[LayerSummary, ...]:
    rows = []
    shape: Shape = IMAGE_SHAPE
    for name, layer in _named(layers):
        specs = layer.weight_specs(shape).values()
        parameters = sum(prod(spec.shape) for spec in specs)
        trainable = sum(prod(spec.shape) for spec in specs if spec.is_trainable)
        output = layer.output_shape(shape)
        rows.append(LayerSummary(name, layer, shape, output, parameters, trainable, layer.multiply_adds(shape)))
        shape = output
    return tuple(rows)


def as_input(images: np.ndarray) -> np.ndarray:
    """Images as networks take them: (n, 28, 28, 1) float32 in [0, 1], from uint8 or from float32 in [0, 1]."""
    scaled = images.astype(np.float32) / np.float32(255) if images.dtype == np.uint8 else images.astype(np.float32)
    return np.ascontiguousarray(scaled)[..., np.newaxis]
