"""The snapshots of a run for display: filters as shades of grey, statistics as words, a sentence for each snapshot."""

from __future__ import annotations

import numpy as np

from core.formatting import percent, weight_text
from core.networks.network import Network
from core.networks.snapshots import Snapshots, layers_with_weights

SAME = 0.005  # a relative change of the largest weight that counts as none
_SMALLEST, _LARGEST, _MEAN, _ZEROS, _NANS = range(5)


def filter_shades(snapshots: Snapshots) -> np.ndarray:
    """The filters as shades of grey, all snapshots on one scale.

    Returns:
        (snapshots, filters, height, width) uint8: 128 is a weight of zero or NaN, 255 one as large as the largest in
        size, 1 the same with a minus sign.
    """
    filters = np.nan_to_num(snapshots.filters.astype(np.float32), nan=0.0)
    largest = float(np.abs(filters).max(initial=0.0)) or 1.0
    return np.asarray((128 + filters / largest * 127).round(), np.uint8)


def largest_weights(snapshots: Snapshots) -> np.ndarray:
    """(snapshots, layers): the largest absolute weight of each layer; 0 where no weight is finite."""
    sizes: np.ndarray = np.abs(snapshots.statistics[..., [_SMALLEST, _LARGEST]]).max(axis=-1)
    return np.asarray(np.nan_to_num(sizes, nan=0.0))


def statistics_words(snapshots: Snapshots, index: int) -> list[list[str]]:
    """A snapshot's statistics as text, a row for each layer: smallest, largest, mean, share of zeros, count of NaN."""
    return [
        [*(weight_text(row[i]) for i in (_SMALLEST, _LARGEST, _MEAN)), percent(row[_ZEROS], 0), f"{int(row[_NANS]):,}"]
        for row in snapshots.statistics[index]
    ]


def snapshot_name(snapshots: Snapshots, index: int) -> str:
    """When a snapshot was taken: "before epoch 1" or "after epoch 3"."""
    epoch = int(snapshots.epochs[index])
    return f"after epoch {epoch}" if epoch else "before epoch 1"


def snapshot_sentence(snapshots: Snapshots, network: Network, labels: np.ndarray, index: int) -> str:
    """A snapshot compared with the first: the largest weight, the count of NaN, how many samples are read correctly.

    Args:
        snapshots: at least one.
        network: what was trained.
        labels: (samples,) of the sample images.
        index: of the snapshot.
    """
    sizes = largest_weights(snapshots)[:, _weighted_layers(network)].max(axis=1)
    nans = int(snapshots.statistics[index, :, _NANS].sum())
    right = read_right(snapshots, labels)
    count = len(labels)
    numbers = "no weight is NaN" if not nans else f"{nans:,} weight{'s are' if nans > 1 else ' is'} NaN or infinite"
    reads = f"It reads {right[index]} of {count} test images right"
    if index == 0:
        when = snapshot_name(snapshots, 0)
        return f"{when.capitalize()} the largest weight is {weight_text(sizes[0])}; {numbers}. {reads}."
    first = int(snapshots.epochs[0])
    since = f"epoch {first}" if first else "the beginning"
    change = sizes[index] / sizes[0] - 1 if sizes[0] else 0.0
    verb = "grew" if change > SAME else "shrank" if change < -SAME else "stayed"
    way = (
        f"at {weight_text(sizes[index])}"
        if verb == "stayed"
        else f"from {weight_text(sizes[0])} to {weight_text(sizes[index])}"
    )
    return (
        f"Between {since} and epoch {int(snapshots.epochs[index])} the largest weight {verb} {way}; {numbers}. "
        f"{reads}, {right[0]} {'before' if not first else f'after epoch {first}'}."
    )


def filters_sentence(snapshots: Snapshots, network: Network, index: int) -> str:
    """Which filters a snapshot shows, and how much they have changed since the first; "" without a convolution."""
    count, height, width = snapshots.filters.shape[1:]
    if not count:
        return ""
    name = next(name for name, layer in network.named_layers() if layer.layer == "Conv2D")
    total = next(row.output_shape[-1] for row in network.table() if row.name == name)
    shown = f"The {count}" if count == total else f"The first {count} of {total}"
    what = f"{shown} filters of {name}, {height}\N{MULTIPLICATION SIGN}{width}"
    if index == 0:
        return f"{what}, {snapshot_name(snapshots, 0)}."
    first, now = (np.nan_to_num(snapshots.filters[i].astype(np.float32)) for i in (0, index))
    norm, moved = (float(np.linalg.norm(values)) for values in (first, now - first))
    changed = f"; they have changed by {percent(moved / norm, 0)} since the first snapshot" if norm else ""
    return f"{what}, {snapshot_name(snapshots, index)}{changed}."


def read_digits(snapshots: Snapshots) -> np.ndarray:
    """(snapshots, samples): the predicted digit of each sample image."""
    return np.asarray(np.nan_to_num(snapshots.answers.astype(np.float32)).argmax(axis=-1))


def read_right(snapshots: Snapshots, labels: np.ndarray) -> list[int]:
    """How many of the sample images each snapshot reads correctly."""
    return [int(count) for count in (read_digits(snapshots) == labels).sum(axis=1)]


def _weighted_layers(network: Network) -> list[int]:
    """Indices of convolutions and dense layers: a normalisation's scales are about 1 and would hide their weights."""
    kinds = {name: layer.layer for name, layer in network.named_layers()}
    return [index for index, name in enumerate(layers_with_weights(network)) if kinds[name] in ("Conv2D", "Dense")]
