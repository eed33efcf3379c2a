"""Scoreboard: the results that people here chose to show, under nicknames. Not in the menu; Runs links to it."""

import streamlit as st

from pages.components.frame import router
from pages.components.workshop import scoreboard_view

router.guard()

with st.container(horizontal_alignment="center"), st.container(width=960, gap="small"):
    scoreboard_view.render()
