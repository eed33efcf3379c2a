"""28x28 -> an answer: the digit and how likely it is, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import ThreadpoolController

from core.digits.preprocessing import (
    DrawingTooLarge,
    NoInk,
    TooLittleInk,
    TooMuchInk,
    frame_strokes,
    strokes_from_canvas,
)
from core.networks.model import Model

# An answer is small work: a second thread gains nothing, and waits for its turn while a training has the cores (up to
# 600 ms instead of 6, with two cores busy).
_blas = ThreadpoolController().select(user_api="blas")

# Below this probability an answer names the runner-up too. Of MNIST's validation images 0.5 % lie below for the shipped
# model, and a quarter of those are misread; of the others 0.2 %.
SURE = 0.8


@dataclass(frozen=True)
class Answer:
    """What there is to say about a drawing.

    Attributes:
        sentence: "97.1 % sure", or why there is no answer and what to do.
        image: (28, 28) float32 in [0, 1], what the network saw; None where nothing could be framed.
        probabilities: (10,) float32 that sum to 1; None where the answer is declined.
        digit: the likeliest digit.
        runner_up: the second likeliest digit.
        is_sure: whether the digit's probability is at least `SURE`.
    """

    sentence: str
    image: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    digit: int | None = None
    runner_up: int | None = None
    is_sure: bool = False


def answer_drawing(model: Model, drawing: object) -> Answer:
    """Read a drawing, as the canvas sends it, with a model; a drawing that is no digit gets a sentence, no error."""
    try:
        image = frame_strokes(strokes_from_canvas(drawing))
    except (NoInk, TooLittleInk, TooMuchInk, DrawingTooLarge) as problem:
        return Answer(str(problem))
    return answer_image(model, image)


def answer_image(model: Model, image: np.ndarray) -> Answer:
    """Read a framed image, (28, 28) float32 in [0, 1], with a model."""
    with _blas.limit(limits=1), np.errstate(all="ignore"):
        probabilities = model.probabilities(image[np.newaxis])[0]
    if not np.isfinite(probabilities).all():
        return Answer("This model's answer is not a number: choose another model.", image)
    runner_up, digit = (int(place) for place in np.argsort(probabilities)[-2:])
    is_sure = bool(probabilities[digit] >= SURE)
    sentence = f"{certainty(probabilities[digit])} sure" if is_sure else f"Not sure: {digit} or {runner_up}?"
    return Answer(sentence, image, probabilities, digit, runner_up, is_sure)


def certainty(probability: float) -> str:
    """A model's probability as people read it, one decimal; never 100, as no model is that certain."""
    return f"{min(probability * 100, 99.9):.1f}\N{THIN SPACE}%"
