"""The history of a training, as values: where it is within an epoch, and what each epoch ended with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BatchProgress:
    """Where a run is within an epoch.

    `loss` and `accuracy` are means over the batches since the last report; Keras' own are running means over the
    epoch, which lag behind. The validation values, from 500 images, and the answers to the sample images are there at
    a few of the reports only. `drawing_probabilities` are the ten answers to the drawing that the run was given to
    watch; empty where there is none.
    """

    epoch: int  # counted from 1
    step: int
    steps: int  # in an epoch
    loss: float
    accuracy: float
    learning_rate: float
    images_per_second: float
    seconds: float  # since the run began, pauses left out
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    sample_answers: tuple[int, ...] = ()  # the digits read in the first test images
    drawing_probabilities: tuple[float, ...] = ()


@dataclass(frozen=True)
class EpochResult:
    """What an epoch ended with; `loss` and `accuracy` are Keras' means over its training batches."""

    epoch: int  # counted from 1
    loss: float
    accuracy: float
    learning_rate: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None


def share_done(progress: BatchProgress, epochs: int) -> float:
    """How much of all epochs is behind, 0 to 1."""
    return min(1.0, (progress.epoch - 1 + progress.step / progress.steps) / epochs)
