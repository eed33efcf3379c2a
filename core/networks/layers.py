"""The layers a network is stacked from: each knows its shapes, its weights, what it costs and its NumPy passes.

Nothing here needs TensorFlow. Names, defaults and weight layouts are those of Keras, so that Keras can train a
network and NumPy can read what it learned.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from math import prod
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from core.value import Value

Shape = tuple[int, ...]
Weights = Mapping[str, np.ndarray]
Activation = Literal["linear", "relu", "softmax"]


class WeightSpec(NamedTuple):
    """Shape of one weight array, and whether gradient descent changes it."""

    shape: Shape
    is_trainable: bool = True


class _Layer(Value):
    """A layer: its shapes, weights and costs, its forward and its backward pass. Shapes leave out the batch."""

    def output_shape(self, shape: Shape) -> Shape:
        """Shape of the layer's output: that of its input, unless the layer says otherwise.

        Raises:
            ValueError: the input does not fit; the message completes "Layer conv2d_1 ...".
        """
        return shape

    def weight_specs(self, shape: Shape) -> dict[str, WeightSpec]:
        """The layer's weight arrays in Keras' order, by Keras' names."""
        return {}

    def multiply_adds(self, shape: Shape) -> int:
        """Multiply-adds for one image; comparisons and exponentials are not counted."""
        return 0

    @abstractmethod
    def forward(self, x: np.ndarray, weights: Weights) -> np.ndarray:
        """The layer's output for (n, *shape) float32, as Keras computes it when it predicts: (n, *output shape)."""

    @abstractmethod
    def backward(self, gradient: np.ndarray, x: np.ndarray, y: np.ndarray, weights: Weights) -> np.ndarray:
        """Take the gradient of a number with respect to the layer's output back to its input, by the chain rule.

        Args:
            gradient: (n, *output shape) float32, with respect to the output `y`.
            x: (n, *shape) float32, the input of `forward`.
            y: (n, *output shape) float32, the output of `forward`.
            weights: the layer's own.

        Returns:
            (n, *shape) float32, the gradient with respect to `x`.
        """


