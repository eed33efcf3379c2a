"""A button that opens Train with a recipe; it starts no training."""

import streamlit as st

from core.networks.recipe import Recipe
from core.networks.recipe_link import to_link
from pages.components.base.typesetting import on_accent


def render(label: str, recipe: Recipe, key: str, *, is_main: bool = False) -> None:
    """Draw a button that opens Train with its controls set to a recipe; the main one of a page in the accent colour."""
    if st.button(on_accent(label) if is_main else label, key=key, type="primary" if is_main else "secondary"):
        st.switch_page("pages/train.py", query_params={"recipe": to_link(recipe)})
