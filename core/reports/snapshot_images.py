"""The film of a training, for looking: its filters as shades, its statistics as words, a sentence for each frame."""

from __future__ import annotations

import numpy as np

from core.formatting import percent, weight_text
from core.networks.network import Network
from core.networks.snapshots import Snapshots, layers_with_weights

SAME = 0.005  # a relative change of the largest weight that is not worth a word
_SMALLEST, _LARGEST, _MEAN, _ZEROS, _NANS = range(5)


def filter_shades(snapshots: Snapshots) -> np.ndarray:
    """The filters as shades, all frames on one scale.

    Returns:
        (frames, filters, height, width) uint8: 128 is a weight of zero, 255 the largest above it, 1 as far below it. No
        number is 128 too.
    """
    filters = np.nan_to_num(snapshots.filters.astype(np.float32), nan=0.0)
    largest = float(np.abs(filters).max(initial=0.0)) or 1.0
    return np.asarray((128 + filters / largest * 127).round(), np.uint8)


def largest_weights(snapshots: Snapshots) -> np.ndarray:
    """(frames, layers): how far the largest weight of each layer is from zero; 0 where none is a number."""
    sizes: np.ndarray = np.abs(snapshots.statistics[..., [_SMALLEST, _LARGEST]]).max(axis=-1)
    return np.asarray(np.nan_to_num(sizes, nan=0.0))


def statistics_words(snapshots: Snapshots, place: int) -> list[list[str]]:
    """A frame's statistics for each layer, as they stand in a table: smallest, largest, mean, zeros, not numbers."""
    return [
        [*(weight_text(row[i]) for i in (_SMALLEST, _LARGEST, _MEAN)), percent(row[_ZEROS], 0), f"{int(row[_NANS]):,}"]
        for row in snapshots.statistics[place]
    ]


def frame_name(snapshots: Snapshots, place: int) -> str:
    """When a frame was taken: "before epoch 1" or "after epoch 3"."""
    epoch = int(snapshots.epochs[place])
    return f"after epoch {epoch}" if epoch else "before epoch 1"


def frame_sentence(snapshots: Snapshots, network: Network, labels: np.ndarray, place: int) -> str:
    """What a frame shows, against the first: the largest weight, what is no number, how many samples are read right.

    Args:
        snapshots: at least one frame.
        network: what was trained.
        labels: (samples,) of the sample images.
        place: of the frame.
    """
    sizes = largest_weights(snapshots)[:, _weighing(network)].max(axis=1)
    nans = int(snapshots.statistics[place, :, _NANS].sum())
    right = read_right(snapshots, labels)
    count = len(labels)
    numbers = "no weight is NaN" if not nans else f"{nans:,} weight{'s are' if nans > 1 else ' is'} NaN or infinite"
    reads = f"It reads {right[place]} of {count} test images right"
    if place == 0:
        when = frame_name(snapshots, 0)
        return f"{when.capitalize()} the largest weight is {weight_text(sizes[0])}; {numbers}. {reads}."
    first = int(snapshots.epochs[0])
    since = f"epoch {first}" if first else "the beginning"
    change = sizes[place] / sizes[0] - 1 if sizes[0] else 0.0
    verb = "grew" if change > SAME else "shrank" if change < -SAME else "stayed"
    way = (
        f"at {weight_text(sizes[place])}"
        if verb == "stayed"
        else f"from {weight_text(sizes[0])} to {weight_text(sizes[place])}"
    )
    return (
        f"Between {since} and epoch {int(snapshots.epochs[place])} the largest weight {verb} {way}; {numbers}. "
        f"{reads}, {right[0]} {'before' if not first else f'after epoch {first}'}."
    )


def filters_sentence(snapshots: Snapshots, network: Network, place: int) -> str:
    """What is to be seen of the filters in a frame, and how far they have changed since the first; "" without any."""
    count, height, width = snapshots.filters.shape[1:]
    if not count:
        return ""
    name = next(name for name, layer in network.named_layers() if layer.layer == "Conv2D")
    all_of_it = next(row.output_shape[-1] for row in network.table() if row.name == name)
    shown = f"The {count}" if count == all_of_it else f"The first {count} of {all_of_it}"
    what = f"{shown} filters of {name}, {height}\N{MULTIPLICATION SIGN}{width}"
    if place == 0:
        return f"{what}, {frame_name(snapshots, 0)}."
    first, now = (np.nan_to_num(snapshots.filters[i].astype(np.float32)) for i in (0, place))
    norm, moved = (float(np.linalg.norm(values)) for values in (first, now - first))
    changed = f"; they have changed by {percent(moved / norm, 0)} since the first frame" if norm else ""
    return f"{what}, {frame_name(snapshots, place)}{changed}."


def read_digits(snapshots: Snapshots) -> np.ndarray:
    """(frames, samples): the digit that is likeliest for each sample image."""
    return np.asarray(np.nan_to_num(snapshots.answers.astype(np.float32)).argmax(axis=-1))


def read_right(snapshots: Snapshots, labels: np.ndarray) -> list[int]:
    """In each frame, how many of the sample images are read right."""
    return [int(count) for count in (read_digits(snapshots) == labels).sum(axis=1)]


def _weighing(network: Network) -> list[int]:
    """Places of the convolutions and dense layers: a normalisation's scales are about 1, and no weights to speak of."""
    kinds = {name: layer.layer for name, layer in network.named_layers()}
    return [place for place, name in enumerate(layers_with_weights(network)) if kinds[name] in ("Conv2D", "Dense")]
