"""The training digits most like a drawing: nearest by the outputs of the network's last hidden layer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from core.digits.dataset import Digits, Source
from core.formatting import a_digit, number_text
from core.insight.prediction import on_one_thread
from core.networks.layers import Dense, Dropout, Flatten, GlobalAveragePooling2D
from core.networks.model import Model
from core.networks.network import Network, as_input

SHOWN = 8
CANDIDATES = 40  # nearest by their sketches, whose distances are then measured exactly
SKETCH = 512  # numbers that are kept of a training digit
MAX_WORK = 10_000_000_000  # multiply-adds for the features of the whole sample; some half a second
LEAST_SAMPLE = 100  # training digits, even if the network is slow
SKETCH_SEED = 2002
_WORDS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight")


@dataclass(frozen=True)
class Neighbours:
    """The training digits nearest to a drawing.

    Attributes:
        images: (n, 28, 28) uint8, the nearest first.
        labels: (n,) uint8.
        distances: (n,) float32, Euclidean, in `space`.
        space: where they were measured: a layer's name, or "pixels".
        sentence: what they are.
    """

    images: np.ndarray
    labels: np.ndarray
    distances: np.ndarray
    space: str
    sentence: str


def feature_space(network: Network) -> str:
    """Name of the last hidden layer, whose outputs the logits are computed from; "pixels" where no weights precede it.

    Flatten and Dropout, which compute nothing, are skipped.
    """
    rows = network.table()
    makers = [index for index, row in enumerate(rows) if isinstance(row.layer, Dense | GlobalAveragePooling2D)]
    if not makers:
        return "pixels"
    last = makers[-1]
    if not any(row.parameters for row in rows[:last]):
        return "pixels"
    return next(row.name for row in reversed(rows[:last]) if not isinstance(row.layer, Flatten | Dropout))


def sample_size(network: Network, available: int) -> int:
    """How many of the available training digits a drawing is compared with; fewer where the network is slow."""
    return min(available, max(MAX_WORK // max(network.work, 1), LEAST_SAMPLE))


@on_one_thread()
def sketches(model: Model, images: np.ndarray) -> np.ndarray:
    """Short descriptions of training digits that keep the distances between their features.

    Up to `SKETCH` features are kept as they are. More are summed with random signs into that many numbers: distances
    then err by about 5 %, and a sample of 2,000 digits takes 2 MB whatever the network.

    Returns:
        (n, at most `SKETCH`) float16.

    Source: Charikar, Chen & Farach-Colton, "Finding Frequent Items in Data Streams" (2002), section 3.
    """
    size = model.network.images_at_once
    parts = [_sketched(_features(model, images[i : i + size])) for i in range(0, len(images), size)]
    return np.asarray(np.clip(np.concatenate(parts), -6e4, 6e4).astype(np.float16))


@on_one_thread()
def nearest(model: Model, image: np.ndarray, sample: Digits, kept: np.ndarray, source: Source) -> Neighbours:
    """Find the training digits nearest to a drawing.

    Args:
        model: whose features are compared.
        image: (28, 28) float32 in [0, 1].
        sample: training digits, at least `SHOWN`.
        kept: their `sketches`; where these are fewer, the first so many digits are compared.
        source: what the digits are.
    """
    own = _features(model, image[np.newaxis])
    rough = np.linalg.norm(kept.astype(np.float32) - _sketched(own), axis=1)
    candidates = np.argsort(rough, kind="stable")[:CANDIDATES]
    exact = np.linalg.norm(_features(model, sample.images[candidates]) - own, axis=1).round(3)
    order = np.argsort(exact, kind="stable")[:SHOWN]
    chosen, distances = candidates[order], exact[order]
    labels = sample.labels[chosen]
    space = feature_space(model.network)
    where = "in pixels" if space == "pixels" else f"by what {space} makes of them"
    kind = "MNIST's training digits" if source == "mnist" else "built-in digits"
    sentence = (
        f"{agreement(labels)} Compared with {len(kept):,} of {kind}, {where}: the nearest is "
        f"{number_text(distances[0])} away, the middle one of all {number_text(float(np.median(rough)))}."
    )
    return Neighbours(sample.images[chosen], labels, distances, space, sentence)


def agreement(labels: np.ndarray) -> str:
    """What the nearest digits are: "Of the eight nearest, seven are a 4 and one is a 9."."""
    counts = Counter(labels.tolist()).most_common()
    said = [f"{_WORDS[count]} {'is' if count == 1 else 'are'} {a_digit(label)}" for label, count in counts]
    if len(said) == 1:
        return f"All {_WORDS[len(labels)]} nearest are {a_digit(counts[0][0])}."
    return f"Of the {_WORDS[len(labels)]} nearest, {', '.join(said[:-1])} and {said[-1]}."


def _features(model: Model, images: np.ndarray) -> np.ndarray:
    space = feature_space(model.network)
    if space == "pixels":
        return as_input(images).reshape(len(images), -1)
    return model.network.outputs_of(space, model.weights, images).reshape(len(images), -1)


def _sketched(features: np.ndarray) -> np.ndarray:
    width = features.shape[1]
    if width <= SKETCH:
        return features
    random = np.random.default_rng(SKETCH_SEED)
    order = random.permutation(width)
    signs = random.choice(np.array([-1, 1], np.float32), width)
    heaped = np.pad((features * signs)[:, order], ((0, 0), (0, -width % SKETCH)))
    return np.asarray(heaped.reshape(len(features), -1, SKETCH).sum(axis=1))
