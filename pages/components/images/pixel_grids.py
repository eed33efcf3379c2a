"""Grids of numbers side by side: large ones as pixels, small ones with the numbers written into their cells.

What is positive is drawn in ink, as a whole cell; what is negative in orange, as a bar of half the height.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.formatting import cell_text
from pages.components.base.component import register

MOST_NUMBERS = 100  # cells of a grid that shows its numbers
_grids = register(__file__, html='<div class="grids"></div>')


@dataclass(frozen=True)
class Grid:
    """One grid.

    Attributes:
        title: what stands above it.
        values: (rows, columns) of any size; the largest absolute value has the full colour.
        alt: what it shows, for screen readers.
        decimals: of the numbers in the cells; None for none.
        window: row, column, height and width of a frame around some cells.
        done: how many cells are drawn, the others being still empty; None for all.
        peak: the value that has the full colour; None for the largest absolute one.
        cell: side of a cell without a number, in pixels.
        sign: what stands before the grid: "times", "equals", an arrow.
        has_cursor: whether the frame is a cursor: where grids can be tapped, the arrow keys tap its neighbours.
    """

    title: str
    values: np.ndarray
    alt: str
    decimals: int | None = None
    window: tuple[int, int, int, int] | None = None
    done: int | None = None
    peak: float | None = None
    cell: int = 7
    sign: str = ""
    has_cursor: bool = False


def render(key: str, grids: Sequence[Grid], on_tap: Callable[[int, int, int], None] | None = None) -> None:
    """Draw the grids.

    Args:
        key: of the component.
        grids: at least one.
        on_tap: called before the next run with the index of the grid that was tapped, and row and column of its cell.
    """

    def tapped() -> None:
        cell = st.session_state[key].get("tapped")
        if on_tap is None or not isinstance(cell, list) or len(cell) != 3:
            return  # any browser may send anything
        if not all(isinstance(number, int) and number >= 0 for number in cell) or cell[0] >= len(grids):
            return
        rows, columns = grids[cell[0]].values.shape
        if cell[1] < rows and cell[2] < columns:
            on_tap(*cell)

    data = {"grids": [_described(grid) for grid in grids], "tappable": on_tap is not None}
    _grids(key=key, data=data, on_tapped_change=tapped)


def _described(grid: Grid) -> dict[str, object]:
    values = np.asarray(grid.values, np.float64)
    peak = grid.peak or float(np.abs(values).max()) or 1.0
    shares = np.clip(values / peak, -1, 1).ravel()
    numbers = None
    if grid.decimals is not None and values.size <= MOST_NUMBERS:
        numbers = [cell_text(value, grid.decimals) for value in values.ravel()]
    return {
        "title": grid.title,
        "alt": grid.alt,
        "rows": values.shape[0],
        "columns": values.shape[1],
        "shares": [round(float(share), 3) for share in shares],
        "numbers": numbers,
        "window": grid.window,
        "done": grid.done,
        "cell": grid.cell,
        "sign": grid.sign,
        "cursor": grid.has_cursor,
    }
