"""Privacy: what is kept of a visitor and for how long, and how to delete all of it. Not in the menu."""

import streamlit as st

from pages.components import privacy_view, router

router.guard()

st.title("What is kept of you", anchor=False)
privacy_view.show()
