"""A confusion matrix whose cells are buttons: a table that can be clicked, tapped and walked through by arrow keys."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from pages.components.base.component import register

_confusion = register(__file__)

Cell = tuple[int, int]


def render(matrix: np.ndarray, first: Cell, key: str) -> Cell:
    """Draw it.

    Args:
        matrix: (n, n) counts, a row per true digit, a column per answer.
        first: the cell that is chosen before anybody chooses one.
        key: of the component.

    Returns:
        The chosen cell: true digit and answer.
    """
    chosen = _cell(st.session_state.get(key), len(matrix)) or first
    caption = "Rows: the true digit. Columns: what it is read as. Choose a number to see its images."
    data = {"counts": matrix.tolist(), "chosen": list(chosen), "caption": caption}
    _confusion(key=key, data=data, on_cell_change=lambda: None)
    return chosen


def _cell(state: Any, digits: int) -> Cell | None:
    """The cell that a browser says was chosen; any browser may send anything."""
    cell = state.get("cell") if isinstance(state, Mapping) else None
    if isinstance(cell, list) and len(cell) == 2 and all(type(n) is int and 0 <= n < digits for n in cell):
        return cell[0], cell[1]
    return None
