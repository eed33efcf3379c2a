"""One-hot encoding: the right answer in the same form as the network's own answer."""

import numpy as np
import streamlit as st

from core.formatting import certainty
from pages.components.base.typesetting import caption
from pages.components.images import pixel_grids
from pages.components.images.pixel_grids import Grid
from pages.components.learn import chapter

TITLE = "One-hot encoding"
SUMMARY = "Why the network is told the right digit as ten numbers, nine of which are 0."


def render() -> None:
    """Draw a chosen digit as a one-hot label, above the chosen model's answer to the visitor's digit."""
    st.markdown(
        "The label of a training image is a digit, say 7. The network's answer is not a digit: it is ten numbers, one "
        "for each digit, that say how likely the network thinks each one is. To compare the two, the label gets the "
        "same form: ten numbers, all 0 except for a single 1 at the index of the right digit. One of the ten is "
        "“hot”. In Keras, `to_categorical` does this."
    )
    digit = st.pills("The right digit", range(10), default=7, required=True, key="one_hot_digit")
    chapter.render_sample_notice()
    name, model = chapter.chosen_model()
    answer = model.probabilities(chapter.pixels()[np.newaxis])[0]
    digits = np.arange(10)
    label = (digits == digit).astype(np.float32)
    spoken = ", ".join(f"{index}: {certainty(probability)}" for index, probability in enumerate(answer))
    pixel_grids.render(
        "one_hot_grids",
        [
            Grid("index", digits[np.newaxis], "The indices, 0 to 9", decimals=0, peak=1e9),
            Grid(f"{digit}, one-hot", label[np.newaxis], f"A 1 at index {digit}, 0 elsewhere", decimals=0, peak=1),
            Grid(f"{name}'s answer to {chapter.digit_name()}", answer[np.newaxis], spoken, decimals=2, peak=1),
        ],
    )
    caption(
        f"At index {digit} the label is 1 and the answer is {answer[digit]:.2f}. The answer's largest number is at "
        f"index {int(answer.argmax())}. Training on this label would push number {digit} up and the nine others down."
    )
    st.header("Why not the number itself?", anchor=False)
    near, far = digit + 1 if digit < 9 else 8, (digit + 5) % 10
    st.markdown(
        f"A network could put out one number and be trained to hit {digit}. But then {near} would be a better answer "
        f"than {far}, because it is only 1 away and not 5, and half a {digit} plus half a {far} would come out as "
        f"{(digit + far) / 2:g}. Digits are names here, not amounts: a 4 is no closer to a 5 than to a 9, which looks "
        "far more like it. In one-hot form any two digits are equally far apart, and the ten numbers can say “4 or "
        "perhaps 9” without meaning 6.5."
    )
    st.markdown(
        "Keras has a shortcut, `sparse_categorical_crossentropy`, that takes the 7 as it is and looks up number 7 of "
        "the answer by itself. The result is the same."
    )
