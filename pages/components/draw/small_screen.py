"""The layout of Draw on a phone: the board in the middle, and all that a drawing needs on the smallest screen."""

from pathlib import Path

import streamlit as st


def render() -> None:
    """Add the CSS rules to the page; they take no space on it."""
    st.html(Path(__file__).with_suffix(".css"))
