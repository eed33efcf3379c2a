"""Ten small buttons in a row, one of which says what a drawing really is."""

import streamlit as st

from pages.components.base.component import register

_choice = register(__file__)


def render(words: str, chosen: int | None) -> int | None:
    """Draw the row.

    Args:
        words: before the buttons.
        chosen: the digit that is marked, if one is.

    Returns:
        The digit that was tapped since the row was last drawn, or None.
    """
    tapped = _choice(key="right_digit", data={"words": words, "chosen": chosen}, on_tapped_change=lambda: None).tapped
    if tapped == st.session_state.get("right_digit_tapped"):
        return None
    st.session_state.right_digit_tapped = tapped
    digit = tapped[0] if isinstance(tapped, list) and tapped else None
    return digit if type(digit) is int and 0 <= digit <= 9 else None  # any browser may send anything
