"""Privacy: what is kept about a visitor and for how long, and how to delete all of it. Not in the menu."""

import streamlit as st

from pages.components.frame import router
from pages.components.workshop import privacy_view

router.guard()

with st.container(horizontal=True):  # puts the title at the height of the other pages' titles
    st.title("What is kept about you", anchor=False)
privacy_view.render()
