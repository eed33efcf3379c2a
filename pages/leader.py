"""The leader's page: who is here, the queue, the machine, and what can be done about them. Not in the menu."""

import streamlit as st

from pages.components.frame import router
from pages.components.workshop import leader_access, leader_dashboard

router.guard()

with st.container(horizontal_alignment="center"), st.container(width=960, gap="small"):
    with st.container(horizontal=True):  # puts the title at the height of the other pages' titles
        st.title("The leader's page", anchor=False)
    if leader_access.render():
        leader_dashboard.render()
