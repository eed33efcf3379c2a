"""Evaluate: what a model gets right and wrong, how well it knows, and how much it can bear."""

import streamlit as st

from core.store.runs import NoSuchRun
from pages.components.evaluate import data_view, evaluated, evaluation_view, robustness_view
from pages.components.frame import router

router.guard()

with st.container(horizontal_alignment="center"), st.container(width=1120, gap="small"):
    try:
        shown = evaluated.choose()
        if shown and (answers := evaluated.answers(shown)):
            evaluation_view.render(shown, answers)
            robustness_view.render(shown, answers)
            data_view.render(answers.source)
    except NoSuchRun as problem:
        evaluated.render_way_back(str(problem))
