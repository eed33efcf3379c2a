"""Loss: what a wrong answer costs."""

import numpy as np
import streamlit as st

from core.formatting import a_digit, certainty, loss_text
from core.insight.metrics import cross_entropy
from core.lessons import lesson_charts
from core.lessons.operations import softmax
from core.networks.gradients import logits
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.learn import chapter

TITLE = "Loss"
SUMMARY = "Categorical cross-entropy: one number for how wrong an answer is."
LEAST = 0.01
SPEC = lesson_charts.curve_with_point(("probability of the right digit", 0, 1), ("loss", 0, 5))


def render() -> None:
    """Draw the loss over the probability of the right digit, and the loss of the visitor's digit."""
    st.markdown(
        "To get better, a network must know how wrong it is, in **one number**. Counting mistakes would not do: a "
        "slightly better weight rarely changes any answer, so the count would give no hint which way to go. The loss "
        "does. **Categorical cross-entropy** is the negative logarithm of the probability that the network gave to "
        "the right digit. An answer that is sure and right costs nothing. One that is sure and wrong costs a lot."
    )
    _render_curve()
    chapter.render_sample_notice()
    _render_own_loss()
    st.markdown(
        "Why a logarithm? Probabilities of independent answers multiply; their logarithms add, so the loss of a batch "
        "is simply the mean of its images' losses. And together with softmax its slope is as simple as can be: at "
        "each of the ten logits it is the probability minus the one-hot label. With 0.6 for the right digit it is "
        "\N{MINUS SIGN}0.4: the logit should go up, and the more wrong the answer was, the harder it is pushed."
    )
    st.markdown(
        "Accuracy, by contrast, only counts. It can stand still while the loss falls, because answers that were right "
        "become surer; and if the loss rises while accuracy holds, the network makes its mistakes with growing "
        "confidence."
    )


def _render_curve() -> None:
    probability = st.slider("Probability of the right digit", LEAST, 1.0, 0.6, 0.01, key="loss_probability")
    loss = cross_entropy(np.array([[probability]]), np.array([0]))
    x = np.linspace(LEAST / 2, 1, 120)
    rows = lesson_charts.curve_with_point_rows(x, -np.log(x), (probability, loss))
    st.vega_lite_chart(rows, SPEC, key="loss_curve", height=220, alt="Loss over the probability of the right digit")
    caption(
        f"\N{MINUS SIGN}log {probability:.2f} = {loss_text(loss) if loss > 0 else '0'}. Half the probability would "
        "always cost 0.693 more; guessing among ten digits costs 2.30."
    )


def _render_own_loss() -> None:
    name, model = chapter.chosen_model()
    probabilities = softmax(logits(model.network, model.weights, chapter.image()[np.newaxis])[0])
    likeliest = int(probabilities.argmax())
    label = f"What {chapter.digit_name()} was meant to be"
    digit = st.pills(label, range(10), default=likeliest, required=True, key="loss_digit")
    loss = cross_entropy(probabilities[np.newaxis], np.array([digit]))
    caption(
        f"{plain(name[0].upper() + name[1:])} gives the {digit} {certainty(probabilities[digit])} for "
        f"{chapter.digit_name()}. If {a_digit(digit)} was meant, its loss is "
        f"**{loss_text(loss) if loss >= 0.0005 else 'less than 0.0005'}**."
    )
