"""Runs: everything that was trained here, side by side; and what can be done with it."""

import streamlit as st

from pages.components.frame import router
from pages.components.runs import runs_view

router.guard()

with st.container(horizontal_alignment="center"), st.container(width=1120, gap="small"):
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        st.title("Runs", anchor=False, width="content")
        st.page_link("pages/scoreboard.py", label="Scoreboard", icon=":material/leaderboard:", width="content")
    runs_view.render()
    st.page_link("pages/privacy.py", label=":small[What is kept of you, and how to delete it]")
