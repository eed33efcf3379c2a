"""What a training run hands over while it goes on, and what it leaves behind. Plain values: no TensorFlow here."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from core.networks.history import EpochResult
from core.networks.model import Model
from core.networks.snapshots import NO_SNAPSHOTS, Snapshots

SAMPLE_IMAGES = 100  # test images whose answers are followed while a run goes on
Action = Literal["", "stop", "pause"]


@dataclass(frozen=True)
class KeptEpoch:
    """An epoch whose weights are kept: in Keras' order, with the monitored value that it reached."""

    epoch: int
    value: float
    weights: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Checkpoint:
    """All that a run needs to go on as if it had never stopped.

    Attributes:
        history: the finished epochs.
        step: steps already made in the epoch after them; 0 between two epochs.
        variables: every variable of network (dropout's random state too) and optimizer, in Keras' order.
        metrics: Keras' running means within that epoch; none between two epochs.
        best: the best epoch so far; None where nothing is monitored.
        patience: what early stopping and learning-rate cuts remember, by callback.
        seconds: spent so far.
        film: what was recorded of the epochs, and of the weights before the first.
    """

    history: tuple[EpochResult, ...]
    step: int
    variables: tuple[np.ndarray, ...]
    metrics: tuple[np.ndarray, ...]
    best: KeptEpoch | None
    patience: dict[str, dict[str, float | None]]
    seconds: float
    snapshots: Snapshots = NO_SNAPSHOTS

    def to_bytes(self) -> bytes:
        """The checkpoint in the `.safetensors` format, which `from_bytes` reads back as it was."""
        best = self.best
        arrays = {f"variable_{place}": value for place, value in enumerate(self.variables)}
        arrays |= {f"metric_{place}": value for place, value in enumerate(self.metrics)}
        arrays |= {f"best_{place}": value for place, value in enumerate(best.weights if best else ())}
        arrays |= self.snapshots.to_arrays()
        described = {
            "history": [asdict(result) for result in self.history],
            "step": self.step,
            "best": [best.epoch, best.value] if best else None,
            "patience": self.patience,
            "seconds": self.seconds,
        }
        contiguous = {name: np.array(array, order="C") for name, array in arrays.items()}
        return save(contiguous, {"checkpoint": json.dumps(described)})

    @classmethod
    def from_bytes(cls, content: bytes) -> Checkpoint:
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: it is damaged, or another version's.
        """
        try:
            arrays = load(content)
            length = int.from_bytes(content[:8], "little")
            described = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["checkpoint"])
            return cls._from_parts(arrays, described)
        except (SafetensorError, LookupError, TypeError, ValueError) as problem:
            raise ValueError(f"damaged checkpoint: {problem}") from None

    @classmethod
    def _from_parts(cls, arrays: dict[str, np.ndarray], described: dict[str, Any]) -> Checkpoint:
        def numbered(kind: str) -> tuple[np.ndarray, ...]:
            return tuple(arrays[f"{kind}_{place}"] for place in range(sum(name.startswith(kind) for name in arrays)))

        best = described["best"]
        return cls(
            history=tuple(EpochResult(**result) for result in described["history"]),
            step=described["step"],
            variables=numbered("variable"),
            metrics=numbered("metric"),
            best=KeptEpoch(best[0], best[1], numbered("best")) if best else None,
            patience=described["patience"],
            seconds=described["seconds"],
            snapshots=Snapshots.from_arrays(arrays),
        )


@dataclass(frozen=True)
class EpochProgress:
    """An epoch is over: its result, and the checkpoint from which the run could go on."""

    result: EpochResult
    checkpoint: Checkpoint


class Paused(Exception):
    """The run was asked to pause; `checkpoint` is where it stands, to the step."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__("paused")
        self.checkpoint = checkpoint


@dataclass(frozen=True)
class TrainedModel:
    """What a run leaves behind.

    Attributes:
        model: the weights that were kept, with their scores.
        history: every finished epoch's result.
        test_probabilities: (10000, 10) float32, the model's answers to the test set.
        keras_file: the model as the content of a `.keras` file; it takes (n, 28, 28, 1) float32 in [0, 1].
        was_stopped: whether the run ended because it was asked to.
    """

    model: Model
    history: tuple[EpochResult, ...]
    test_probabilities: np.ndarray
    keras_file: bytes
    was_stopped: bool
