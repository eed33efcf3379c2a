"""Privacy: what is kept of a visitor and for how long, and how to delete all of it. Not in the menu."""

import streamlit as st

from pages.components.frame import router
from pages.components.workshop import privacy_view

router.guard()

with st.container(horizontal=True):  # where a title stands as high as on the other pages
    st.title("What is kept of you", anchor=False)
privacy_view.render()
