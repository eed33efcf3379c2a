"""Which runs are looked at: the address says so, so that a comparison can be sent to others.

`?runs=` has their ids with commas between them; `pretrained` stands for the shipped model.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from core.networks.model import Scores, pretrained
from core.networks.names import distinct_names
from core.networks.recipe import Recipe
from core.reports.curves import MOST
from core.reports.progress import state_words
from core.store.run_tables import ListedRun, NoSuchRun, Run
from core.store.runs import run_store
from pages.components.visitor import workspace

PRETRAINED = "pretrained"
AT_ONCE = 20  # runs in the table, and as many more at each click

AnyRun = Run | ListedRun


@dataclass(frozen=True)
class Selected:
    """A run that is looked at, or the shipped model, which has no run."""

    name: str
    recipe: Recipe
    scores: Scores | None
    run: Run | None

    @property
    def has_curves(self) -> bool:
        """Whether there is a point to draw."""
        return self.run is not None and bool(self.run.points or self.run.history)

    @property
    def is_active(self) -> bool:
        """Whether it waits or trains."""
        return self.run is not None and self.run.state.is_active

    @property
    def status(self) -> str:
        """How far it has come: "Stopped in epoch 3 of 20"."""
        run = self.run
        return state_words(run.state, run.points, run.history, run.recipe.epochs) if run else "Built in"


def ids(newest: str) -> list[str]:
    """The ids in the address; without any there, the newest run's. "" stands for none.

    `?run=`, by which the other pages name one run, is understood too: an address is often changed by hand.
    """
    return st.query_params.get("runs", st.query_params.get("run", newest)).split(",")


def select(run_ids: Sequence[str]) -> None:
    """Put other ids into the address."""
    st.query_params.pop("run", None)
    st.query_params["runs"] = ",".join(run_ids)


def mine() -> list[ListedRun]:
    """The visitor's newest runs, as many as are shown."""
    return run_store().listed(workspace.owner(), st.session_state.get("runs_shown", AT_ONCE))


def render_more(shown: int) -> None:
    """Draw the button that shows older runs too, where there are any."""
    older = run_store().count_of(workspace.owner()) - shown if shown >= AT_ONCE else 0
    if older > 0:
        label = f"Show older runs ({older:,} more)"
        st.button(label, key="older_runs", type="tertiary", on_click=_show_more, args=(shown,))


def _show_more(shown: int) -> None:
    st.session_state.runs_shown = shown + AT_ONCE


def all_among(run_ids: Sequence[str], listed: Sequence[ListedRun]) -> list[AnyRun]:
    """The runs that are listed, and before them those among these ids that are not: other people's, and older ones.

    Whoever knows a run's id may look at it.
    """
    found: list[AnyRun] = []
    known = {run.id for run in listed}
    for run_id in run_ids[: 2 * MOST]:
        with suppress(NoSuchRun):
            if run_id not in known:
                found.append(run_store().run(run_id))
    return [*found, *listed]


def names(runs: Sequence[AnyRun]) -> dict[str, str]:
    """Each run's name by its id, numbered where two are the same; the oldest keeps its name."""
    return distinct_names({run.id: run.name for run in sorted(runs, key=lambda run: run.created)})


def read(runs: Sequence[AnyRun], run_ids: Sequence[str]) -> tuple[list[Selected], list[AnyRun]]:
    """Read whole those of the runs that are selected.

    Returns:
        The selected ones in the order of the runs, the shipped model last; and those that cannot be read.
    """
    name_of = names(runs)
    selected: list[Selected] = []
    unreadable: list[AnyRun] = []
    for one in runs:
        if one.id in run_ids:
            try:
                run = run_store().run(one.id)
                selected.append(Selected(name_of[one.id], run.recipe, run.scores, run))
            except NoSuchRun:
                unreadable.append(one)
    if PRETRAINED in run_ids:
        selected.append(Selected("Pretrained", pretrained().recipe, pretrained().scores, None))
    return selected, unreadable
