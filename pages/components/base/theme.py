"""The part of the look that `.streamlit/config.toml` cannot hold: colours of board and maps, and a few CSS rules."""

from pathlib import Path
from typing import Literal

import streamlit as st

from core.reports.images import Colours

INK = {"light": "#1D2433", "dark": "#F2F0E6"}  # ink by day, chalk by night: `textColor` of the two themes
PAPER = {"light": "#FFFFFF", "dark": "#1D2C27"}  # a white sheet; the slate of the second background
# Of the runs in one chart, in order; the first is the colour of the training series.
RUNS = {
    "light": ("#2446C8", "#B04A12", "#1B6E4B", "#7A2E8E", "#1D2433", "#5C6470"),
    "dark": ("#8FB4FF", "#FFB27A", "#7FD6A8", "#D9A5F0", "#F2F0E6", "#A9B5AC"),
}


def apply() -> None:
    """Add the CSS rules for the menu and for expanders to the page; they take no space on it."""
    st.html(Path(__file__).with_suffix(".css"))


def name() -> Literal["light", "dark"]:
    """The theme in which this visitor sees the page; light while the browser has not reported it."""
    return "dark" if st.context.theme.type == "dark" else "light"


def map_colours() -> Colours:
    """The colours of feature maps and heat maps: the theme's first two chart colours, and ink."""
    above, below = {"light": ("#2446C8", "#B04A12"), "dark": ("#8FB4FF", "#FFB27A")}[name()]
    return Colours(above, below, INK[name()])
