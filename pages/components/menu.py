"""What Streamlit's menu lacks: a focus that is seen, a drawer that closes when narrow, pages that begin at the top."""

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
