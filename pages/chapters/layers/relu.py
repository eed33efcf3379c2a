"""ReLU: what is negative becomes zero."""

import numpy as np
import streamlit as st

from core.formatting import cell_text
from core.lessons import lesson_charts
from core.lessons.operations import KERNELS, convolve, first_relu_input
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.images import pixel_grids
from pages.components.images.pixel_grids import Grid
from pages.components.learn import chapter

TITLE = "ReLU, an activation"
SUMMARY = "A bend in a line that makes deep networks worth their depth."
SPEC = lesson_charts.curve_with_point(("input", -3, 3), ("output", -0.5, 3))


def render() -> None:
    """Draw ReLU as a curve, and a feature map of the chosen model before and after it."""
    st.markdown(
        "After adding up, a unit passes its sum through an **activation**. The simplest is ReLU, the *rectified "
        "linear unit*: what is positive stays as it is, what is negative becomes 0. In a feature map that means: keep "
        "where the feature was found, forget where its opposite was."
    )
    value = st.slider("Input", -3.0, 3.0, -1.2, 0.1, key="relu_value")
    x = np.linspace(-3, 3, 61)
    rows = lesson_charts.curve_with_point_rows(x, np.maximum(x, 0), (value, max(value, 0.0)))
    description = "ReLU: zero left of zero, a straight line to the right"
    st.vega_lite_chart(rows, SPEC, key="relu_curve", height=200, alt=description)
    caption(f"Input: {cell_text(value, 1)}. Output: {cell_text(max(value, 0.0), 1)}.")
    chapter.render_sample_notice()
    _render_maps()
    st.markdown(
        "Why bend the line at all? Adding and multiplying alone give straight lines, and a straight line of a "
        "straight line is a straight line again: without activations ten layers could do no more than one. With bends "
        "between them they can follow any shape. ReLU is cheap, and its slope is 1 wherever the input is positive, so "
        "gradients reach the first layers without shrinking. The price: a unit that is negative for every image has a "
        "slope of 0 and never learns again. It is called dead."
    )


def _render_maps() -> None:
    name, model = chapter.chosen_model()
    maps, where = first_relu_input(model, chapter.image()), f"the first ReLU of {plain(name)}"
    if maps is None:
        maps, where = convolve(chapter.image(), KERNELS["Left edges"])[:, :, np.newaxis], "the kernel for left edges"
    channels = maps.shape[2]
    number = st.slider("Map", 1, channels, 1, key=f"relu_map_{channels}") if channels > 1 else 1
    before = maps[:, :, number - 1]
    peak = float(np.abs(before).max()) or 1.0
    after = np.maximum(before, 0)
    pixel_grids.render(
        "relu_grids",
        [
            Grid("before", before, "The map with negative numbers as orange bars", peak=peak),
            Grid("after", after, "The same map without negative numbers", peak=peak, sign="\N{RIGHTWARDS ARROW}"),
        ],
    )
    caption(
        f"Map {number} of {channels}, at {where}: {int((before < 0).sum())} of {before.size} numbers were negative "
        "and are 0 now."
    )
