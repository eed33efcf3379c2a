"""Softmax, with a temperature, on the answer to the visitor's drawing."""

import numpy as np
import streamlit as st

from core.formatting import a_digit, cell_text, certainty
from core.lessons import lesson_charts
from core.lessons.operations import logits, softmax
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.learn import chapter
from pages.components.parts import worksheet
from pages.components.parts.worksheet import Table

TITLE = "Softmax"
SUMMARY = "From ten sums to ten probabilities, and what a temperature does to them."
SPEC = lesson_charts.probability_bars()


def render() -> None:
    """Draw the chapter."""
    st.markdown(
        "The last layer ends with ten sums, called **logits**. They may be negative, and they add up to nothing in "
        "particular. Softmax makes probabilities of them: it raises e = 2.718… to the power of each, which makes all "
        "of them positive, and divides each by the sum of the ten. A logit that is larger by 1 thus counts 2.7 times "
        "as much, one that is larger by 5 counts 148 times as much. The order stays, the ten add up to 1, and the "
        "leader pulls away."
    )
    chapter.invite()
    asked = chapter.asked()
    temperature = st.slider("Temperature", 0.2, 10.0, 1.0, 0.1, key="softmax_temperature")
    sums = logits(asked.model, chapter.ink())
    shares = softmax(sums, temperature)
    rows = [{"digit": str(digit), "probability": float(share)} for digit, share in enumerate(shares)]
    st.vega_lite_chart(rows, SPEC, key="softmax_bars", height=260, alt="Ten bars, the probability of each digit")
    second, first = (int(place) for place in np.argsort(shares)[-2:])
    caption(
        f"At temperature {temperature:.1f}, {plain(asked.name)} takes {chapter.whose()} for {a_digit(first)} with "
        f"{certainty(shares[first])}, for {a_digit(second)} with {certainty(shares[second])}."
    )
    with st.expander("The ten in numbers", key="softmax_numbers"):
        cells = tuple(
            (
                str(digit),
                cell_text(float(sums[digit]), 2),
                cell_text(float(sums[digit]) / temperature, 2),
                certainty(shares[digit]),
            )
            for digit in range(10)
        )
        heads = ("digit", "logit", "divided", "probability")
        worksheet.render("softmax_table", [Table("From logits to probabilities", cells, heads=heads, marked=first)])
    name, own = plain(asked.name), asked.model.scores.temperature
    found = f"For {name} it is **{own:.2f}**, and the answers on Draw are given at it."
    if asked.model.recipe.data.validation != "split":
        found = (
            f"No images were kept aside for that when {name} was trained, so nothing was measured, and its answers "
            f"are given at **{own:.2f}**."
        )
    st.markdown(
        "The **temperature** divides the logits first. Above 1 it evens them out: the network grows modest. Below 1 "
        "it sharpens them: the network grows cocksure. Which digit leads never changes. This is of use: a network may "
        "be right in 97 of 100 cases and yet claim 99.9 % each time. Inkling therefore measures, on images kept "
        f"aside, which temperature makes “90 %” right nine times in ten. {found}"
    )
    st.markdown(
        "Mind what softmax cannot say: “none of these”. Its ten shares always make up the whole, even for the drawing "
        "of a cat."
    )
