"""Evaluate: what a model gets right and wrong, how well it knows, and how much change it can bear."""

import streamlit as st

from core.store.run_tables import NoSuchRun
from pages.components.evaluate import data_browser, model_and_answers, robustness_curve, scores_and_mistakes
from pages.components.frame import router

router.guard()

with st.container(horizontal_alignment="center"), st.container(width=1120, gap="small"):
    try:
        evaluated = model_and_answers.choose()
        if evaluated and (answers := model_and_answers.answers(evaluated)):
            scores_and_mistakes.render(evaluated, answers)
            robustness_curve.render(evaluated.model, answers)
            data_browser.render(answers.source)
    except NoSuchRun as problem:
        model_and_answers.render_no_such_run(str(problem))
