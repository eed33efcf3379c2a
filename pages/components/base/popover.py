"""A popover of one width wherever it unfolds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import streamlit as st


@contextmanager
def popover(label: str, key: str, icon: str | None = None, gap: Literal["small", "xsmall"] = "small") -> Iterator[None]:
    """Render a button; what is rendered within unfolds from it, 300 pixels wide, which fits on a phone."""
    with st.popover(label, key=key, icon=icon), st.container(width=300, gap=gap):
        yield
