"""Small images of digits side by side, each with a few words below it.

A component of our own: one image for all of them, in the colour of the theme's text, and each with a name of its own
for screen readers. `st.image` would send a file for each, and ink as black in either theme.
"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.reports.charts import digits_mask
from core.reports.images import data_url
from pages.components.base.component import register

SIDE = 42  # pixels of an image on the page, one and a half times its own
_thumbnails = register(__file__, html='<ul role="list"></ul>')


def render(
    key: str,
    name: str,
    images: np.ndarray | None,
    words: Sequence[str],
    alt: Sequence[str],
    marks: Sequence[bool | None] = (),
    removable: Sequence[str] = (),
    columns: int | None = None,
    side: int = SIDE,
) -> str | None:
    """Draw the images, as many in a row as there is room for.

    Args:
        key: of the component.
        name: what the images are, for screen readers.
        images: (n, 28, 28) uint8, at least one; None while there are none yet, and empty squares stand for them.
        words: what stands below each image.
        alt: each image in full words, for screen readers.
        marks: whether what the words say of each image is right; None where that is not known.
        removable: the ids of those images that have a button to remove them.
        columns: the most images in a row, which then stand in a grid.
        side: of an image on the page, in pixels.

    Returns:
        The id of the image whose button was just pressed, or None.
    """
    data = {
        "name": name,
        "image": "" if images is None else _mask(images),
        "words": list(words),
        "alt": list(alt),
        "marks": list(marks),
        "removable": list(removable),
        "columns": columns,
        "side": side,
    }
    removed = _thumbnails(key=key, data=data, on_removed_change=lambda: None).removed
    return next((id_ for id_ in removable if id_ == removed), None)  # any browser may send anything


@st.cache_data(show_spinner=False, max_entries=100)
def _mask(images: np.ndarray) -> str:
    """Cached because two hundred drawings take a fifth of a second, and are drawn again after each stroke."""
    return data_url(digits_mask(images))
