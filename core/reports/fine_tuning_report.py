"""What fine-tuning changed: how the model read the drawings before and after, and its accuracies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.formatting import percent
from core.networks.model import Model, Scores


def readings(model: Model, images: np.ndarray) -> list[int]:
    """The predicted digit of each of (n, 28, 28) images, uint8 or float32 in [0, 1]."""
    return [int(digit) for digit in model.probabilities(images).argmax(axis=1)]


def fine_tuning_sentence(
    labels: Sequence[int], before: Sequence[int], after: Sequence[int], start: Scores, tuned: Scores
) -> str:
    """What fine-tuning changed: "Reads 3 of 4 drawings it was taught, before 0; test accuracy ...".

    Args:
        labels: of the drawings.
        before: the digits that the model read in them before.
        after: the digits that it reads now.
        start: the scores before.
        tuned: the scores now.
    """
    count = "1 drawing" if len(labels) == 1 else f"{len(labels)} drawings"
    right, was_right = _right(after, labels), _right(before, labels)
    changes = [f"test accuracy {_change(start.test_accuracy, tuned.test_accuracy)}"]
    if start.data_source != tuned.data_source:
        changes = [f"test accuracy {percent(tuned.test_accuracy)}"]  # measured on other images than before
    if start.drawn_accuracy is not None and tuned.drawn_accuracy is not None:
        changes.append(f"drawn digits {_change(start.drawn_accuracy, tuned.drawn_accuracy)}")
    return f"Reads {right} of {count} it was taught, before {was_right}; {', '.join(changes)}."


def _right(read: Sequence[int], labels: Sequence[int]) -> int:
    return sum(digit == label for digit, label in zip(read, labels, strict=True))


def _change(before: float, after: float) -> str:
    return f"{percent(before)} \N{RIGHTWARDS ARROW} {percent(after)}"
