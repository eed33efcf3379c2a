"""Softmax, with a temperature, on the answer to the visitor's drawing."""

import numpy as np
import streamlit as st

from core.formatting import a_digit, cell_text, certainty
from core.lessons import lesson_charts
from core.lessons.operations import softmax
from core.networks.gradients import logits
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.learn import chapter
from pages.components.parts import table

TITLE = "Softmax"
SUMMARY = "From ten sums to ten probabilities, and what a temperature does to them."
SPEC = lesson_charts.probability_bars()


def render() -> None:
    """Draw the chosen model's ten probabilities for the visitor's digit, at a chosen temperature."""
    st.markdown(
        "The last layer ends with ten sums, called **logits**. They may be negative, and they add up to nothing in "
        "particular. Softmax turns them into probabilities: it raises e = 2.718… to the power of each, which makes "
        "all of them positive, and divides each by the sum of the ten. A logit that is larger by 1 thus counts 2.7 "
        "times as much, one that is larger by 5 counts 148 times as much. The order stays, the ten add up to 1, and "
        "the leader pulls away."
    )
    chapter.render_sample_notice()
    name, model = chapter.chosen_model()
    temperature = st.slider("Temperature", 0.2, 10.0, 1.0, 0.1, key="softmax_temperature")
    _render_probabilities(
        plain(name), logits(model.network, model.weights, chapter.image()[np.newaxis])[0], temperature
    )
    own = f"{model.scores.temperature:.2f}"
    measured = f"For {plain(name)} it is **{own}**, and the answers on Draw are given at this temperature."
    if model.recipe.data.validation != "split":
        measured = (
            f"No images were kept aside when {plain(name)} was trained, so nothing was measured, and its answers are "
            f"given at **{own}**."
        )
    st.markdown(
        "The **temperature** divides the logits first. Above 1 it evens them out: the network becomes modest. Below 1 "
        "it sharpens them: the network becomes overconfident. Which digit leads never changes. This is useful: a "
        "network may be right in 97 of 100 cases and yet claim 99.9 % each time. Inkling therefore measures, on "
        f"images kept aside, which temperature makes “90 %” right nine times in ten. {measured}"
    )
    st.markdown(
        "Softmax cannot say “none of these”. Its ten probabilities always add up to 1, even for the drawing of a cat."
    )


def _render_probabilities(name: str, sums: np.ndarray, temperature: float) -> None:
    probabilities = softmax(sums, temperature)
    rows = [{"digit": str(digit), "probability": float(value)} for digit, value in enumerate(probabilities)]
    st.vega_lite_chart(rows, SPEC, key="softmax_bars", height=260, alt="Ten bars, the probability of each digit")
    second, first = (int(digit) for digit in np.argsort(probabilities)[-2:])
    caption(
        f"At temperature {temperature:.1f}, {name} takes {chapter.digit_name()} for {a_digit(first)} with "
        f"{certainty(probabilities[first])}, for {a_digit(second)} with {certainty(probabilities[second])}."
    )
    with st.expander("The ten in numbers", key="softmax_numbers"):
        cells: list[tuple[str, ...]] = [
            (str(digit), cell_text(logit, 2), cell_text(logit / temperature, 2), certainty(probability))
            for digit, (logit, probability) in enumerate(zip(sums.tolist(), probabilities, strict=True))
        ]
        cells[first] = tuple(map(table.Bold, cells[first]))
        heads = ("digit", "logit", "divided", "probability")
        table.render("softmax_table", "From logits to probabilities", heads, cells, numbers={1, 2, 3})
