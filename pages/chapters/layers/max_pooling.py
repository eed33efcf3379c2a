"""Max pooling: of every few pixels only the darkest stays."""

import streamlit as st

from core.formatting import cell_text, percent
from core.lessons.operations import pool, relative_difference, shift_right
from pages.components.base.typesetting import caption
from pages.components.images import pixel_grids
from pages.components.images.pixel_grids import Grid
from pages.components.learn import chapter

TITLE = "Max pooling"
SUMMARY = "How 28 by 28 becomes 14 by 14: what is lost, and what is gained."


def render() -> None:
    """Draw the visitor's digit before and after pooling, and what a shift by one pixel changes in both."""
    st.markdown(
        "After a convolution has looked for a feature everywhere, **whether** it was found matters more than on "
        "which pixel. Max pooling lays a grid of small windows over each map and keeps the largest number in each. "
        "Nothing is learned here: the layer has no parameters at all."
    )
    chapter.render_sample_notice()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        size = st.select_slider("Size of the windows", (2, 4, 7), 2, key="pooling_size", width=220)
        kind = st.segmented_control(
            "What stays", ("Largest", "Mean"), default="Largest", required=True, key="pooling_kind"
        )
    _render_pooling(size, kind == "Mean")
    st.markdown(
        "What is **lost** is where exactly in its window the feature was: with windows of 2 by 2, three of four "
        "numbers. What is **gained** is speed, because the next layer has a quarter of the positions to visit; a "
        "wider view, because its 3 by 3 now span 6 by 6 pixels of the drawing; and some stability, because a small "
        "shift often leaves the largest number where it was. Two poolings are usual for MNIST. After many more there "
        "is nothing left to look at: try windows of 7."
    )


def _render_pooling(size: int, is_mean: bool) -> None:
    image = chapter.image()
    pooled = pool(image, size, is_mean=is_mean)
    columns = pooled.shape[1]
    key = f"pooling_window_{size}"
    number = st.slider("Window", 1, pooled.size, pooled.size // 2 + columns // 2, key=key)
    row, column = divmod(number - 1, columns)
    top, left = row * size, column * size

    def move(grid: int, tapped_row: int, tapped_column: int) -> None:
        if grid in (0, 2):
            scale = size if grid == 0 else 1
            st.session_state[key] = tapped_row // scale * columns + tapped_column // scale + 1

    pixel_grids.render(
        "pooling_grids",
        [
            Grid(chapter.digit_name().capitalize(), image, "The digit", window=(top, left, size, size)),
            Grid(
                "in the window",
                image[top : top + size, left : left + size],
                "The numbers in the window",
                decimals=2,
                peak=1,
            ),
            Grid(
                f"{columns} by {columns}",
                pooled,
                "What is left of the digit",
                window=(row, column, 1, 1),
                done=number,
                peak=1,
                sign="\N{RIGHTWARDS ARROW}",
            ),
        ],
        on_tap=move,
    )
    shifted = shift_right(image)
    before = relative_difference(image, shifted)
    after = relative_difference(pooled, pool(shifted, size, is_mean=is_mean))
    kept = "mean" if is_mean else "largest"
    caption(
        f"Window {number} of {pooled.size}: {kept} {cell_text(float(pooled[row, column]), 2)}. {image.size} numbers "
        f"become {pooled.size}. If the drawing moves one pixel to the right, {percent(before, 0)} of the ink changes "
        f"before the pooling and {percent(after, 0)} after it."
    )
