"""The keyboard's shortcuts on every page, and the list of them that "?" opens."""

from pathlib import Path

import streamlit as st

_HERE = Path(__file__)
_shortcuts = st.components.v2.component(
    "inkling.shortcuts",
    html=_HERE.with_suffix(".html").read_text(encoding="utf-8"),
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def show() -> bool:
    """Listen to the keys; most click what is on the page, so that a key can do no more than a hand.

    Returns:
        Whether the key for projector mode has just been pressed.
    """
    return bool(_shortcuts(key="shortcuts", on_projector_change=lambda: None).projector)
