"""Drawings side by side, small, each with a few words under it; where they may be removed, each with a button."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.reports.charts import digits_mask
from core.reports.images import data_url
from pages.components.base.component import register

_thumbnails = register(__file__, html='<ul role="list"></ul>')


def render(
    key: str,
    name: str,
    images: np.ndarray,
    words: list[str],
    said: list[str],
    marks: Sequence[bool | None] = (),
    removable: Sequence[str] = (),
) -> str | None:
    """Draw them.

    Args:
        key: of the component.
        name: what the drawings are, for who cannot see them.
        images: (n, 28, 28) uint8, at least one.
        words: under each drawing.
        said: each drawing in full words.
        marks: whether what the words say of each is right; None where that is not known.
        removable: by what each is known, where it can be removed.

    Returns:
        Which of `removable` was removed since they were last drawn, or None.
    """
    data = {
        "name": name,
        "image": _mask(images),
        "words": words,
        "said": said,
        "marks": list(marks),
        "removable": list(removable),
    }
    removed = _thumbnails(key=key, data=data, on_removed_change=lambda: None).removed
    if removed == st.session_state.get(f"{key}_removed"):
        return None
    st.session_state[f"{key}_removed"] = removed
    # Any browser may send anything.
    return next((known for known in removable if isinstance(removed, list) and removed[:1] == [known]), None)


@st.cache_data(show_spinner=False, max_entries=100)
def _mask(images: np.ndarray) -> str:
    """Two hundred drawings take a fifth of a second, and they are drawn anew after each stroke on the board."""
    return data_url(digits_mask(images))
