"""Scoreboard: what people here have reached, under nicknames of their choice. Not in the menu; Runs leads here."""

import streamlit as st

from pages.components.frame import router
from pages.components.workshop import scoreboard_view

router.guard()

with st.container(horizontal_alignment="center"), st.container(width=960, gap="small"):
    scoreboard_view.render()
