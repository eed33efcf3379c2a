"""The digits themselves, sheet by sheet: training, test, or drawn."""

import numpy as np
import streamlit as st

from core.digits.dataset import Digits, Source, drawn_digits, training_sample, unseen_digits
from core.formatting import a_digit
from pages.components.base import errors
from pages.components.base.typesetting import caption
from pages.components.evaluate.evaluated import SOURCES
from pages.components.images import thumbnails

SHEET = 60  # images on one sheet
SPLITS = ("Test", "Training", "Drawn")


@st.fragment
@errors.on_page()
def render(source: Source) -> None:
    """Draw the choice of digit and split, and one sheet."""
    st.header("Look through the data", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        split = st.segmented_control(
            "Images", SPLITS, default="Test", required=True, key="evaluate_data_split", on_change=_first
        )
        digit = st.segmented_control(
            "Digit", range(10), default=0, required=True, key="evaluate_data_digit", on_change=_first, wrap=True
        )
    digits, what = _digits(str(split), source)
    places = np.flatnonzero(digits.labels == digit)
    pages = max(1, -(-len(places) // SHEET))
    page = min(st.session_state.setdefault("evaluate_data_page", 0), pages - 1)
    seen = places[page * SHEET : (page + 1) * SHEET]
    first, last = page * SHEET + 1, page * SHEET + len(seen)
    caption(f"{what}: {len(places):,} of them are {digit}s, and here are {first:,} to {last:,} of these.")
    if len(seen):
        named = f"{a_digit(int(digit or 0)).capitalize()}"
        thumbnails.render(
            "evaluate_data_thumbnails",
            f"{split} images of {digit}",
            digits.images[seen],
            [str(digit)] * len(seen),
            [f"{named}, image {place + 1}" for place in seen.tolist()],
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Previous", key="evaluate_data_before", disabled=page == 0, on_click=_turn, args=(page - 1,))
        caption(f"Sheet {page + 1} of {pages}", width="content")
        st.button("Next", key="evaluate_data_next", disabled=page + 1 >= pages, on_click=_turn, args=(page + 1,))


def _first() -> None:
    st.session_state.evaluate_data_page = 0


def _turn(page: int) -> None:
    st.session_state.evaluate_data_page = page


def _digits(split: str, source: Source) -> tuple[Digits, str]:
    if split == "Drawn":
        digits = drawn_digits()
        return digits, f"The {len(digits):,} drawn digits, on which every model is measured and none is trained"
    if split == "Training":
        digits = _training(source)
        return digits, f"The first {len(digits):,} training images of {SOURCES[source]}"
    digits = unseen_digits(source)
    return digits, f"The {len(digits):,} test images of {SOURCES[source]}"


@st.cache_resource(max_entries=2, show_spinner=False)
def _training(source: Source) -> Digits:
    return training_sample(source)
