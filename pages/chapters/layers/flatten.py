"""Flatten: feature maps laid out as one row."""

import numpy as np
import streamlit as st

from core.formatting import cell_text
from core.lessons.operations import flatten_input
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.images import pixel_grids
from pages.components.images.pixel_grids import Grid
from pages.components.learn import chapter

TITLE = "Flatten"
SUMMARY = "From a stack of maps to one long row of numbers, without changing a single one."
AROUND = 4  # numbers of the row that are shown on each side


def render() -> None:
    """Draw a feature map of the chosen model beside the part of the row that a chosen number goes to."""
    st.markdown(
        "Convolutions and poolings pass on a **stack of maps**: height, width, and one map for each filter. A dense "
        "layer takes a plain **row** of numbers. Flatten stands between them and lays the stack out, as one would "
        "unravel a knitted square into a single thread: pixel by pixel from the top left, and for each pixel one "
        "number from every map. Nothing is computed and nothing is learned."
    )
    chapter.render_sample_notice()
    name, model = chapter.chosen_model()
    _render_maps(flatten_input(model, chapter.image()), plain(name))
    st.markdown(
        "What is lost is the neighbourhood: in the row, two pixels that touched may be hundreds of numbers apart, and "
        "the dense layer does not know that they did. It need not, if the convolutions have done their work. The "
        "length of the row does matter, because each of its numbers gets a weight to every unit that follows. In many "
        "networks for MNIST, most parameters sit right here. `GlobalAveragePooling2D` is the thrifty alternative: one "
        "mean for each map."
    )


def _render_maps(maps: np.ndarray, model_name: str) -> None:
    height, width, channels = maps.shape
    numbers = maps.ravel()
    key, number = f"flatten_number_{maps.shape}", 1
    if maps.size > 1:
        start = min(maps.size // 2 + channels // 2, maps.size)
        number = st.slider("Number in the row", 1, maps.size, start, key=key)
    pixel, channel = divmod(number - 1, channels)
    row, column = divmod(pixel, width)
    first = max(min(number - 1 - AROUND, maps.size - 2 * AROUND - 1), 0)
    part = numbers[first : first + 2 * AROUND + 1]

    def move(grid: int, tapped_row: int, tapped_column: int) -> None:
        if grid == 0 and maps.size > 1:
            st.session_state[key] = (tapped_row * width + tapped_column) * channels + channel + 1

    value = cell_text(float(numbers[number - 1]), 2)
    peak = float(abs(maps).max()) or 1.0
    pixel_grids.render(
        "flatten_grids",
        [
            Grid(
                f"map {channel + 1} of {channels}",
                maps[:, :, channel],
                f"A map of {height} by {width}",
                window=(row, column, 1, 1),
                peak=peak,
                cell=max(8, 168 // width),
            ),
            Grid(
                f"the row, from number {first + 1:,} on",
                part[np.newaxis],
                f"{len(part)} of the row's {maps.size:,} numbers, {value} among them",
                decimals=2,
                peak=peak,
                window=(0, number - 1 - first, 1, 1),
                sign="\N{RIGHTWARDS ARROW}",
            ),
        ],
        on_tap=move,
    )
    caption(
        f"What {model_name} makes of {chapter.digit_name()}, {height} by {width} by {channels}, becomes a row of "
        f"{maps.size:,}. Number {number:,} is row {row + 1}, column {column + 1} of map {channel + 1}: {value}. Tap "
        "the map to choose another number."
    )
