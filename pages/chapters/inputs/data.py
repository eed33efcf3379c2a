"""MNIST: the digits that nearly every network here has learned from."""

import numpy as np
import streamlit as st

from core.formatting import a_digit
from core.lessons.operations import measure_ink
from pages.components.base.typesetting import caption
from pages.components.images import pixel_grids, thumbnails
from pages.components.images.pixel_grids import Grid
from pages.components.learn import chapter

TITLE = "The data"
SUMMARY = "What MNIST is, how its digits were framed, and how yours looks beside them."
SHOWN = 8


def render() -> None:
    """Draw what MNIST is, some of its digits, and the visitor's own digit as it is framed."""
    st.markdown(
        "Nobody tells a network that reads digits what a 7 is. It is only shown many sevens. Here they come from "
        "**MNIST**: 70,000 digits that American census workers and high-school students wrote on forms around 1990. "
        "Each is an **image** of 28 by 28 grey pixels with a **label**, the digit that it is meant to be. 60,000 are "
        "for training. The other 10,000 are the test set: they are kept aside, so that at the end the network can be "
        "tested on digits that it has never seen."
    )
    _render_examples(st.pills("Digits to look at", range(10), default=3, required=True, key="learn_data_digit"))
    st.markdown(
        "Before MNIST's authors stored a digit they **framed** it. They shrank it until its longer side was 20 "
        "pixels, and moved it so that its centre of mass, the point on which it would balance, was in the middle of "
        "the 28 by 28. A network trained on such images expects this: a digit in a corner, or half as large, is "
        "something new to it. That is why your drawing is framed in the same way before the network sees it."
    )
    chapter.render_sample_notice()
    image = chapter.image()
    ink = measure_ink(image)
    title = f"{chapter.digit_name().capitalize()}, framed"
    pixel_grids.render(
        "learn_data_own", [Grid(title, image, "The digit as the network sees it", window=(4, 4, 20, 20))]
    )
    caption(
        f"The ink is {ink.height} pixels high and {ink.width} wide; its centre of mass is {ink.row:.1f} pixels "
        f"from the top and {ink.column:.1f} from the left. The square marks the middle 20 by 20: a digit reaches "
        "beyond it on the side that has less ink."
    )
    st.markdown(
        "The data also limits what a network can learn. MNIST's writers hardly ever crossed their sevens or put a "
        "flag on their ones. A network that has learned from them alone stumbles over both, however well it does on "
        "the test set."
    )


def _render_examples(digit: int) -> None:
    digits, notice = chapter.mnist_digits()
    images = digits.images[np.flatnonzero(digits.labels == digit)[:SHOWN]]
    descriptions = [f"{a_digit(digit).capitalize()} of the training images"] * len(images)
    thumbnails.render("learn_data_thumbnails", "Training images", images, [str(digit)] * len(images), descriptions)
    caption(f"{len(images)} training images with the label {digit}. {notice}")
