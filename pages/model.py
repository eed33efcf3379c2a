"""Model: look inside the shipped model, or inside a run's."""

import streamlit as st

from core.store.runs import NoSuchRun
from pages.components.frame import router
from pages.components.model import model_view

router.guard()

with st.container(horizontal_alignment="center"), st.container(width=1120, gap="small"):
    try:
        model_view.render(model_view.choose())
    except NoSuchRun as problem:
        model_view.render_way_back(str(problem))
