"""What Streamlit's own menu lacks: a focus that can be seen, and a drawer that closes in every narrow window."""

from pathlib import Path

import streamlit as st

_HERE = Path(__file__)
_menu = st.components.v2.component(
    "inkling.menu",
    html="<span></span>",
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
    isolate_styles=False,  # the menu lies outside of it
)


def mend() -> None:
    """Give the menu what it lacks."""
    _menu(key="menu")
