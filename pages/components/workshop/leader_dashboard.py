"""What a workshop's leader sees and does: who is here, the queue, the machine; stop, cancel, pause, clear, reset.

In the session: `leader_success`, a sentence about what was just done, until it is shown.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import ParamSpec

import streamlit as st

from core.engine import machine
from core.engine.local_engine import EngineState
from core.formatting import duration, percent
from core.reports.progress import seconds_left
from core.store.presence import presence
from core.store.queue import Position
from core.store.run_tables import Run, RunState
from core.store.runs import run_store
from core.store.scoreboard import Entry, scoreboard
from pages.components.base import errors
from pages.components.base.errors import plain
from pages.components.base.popover import popover
from pages.components.base.typesetting import caption
from pages.components.visitor.engine import engine
from pages.components.workshop import leader_access

P = ParamSpec("P")

POLL_SECONDS = 3.0  # between two looks at the room
DEFAULT_HOURS = 24  # after which an idle run is old
MAX_HOURS = 24 * 365
STOP_NOTICE = "The workshop's leader stopped it."
_ENGINE = {
    EngineState.OFF: "The training engine is off until the next run",
    EngineState.STARTING: "The training engine is starting",
    EngineState.READY: "The training engine is ready",
    EngineState.UNREACHABLE: "The training engine cannot be reached",
    EngineState.UNUSABLE: "No training machine can take a run",
}


def render() -> None:
    """Render the actions and the state of the room, which is kept up to date while the page is open."""
    is_paused = run_store().is_queue_paused()
    if success := st.session_state.pop("leader_success", None):
        st.success(success, icon=":material/check:")
    with st.container(horizontal=True, gap="xsmall", key="leader_actions"):
        label, icon = ("Resume the queue", "play_arrow") if is_paused else ("Pause the queue", "pause")
        st.button(label, key="pause_queue", icon=f":material/{icon}:", on_click=_pause_queue, args=(not is_paused,))
        with popover("Cancel all waiting", key="cancel_waiting", icon=":material/cancel:"):
            _render_cancel()
        with popover("Clear old runs", key="clear_old", icon=":material/delete:"):
            _render_clear()
        with popover("Scoreboard", key="manage_scoreboard", icon=":material/leaderboard:"):
            _render_scoreboard()
        st.button("Lock this page", key="lock", icon=":material/lock:", on_click=leader_access.leave)
    if is_paused:
        st.warning("The queue is paused: runs in training continue, but no new one starts.", icon=":material/pause:")
    st.fragment(_render_room, run_every=POLL_SECONDS)(is_paused)


@errors.on_page()
def _render_room(was_paused: bool) -> None:
    if was_paused != run_store().is_queue_paused() or not leader_access.is_leader():
        st.rerun()
    counts, active = run_store().counts(), run_store().active()
    position_of = dict(run_store().waiting(engine().workers))
    with st.container(horizontal=True, gap="small", key="room"):
        for label, value in (
            ("Here now", presence().count()),
            ("Training", counts.get(RunState.RUNNING, 0)),
            ("Waiting", counts.get(RunState.QUEUED, 0)),
            ("Finished", counts.get(RunState.FINISHED, 0)),
        ):
            st.metric(label, f"{value:,}", border=True, width=136)  # two side by side on the narrowest phone
    caption(_machine_sentence(machine.measure()))
    ended = [f"{counts[state]:,} {state}" for state in RunState if not state.is_active and state in counts]
    caption(" ".join(filter(None, [f"{_ENGINE[engine().state]}.", engine().trouble])))
    caption(f"Runs that have ended or are paused: {', '.join(ended) or 'none yet'}.")
    st.header("The queue", anchor=False)
    if not active:
        caption("No run is training or waiting.")
    names = _nicknames(scoreboard().entries())
    for run in active:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"queued_{run.id}"):
            st.markdown(_queue_entry(run, names, position_of.get(run.id)), width="stretch")
            is_stopping = run.requested_action == "stop" and run.state == RunState.RUNNING
            label = "Stopping" if is_stopping else "Stop" if run.state == RunState.RUNNING else "Cancel"
            st.button(label, key=f"stop_{run.id}", disabled=is_stopping, on_click=_stop, args=(run,))


def _machine_sentence(now: machine.Machine) -> str:
    cores = "1 core" if now.cores == 1 else f"{now.cores} cores"
    return (
        f"This machine: load {now.load:.1f} on {cores}; memory {now.used / 1e9:.1f} of {now.limit / 1e9:.1f} GB, "
        f"of which this web process {now.web / 1e6:.0f} MB."
    )


def _nicknames(entries: Sequence[Entry]) -> dict[str, str]:
    """The last nickname of each workspace that has used one."""
    return {entry.owner: entry.nickname for entry in entries}


def _queue_entry(run: Run, names: dict[str, str], position: Position | None) -> str:
    owner = plain(names.get(run.owner) or f"workspace {run.owner[:4]}")
    return f"**{plain(run.name)}**  \n:small[:gray[{owner} · {_progress(run, position)}]]"


def _progress(run: Run, position: Position | None) -> str:
    if run.is_held or (position is None and run.state == RunState.QUEUED):
        return f"number {run.runs_ahead + 1} in the queue"
    if position:
        return f"number {position.before + 1} in the queue, starts in about {duration(max(1.0, position.seconds))}"
    if run.live is None:
        return "starting"
    left = seconds_left(run.live, run.points, run.recipe.epochs, run.recipe.batch_size)
    return f"training, epoch {run.live.epoch} of {run.recipe.epochs}, {duration(left)} left"


def _by_leader(act: Callable[P, None]) -> Callable[P, None]:
    """Make an action do nothing unless this session is the leader's: the token may have changed meanwhile."""

    @wraps(act)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        if leader_access.is_leader():
            act(*args, **kwargs)

    return guarded


