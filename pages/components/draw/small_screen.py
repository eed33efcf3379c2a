"""What a phone's screen asks of Draw: the board in the middle, and all that a drawing needs on the smallest of them."""

from pathlib import Path

import streamlit as st


def fit() -> None:
    """Let the page fit one, from its first frame on; this takes no line of it."""
    st.html(Path(__file__).with_suffix(".css"))
