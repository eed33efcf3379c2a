"""A figure and what it is, set as those of Model and Train are: `st.metric` knows no heading font."""

from pathlib import Path

import streamlit as st

_HERE = Path(__file__)
_figure = st.components.v2.component(
    "inkling.figure",
    html="<dl><dt></dt><dd></dd></dl>",
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def show(label: str, value: str) -> None:
    """Draw it."""
    _figure(key=f"figure_{label}", data={"label": label, "value": value})
