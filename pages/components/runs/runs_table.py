"""The visitor's runs as a table that can be sorted, and in which runs are opened or ticked for a comparison.

A component of our own: `st.dataframe` is drawn on a canvas, which a screen reader and a phone cannot use, and it
selects rows by their index, which changes with each new run.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from core.formatting import NONE, duration, percent
from core.networks.history import share_done
from core.networks.model import pretrained
from core.reports.progress import action_words
from core.store.run_tables import UNREADABLE, Run, RunState
from core.store.runs import run_store
from pages.components.base import errors
from pages.components.base.component import register
from pages.components.runs import selected_runs
from pages.components.runs.selected_runs import PRETRAINED, AnyRun
from pages.components.visitor import workspace

POLL_SECONDS = 1.0  # between two looks at the runs while one is active

_table = register(__file__)


@dataclass(frozen=True)
class Cell:
    """A cell's text, and the number by which it is sorted; None comes last."""

    text: str
    order: float | None = None


@dataclass(frozen=True)
class Row:
    """A run's row.

    Attributes:
        created: seconds since 1970, which the browser shows in its own time zone; 0 where that is not known.
    """

    id: str
    name: str
    recipe: str
    test: Cell
    drawn: Cell
    parameters: Cell
    time: Cell
    state: str
    created: float


def render(selected: list[str]) -> None:
    """Render the table, which keeps itself up to date while a run is active, and puts a new choice into the address.

    Args:
        selected: the ids of the runs that are ticked.
    """
    states = {run.id: run.state for run in selected_runs.mine()}
    is_active = any(state.is_active for state in states.values())
    st.fragment(_render, run_every=POLL_SECONDS if is_active else None)(selected, states)


@errors.on_page()
def _render(selected: list[str], states: dict[str, RunState]) -> None:
    """Render the table; the rest of the page stays as it is until a run's state changes."""
    listed = selected_runs.mine()
    if {run.id: run.state for run in listed} != states:
        st.rerun()
    runs = selected_runs.all_among(selected, listed)
    names = selected_runs.names(runs)
    active = run_store().active_run(workspace.owner()) if any(run.state.is_active for run in listed) else None
    rows = [_row(active if active and active.id == run.id else run, names[run.id]) for run in runs]
    rows.append(_pretrained_row())
    chosen = _choice(rows, [row.id for row in rows if row.id in selected])
    if chosen is not None:
        selected_runs.select(chosen)
        st.rerun()


def _choice(rows: Sequence[Row], selected: Sequence[str]) -> list[str] | None:
    """Render the component.

    Returns:
        The ids that the visitor has just chosen instead, in the order of the rows; None where nothing was chosen.
    """
    state = st.session_state
    seen = state.get("runs_table_seen", 0)
    data = {"rows": [asdict(row) for row in rows], "selected": list(selected), "seen": seen}
    chosen = _table(key="runs_table", data=data, on_chosen_change=lambda: None).chosen
    # A random number, which tells one click from the next, and ids; but a browser may send anything.
    if not isinstance(chosen, list) or len(chosen) != 2 or not isinstance(chosen[1], list):
        return None
    if not isinstance(chosen[0], int | float) or not math.isfinite(chosen[0]) or chosen[0] == seen:
        return None
    state.runs_table_seen = chosen[0]
    return [row.id for row in rows if row.id in chosen[1]]


def _row(run: AnyRun, name: str) -> Row:
    scores, recipe = run.scores, run.recipe
    return Row(
        id=run.id,
        name=name,
        recipe="fine-tuning" if run.is_fine_tuning else recipe.name if recipe else NONE,
        test=_accuracy(scores.test_accuracy if scores else None),
        drawn=_accuracy(scores.drawn_accuracy if scores else None),
        parameters=_parameters(recipe.network.parameters) if recipe else Cell(NONE),
        time=_seconds(scores.seconds) if scores else Cell(NONE),
        state=_state(run),
        created=run.created,
    )


def _pretrained_row() -> Row:
    model = pretrained()
    return Row(
        id=PRETRAINED,
        name="Pretrained",
        recipe=model.recipe.name,
        test=_accuracy(model.scores.test_accuracy),
        drawn=_accuracy(model.scores.drawn_accuracy),
        parameters=_parameters(model.parameters),
        time=_seconds(model.scores.seconds),
        state="Built in",
        created=0,
    )


def _accuracy(share: float | None) -> Cell:
    return Cell(NONE) if share is None else Cell(percent(share), share)


def _parameters(count: int) -> Cell:
    return Cell(f"{count:,}", count)


def _seconds(seconds: float) -> Cell:
    return Cell(duration(seconds), seconds)


def _state(run: AnyRun) -> str:
    if run.recipe is None:
        return UNREADABLE.capitalize()
    if isinstance(run, Run) and run.requested_action and run.state == RunState.RUNNING:
        return action_words(run.requested_action, has_begun=True)[0].capitalize()
    if run.live and run.state == RunState.RUNNING:
        return f"{percent(share_done(run.live, run.recipe.epochs), 0)} done"
    return run.state.capitalize()
