"""A button that opens Train with a recipe; nothing is started by it."""

import streamlit as st

from core.networks.recipe import Recipe
from core.networks.recipe_link import to_link
from pages.components.base.typesetting import on_accent


def button(label: str, recipe: Recipe, key: str, *, is_main: bool = False) -> None:
    """Draw the button.

    Args:
        label: what it says.
        recipe: what the controls of the Train page will hold.
        key: of the button.
        is_main: whether this is the one thing to do here.
    """
    if st.button(on_accent(label) if is_main else label, key=key, type="primary" if is_main else "secondary"):
        st.switch_page("pages/train.py", query_params={"recipe": to_link(recipe)})
