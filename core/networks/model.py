"""A trained model: its recipe, its weights, what it scored; kept as one checked `.safetensors` file.

The file holds the weight arrays by name, and in its metadata the rest as JSON with a SHA-256 over everything. Nothing
in it is ever executed or unpickled, so a stranger's file can be opened: its header must announce exactly the arrays of
a network that Inkling allows before any number is looked at, and the numbers are looked at where they lie.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from math import prod
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field
from safetensors.numpy import save

from core.errors import InklingError
from core.networks.network import MAX_PARAMETERS, Network
from core.networks.recipe import BadRecipe, Recipe, parse_recipe
from core.value import Value

FORMAT = "inkling-model-1"
MAX_HEADER_BYTES = 200_000  # the longest of ours, with 40 layers, takes 30 kB
MAX_FILE_BYTES = 4 * MAX_PARAMETERS + MAX_HEADER_BYTES
PRETRAINED = Path(__file__).parent / "pretrained" / "accurate.safetensors"


class BadModelFile(InklingError, ValueError):
    """The file cannot be opened as a model; the message says why."""


class Scores(Value):
    """What a run measured, once, at its end. Rates are fractions between 0 and 1."""

    data_source: Literal["mnist", "handwriting"]
    test_accuracy: float = Field(ge=0, le=1)
    test_images: int = Field(ge=1, le=10_000_000)
    test_loss: float = Field(ge=0, le=1e6)
    drawn_accuracy: float | None = Field(None, ge=0, le=1, description="On built-in digits, drawn with an even pen.")
    validation_accuracy: float | None = Field(None, ge=0, le=1)
    temperature: float = Field(1.0, ge=0.05, le=20, description="Divides the logits, so that 90 % means 90 %.")
    kept_epoch: int = Field(ge=0, le=10_000, description="Epoch whose weights are the model, counted from 1.")
    kept_because: str = Field("", max_length=200)
    epochs: int = Field(ge=0, le=10_000, description="Epochs that the run began.")
    seconds: float = Field(ge=0, le=1e8)


@dataclass(frozen=True)
class Model:
    """A network that has learned.

    Attributes:
        recipe: how it was trained.
        weights: float32 arrays by full name, as in `Network.weight_specs`.
        scores: what it scored on its test set.
        summary: Keras' own `model.summary()` text.
    """

    recipe: Recipe
    weights: Mapping[str, np.ndarray]
    scores: Scores
    summary: str

    @property
    def network(self) -> Network:
        """The layers."""
        return self.recipe.network

    @cached_property
    def parameters(self) -> int:
        """All numbers the network holds."""
        return self.network.parameters

    @cached_property
    def fingerprint(self) -> str:
        """What tells this model from any other: the SHA-256 of its recipe, weights, scores and summary."""
        return _fingerprint(self._described, self.weights)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Calibrated answers to (n, 28, 28) images, uint8 or float32 in [0, 1]: (n, 10) float32, rows summing to 1."""
        return tempered(self.network.probabilities(self.weights, images), self.scores.temperature)

    def to_bytes(self) -> bytes:
        """The model as the content of a `.safetensors` file, which `read_model` reads back as an equal model."""
        arrays = {name: np.ascontiguousarray(array, np.float32) for name, array in self.weights.items()}
        metadata = {"format": FORMAT, "model": self._described, "sha256": self.fingerprint}
        return save(arrays, metadata)

    @cached_property
    def _described(self) -> str:
        return json.dumps(
            {
                "recipe": self.recipe.model_dump(mode="json"),
                "scores": self.scores.model_dump(mode="json"),
                "summary": self.summary,
            }
        )


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """What a softmax would have put out, had its logits been divided by a temperature.

    Above 1 it makes answers less certain, below 1 more; the order of the classes stays.

    Args:
        probabilities: (n, classes) float32, each row summing to 1.
        temperature: above 0.

    Source: Guo et al., "On Calibration of Modern Neural Networks" (2017), section 4.2.
    """
    if temperature == 1:
        return probabilities
    scaled: np.ndarray = probabilities ** np.float32(1 / temperature)
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def read_model(content: bytes) -> Model:
    """Read a model from the content of a `.safetensors` file, trusting nothing in it.

    Raises:
        BadModelFile: it is too large, damaged, not ours, or its weights do not fit its network.
    """
    if len(content) > MAX_FILE_BYTES:
        raise BadModelFile(f"This file is larger than any model of Inkling's ({MAX_FILE_BYTES // 1_000_000} MB).")
    header, start = _header(content)
    described, fingerprint = _metadata(header)
    try:
        fields = json.loads(described)
        recipe = parse_recipe(fields["recipe"])
        scores = Scores.model_validate_json(json.dumps(fields["scores"]))
        summary = fields["summary"]
        if not isinstance(summary, str):
            raise ValueError
    except BadRecipe as problem:
        raise BadModelFile(f"This model's recipe cannot be used. {problem}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadModelFile("This model's description is damaged. Save it again in Inkling.") from None
    arrays = _arrays(content, start, header, recipe.network)
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise BadModelFile(f"This model's weights {name!r} hold numbers that are not finite.")
    if fingerprint != _fingerprint(described, arrays):
        raise BadModelFile("This model file is damaged: its checksum is wrong. Save it again in Inkling.")
    _check_answers(recipe.network, arrays)
    return Model(recipe, arrays, scores, summary)


def load_model(path: Path) -> Model:
    """Read a model from a file on this machine.

    Raises:
        BadModelFile: as `read_model`, or the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return read_model(file.read(MAX_FILE_BYTES + 1))
    except OSError as problem:
        raise BadModelFile(f"{path} cannot be read: {problem.strerror}.") from None


@cache
def pretrained() -> Model:
    """The model that ships with Inkling: what the preset "Accurate" gives on MNIST."""
    return load_model(PRETRAINED)


def _check_answers(network: Network, weights: Mapping[str, np.ndarray]) -> None:
    """Refuse finite weights that answer with numbers that are not: too large, or variances below zero."""
    with np.errstate(all="ignore"):
        blank_and_full = np.stack([np.zeros((28, 28), np.float32), np.ones((28, 28), np.float32)])
        if not np.isfinite(network.probabilities(weights, blank_and_full)).all():
            raise BadModelFile("This model's answers are not numbers. Train it again with a lower learning rate.")


def _header(content: bytes) -> tuple[dict[str, Any], int]:
    """The header's JSON, and where the numbers begin: eight bytes of length, that much JSON, then the numbers."""
    length = int.from_bytes(content[:8], "little")
    try:
        if not 2 <= length <= min(MAX_HEADER_BYTES, len(content) - 8) or content[8:9] != b"{":
            raise ValueError
        header: dict[str, Any] = json.loads(content[8 : 8 + length])
    except (ValueError, RecursionError):
        raise BadModelFile("This is not a .safetensors model. Open a file that Inkling saved.") from None
    return header, 8 + length


def _metadata(header: dict[str, Any]) -> tuple[str, str]:
    """Description and checksum."""
    try:
        metadata = header["__metadata__"]
        described, fingerprint = metadata["model"], metadata["sha256"]
        if metadata["format"] != FORMAT or not isinstance(described, str) or not isinstance(fingerprint, str):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise BadModelFile("This .safetensors file is not Inkling's. Open a file that Inkling saved.") from None
    return described, fingerprint


def _arrays(content: bytes, start: int, header: dict[str, Any], network: Network) -> dict[str, np.ndarray]:
    """The network's weights as views of the file, if its header announces them all, and nothing but them."""
    specs = network.weight_specs()
    for name in sorted(specs.keys() ^ (header.keys() - {"__metadata__"})):
        raise _unfit(name)
    arrays, end = {}, 0
    for name in sorted(specs):  # as they lie in the file, one after the other: none is left unchecked
        shape = specs[name].shape
        begin, end = end, end + 4 * prod(shape)
        if header[name] != {"dtype": "F32", "shape": [*shape], "data_offsets": [begin, end]}:
            raise _unfit(name)
        if end > len(content) - start:
            break
        arrays[name] = np.frombuffer(content, "<f4", prod(shape), start + begin).reshape(shape)
    if end != len(content) - start:
        raise BadModelFile("This model file is damaged: it is cut short or too long. Save it again in Inkling.")
    return arrays


def _unfit(name: str) -> BadModelFile:
    return BadModelFile(f"This model's weights do not fit its network: {name[:60]!r} is not as it should be.")


def _fingerprint(described: str, arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256(described.encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name], "<f4").data)
    return digest.hexdigest()
