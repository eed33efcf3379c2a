"""The film of a training: a frame of each epoch, small enough to be kept with the run.

A frame shows the filters of the first convolution, a few statistics of each layer's weights, and what the network then
answered to the sample images. The first frame is taken before the first epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from core.networks.network import Network

MAX_FRAMES = 60  # beyond these, every second is dropped; about 0.6 MB in the worst case
MAX_FILTERS = 64
MAX_FILTER_WEIGHTS = 2_500  # in a frame; 64 filters of 6x6, or 3 of 28x28
STATISTICS = ("smallest", "largest", "mean", "zeros", "nans")
_LARGEST_HALF = 60_000.0  # nearly float16's largest number
_PREFIX = "film_"  # as checkpoints and runs of earlier versions have it


@dataclass(frozen=True, eq=False)
class Snapshots:
    """The frames, as one array of each thing.

    Attributes:
        epochs: (frames,) int32, how many epochs were over; 0 is before the first.
        filters: (frames, filters, height, width) float16, the first convolution's; no filters where there is none.
        statistics: (frames, layers, 5) float32, in the order of `STATISTICS`, of all weights that training changes:
            smallest, largest and mean of those that are numbers, the share that is exactly zero, and how many are no
            number. A row per layer of `filmed_layers`.
        answers: (frames, samples, classes) float16, the probabilities for the first test images.
    """

    epochs: np.ndarray
    filters: np.ndarray
    statistics: np.ndarray
    answers: np.ndarray

    def __len__(self) -> int:
        return len(self.epochs)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The film as named arrays, to be kept among others; `from_arrays` finds them there."""
        return {_PREFIX + field.name: getattr(self, field.name) for field in fields(self)} if len(self) else {}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Snapshots:
        """The film among these arrays; `NO_FILM` where there is none."""
        found = {field.name: arrays.get(_PREFIX + field.name) for field in fields(cls)}
        kept = {name: array for name, array in found.items() if array is not None}
        return cls(**kept) if len(kept) == len(found) else NO_SNAPSHOTS

    def to_bytes(self) -> bytes:
        """The film in the `.safetensors` format, which `from_bytes` reads back."""
        return save({name: np.ascontiguousarray(array) for name, array in self.to_arrays().items()})

    @classmethod
    def from_bytes(cls, content: bytes) -> Snapshots:
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: it is damaged.
        """
        try:
            return cls.from_arrays(load(content))
        except SafetensorError as problem:
            raise ValueError(f"damaged film: {problem}") from None


NO_SNAPSHOTS = Snapshots(
    np.empty(0, np.int32),
    np.empty((0, 0, 0, 0), np.float16),
    np.empty((0, 0, 5), np.float32),
    np.empty((0, 0, 0), np.float16),
)


def layers_with_weights(network: Network) -> list[str]:
    """The names of the layers that have weights, in their order."""
    return [row.name for row in network.table() if row.trainable_parameters]


def with_snapshot(
    snapshots: Snapshots, epoch: int, network: Network, weights: Mapping[str, np.ndarray], images: np.ndarray
) -> Snapshots:
    """The film with one more frame, thinned where it has grown too long.

    Which frames a film has depends on the last epoch alone, so that one that was taken up again is the same.

    Args:
        snapshots: of the epochs before.
        epoch: how many are over now.
        network: what is trained.
        weights: as they are now, by full name.
        images: (samples, 28, 28) whose answers are followed.
    """
    with np.errstate(all="ignore"):  # weights that have become too large, or are no numbers any more
        answers = network.probabilities(weights, images)
    frame = Snapshots(
        np.array([epoch], np.int32),
        _first_filters(network, weights)[np.newaxis],
        _statistics(network, weights)[np.newaxis],
        answers.astype(np.float16)[np.newaxis],
    )
    if not len(snapshots):
        return frame
    kept = _kept_places(np.append(snapshots.epochs, epoch))
    joined = (
        np.concatenate([getattr(snapshots, field.name), getattr(frame, field.name)]) for field in fields(Snapshots)
    )
    return Snapshots(*(array[kept] for array in joined))


def _kept_places(epochs: np.ndarray) -> np.ndarray:
    """Every epoch, or every second, fourth, ... so that with the last one there are at most `MAX_FRAMES`."""
    stride = 1
    while int(epochs[-1]) // stride + 2 > MAX_FRAMES:
        stride *= 2
    is_kept = epochs % stride == 0
    is_kept[-1] = True
    return np.flatnonzero(is_kept)


def _first_filters(network: Network, weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """(filters, height, width) float16; of very many or very large ones only the first."""
    name = next((name for name, layer in network.named_layers() if layer.layer == "Conv2D"), None)
    if name is None:
        return np.empty((0, 0, 0), np.float16)
    kernel = weights[f"{name}/kernel"][:, :, 0]  # the image's one channel
    most = min(MAX_FILTERS, max(1, MAX_FILTER_WEIGHTS // kernel[..., 0].size))
    filters: np.ndarray = np.moveaxis(kernel[..., :most], -1, 0).clip(-_LARGEST_HALF, _LARGEST_HALF)
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
