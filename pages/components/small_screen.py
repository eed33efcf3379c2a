"""What a phone's screen asks of Draw: the board in the middle, and all that a drawing needs on the smallest of them."""

from pathlib import Path

import streamlit as st

_HERE = Path(__file__)
_small_screen = st.components.v2.component(
    "inkling.small_screen",
    html="<span></span>",
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    isolate_styles=False,  # what it moves lies outside of it
)


def fit() -> None:
    """Let the page fit one, wherever on it this is called."""
    _small_screen(key="small_screen")
