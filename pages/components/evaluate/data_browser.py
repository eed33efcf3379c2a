"""The digits themselves, 60 at a time: test images, training images, or drawn digits."""

import numpy as np
import streamlit as st

from core.digits.dataset import SOURCE_NAMES, Digits, Source, drawn_digits, training_sample, unseen_digits
from core.formatting import a_digit
from pages.components.base import errors
from pages.components.base.typesetting import caption
from pages.components.images import thumbnails

PAGE_IMAGES = 60
SPLITS = ("Test", "Training", "Drawn")


@st.fragment
@errors.on_page()
def render(source: Source) -> None:
    """Render the choice of split and digit, and one page of images."""
    st.header("Look through the data", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        split = st.segmented_control(
            "Images", SPLITS, default="Test", required=True, key="evaluate_data_split", on_change=_go_to_first_page
        )
        digit = st.segmented_control(
            "Digit",
            list(range(10)),
            default=0,
            required=True,
            key="evaluate_data_digit",
            on_change=_go_to_first_page,
            wrap=True,
        )
    digits, description = _digits(split, source)
    indices = np.flatnonzero(digits.labels == digit)
    above = st.container(gap="small")
    page = st.pagination(max(1, -(-len(indices) // PAGE_IMAGES)), key="evaluate_data_page")
    start = (page - 1) * PAGE_IMAGES
    on_page = indices[start : start + PAGE_IMAGES]
    with above:
        caption(
            f"{description}: {len(indices):,} of them are {digit}s, and these are {start + 1:,} to "
            f"{start + len(on_page):,}."
        )
        thumbnails.render(
            "evaluate_data_thumbnails",
            f"{split} images of {digit}",
            digits.images[on_page],
            [str(digit)] * len(on_page),
            [f"{a_digit(digit).capitalize()}, image {index + 1}" for index in on_page.tolist()],
        )


def _go_to_first_page() -> None:
    st.session_state.evaluate_data_page = 1


def _digits(split: str, source: Source) -> tuple[Digits, str]:
    """The digits of a split, and a description of them."""
    if split == "Drawn":
        digits = drawn_digits()
        return digits, f"The {len(digits):,} drawn digits, on which every model is measured and none is trained"
    if split == "Training":
        digits = _training_sample(source)
        return digits, f"The first {len(digits):,} training images of {SOURCE_NAMES[source]}"
    digits = unseen_digits(source)
    return digits, f"The {len(digits):,} test images of {SOURCE_NAMES[source]}"


@st.cache_resource(max_entries=2, show_spinner=False)
def _training_sample(source: Source) -> Digits:
    return training_sample(source)
