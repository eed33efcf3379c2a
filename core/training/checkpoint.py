"""What a training run reports, what it can be resumed from, and what it returns. Plain values, without TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from core.errors import InklingError
from core.networks.history import EpochResult, read_result
from core.networks.model import Model
from core.networks.snapshots import NO_SNAPSHOTS, Snapshots

SAMPLE_IMAGES = 100  # the first test images, whose predictions are recorded during a run
Action = Literal["", "stop", "pause"]


@dataclass(frozen=True)
class KeptEpoch:
    """An epoch with its weights, in Keras' order, and the monitored value that it reached."""

    epoch: int
    value: float
    weights: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Checkpoint:
    """The complete state of a run; resumed from it, the run ends as if it had never stopped.

    Attributes:
        history: the finished epochs.
        step: steps already made in the epoch after them; 0 between two epochs.
        variables: every variable of network (including dropout's random state) and optimizer, by name. Earlier versions
            numbered them, in Keras' order.
        metrics: Keras' running means within that epoch; empty between two epochs.
        best: the best epoch so far; None where nothing is monitored.
        patience: the state of early stopping and learning-rate reductions, by callback.
        seconds: trained so far.
        snapshots: one of the fresh weights, and one of each finished epoch.
    """

    history: tuple[EpochResult, ...]
    step: int
    variables: Mapping[str, np.ndarray]
    metrics: tuple[np.ndarray, ...]
    best: KeptEpoch | None
    patience: dict[str, dict[str, float | None]]
    seconds: float
    snapshots: Snapshots = NO_SNAPSHOTS

    def to_bytes(self) -> bytes:
        """Serialize to the `.safetensors` format; `from_bytes` restores an equal checkpoint."""
        best = self.best
        arrays = {f"variable_{name}": value for name, value in self.variables.items()}
        arrays |= {f"metric_{index}": value for index, value in enumerate(self.metrics)}
        arrays |= {f"best_{index}": value for index, value in enumerate(best.weights if best else ())}
        arrays |= self.snapshots.to_arrays()
        description = {
            "history": [asdict(result) for result in self.history],
            "step": self.step,
            "best": [best.epoch, best.value] if best else None,
            "patience": self.patience,
            "seconds": self.seconds,
        }
        contiguous = {name: np.array(array, order="C") for name, array in arrays.items()}
        return save(contiguous, {"checkpoint": json.dumps(description)})

    @classmethod
    def from_bytes(cls, content: bytes) -> Checkpoint:
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: the content is damaged, or was written by an incompatible version.
        """
        try:
            arrays = load(content)
            length = int.from_bytes(content[:8], "little")
            description = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["checkpoint"])
            return cls._from_parts(arrays, description)
        except (SafetensorError, LookupError, TypeError, ValueError) as problem:
            raise ValueError(f"damaged checkpoint: {problem}") from None

    @classmethod
    def _from_parts(cls, arrays: dict[str, np.ndarray], description: dict[str, Any]) -> Checkpoint:
        def named(kind: str) -> dict[str, np.ndarray]:
            return {name.removeprefix(f"{kind}_"): arrays[name] for name in arrays if name.startswith(f"{kind}_")}

        def numbered(kind: str) -> tuple[np.ndarray, ...]:
            return tuple(array for _, array in sorted(named(kind).items(), key=lambda one: int(one[0])))

        best = description["best"]
        return cls(
            history=tuple(read_result(result) for result in description["history"]),
            step=description["step"],
            variables=named("variable"),
            metrics=numbered("metric"),
            best=KeptEpoch(best[0], best[1], numbered("best")) if best else None,
            patience=description["patience"],
            seconds=description["seconds"],
            snapshots=Snapshots.from_arrays(arrays),
        )


@dataclass(frozen=True)
class EpochProgress:
    """The end of an epoch: its result, and a checkpoint to resume from."""

    result: EpochResult
    checkpoint: Checkpoint


class OtherCheckpoint(InklingError):
    """A checkpoint of another version of Inkling, which builds this network from other weights."""

    def __init__(self) -> None:
        super().__init__(
            "Another version of Inkling has trained this run so far, and only that one can go on with it. It is kept."
        )


class Paused(Exception):
    """Raised when a run pauses as requested; `checkpoint` resumes it at the very step."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__("paused")
        self.checkpoint = checkpoint


@dataclass(frozen=True)
class TrainedModel:
    """The result of a run.

    Attributes:
        model: the weights that were kept, with their scores.
        history: the result of every finished epoch.
        test_probabilities: (test images, classes) float32, the model's predictions on the test set.
        keras_file: the content of a `.keras` file; that model takes (n, 28, 28, 1) float32 in [0, 1]. None where there
            was no room on the disk to make it.
        was_stopped: whether the run ended because it was asked to stop.
        notice: a sentence about what was different than asked for, or "".
    """

    model: Model
    history: tuple[EpochResult, ...]
    test_probabilities: np.ndarray
    keras_file: bytes | None
    was_stopped: bool
    notice: str = ""
