"""The answer to a drawing: the digit in large type, what the network saw, and ten bars.

A component of our own, because a Vega chart would cost a megabyte of script before the first answer, and neither a
screen reader nor a test can read one. This is text on the page: colours and type come from the theme, the bars glide.
"""

from core.formatting import certainty
from core.insight.prediction import Answer
from pages.components.base import theme
from pages.components.base.component import register

_answer = register(__file__)


def render(answer: Answer) -> None:
    """Draw the answer; it takes the same space on the page before the first stroke as after it."""
    # Tuples, as Streamlit looks through lists for data frames.
    probabilities = () if answer.probabilities is None else tuple(answer.probabilities.tolist())
    is_unsure = answer.digit is not None and not answer.is_sure
    _answer(
        key="answer",
        data={
            "digit": answer.digit,
            "runner_up": answer.runner_up if is_unsure else None,
            "shown": "?" if is_unsure else "" if answer.digit is None else str(answer.digit),
            "sentence": answer.sentence,
            "probabilities": probabilities,
            "shares": tuple(certainty(probability) for probability in probabilities),
            "image": None if answer.image is None else tuple((answer.image * 255).round().ravel().tolist()),
            "ink": theme.INK[theme.name()],
        },
    )
