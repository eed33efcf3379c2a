"""Max pooling: of every few pixels the darkest stays."""

import streamlit as st

from core.formatting import cell_text, percent
from core.lessons.operations import difference, moved_right, pooled
from pages.components.base.typesetting import caption
from pages.components.images.pixel_grids import Grid
from pages.components.images.pixel_grids import render as render_grids
from pages.components.learn import chapter

TITLE = "Max pooling"
SUMMARY = "How 28 by 28 becomes 14 by 14: what is lost, and what is gained."
KINDS = {"Largest": "max", "Mean": "mean"}


def render() -> None:
    """Draw the chapter."""
    st.markdown(
        "After a convolution has looked for a feature everywhere, it matters **whether** it was found more than on "
        "which pixel. Max pooling lays a grid of small windows over each map and keeps the largest number of each. "
        "Nothing is learned here: the layer has no parameters at all."
    )
    chapter.invite()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        size = st.select_slider("Size of the windows", (2, 4, 7), 2, key="pooling_size", width=220)
        kind = st.segmented_control("What stays", KINDS, default="Largest", key="pooling_kind") or "Largest"
    image = chapter.ink()
    result = pooled(image, size, "max" if KINDS[kind] == "max" else "mean")
    columns = result.shape[1]
    key = f"pooling_place_{size}"
    place = st.slider("Window", 1, result.size, result.size // 2 + columns // 2, key=key)
    row, column = divmod(place - 1, columns)
    window = image[row * size : (row + 1) * size, column * size : (column + 1) * size]

    def move(grid: int, tapped_row: int, tapped_column: int) -> None:
        if grid in (0, 2):
            by = size if grid == 0 else 1
            st.session_state[key] = tapped_row // by * columns + tapped_column // by + 1

    render_grids(
        "pooling_grids",
        [
            Grid(chapter.whose().capitalize(), image, "The digit", window=(row * size, column * size, size, size)),
            Grid("in the window", window, "The numbers in the window", decimals=2, peak=1),
            Grid(
                f"{columns} by {columns}",
                result,
                "What is left of the digit",
                window=(row, column, 1, 1),
                done=place,
                peak=1,
                sign="\N{RIGHTWARDS ARROW}",
            ),
        ],
        on_tap=move,
    )
    before = difference(image, moved_right(image))
    after = difference(result, pooled(moved_right(image), size, "max" if KINDS[kind] == "max" else "mean"))
    caption(
        f"Window {place} of {result.size}: {kind.lower()} {cell_text(float(result[row, column]), 2)}. {image.size} "
        f"numbers become {result.size}. If the drawing moves one pixel to the right, {percent(before, 0)} of the ink "
        f"changes place before the pooling and {percent(after, 0)} after it."
    )
    st.markdown(
        "**Lost** is where exactly in its window the feature was: with windows of 2 by 2, three of four numbers. "
        "**Gained** is speed, as the next layer has a quarter of the places to visit; a wider view, as its 3 by 3 now "
        "span 6 by 6 pixels of the drawing; and some calm, as a small shift often leaves the largest number where it "
        "was. Two poolings are usual for MNIST. After many more there is nothing left to look at: try windows of 7."
    )