@errors.in_callback()
@_by_leader
def _pause_queue(is_paused: bool) -> None:
    run_store().pause_queue(is_paused)
    engine().check_queue()


@errors.in_callback()
@_by_leader
def _stop(run: Run) -> None:
    run_store().ask(run.id, run.owner, "stop", STOP_NOTICE)
    engine().check_queue()


def _render_cancel() -> None:
    st.markdown(
        "**Cancel all runs that wait?** They leave the queue, and their owners are told. Runs that train continue, and "
        "what a resumed run has learned is kept."
    )
    st.button("Cancel them all", key="cancel_waiting_now", on_click=_cancel_waiting)


@errors.in_callback()
@_by_leader
def _cancel_waiting() -> None:
    count = run_store().cancel_waiting(STOP_NOTICE)
    st.session_state.leader_success = (
        "1 waiting run has been cancelled." if count == 1 else f"{count:,} waiting runs have been cancelled."
    )


def _render_clear() -> None:
    st.markdown("**Delete everybody's runs that have been idle for**")
    hours = int(st.number_input("Hours", 1, MAX_HOURS, DEFAULT_HOURS, key="clear_hours"))
    count = run_store().count_old(hours / 24)
    runs = "1 run" if count == 1 else f"{count:,} runs"
    caption(f"{runs}, with models and curves. Runs that train or wait are never deleted; the scoreboard stays.")
    st.button(f"Delete {runs}", key="clear_now", disabled=not count, on_click=_clear, args=(hours,))


@errors.in_callback()
@_by_leader
def _clear(hours: int) -> None:
    count = run_store().cull(hours / 24)
    st.session_state.leader_success = "1 run has been deleted." if count == 1 else f"{count:,} runs have been deleted."


def _render_scoreboard() -> None:
    entries = scoreboard().entries()
    if not entries:
        caption("Nobody is on the scoreboard.")
        return
    by_run = {entry.run: entry for entry in entries}
    chosen = st.selectbox(
        "An entry", by_run, format_func=lambda run: _entry_label(by_run[run]), key="entry_off", index=None,
        placeholder="Choose an entry",
    )  # fmt: skip
    if chosen:
        st.button("Take it off", key="take_off", on_click=_take_off, args=(by_run[chosen],))
    st.markdown(f"Or start over: take all {len(entries)} off. This cannot be undone.")
    st.button("Take all off", key="reset_scoreboard", on_click=_take_all_off)


def _entry_label(entry: Entry) -> str:
    """Two entries may have the same nickname; workspace, recipe and figures tell them apart."""
    figures = f"{percent(entry.test_accuracy)}, {duration(entry.seconds)}"
    return f"{entry.nickname} (workspace {entry.owner[:4]}): {entry.recipe}, {figures}"


@errors.in_callback()
@_by_leader
def _take_off(entry: Entry) -> None:
    scoreboard().leave(entry.run, entry.owner)


@errors.in_callback()
@_by_leader
def _take_all_off() -> None:
    scoreboard().reset()
