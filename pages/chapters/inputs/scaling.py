"""Reshape and division by 255: how an image becomes numbers that a network can learn from."""

import numpy as np
import streamlit as st

from core.formatting import loss_text, setting_text
from core.lessons import lesson_charts
from core.lessons.descent import GUESSING, SCALING_STEPS, scaling_losses
from pages.components.base.typesetting import caption
from pages.components.images import pixel_grids
from pages.components.images.pixel_grids import Grid
from pages.components.learn import chapter

TITLE = "Reshape, and divide by 255"
SUMMARY = "Why an image is turned into numbers from 0 to 1, and what it means for a training to converge."
SIDE = 6  # of the window whose numbers are shown
LAST = 28 - SIDE
RATES = (0.00001, 0.0001, 0.001, 0.01, 0.03, 0.1, 0.3, 1.0)
SERIES = ("0 to 1", "0 to 255")
SPEC = lesson_charts.lines(("step", 0, SCALING_STEPS), ("loss", 0.05, 1000), SERIES)


def render() -> None:
    """Draw a window of the visitor's digit before and after the division, and a training with and without it."""
    st.markdown(
        "To a computer an image is a table of numbers: 28 rows of 28 whole numbers from 0, paper, to 255, full ink. "
        "Two things are done to it. **Reshape** gives the table the form that a convolution expects, `(28, 28, 1)`: "
        "height, width, and the number of channels, which is 1 for grey and would be 3 for colour. No number changes. "
        "Then every number is **divided by 255**, so that all lie between 0 and 1."
    )
    chapter.render_sample_notice()
    _render_numbers()
    st.header("Why the division?", anchor=False)
    st.markdown(
        "A network learns in small steps, each a little downhill on its loss. When further steps hardly lower the "
        "loss, the training has **converged**. The length of a step is the slope times the learning rate, and the "
        "slope for a weight grows with the inputs that the weight multiplies. With inputs of up to 255, sums and "
        "slopes are huge: the first steps leap over the valley and may leave units dead for good. A learning rate "
        "that is small enough to prevent this makes the rest of the training crawl."
    )
    _render_race()


def _render_numbers() -> None:
    with st.container(horizontal=True, gap="medium"):
        row = st.slider("Row", 0, LAST, 9, key="scaling_row", width=220)
        column = st.slider("Column", 0, LAST, 11, key="scaling_column", width=220)
    image = chapter.pixels()
    part = image[row : row + SIDE, column : column + SIDE]
    where = f"rows {row} to {row + SIDE - 1}, columns {column} to {column + SIDE - 1}"
    name, window = chapter.digit_name().capitalize(), (row, column, SIDE, SIDE)
    pixel_grids.render(
        "scaling_grids",
        [
            Grid(name, image, "The digit, part of it framed", window=window),
            Grid("the framed part, as stored", part, f"Whole numbers in {where}", decimals=0, peak=255),
            Grid("divided by 255", part / 255, f"The same numbers from 0 to 1 in {where}", decimals=2, peak=1),
        ],
        on_tap=_move,
    )
    darkest = int(part.max())
    caption(
        f"{where.capitalize()}: the darkest pixel is {darkest}, and {darkest} / 255 = {darkest / 255:.2f}. Tap the "
        "digit to move the frame."
    )


def _move(grid: int, row: int, column: int) -> None:
    if grid == 0:
        st.session_state.scaling_row = min(max(row - SIDE // 2, 0), LAST)
        st.session_state.scaling_column = min(max(column - SIDE // 2, 0), LAST)


def _render_race() -> None:
    rate = st.select_slider("Learning rate", RATES, 0.1, format_func=setting_text, key="scaling_rate")
    losses = {name: _losses(rate, name == SERIES[0]) for name in SERIES}
    st.vega_lite_chart(
        lesson_charts.line_rows(np.arange(SCALING_STEPS + 1), losses, least=0.05),
        SPEC,
        key="scaling_race",
        height=240,
        alt="Loss over steps, with scaled and with unscaled pixels",
    )
    scaled, unscaled = (loss_text(float(losses[name][-1])) for name in SERIES)
    caption(
        f"A small network learns 200 digits by plain gradient descent. After {SCALING_STEPS} steps the loss is "
        f"{scaled} with pixels from 0 to 1, and {unscaled} with pixels from 0 to 255. Mere guessing gives "
        f"{loss_text(GUESSING)}."
    )


@st.cache_data(show_spinner=False, max_entries=20)
def _losses(rate: float, is_scaled: bool) -> np.ndarray:
    return scaling_losses(rate, is_scaled)
