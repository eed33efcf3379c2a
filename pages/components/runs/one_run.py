"""One run, or the shipped model: what can be done with it, what it scored, its curves."""

import streamlit as st

from core.reports.progress import ENDED_EARLY, curves_sentence, score_sentence
from core.store.run_tables import RunState, UnreadableRun
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.runs import learning_curves, run_actions
from pages.components.runs.selected_runs import AnyRun, Selected


def render(one: Selected) -> None:
    """Render all there is to see of it."""
    run = one.run
    with st.container(key="one_run", gap="small"):
        st.header(plain(one.name), anchor=False)
        if run:
            run_actions.render(run, one.name)
        elif st.button("Look inside", key="look_inside"):
            st.switch_page("pages/model.py")
        st.markdown(plain(_summary(one)))
        if run and run.notice:
            (st.error if run.state == RunState.FAILED else st.warning)(plain(run.notice), icon=":material/info:")
        if one.has_curves:
            learning_curves.render([one])
        caption(_curves_note(one))


def render_unreadable(run: AnyRun) -> None:
    """Render what is left to do with a run that is damaged or was made by another version."""
    with st.container(key="one_run", gap="small"):
        st.header(plain(run.name), anchor=False)
        st.warning(plain(str(UnreadableRun())), icon=":material/info:")
        run_actions.render_unreadable(run)


def _summary(one: Selected) -> str:
    if one.scores:
        return score_sentence(one.scores)
    return f"{one.status}; there is no model of it {'yet' if one.is_active else 'to score'}."


def _curves_note(one: Selected) -> str:
    if one.run is None:
        return "It came with Inkling and has no curves."
    if one.has_curves:
        is_over = one.run.state.is_over
        return plain(curves_sentence(one.run.history)) or (
            ENDED_EARLY if is_over else "The first epoch is not over yet."
        )
    return "No curve yet." if one.is_active else "It has no curves: it ended before its first batches."
