"""A convolution, one position at a time, over the visitor's own drawing."""

import numpy as np
import streamlit as st

from core.lessons.operations import KERNELS, arithmetic, convolve, first_filters
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.images import pixel_grids
from pages.components.images.pixel_grids import Grid
from pages.components.learn import chapter

TITLE = "Convolution"
SUMMARY = "Slide a small kernel over your drawing and watch the map of what it finds grow."
LEARNED = "Learned by the model"


def render() -> None:
    """Draw a kernel that slides over the visitor's digit, and the feature map that it leaves behind."""
    st.markdown(
        "A convolution looks at an image through a small window. The window carries a **kernel**, a square of "
        "numbers. At each position every pixel in the window is multiplied by the number above it and the products "
        "are added up: one number, large where the image resembles the kernel. The window slides on by one pixel, and "
        "the numbers that it leaves behind form a new image, the **feature map**. The same few numbers are used "
        "everywhere, so whatever has been learned in one corner is known in all of them."
    )
    chapter.render_sample_notice()
    _render_window(chapter.image(), _chosen_kernel())
    st.markdown(
        "A kernel of 3 by 3 fits into 28 pixels at 26 positions, so the map is smaller; padding “same” adds a rim of "
        "zeros and keeps 28. A layer has many kernels: 32 filters make 32 maps. The next convolution looks at all of "
        "them at once, and combines edges into corners, and corners into loops. Nobody writes the kernels. They "
        "start as noise, and training turns them into whatever lowers the loss."
    )


def _chosen_kernel() -> np.ndarray:
    name, model = chapter.chosen_model()
    filters = first_filters(model)
    kernel = st.selectbox("Kernel", [*KERNELS, *([] if filters is None else [LEARNED])], key="convolution_kernel")
    if filters is None or kernel != LEARNED:
        return KERNELS[kernel]
    number = 1
    if len(filters) > 1:
        number = st.slider("Filter", 1, len(filters), 1, key=f"convolution_filter_{len(filters)}")
    caption(
        f"Filter {number} of {len(filters)} in the first layer of {plain(name)}; here it moves by one pixel at a "
        "time, and has no bias."
    )
    return np.asarray(filters[number - 1])


def _render_window(image: np.ndarray, kernel: np.ndarray) -> None:
    feature_map = convolve(image, kernel)
    size, (rows, columns) = len(kernel), feature_map.shape
    key, position = f"convolution_position_{size}", 1
    if feature_map.size > 1:
        st.session_state.setdefault(key, int(feature_map.argmax()) + 1)  # where there is something to see
        position = st.slider("Position of the window", 1, feature_map.size, key=key)
    is_whole = st.toggle("Fill the whole map", key="convolution_whole")
    row, column = divmod(position - 1, columns)

    def move(grid: int, tapped_row: int, tapped_column: int) -> None:
        if grid in (0, 3) and feature_map.size > 1:
            half = size // 2 if grid == 0 else 0
            to = min(max(tapped_row - half, 0), rows - 1), min(max(tapped_column - half, 0), columns - 1)
            st.session_state[key] = to[0] * columns + to[1] + 1

    where, name = f"row {row + 1}, column {column + 1}", chapter.digit_name().capitalize()
    patch, total = image[row : row + size, column : column + size], feature_map[row, column]
    values = f"What the kernel finds, from {feature_map.min():.2f} to {feature_map.max():.2f}"
    times, arrow = "\N{MULTIPLICATION SIGN}", "\N{RIGHTWARDS ARROW}"
    done = None if is_whole else position
    pixel_grids.render(
        "convolution_grids",
        [
            Grid(name, image, f"The digit; the window is at {where}", window=(row, column, size, size)),
            Grid("in the window", patch, f"The pixels at {where}", decimals=2, peak=1),
            Grid("kernel", kernel, "The numbers of the kernel", decimals=2, sign=times),
            Grid("feature map", feature_map, values, window=(row, column, 1, 1), done=done, sign=arrow),
        ],
        on_tap=move,
    )
    found = "The image is like the kernel here" if total > 0 else "The image is the opposite of the kernel here"
    caption(
        f"At {where}: {arithmetic(patch, kernel)}. {found if abs(total) > 0.05 else 'Nothing found here'}. Tap "
        "the drawing or the map to move the window; orange bars are negative."
    )
