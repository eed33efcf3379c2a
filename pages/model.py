"""Model: look inside the shipped model, or inside a run's."""

import streamlit as st

from core.store.run_tables import NoSuchRun
from pages.components.frame import router
from pages.components.model import model_overview

router.guard()

with st.container(horizontal_alignment="center"), st.container(width=1120, gap="small"):
    try:
        model_overview.render(model_overview.choose())
    except NoSuchRun as problem:
        model_overview.render_no_such_run(str(problem))
