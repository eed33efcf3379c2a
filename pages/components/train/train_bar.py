"""The bar with epochs, batch size and Train: next after the presets for the Tab key, and always in sight."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

_sheet = st.components.v2.component(
    "inkling.train_bar",
    html='<div class="sheet"></div>',
    css=".sheet { position: absolute; inset: 0; background: var(--st-background-color) }",
)


# Not Streamlit's own `st.bottom`: it comes last, and the Tab key would pass every control of the recipe first.
@contextmanager
def bar() -> Iterator[None]:
    """Draw the bar; what is drawn inside this context stands in it."""
    st.html(Path(__file__).with_suffix(".css"))  # not the sheet's own, which come a moment after the bar
    with st.container(key="train_bar", gap="xsmall"):
        _sheet(key="train_bar_sheet")
        yield
