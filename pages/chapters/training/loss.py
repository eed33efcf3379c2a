"""Loss: what a wrong answer costs."""

import numpy as np
import streamlit as st

from core.formatting import a_digit, certainty, loss_text
from core.insight.metrics import cross_entropy
from core.lessons import lesson_charts
from core.lessons.operations import logits, softmax
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.learn import chapter

TITLE = "Loss"
SUMMARY = "Categorical cross-entropy: one number for how wrong an answer is."
LEAST = 0.01
SPEC = lesson_charts.curve_with_point(("probability of the right digit", 0, 1), ("loss", 0, 5))


def render() -> None:
    """Draw the chapter."""
    st.markdown(
        "To get better, a network must know how wrong it is, in **one number**. Counting mistakes would not do: a "
        "slightly better weight rarely changes any answer, so the count would give no hint which way to go. The loss "
        "does. **Categorical cross-entropy** takes the probability that the network gave to the right digit, and its "
        "negative logarithm is what the answer costs. Sure and right costs nothing. Sure and wrong costs a lot."
    )
    probability = st.slider("Probability of the right digit", LEAST, 1.0, 0.6, 0.01, key="loss_probability")
    loss = _loss(probability)
    curve = np.linspace(LEAST / 2, 1, 120)
    rows = lesson_charts.curve_rows(curve, -np.log(curve), (probability, loss))
    st.vega_lite_chart(rows, SPEC, key="loss_curve", height=220, alt="Loss over the probability of the right digit")
    caption(
        f"\N{MINUS SIGN}log {probability:.2f} = {loss_text(loss) if loss > 0 else '0'}. Half as probable would cost "
        "0.693 more, whatever it was before; guessing among ten digits costs 2.30."
    )
    chapter.invite()
    asked = chapter.asked()
    shares = softmax(logits(asked.model, chapter.ink()))
    read = int(shares.argmax())
    chosen = st.pills(f"What {chapter.whose()} was meant to be", range(10), default=read, key="loss_digit")
    digit = read if chosen is None else chosen
    cost = cross_entropy(shares[np.newaxis], np.array([digit]))
    name = plain(asked.name[0].upper() + asked.name[1:])
    caption(
        f"{name} gives the {digit} {certainty(shares[digit])} for {chapter.whose()}. "
        f"If {a_digit(digit)} was meant, its loss is **{loss_text(cost) if cost >= 0.0005 else 'less than 0.0005'}**."
    )
    st.markdown(
        "Why a logarithm? Probabilities of independent answers multiply; their logarithms add, so that the loss of a "
        "batch is simply the mean of its images' losses. And together with softmax its slope is as plain as can be: "
        "at each of the ten logits it is the probability given minus the one-hot label. With 0.6 for the right digit "
        "it is \N{MINUS SIGN}0.4: up with it, and the harder the wronger."
    )
    st.markdown(
        "Accuracy, by contrast, only counts. It can stand still while the loss falls, because answers that were right "
        "become surer; and a loss that rises while accuracy holds tells of mistakes that are made with growing "
        "confidence."
    )


def _loss(probability: float) -> float:
    return cross_entropy(np.array([[probability]]), np.array([0]))
