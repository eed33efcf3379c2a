"""A run in progress, as one line under the navigation of every page."""

import streamlit as st

from core.insight.evaluation import percent
from core.insight.progress import duration, last_validation_accuracy, place_sentence, seconds_left
from core.training.runs import NoSuchRun, Run, RunState, run_store
from pages.components import errors, workspace
from pages.components.engine import engine

EVERY = 1.0  # seconds between two looks at the run


def show(*, is_train: bool) -> None:
    """Draw the line while the visitor's workspace has an active run; not on Train where that run is shown anyway."""
    run = run_store().active_run(workspace.owner())
    # The container is always there: if what follows changed its place when a run ends, the board would be laid anew.
    with st.container():
        if run and not (is_train and st.query_params.get("run", run.id) == run.id):
            st.fragment(_line, run_every=EVERY)(run.id)


@errors.shown()
def _line(run_id: str) -> None:
    try:
        run = run_store().run(run_id)
    except NoSuchRun:
        st.rerun()
    if not run.state.is_active:
        st.rerun()
    with st.container(key="run_banner", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":small[{_said(run)}]", width="content")
        st.page_link("pages/train.py", label=":small[Open]", query_params={"run": run_id})


def _said(run: Run) -> str:
    if run.is_held:
        return "Your run waits: the queue is paused by the workshop's leader"
    if run.state == RunState.QUEUED:
        place = run_store().place(run.id, engine().workers)
        return (
            f"Your run waits. {place_sentence(place.before, place.running, place.seconds)}"
            if place
            else "Your run is next"
        )
    if run.live is None:
        return "Your run is starting"
    words = [f"Epoch {run.live.epoch} of {run.recipe.epochs}"]
    accuracy = last_validation_accuracy(run.points, run.history)
    words.append(percent(run.live.accuracy if accuracy is None else accuracy))
    words.append(f"{duration(seconds_left(run.live, run.points, run.recipe.epochs, run.recipe.batch_size))} left")
    return ", ".join(words)
