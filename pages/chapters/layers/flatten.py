"""Flatten: feature maps laid out as one row."""

import streamlit as st

from core.formatting import cell_text
from core.lessons.operations import flattened
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.images.pixel_grids import Grid
from pages.components.images.pixel_grids import render as render_grids
from pages.components.learn import chapter

TITLE = "Flatten"
SUMMARY = "From a stack of maps to one long row of numbers, without changing a single one."
AROUND = 4  # numbers of the row that are shown on each side


def render() -> None:
    """Draw the chapter."""
    st.markdown(
        "Convolutions and poolings pass on a **stack of maps**: height, width, and one map for each filter. A dense "
        "layer takes a plain **row** of numbers. Flatten stands between them and lays out the stack, as one would "
        "unravel a knitted square into a single thread: place by place from the top left, and at each place one "
        "number from every map. Nothing is computed and nothing is learned."
    )
    chapter.invite()
    asked = chapter.asked()
    maps = flattened(asked.model, chapter.ink())
    height, width, channels = maps.shape
    row_of_numbers = maps.ravel()
    key, place = f"flatten_place_{maps.shape}", 1
    if maps.size > 1:
        start = min(maps.size // 2 + channels // 2, maps.size)
        place = st.slider("Number in the row", 1, maps.size, start, key=key)
    spot, channel = divmod(place - 1, channels)
    row, column = divmod(spot, width)
    first = max(min(place - 1 - AROUND, maps.size - 2 * AROUND - 1), 0)
    shown = row_of_numbers[first : first + 2 * AROUND + 1]
    peak = float(abs(maps).max()) or 1.0

    def move(grid: int, tapped_row: int, tapped_column: int) -> None:
        if grid == 0 and maps.size > 1:
            to = (tapped_row * width + tapped_column) * channels + channel + 1
            st.session_state[key] = to

    value = cell_text(float(row_of_numbers[place - 1]), 2)
    render_grids(
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
                shown[None],
                f"{len(shown)} of the row's {maps.size:,} numbers, {value} among them",
                decimals=2,
                peak=peak,
                window=(0, place - 1 - first, 1, 1),
                sign="\N{RIGHTWARDS ARROW}",
            ),
        ],
        on_tap=move,
    )
    caption(
        f"What {plain(asked.name)} makes of {chapter.whose()}, {height} by {width} by {channels}, becomes a row of "
        f"{maps.size:,}. Number {place:,} is row {row + 1}, column {column + 1} of map {channel + 1}: {value}. Tap "
        "the map to move."
    )
    st.markdown(
        "What is lost is the neighbourhood: in the row, two pixels that touched may be hundreds of places apart, and "
        "the dense layer does not know that they did. It need not, if the convolutions have done their work. The "
        "row's length matters, though, as each of its numbers gets a weight to every unit that follows. In many "
        "networks for MNIST, most parameters sit right here. `GlobalAveragePooling2D` is the thrifty alternative: one "
        "mean for each map."
    )
