"""The progress of a run within an epoch, and the result of each epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class BatchProgress:
    """A report within an epoch.

    `loss` and `accuracy` are means over the batches since the previous report, as Keras' running means over the epoch
    lag behind. Only a few reports have validation values, which are of 500 images, and `sample_answers`.
    `drawing_probabilities` are those of the ten digits for the drawing that the owner watches; empty without one.
    """

    epoch: int  # counted from 1
    step: int
    steps: int  # in an epoch
    loss: float
    accuracy: float
    learning_rate: float
    images_per_second: float
    seconds: float  # since the run began, without pauses
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    sample_answers: tuple[int, ...] = ()  # the predicted digits of the first test images
    drawing_probabilities: tuple[float, ...] = ()


@dataclass(frozen=True)
class EpochResult:
    """The result of an epoch; `loss` and `accuracy` are Keras' means over its training batches."""

    epoch: int  # counted from 1
    loss: float
    accuracy: float
    learning_rate: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None


def read_progress(stored: Mapping[str, Any]) -> BatchProgress:
    """A report as `asdict` and JSON have left it. Fields of a newer version are left out, as in `read_result`."""
    lists = {name: tuple(value) for name, value in stored.items() if isinstance(value, list)}
    return BatchProgress(**_known(BatchProgress, {**stored, **lists}))


def read_result(stored: Mapping[str, Any]) -> EpochResult:
    """The result of an epoch as `asdict` and JSON have left it."""
    return EpochResult(**_known(EpochResult, stored))


def _known(kind: type, stored: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: stored[field.name] for field in fields(kind) if field.name in stored}


def share_done(progress: BatchProgress, epochs: int) -> float:
    """The share of all epochs that is done, 0 to 1."""
    return min(1.0, (progress.epoch - 1 + progress.step / progress.steps) / epochs)
