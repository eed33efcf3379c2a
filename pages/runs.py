"""Runs: everything that was trained here, side by side; and what can be done with it."""

import streamlit as st

from pages.components import router, runs_view

router.guard()

with st.container(horizontal_alignment="center"), st.container(width=1120, gap="small"):
    st.title("Runs", anchor=False)
    runs_view.show()
