"""Runs: stands in."""

import streamlit as st

from pages.components import router

router.guard()
st.title("Runs", anchor=False)
