"""A confusion matrix whose cells can be clicked, tapped and reached by the arrow keys.

A component of our own: cells of `st.table` cannot be chosen, and those of `st.dataframe` and of a chart cannot be
reached with a screen reader.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from pages.components.base.component import register

_confusion_matrix = register(__file__)

Cell = tuple[int, int]  # true digit, answer


def render(matrix: np.ndarray, default: Cell, key: str) -> Cell:
    """Render the matrix; the more mistakes of a kind, the stronger the colour of its cell.

    Args:
        matrix: (n, n) counts, a row for each true digit, a column for each answer.
        default: the cell that is selected before one is chosen.
        key: of the component; `st.session_state[key]["cell"]` is the chosen cell.

    Returns:
        The selected cell.
    """
    selected = _chosen_cell(st.session_state.get(key), len(matrix)) or default
    data = {"counts": matrix.tolist(), "selected": list(selected)}
    _confusion_matrix(key=key, data=data, on_cell_change=lambda: None)
    return selected


def _chosen_cell(state: Any, size: int) -> Cell | None:
    """The cell that the browser reports, if there is such a cell; a browser may send anything."""
    cell = state.get("cell") if isinstance(state, Mapping) else None
    if isinstance(cell, list) and len(cell) == 2 and all(type(n) is int and 0 <= n < size for n in cell):
        return cell[0], cell[1]
    return None
