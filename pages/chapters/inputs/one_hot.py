"""One-hot encoding: the right answer in the form in which a network gives its own."""

import numpy as np
import streamlit as st

from core.formatting import certainty
from pages.components.base.typesetting import caption
from pages.components.images.pixel_grids import Grid
from pages.components.images.pixel_grids import render as render_grids
from pages.components.learn import chapter

TITLE = "One-hot encoding"
SUMMARY = "Why the network is told the right digit as ten numbers, nine of which are 0."


def render() -> None:
    """Draw the chapter."""
    st.markdown(
        "The label of a training image is a digit, say 7. The network's answer is not a digit: it is ten numbers, one "
        "for each digit, that say how likely it takes each to be. To compare the two, the label gets the same form: "
        "ten numbers, 0 everywhere but for a single 1 in the place of the right digit. One of the ten is “hot”. In "
        "Keras, `to_categorical` does it."
    )
    chosen = st.pills("The right digit", range(10), default=7, key="one_hot_digit")
    digit = 7 if chosen is None else chosen
    chapter.invite()
    asked = chapter.asked()
    answer = asked.model.probabilities(chapter.digit()[np.newaxis])[0]
    digits = np.arange(10)
    hot = (digits == digit).astype(np.float32)
    render_grids(
        "one_hot_grids",
        [
            Grid("place", digits[np.newaxis], "The places, 0 to 9", decimals=0, peak=1e9),
            Grid(f"{digit}, one-hot", hot[np.newaxis], f"A 1 in place {digit}, 0 elsewhere", decimals=0, peak=1),
            Grid(
                f"what {asked.name} answers to {chapter.whose()}",
                answer[np.newaxis],
                ", ".join(f"{place}: {certainty(share)}" for place, share in enumerate(answer)),
                decimals=2,
                peak=1,
            ),
        ],
    )
    likeliest = int(answer.argmax())
    caption(
        f"In place {digit} the label says 1, the answer {answer[digit]:.2f}. The answer's largest number is in place "
        f"{likeliest}. Training on this label would push place {digit} up and the nine others down."
    )
    st.header("Why not the number itself?", anchor=False)
    near, far = digit + 1 if digit < 9 else 8, (digit + 5) % 10
    st.markdown(
        f"A network could put out one number and be trained to hit {digit}. But then {near} would be a better answer "
        f"than {far}, because it is only 1 away and not 5, and half a {digit} plus half a {far} would come out as "
        f"{(digit + far) / 2:g}. Digits are names here, not amounts: a 4 is no nearer to a 5 than to a 9, which it "
        "resembles far more. One-hot, any two digits are equally far apart, and the ten numbers can say “4 or perhaps "
        "9” without meaning 6.5."
    )
    st.markdown(
        "Keras has a shortcut, `sparse_categorical_crossentropy`, that takes the 7 as it is and looks up place 7 of "
        "the answer by itself. The result is the same."
    )
