"""Inkling: draw a digit and find out what a neural network makes of it. This file is the table of contents."""

import streamlit as st

from pages.components.frame import router

page = router.navigation()
st.set_page_config(page_title=f"{page.title} · Inkling", page_icon=router.FAVICON, layout=router.layout(page))
st.logo(router.logo(), size="large")
router.run(page)
