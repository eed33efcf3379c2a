"""The detector: a network that tells digits from what is no digit, for whichever model answers.

It ships with Inkling. `core/training/detector_training.py` trains it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from core.networks.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, ReLU
from core.networks.model import BadModelFile, tempered
from core.networks.network import CLASSES, Network

DETECTOR_CLASSES = CLASSES + 3  # the digits, then two digits, a letter, a doodle: the labels of `synthetic.doodles`
SHIPPED = Path(__file__).parent / "pretrained" / "detector.safetensors"


class DetectorNetwork(Network):
    """A stack of layers from a 28x28 image to thirteen probabilities: each digit, two digits, a letter, a doodle."""

    classes: ClassVar[int] = DETECTOR_CLASSES


NETWORK = DetectorNetwork(
    layers=(
        *(
            layer
            for filters, kernel_size, strides in ((24, 5, 2), (32, 3, 1), (64, 3, 2), (64, 3, 1))
            for layer in (
                Conv2D(filters=filters, kernel_size=kernel_size, strides=strides, padding="same", use_bias=False),
                BatchNormalization(momentum=0.9),
                ReLU(),
            )
        ),
        Flatten(),
        Dropout(rate=0.2),
        Dense(units=DETECTOR_CLASSES, activation="softmax"),
    )
)


@dataclass(frozen=True)
class Detector:
    """The trained detector.

    Attributes:
        weights: float32 arrays by full name, as in `NETWORK.weight_specs`.
        temperature: divides the logits, so that its probabilities are calibrated.
    """

    weights: Mapping[str, np.ndarray]
    temperature: float

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Answers to (n, 28, 28) images, uint8 or float32 in [0, 1]: (n, 13) float32, rows summing to 1."""
        return tempered(NETWORK.probabilities(self.weights, images), self.temperature)

    def to_bytes(self) -> bytes:
        """The detector as the content of a `.safetensors` file, which `load_detector` reads."""
        return save(dict(self.weights), {"temperature": repr(self.temperature)})


@cache
def load_detector(path: Path = SHIPPED) -> Detector:
    """Read a detector from its file, by default the one that ships with Inkling.

    Raises:
        BadModelFile: it is damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            weights = {name: file.get_tensor(name) for name in NETWORK.weight_specs()}
            return Detector(weights, float(file.metadata()["temperature"]))
    except (SafetensorError, KeyError, ValueError) as problem:
        raise BadModelFile(f"The detector's file {path.name} is damaged. Install Inkling again.") from problem
