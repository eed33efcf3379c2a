"""Glossary: every word that a control or a page uses."""

import streamlit as st

from core.lessons.glossary import find
from pages.components.base.errors import plain
from pages.components.learn import glossary_view

TITLE = "Glossary"
SUMMARY = "Every word that the controls use, each in a sentence and with something to picture."


def render() -> None:
    """Draw all terms, with the one in the address first."""
    word = st.query_params.get("term", "")
    term = find(word)
    if word and term is None:
        st.info(f'There is no "{plain(word[:40])}" in the glossary. Look for another word below.')
    glossary_view.render(term)
