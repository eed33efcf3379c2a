"""What a training run tells while it goes on, and what it leaves behind. Plain values: no TensorFlow here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.networks.model import Model


@dataclass(frozen=True)
class BatchProgress:
    """Where a run is within an epoch.

    `loss` and `accuracy` are means over the batches since the last report; Keras' own are running means over the
    epoch, which lag behind. The validation values, from 500 images, are there at a few of the reports only.
    """

    epoch: int  # counted from 1
    step: int
    steps: int  # in an epoch
    loss: float
    accuracy: float
    learning_rate: float
    images_per_second: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None


@dataclass(frozen=True)
class EpochResult:
    """What an epoch ended with; `loss` and `accuracy` are Keras' means over its training batches."""

    epoch: int  # counted from 1
    loss: float
    accuracy: float
    learning_rate: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None


@dataclass(frozen=True)
class KeptEpoch:
    """An epoch whose weights are kept: in Keras' order, with the monitored value that it reached."""

    epoch: int
    value: float
    weights: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Checkpoint:
    """All that a run needs to go on after an epoch as if it had never stopped.

    Attributes:
        history: the epochs so far.
        variables: every variable of network (dropout's random state too) and optimizer, in Keras' order.
        best: the best epoch so far; None where nothing is monitored.
        patience: what early stopping and learning-rate cuts remember, by callback.
        seconds: spent so far.
    """

    history: tuple[EpochResult, ...]
    variables: tuple[np.ndarray, ...]
    best: KeptEpoch | None
    patience: dict[str, dict[str, float]]
    seconds: float


@dataclass(frozen=True)
class EpochProgress:
    """An epoch is over: its result, and the checkpoint from which the run could go on."""

    result: EpochResult
    checkpoint: Checkpoint


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