class Conv2D(_Layer):
    """A square convolution."""

    layer: Literal["Conv2D"] = "Conv2D"
    filters: int = Field(ge=1, le=512)
    kernel_size: int = Field(3, ge=1, le=28)
    strides: int = Field(1, ge=1, le=8)
    padding: Literal["valid", "same"] = "valid"
    activation: Activation = "linear"
    use_bias: bool = True

    def output_shape(self, shape: Shape) -> Shape:
        height, width, _ = _map_shape(shape)
        if self.padding == "same":
            return -(-height // self.strides), -(-width // self.strides), self.filters
        return *_window_counts(height, width, self.kernel_size, self.strides, "kernel"), self.filters

    def weight_specs(self, shape: Shape) -> dict[str, WeightSpec]:
        kernel = (self.kernel_size, self.kernel_size, shape[-1], self.filters)
        return _kernel_and_bias(kernel, self.use_bias)

    def multiply_adds(self, shape: Shape) -> int:
        return prod(self.output_shape(shape)) * self.kernel_size**2 * shape[-1]

    def margins(self, shape: Shape) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rows of zeros above and below (height, width, channels) maps, columns to the left and right.

        "same" puts an odd one below and to the right, as TensorFlow does; "valid" puts none.
        """
        if self.padding == "valid":
            return (0, 0), (0, 0)
        sizes = (max((-(-side // self.strides) - 1) * self.strides + self.kernel_size - side, 0) for side in shape[:2])
        rows, columns = ((size // 2, size - size // 2) for size in sizes)
        return rows, columns

    def forward(self, x: np.ndarray, weights: Weights) -> np.ndarray:
        x = _padded(x, self.margins(x.shape[1:]))
        size, stride = self.kernel_size, self.strides
        images, height, width, channels = x.shape
        rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
        # A kernel row is one contiguous run of size * channels numbers, which makes this copy cheap.
        x = np.ascontiguousarray(x)
        image, row, column = x.strides[:3]
        shape = (images, rows, columns, size, size * channels)
        strides = (image, row * stride, column * stride, row, x.itemsize)
        patches = np.ndarray(shape, x.dtype, x, 0, strides).reshape(images * rows * columns, -1)
        y = patches @ weights["kernel"].reshape(-1, self.filters)
        if self.use_bias:
            y += weights["bias"]
        return _activated(y, self.activation).reshape(images, rows, columns, self.filters)

    def backward(self, gradient: np.ndarray, x: np.ndarray, y: np.ndarray, weights: Weights) -> np.ndarray:
        size, stride = self.kernel_size, self.strides
        (top, bottom), (left, right) = self.margins(x.shape[1:])
        images, height, width, channels = x.shape
        rows, columns = y.shape[1:3]
        by_sum = _deactivated(gradient, y, self.activation).reshape(-1, self.filters)
        by_patch = (by_sum @ weights["kernel"].reshape(-1, self.filters).T).reshape(
            images, rows, columns, size, size, channels
        )
        # Each patch gives back what it took: overlapping patches add up.
        padded = np.zeros((images, height + top + bottom, width + left + right, channels), np.float32)
        for i in range(size):
            for j in range(size):
                taken = padded[:, i : i + rows * stride : stride, j : j + columns * stride : stride]
                taken += by_patch[:, :, :, i, j]
        return padded[:, top : top + height, left : left + width]


class _Pooling(_Layer):
    """Square windows that do not overlap; rows and columns that do not fill a window are left out."""

    pool_size: int = Field(2, ge=1, le=28)

    def output_shape(self, shape: Shape) -> Shape:
        height, width, channels = _map_shape(shape)
        return *_window_counts(height, width, self.pool_size, self.pool_size, "pool"), channels

    def _members(self, x: np.ndarray) -> list[np.ndarray]:
        """For each position in a window, a view of (n, rows, columns, channels): that number of every window."""
        size = self.pool_size
        rows, columns = x.shape[1] // size * size, x.shape[2] // size * size
        return [x[:, i:rows:size, j:columns:size] for i in range(size) for j in range(size)]


class MaxPooling2D(_Pooling):
    """The largest value of each window."""

    layer: Literal["MaxPooling2D"] = "MaxPooling2D"

    def forward(self, x: np.ndarray, weights: Weights) -> np.ndarray:
        first, *others = self._members(x)
        y = first.copy()
        for member in others:
            np.maximum(y, member, out=y)
        return y

    def backward(self, gradient: np.ndarray, x: np.ndarray, y: np.ndarray, weights: Weights) -> np.ndarray:
        by_input = np.zeros_like(x)
        is_open = np.ones(y.shape, bool)
        for member, by_member in zip(self._members(x), self._members(by_input), strict=True):
            is_largest = is_open & (member == y)  # of several equal ones the first takes all, as in TensorFlow
            np.copyto(by_member, gradient, where=is_largest)
            is_open &= ~is_largest
        return by_input


class AveragePooling2D(_Pooling):
    """The mean of each window."""

    layer: Literal["AveragePooling2D"] = "AveragePooling2D"

    def forward(self, x: np.ndarray, weights: Weights) -> np.ndarray:
        first, *others = self._members(x)
        y = first.copy()
        for member in others:
            y += member
        y /= np.float32(self.pool_size**2)
        return y

    def backward(self, gradient: np.ndarray, x: np.ndarray, y: np.ndarray, weights: Weights) -> np.ndarray:
        by_input = np.zeros_like(x)
        for by_member in self._members(by_input):
            np.divide(gradient, np.float32(self.pool_size**2), out=by_member)
        return by_input


class GlobalAveragePooling2D(_Layer):
    """The mean of each feature map."""

    layer: Literal["GlobalAveragePooling2D"] = "GlobalAveragePooling2D"

    def output_shape(self, shape: Shape) -> Shape:
        return (_map_shape(shape)[-1],)

    def forward(self, x: np.ndarray, weights: Weights) -> np.ndarray:
        means: np.ndarray = x.mean(axis=(1, 2))
        return means

    def backward(self, gradient: np.ndarray, x: np.ndarray, y: np.ndarray, weights: Weights) -> np.ndarray:
        share = gradient / np.float32(x.shape[1] * x.shape[2])
        return np.broadcast_to(share[:, np.newaxis, np.newaxis], x.shape)


class Flatten(_Layer):
    """Feature maps as one long row of numbers."""

    layer: Literal["Flatten"] = "Flatten"

    def output_shape(self, shape: Shape) -> Shape:
        return (prod(shape),)

    def forward(self, x: np.ndarray, weights: Weights) -> np.ndarray:
        return x.reshape(len(x), -1)

    def backward(self, gradient: np.ndarray, x: np.ndarray, y: np.ndarray, weights: Weights) -> np.ndarray:
        return np.asarray(gradient.reshape(x.shape))


class Dense(_Layer):
    """Every input connected to every unit."""

    layer: Literal["Dense"] = "Dense"
    units: int = Field(ge=1, le=4096)
    activation: Activation = "linear"
    use_bias: bool = True

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise ValueError("needs a row of numbers: put Flatten or GlobalAveragePooling2D before it")
        return (self.units,)

    def weight_specs(self, shape: Shape) -> dict[str, WeightSpec]:
        return _kernel_and_bias((shape[0], self.units), self.use_bias)

    def multiply_adds(self, shape: Shape) -> int:
        return shape[0] * self.units

    def forward(self, x: np.ndarray, weights: Weights) -> np.ndarray:
        y = x @ weights["kernel"]
        if self.use_bias:
            y += weights["bias"]
        return _activated(y, self.activation)

    def backward(self, gradient: np.ndarray, x: np.ndarray, y: np.ndarray, weights: Weights) -> np.ndarray:
        return np.asarray(_deactivated(gradient, y, self.activation) @ weights["kernel"].T)


class Dropout(_Layer):
    """Sets a share of its inputs to zero while training, and does nothing afterwards."""

    layer: Literal["Dropout"] = "Dropout"
    rate: float = Field(ge=0, le=0.9)

    def forward(self, x: np.ndarray, weights: Weights) -> np.ndarray:
        return x

    def backward(self, gradient: np.ndarray, x: np.ndarray, y: np.ndarray, weights: Weights) -> np.ndarray:
        return gradient


class BatchNormalization(_Layer):
    """Centres and scales each channel by the mean and variance seen in training."""

    layer: Literal["BatchNormalization"] = "BatchNormalization"
    momentum: float = Field(0.99, ge=0, lt=1)
    epsilon: float = Field(1e-3, gt=0, le=1)

    def weight_specs(self, shape: Shape) -> dict[str, WeightSpec]:
        channels = shape[-1:]
        return {
            "gamma": WeightSpec(channels),
            "beta": WeightSpec(channels),
            "moving_mean": WeightSpec(channels, is_trainable=False),
            "moving_variance": WeightSpec(channels, is_trainable=False),
        }

    def multiply_adds(self, shape: Shape) -> int:
        return prod(shape)

    def forward(self, x: np.ndarray, weights: Weights) -> np.ndarray:
        scale = self._scale(weights)
        y = x * scale
        y += weights["beta"] - weights["moving_mean"] * scale
        return np.asarray(y)

    def backward(self, gradient: np.ndarray, x: np.ndarray, y: np.ndarray, weights: Weights) -> np.ndarray:
        return np.asarray(gradient * self._scale(weights))

    def _scale(self, weights: Weights) -> np.ndarray:
        return np.asarray(weights["gamma"] / np.sqrt(weights["moving_variance"] + np.float32(self.epsilon)))


class _ActivationLayer(_Layer):
    activation: ClassVar[Activation]

    def forward(self, x: np.ndarray, weights: Weights) -> np.ndarray:
        return _activated(x.copy(), self.activation)

    def backward(self, gradient: np.ndarray, x: np.ndarray, y: np.ndarray, weights: Weights) -> np.ndarray:
        return _deactivated(gradient, y, self.activation)


class ReLU(_ActivationLayer):
    """Keeps what is positive."""

    layer: Literal["ReLU"] = "ReLU"
    activation: ClassVar[Activation] = "relu"


class Softmax(_ActivationLayer):
    """Turns logits into probabilities."""

    layer: Literal["Softmax"] = "Softmax"
    activation: ClassVar[Activation] = "softmax"


Layer = Annotated[
    Conv2D
    | MaxPooling2D
    | AveragePooling2D
    | GlobalAveragePooling2D
    | Flatten
    | Dense
    | Dropout
    | BatchNormalization
    | ReLU
    | Softmax,
    Field(discriminator="layer"),
]


def _kernel_and_bias(kernel: Shape, use_bias: bool) -> dict[str, WeightSpec]:
    specs = {"kernel": WeightSpec(kernel), "bias": WeightSpec(kernel[-1:])}
    return specs if use_bias else {"kernel": specs["kernel"]}


def _map_shape(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise ValueError("needs feature maps, but the layer before it puts out a row of numbers")
    return shape


def _window_counts(height: int, width: int, size: int, stride: int, what: str) -> tuple[int, int]:
    if size > min(height, width):
        raise ValueError(f"has a {size}x{size} {what}, larger than its {height}x{width} input")
    return (height - size) // stride + 1, (width - size) // stride + 1


def _padded(x: np.ndarray, margins: tuple[tuple[int, int], tuple[int, int]]) -> np.ndarray:
    """(n, height, width, channels) maps with zeros around them; np.pad takes ten times as long."""
    (top, bottom), (left, right) = margins
    if not top + bottom + left + right:
        return x
    images, height, width, channels = x.shape
    padded = np.zeros((images, height + top + bottom, width + left + right, channels), x.dtype)
    padded[:, top : top + height, left : left + width] = x
    return padded


def _activated(y: np.ndarray, activation: Activation) -> np.ndarray:
    """Apply an activation in place."""
    if activation == "relu":
        np.maximum(y, np.float32(0), out=y)
    elif activation == "softmax":
        y -= y.max(axis=-1, keepdims=True)
        np.exp(y, out=y)
        y /= y.sum(axis=-1, keepdims=True)
    return y


def _deactivated(gradient: np.ndarray, y: np.ndarray, activation: Activation) -> np.ndarray:
    """The gradient with respect to an activation's input, from that with respect to its output `y`."""
    if activation == "relu":
        return np.asarray(gradient * (y > 0))
    if activation == "softmax":
        return np.asarray(y * (gradient - (gradient * y).sum(axis=-1, keepdims=True)))
    return gradient
