"""ReLU: what is negative becomes zero."""

import numpy as np
import streamlit as st

from core.formatting import cell_text
from core.lessons import lesson_charts
from core.lessons.operations import KERNELS, CutOff, convolved, first_relu
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.images.pixel_grids import Grid
from pages.components.images.pixel_grids import render as render_grids
from pages.components.learn import chapter

TITLE = "ReLU, an activation"
SUMMARY = "A bend in a line that makes deep networks worth their depth."
SPEC = lesson_charts.curve_with_point(("what comes in", -3, 3), ("what goes out", -0.5, 3))


def render() -> None:
    """Draw the chapter."""
    st.markdown(
        "After it has added up, a unit passes its sum through an **activation**. The plainest is ReLU, the *rectified "
        "linear unit*: what is positive stays as it is, what is negative becomes 0. In a feature map that means: keep "
        "where the feature was found, forget where its opposite was."
    )
    value = st.slider("What comes in", -3.0, 3.0, -1.2, 0.1, key="relu_value")
    curve = np.linspace(-3, 3, 61)
    rows = lesson_charts.curve_rows(curve, np.maximum(curve, 0), (value, max(value, 0.0)))
    st.vega_lite_chart(
        rows, SPEC, key="relu_curve", height=200, alt="ReLU: zero left of zero, a straight line to the right"
    )
    caption(f"In: {cell_text(value, 1)}. Out: {cell_text(max(value, 0.0), 1)}.")
    chapter.invite()
    asked = chapter.asked()
    cut = first_relu(asked.model, chapter.ink())
    where = f"the first ReLU of {plain(asked.name)}"
    if cut is None:
        before = convolved(chapter.ink(), KERNELS["Left edges"])[:, :, np.newaxis]
        cut, where = CutOff("", before, np.maximum(before, 0)), "the kernel for left edges"
    channels = cut.before.shape[2]
    channel = 1
    if channels > 1:
        channel = st.slider("Map", 1, channels, 1, key=f"relu_map_{channels}")
    before, after = cut.before[:, :, channel - 1], cut.after[:, :, channel - 1]
    peak = float(np.abs(before).max()) or 1.0
    render_grids(
        "relu_grids",
        [
            Grid("before", before, "The map with negative numbers as orange bars", peak=peak),
            Grid("after", after, "The same, negative numbers gone", peak=peak, sign="\N{RIGHTWARDS ARROW}"),
        ],
    )
    negative = int((before < 0).sum())
    caption(
        f"Map {channel} of {channels}, at {where}: {negative} of {before.size} numbers were negative and are 0 now."
    )
    st.markdown(
        "Why bend the line at all? Adding and multiplying alone give straight lines, and a straight line of a "
        "straight line is a straight line again: without activations ten layers could do no more than one. With bends "
        "between them they can follow any shape. ReLU is cheap, and its slope is 1 wherever it is on, so that what is "
        "to be learned reaches the first layers undiminished. The price: a unit that is negative for every image gets "
        "slope 0 and never learns again. One calls it dead."
    )
