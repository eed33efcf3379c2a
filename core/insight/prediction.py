"""A model's answer to a drawing, a picture or a 28x28 image: the digit and its probability, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from threadpoolctl import ThreadpoolController

from core.digits.canvas import DrawingTooLarge, pen_widths_from_canvas, strokes_from_canvas
from core.digits.pictures import Picture, frame_picture
from core.digits.preprocessing import (
    MNIST_FRAMING,
    PEN_WIDTH,
    Framing,
    NoInk,
    TooLittleInk,
    TooMuchInk,
    frame_strokes,
)
from core.digits.synthetic.doodles import DOODLE, LETTER, TWO_DIGITS
from core.formatting import certainty
from core.networks.detector import load_detector
from core.networks.model import Model
from core.networks.network import CLASSES

_blas = ThreadpoolController().select(user_api="blas")


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Run NumPy's matrix products on one thread, without warnings where huge weights overflow. Also a decorator.

    An answer is little work: a second thread gains nothing, and while a training keeps the cores busy it waits for its
    turn (up to 600 ms instead of 6, on two cores).
    """
    with _blas.limit(limits=1), np.errstate(all="ignore"):
        yield


# Below this probability an answer names the runner-up too. Of MNIST's validation images 0.8 % lie below for the shipped
# model, and a third of those are misread; of the others 0.2 %.
SURE = 0.8

# From which log odds of "a digit", by the detector, there is an answer at all, and from which it may be sure. Of
# MNIST's validation images and built-in digits (even pen, another seed) 0.06 % lie below the first. Of built-in
# letters and doodles (another seed) at most 2 % lie above the second and have a digit of at least `SURE`. The price: of
# MNIST's validation images 3 % are doubted which the model alone is sure of.
ANSWERED_FROM = -5.0
SURE_FROM = 1.5


@dataclass(frozen=True)
class Answer:
    """A model's answer to a drawing: a digit, two digits between which it is not sure, or why there is none.

    Attributes:
        sentence: "97.1 % sure", "Not sure: 4 or 9?", or why there is no answer and what to do.
        image: (28, 28) float32 in [0, 1], the network's input; None where nothing could be framed.
        probabilities: (10,) float32 that sum to 1; None where the answer is declined.
        digit: the likeliest digit; None where the answer is declined.
        runner_up: the second likeliest digit.
        is_sure: whether the digit's probability is at least `SURE`, and the drawing clearly is a digit.
    """

    sentence: str
    image: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    digit: int | None = None
    runner_up: int | None = None
    is_sure: bool = False


def answer_drawing(model: Model, drawing: object, framing: Framing = MNIST_FRAMING) -> Answer:
    """Answer a drawing as the canvas sends it. One that cannot be read gets a sentence that says why, not an error."""

    def frame(framing: Framing) -> np.ndarray:
        pen_widths = PEN_WIDTH if framing.redraw else pen_widths_from_canvas(drawing)
        return frame_strokes(strokes_from_canvas(drawing), framing, pen_widths)

    return _answer(model, frame, framing)


def answer_picture(model: Model, picture: Picture, framing: Framing = MNIST_FRAMING) -> Answer:
    """Answer an uploaded picture, as `answer_drawing` does a drawing."""
    return _answer(model, lambda framing: frame_picture(picture, framing), framing)


def _answer(model: Model, frame: Callable[[Framing], np.ndarray], framing: Framing) -> Answer:
    try:
        image = frame(framing)
        framed = image if framing.is_complete else frame(MNIST_FRAMING)
    except (NoInk, TooLittleInk, TooMuchInk, DrawingTooLarge) as problem:
        return Answer(str(problem))
    return answer_image(model, image, framed)


def answer_image(model: Model, image: np.ndarray, framed: np.ndarray | None = None) -> Answer:
    """Answer an image, or decline where the detector finds no digit in it.

    Args:
        model: what reads it.
        image: (28, 28) float32 in [0, 1].
        framed: the same drawing in MNIST's framing, where `image` is not in it; tells whether it is a digit at all.
    """
    with on_one_thread():
        probabilities = model.probabilities(image[np.newaxis])[0]
        odds, likeliest = digit_odds(image if framed is None else framed)
    if not np.isfinite(probabilities).all():
        return Answer("This model's answer is not a number: choose another model.", image)
    runner_up, digit = (int(index) for index in np.argsort(probabilities)[-2:])
    if odds < ANSWERED_FROM:
        return Answer(_NO_DIGIT[likeliest].format(f"{digit} or {runner_up}"), image)
    is_sure = bool(probabilities[digit] >= SURE and odds >= SURE_FROM)
    if is_sure:
        sentence = f"{certainty(probabilities[digit])} sure"
    elif probabilities[digit] >= SURE:  # the detector hesitates, not the model
        sentence = f"Not sure: {digit}, or no digit?"
    else:
        sentence = f"Not sure: {digit} or {runner_up}?"
    return Answer(sentence, image, probabilities, digit, runner_up, is_sure)


_NO_DIGIT = {
    TWO_DIGITS: "Two digits? Draw one at a time.",
    LETTER: "Not sure: a letter? If it is a digit, {}?",
    DOODLE: "Not sure that is a digit. If so, {}?",
}


def digit_odds(image: np.ndarray) -> tuple[float, int]:
    """The detector's log odds that a framed image is a digit, and its likeliest class if it is none.

    Args:
        image: (28, 28) float32 in [0, 1].

    Returns:
        The log odds, and `TWO_DIGITS`, `LETTER` or `DOODLE`.
    """
    probabilities = load_detector().probabilities(image[np.newaxis])[0]
    digits, others = (np.maximum(part.sum(), 1e-30) for part in np.split(probabilities, [CLASSES]))
    return float(np.log(digits) - np.log(others)), CLASSES + int(probabilities[CLASSES:].argmax())
