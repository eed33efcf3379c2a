"""The visitor's active run, in one line beside the menu of every page, and a notice when it has ended.

A component of our own: what Streamlit has is part of the page, and would move it when a run starts or ends.

In the session: `banner_run`, the id of the run whose line was shown last; `ended_run`, the id of the run whose end is
announced, and until when.
"""

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

POLL_SECONDS = 1.0  # between two looks at a run
QUEUED_POLL_SECONDS = 3.0  # at one that is not the next in the queue
NOTICE_SECONDS = 15  # for which the end of a run is announced, on other pages too
_ENDED = {
    RunState.FINISHED: "has finished",
    RunState.STOPPED: "was stopped",
    RunState.FAILED: "has failed",
    RunState.INTERRUPTED: "was interrupted",
}
_banner = register(__file__)


def render(*, is_train: bool) -> None:
    """Render the line while the visitor has an active run, unless Train shows that run, and the notice at its end."""
    state = st.session_state
    run = run_store().active_run(workspace.owner())
    with st.container():
        if run and not (is_train and st.query_params.get("run", run.id) == run.id):
            state.banner_run = run.id
            st.fragment(_render_line, run_every=QUEUED_POLL_SECONDS if run.runs_ahead else POLL_SECONDS)(run.id)
        elif (last := state.pop("banner_run", None)) and not run:
            state.ended_run = last, time.monotonic() + NOTICE_SECONDS
        if "ended_run" in state:
            run_id, until = state.ended_run
            if time.monotonic() < until:
                _render_end(run_id)
            else:
                del state.ended_run


def _render_end(run_id: str) -> None:
    with suppress(NoSuchRun):  # it has been deleted
        run = run_store().run(run_id)
        if run.state in _ENDED:  # a paused one has not ended
            scores = f": {score_words(run.scores)}" if run.scores else ""
            _render("run_end", run, end=f"{run.name} {_ENDED[run.state]}{scores}.", seconds=NOTICE_SECONDS)


@errors.on_page()
def _render_line(run_id: str) -> None:
    try:
        run = run_store().run(run_id)
    except NoSuchRun:
        st.rerun()
    if not run.state.is_active:
        st.rerun()
    what, rest = _status(run)
    share = share_done(run.live, run.recipe.epochs) if run.live else 0.0
    with st.container(key="run_banner"):
        _render("run_line", run, name=run.name, what=what, rest=rest, share=share)


def _render(key: str, run: Run, **data: object) -> None:
    data |= {"run": run.id, "address": workspace.link("train", run=run.id)}
    if _banner(key=key, data=data, on_opened_change=lambda: None).opened:
        st.session_state.pop("ended_run", None)  # whoever opens the run need not be told of its end again
        st.switch_page("pages/train.py", query_params={"run": run.id})


def _status(run: Run) -> tuple[str, str]:
    """What the run is doing, in two halves, which may be shown on two lines."""
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
