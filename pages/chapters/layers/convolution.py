"""A convolution, one place at a time, over the visitor's own drawing."""

import numpy as np
import streamlit as st

from core.lessons.operations import KERNELS, arithmetic, convolved, convolved_at, first_filters
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.images.pixel_grids import Grid
from pages.components.images.pixel_grids import render as render_grids
from pages.components.learn import chapter

TITLE = "Convolution"
SUMMARY = "Slide a small kernel over your drawing and watch the map of what it found grow."
LEARNED = "Learned by the model"


def render() -> None:
    """Draw the chapter."""
    st.markdown(
        "A convolution looks at an image through a small window. The window carries a **kernel**, a square of "
        "numbers. At each place every pixel in the window is multiplied by the number above it and the products are "
        "added up: one number, large where the image resembles the kernel. The window slides on by one pixel, and the "
        "numbers that it leaves behind form a new image, the **feature map**. The same few numbers are used "
        "everywhere, so what has been learned in one corner is known in all."
    )
    chapter.invite()
    kernel = _chosen_kernel()
    image = chapter.ink()
    result = convolved(image, kernel)
    _render_place(image, kernel, result)
    st.markdown(
        "A kernel of 3 by 3 fits into 28 pixels at 26 places, hence the smaller map; padding “same” adds a rim of "
        "zeros and keeps 28. A layer has many kernels: 32 filters make 32 maps. The next convolution looks at all of "
        "them at once, and finds in edges corners, and in corners loops. Nobody writes the kernels. They start as "
        "noise, and training turns them into whatever lowers the loss."
    )


def _chosen_kernel() -> np.ndarray:
    asked = chapter.asked()
    learned = first_filters(asked.model)
    options = [*KERNELS, *([LEARNED] if learned is not None else [])]
    name = st.selectbox("Kernel", options, key="convolution_kernel")
    if learned is None or name != LEARNED:
        return KERNELS[name]
    number = 1
    if len(learned) > 1:
        number = st.slider("Filter", 1, len(learned), 1, key=f"convolution_filter_{len(learned)}")
    caption(
        f"Filter {number} of {len(learned)} in the first layer of {plain(asked.name)}; slid here by one pixel, "
        "without its bias."
    )
    return np.asarray(learned[number - 1])


def _render_place(image: np.ndarray, kernel: np.ndarray, result: np.ndarray) -> None:
    size, (rows, columns) = len(kernel), result.shape
    key, place = f"convolution_place_{size}", 1
    if result.size > 1:
        most = int(result.argmax()) + 1  # where there is something to see
        st.session_state.setdefault(key, most)
        place = st.slider("Place of the window", 1, result.size, key=key)
    is_whole = st.toggle("Fill the whole map", key="convolution_whole")
    row, column = divmod(place - 1, columns)
    here = convolved_at(image, kernel, row, column)

    def move(grid: int, tapped_row: int, tapped_column: int) -> None:
        if grid in (0, 3) and result.size > 1:
            half = size // 2 if grid == 0 else 0
            to = min(max(tapped_row - half, 0), rows - 1), min(max(tapped_column - half, 0), columns - 1)
            st.session_state[key] = to[0] * columns + to[1] + 1

    where = f"row {row + 1}, column {column + 1}"
    render_grids(
        "convolution_grids",
        [
            Grid(
                chapter.whose().capitalize(),
                image,
                f"The digit; the window is at {where}",
                window=(row, column, size, size),
            ),
            Grid("in the window", here.patch, f"The pixels at {where}", decimals=2, peak=1),
            Grid("kernel", kernel, "The numbers of the kernel", decimals=2, sign="\N{MULTIPLICATION SIGN}"),
            Grid(
                "feature map",
                result,
                f"What the kernel finds, from {result.min():.2f} to {result.max():.2f}",
                window=(row, column, 1, 1),
                done=None if is_whole else place,
                sign="\N{RIGHTWARDS ARROW}",
            ),
        ],
        on_tap=move,
    )
    found = "The image is like the kernel here" if here.total > 0 else "The image is the kernel's opposite here"
    caption(
        f"At {where}: {arithmetic(here, kernel)}. {found if abs(here.total) > 0.05 else 'Nothing found here'}. Tap "
        "the drawing or the map to move; orange bars are negative."
    )
