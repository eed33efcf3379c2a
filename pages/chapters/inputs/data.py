"""MNIST: what the digits are that everything here has learned from."""

import numpy as np
import streamlit as st

from core.formatting import a_digit
from core.lessons.operations import framed
from pages.components.base.typesetting import caption
from pages.components.images import thumbnails
from pages.components.images.pixel_grids import Grid
from pages.components.images.pixel_grids import render as render_grids
from pages.components.learn import chapter

TITLE = "The data"
SUMMARY = "What MNIST is, how its digits were framed, and how yours looks beside them."
SHOWN = 8


def render() -> None:
    """Draw the chapter."""
    st.markdown(
        "A network that reads digits has never been told what a 7 is. It has only been shown many sevens. Those it is "
        "shown here come from **MNIST**: 70,000 digits that American census workers and high-school students wrote on "
        "forms around 1990. Each is an **image** of 28 by 28 grey pixels with a **label**, the digit that it is meant "
        "to be. 60,000 are for training. The other 10,000 are the test set: kept aside, so that at the end the "
        "network can be asked about digits that it has never seen."
    )
    chosen = st.pills("Leaf through the digits", range(10), default=3, key="learn_data_digit")
    _render_some(3 if chosen is None else chosen)
    st.markdown(
        "Before MNIST's authors stored a digit they **framed** it. They shrank it until its longer side was 20 "
        "pixels, and moved it so that its centre of mass, the point on which it would balance, came to the middle of "
        "the 28 by 28. A network trained on such images expects them so: a digit in a corner, or half as large, is "
        "something new to it. That is why your drawing is framed in the same way before the network sees it."
    )
    chapter.invite()
    image = chapter.ink()
    facts = framed(image)
    render_grids(
        "learn_data_own",
        [
            Grid(
                f"{chapter.whose().capitalize()}, framed",
                image,
                "The digit as the network sees it",
                window=(4, 4, 20, 20),
            )
        ],
    )
    caption(
        f"The ink is {facts.height} pixels high and {facts.width} wide; its centre of mass is {facts.row:.1f} pixels "
        f"from the top and {facts.column:.1f} from the left. The square marks the middle 20 by 20: a digit sticks out "
        "of it where more ink lies on its other side."
    )
    st.markdown(
        "Data is also what limits a network. MNIST's writers hardly ever crossed their sevens or put a flag on their "
        "ones. Who has learned from them alone stumbles over both, however good the score on the test set."
    )


def _render_some(chosen: int) -> None:
    digits, notice = chapter.mnist_digits()
    places = np.flatnonzero(digits.labels == chosen)[:SHOWN]
    said = [f"{a_digit(chosen).capitalize()} of the training images" for _ in places]
    shown = [str(chosen)] * len(places)
    thumbnails.render("learn_data_thumbnails", "Training images", digits.images[places], shown, said)
    caption(f"{len(places)} training images with the label {chosen}. {notice}")
