"""What Streamlit's menu lacks: a drawer that closes when narrow, pages that begin at the top, a name."""

from pathlib import Path

import streamlit as st

_menu = st.components.v2.component(
    "inkling.menu",
    html="<span></span>",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def mend() -> None:
    """Give the menu what it lacks."""
    _menu(key="menu")
