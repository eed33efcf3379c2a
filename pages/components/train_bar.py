"""The bar with epochs, batch size and Train: next after the cards for who tabs, and in sight wherever the page is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

_HERE = Path(__file__)
_sheet = st.components.v2.component(
    "inkling.train_bar",
    html='<div class="sheet"></div>',
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    isolate_styles=False,  # the bar lies outside of it
)


# Not Streamlit's own `st.bottom`: that comes after all else, and who tabs would pass every control of the recipe first.
@contextmanager
def laid() -> Iterator[None]:
    """What is drawn in this stands in the bar."""
    with st.container(key="train_bar", gap="xsmall"):
        _sheet(key="train_bar_sheet")
        yield
