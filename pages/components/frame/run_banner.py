"""A run in progress, as one line beside the navigation of every page; and a word when it is over."""

import time
from contextlib import suppress

import streamlit as st

from core.formatting import duration, percent
from core.networks.history import share_done
from core.reports.progress import (
    WAITS_TO_BE_MEASURED,
    action_words,
    last_validation_accuracy,
    score_words,
    seconds_left,
)
from core.store.queue import position_sentence
from core.store.run_tables import NoSuchRun, Run, RunState
from core.store.runs import run_store
from pages.components.base import errors
from pages.components.base.component import register
from pages.components.visitor import workspace
from pages.components.visitor.engine import engine

EVERY = 1.0  # seconds between two looks at the run
QUEUED_EVERY = 3.0  # at one that others are before
TOLD_SECONDS = 15  # for which the end of a run is told, through reruns and on other pages
_ENDED = {
    RunState.FINISHED: "has finished",
    RunState.STOPPED: "was stopped",
    RunState.FAILED: "has failed",
    RunState.INTERRUPTED: "was interrupted",
}
_banner = register(__file__)

# What this leaves in the session:
#   run_behind     id of the run whose line was shown last
#   run_over       id of a run that ended meanwhile, and until when that is told


def render(*, is_train: bool) -> None:
    """Draw the line while the visitor's workspace has an active run; not on Train where that run is shown anyway."""
    state = st.session_state
    run = run_store().active_run(workspace.owner())
    with st.container():
        if run and not (is_train and st.query_params.get("run", run.id) == run.id):
            state.run_behind = run.id
            st.fragment(_line, run_every=QUEUED_EVERY if run.runs_ahead else EVERY)(run.id)
        elif (behind := state.pop("run_behind", None)) and not run:
            state.run_over = behind, time.monotonic() + TOLD_SECONDS
        if "run_over" in state:
            run_id, until = state.run_over
            if time.monotonic() < until:
                _tell_end(run_id)
            else:
                del state.run_over


def _tell_end(run_id: str) -> None:
    with suppress(NoSuchRun):  # it has been deleted: nothing to tell
        run = run_store().run(run_id)
        if run.state in _ENDED:  # a paused one waits where it was paused
            scores = f": {score_words(run.scores)}" if run.scores else ""
            _render("run_over_line", run, over=f"{run.name} {_ENDED[run.state]}{scores}.", seconds=TOLD_SECONDS)


@errors.on_page()
def _line(run_id: str) -> None:
    try:
        run = run_store().run(run_id)
    except NoSuchRun:
        st.rerun()
    if not run.state.is_active:
        st.rerun()
    what, rest = _said(run)
    share = share_done(run.live, run.recipe.epochs) if run.live else 0.0
    with st.container(key="run_banner"):
        _render("run_line", run, name=run.name, what=what, rest=rest, share=share)


def _render(key: str, run: Run, **data: object) -> None:
    data |= {"run": run.id, "address": workspace.link("train", run=run.id)}
    if _banner(key=key, data=data, on_opened_change=lambda: None).opened:
        st.switch_page("pages/train.py", query_params={"run": run.id})


def _said(run: Run) -> tuple[str, str]:
    """What happens now, in two halves that may stand under each other."""
    if run.is_held:
        return "waits", "the queue is paused by the workshop's leader"
    if run.state == RunState.QUEUED:
        position = run_store().position(run.id, engine().workers)
        waits = WAITS_TO_BE_MEASURED if run.requested_action else "waits"
        return (waits, position_sentence(position)) if position else ("is next", "")
    if run.requested_action:
        return action_words(run.requested_action, run.has_begun)
    if run.live is None:
        return "starting", ""
    accuracy = last_validation_accuracy(run.points, run.history)
    reached = percent(run.live.accuracy if accuracy is None else accuracy)
    left = duration(seconds_left(run.live, run.points, run.recipe.epochs, run.recipe.batch_size))
    return f"epoch {run.live.epoch} of {run.recipe.epochs}, {reached}", f"{left} left"
