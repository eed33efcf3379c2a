"""The visitor's runs as a table that can be sorted, and from which one run is opened or several are put side by side.

A component of our own, because a data frame can be read neither by a screen reader nor on a phone, and chooses rows
by their place, which changes with every new run.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from pages.components.base.component import register

_table = register(__file__)


@dataclass(frozen=True)
class Cell:
    """What stands in a cell, and the number by which it is sorted; None is sorted last."""

    text: str
    order: float | None = None


@dataclass(frozen=True)
class Line:
    """A run's line.

    Attributes:
        created: seconds since 1970, which the browser writes in its own time zone; 0 where there is none.
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


def render(lines: Sequence[Line], selected: Sequence[str]) -> list[str] | None:
    """Draw the table.

    Args:
        lines: the runs, in the order in which they stand until a heading is clicked.
        selected: the ids of those that are chosen.

    Returns:
        The ids of those that the visitor has just chosen instead, in the order of the lines; None where there was
        no such choice.
    """
    state = st.session_state
    data = {
        "lines": [asdict(line) for line in lines],
        "selected": list(selected),
        "seen": state.get("runs_table_seen", 0),
    }
    chosen = _table(key="runs_table", data=data, on_chosen_change=lambda: None).chosen
    # Any browser may send anything: a number that tells clicks apart, and ids.
    if not isinstance(chosen, list) or len(chosen) != 2 or not isinstance(chosen[1], list):
        return None
    if not isinstance(chosen[0], int | float) or not math.isfinite(chosen[0]) or chosen[0] == data["seen"]:
        return None
    state.runs_table_seen = chosen[0]
    return [line.id for line in lines if line.id in chosen[1]]
