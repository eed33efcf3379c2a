"""Evaluate: what a model gets right and wrong, how well it knows, and how much it can bear."""

import streamlit as st

from core.training.runs import NoSuchRun
from pages.components import data_view, evaluated, evaluation_view, robustness_view, router

router.guard()

with st.container(horizontal_alignment="center"), st.container(width=1120, gap="small"):
    try:
        shown = evaluated.choose()
        if shown:
            if answers := evaluated.answers(shown):
                evaluation_view.show(shown, answers)
                robustness_view.show(shown, answers)
            data_view.show(evaluated.source(shown))
    except NoSuchRun as problem:
        evaluated.show_way_back(str(problem))
