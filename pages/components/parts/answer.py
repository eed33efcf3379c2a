"""What a network reads in a drawing: the digit in large type, a sentence, what the network saw, and ten bars.

A component of our own, because a Vega chart would cost a megabyte of script before the first answer, and neither a
screen reader nor a test can read one. This is text on the page: colours and type come from the theme, the bars glide.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.formatting import certainty
from core.insight.prediction import Answer
from pages.components.base import theme
from pages.components.base.component import register

_answer = register(__file__)


def render(answer: Answer) -> None:
    """Render the answer; it takes the same space on the page before the first stroke as after it."""
    probabilities = [] if answer.probabilities is None else answer.probabilities.tolist()
    is_unsure = answer.digit is not None and not answer.is_sure
    image = None if answer.image is None else (answer.image * 255).round()
    words = {"name": "Answer", "sentence": answer.sentence, "speaks": True}
    doubt = {"unsure": True, "runner_up": answer.runner_up} if is_unsure else {}
    _render("answer", image, probabilities, answer.digit, words | doubt)


def render_learning(image: np.ndarray | None, probabilities: Sequence[float], sentence: str) -> None:
    """Render what a network in training reads in a drawing; no screen reader speaks each report.

    Args:
        image: (28, 28) uint8, or None where there is no drawing.
        probabilities: ten, or none where there is no answer yet.
        sentence: what they say, in words.
    """
    digit = int(np.argmax(probabilities)) if probabilities else None
    _render("learning", image, probabilities, digit, {"name": "A drawing, being learned", "sentence": sentence})


def _render(
    key: str, image: np.ndarray | None, probabilities: Sequence[float], digit: int | None, words: dict[str, Any]
) -> None:
    # Tuples, as Streamlit looks through lists for data frames.
    data = {
        "image": None if image is None else tuple(image.ravel().tolist()),
        "ink": theme.INK[theme.name()],
        "probabilities": tuple(map(float, probabilities)),
        "shares": tuple(map(certainty, probabilities)),
        "digit": digit,
    }
    _answer(key=key, data=data | words)
