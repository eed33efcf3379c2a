"""Snapshots of a network in training: one before the first epoch and one after each, small enough to keep with the run.

A snapshot holds the filters of the first convolution, a few statistics of each layer's weights, and the predictions for
the sample images.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from core.networks.network import Network

MAX_SNAPSHOTS = 60  # beyond these, every second is dropped; about 0.6 MB in the worst case
MAX_FILTERS = 64
MAX_FILTER_WEIGHTS = 2_500  # in a snapshot: 64 filters of 6x6, or 3 of 28x28
STATISTICS = ("smallest", "largest", "mean", "zeros", "nans")
_MAX_FLOAT16 = 60_000.0  # nearly the largest number of float16
_PREFIX = "film_"  # the name in all stored checkpoints and runs


@dataclass(frozen=True, eq=False)
class Snapshots:
    """The snapshots of a run, in one array for each quantity.

    Attributes:
        epochs: (snapshots,) int32, how many epochs were over; 0 is before the first.
        filters: (snapshots, filters, height, width) float16, of the first convolution; no filters without one.
        statistics: (snapshots, layers, 5) float32, in the order of `STATISTICS`, of a layer's trainable weights:
            smallest, largest and mean of the finite ones, the share that is exactly zero, and how many are not finite.
            The layers are those of `layers_with_weights`.
        answers: (snapshots, samples, classes) float16, the probabilities for the first test images.
    """

    epochs: np.ndarray
    filters: np.ndarray
    statistics: np.ndarray
    answers: np.ndarray

    def __len__(self) -> int:
        return len(self.epochs)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The snapshots as named arrays, which `from_arrays` finds among others."""
        return {_PREFIX + field.name: getattr(self, field.name) for field in fields(self)} if len(self) else {}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Snapshots:
        """The snapshots among these arrays; `NO_SNAPSHOTS` where there are none."""
        found = {field.name: arrays.get(_PREFIX + field.name) for field in fields(cls)}
        kept = {name: array for name, array in found.items() if array is not None}
        return cls(**kept) if len(kept) == len(found) else NO_SNAPSHOTS

    def to_bytes(self) -> bytes:
        """Serialize to the `.safetensors` format, which `from_bytes` reads."""
        return save({name: np.ascontiguousarray(array) for name, array in self.to_arrays().items()})

    @classmethod
    def from_bytes(cls, content: bytes) -> Snapshots:
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: the content is damaged.
        """
        try:
            return cls.from_arrays(load(content))
        except SafetensorError as problem:
            raise ValueError(f"damaged snapshots: {problem}") from None


NO_SNAPSHOTS = Snapshots(
    np.empty(0, np.int32),
    np.empty((0, 0, 0, 0), np.float16),
    np.empty((0, 0, 5), np.float32),
    np.empty((0, 0, 0), np.float16),
)


def layers_with_weights(network: Network) -> list[str]:
    """The names of the layers with trainable weights, in the network's order."""
    return [row.name for row in network.table() if row.trainable_parameters]


def with_snapshot(
    snapshots: Snapshots, epoch: int, network: Network, weights: Mapping[str, np.ndarray], images: np.ndarray
) -> Snapshots:
    """The snapshots with one more, thinned out where they are too many.

    Which epochs are kept depends on the last epoch alone, so a run that was resumed has the same ones.

    Args:
        snapshots: of the epochs before.
        epoch: how many epochs are over.
        network: the network in training.
        weights: its current weights, by full name.
        images: (samples, 28, 28) uint8, to predict.
    """
    with np.errstate(all="ignore"):  # for weights that have become too large or NaN
        answers = network.probabilities(weights, images)
    newest = Snapshots(
        np.array([epoch], np.int32),
        _first_filters(network, weights)[np.newaxis],
        _statistics(network, weights)[np.newaxis],
        answers.astype(np.float16)[np.newaxis],
    )
    if not len(snapshots):
        return newest
    kept = _kept_indices(np.append(snapshots.epochs, epoch))
    joined = (
        np.concatenate([getattr(snapshots, field.name), getattr(newest, field.name)]) for field in fields(Snapshots)
    )
    return Snapshots(*(array[kept] for array in joined))


def _kept_indices(epochs: np.ndarray) -> np.ndarray:
    """Of every epoch, or every second, fourth, ..., and of the last, so that they are at most `MAX_SNAPSHOTS`."""
    stride = 1
    while int(epochs[-1]) // stride + 2 > MAX_SNAPSHOTS:
        stride *= 2
    is_kept = epochs % stride == 0
    is_kept[-1] = True
    return np.flatnonzero(is_kept)


def _first_filters(network: Network, weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """(filters, height, width) float16; where they are very many or very large, the first of them."""
    name = next((name for name, layer in network.named_layers() if layer.layer == "Conv2D"), None)
    if name is None:
        return np.empty((0, 0, 0), np.float16)
    kernel = weights[f"{name}/kernel"][:, :, 0]  # the image's one channel
    most = min(MAX_FILTERS, max(1, MAX_FILTER_WEIGHTS // kernel[..., 0].size))
    filters: np.ndarray = np.moveaxis(kernel[..., :most], -1, 0).clip(-_MAX_FLOAT16, _MAX_FLOAT16)
    return filters.astype(np.float16)


def _statistics(network: Network, weights: Mapping[str, np.ndarray]) -> np.ndarray:
    trained = [name for name, spec in network.weight_specs().items() if spec.is_trainable]
    rows = []
    for layer in layers_with_weights(network):
        values = np.concatenate([weights[name].ravel() for name in trained if name.startswith(f"{layer}/")])
        numbers = values[np.isfinite(values)]
        if len(numbers):
            row = [numbers.min(), numbers.max(), numbers.mean(dtype=np.float64), np.mean(values == 0)]
        else:
            row = [np.nan, np.nan, np.nan, 0.0]
        rows.append([*row, len(values) - len(numbers)])
    return np.array(rows, np.float32).reshape(-1, len(STATISTICS))
