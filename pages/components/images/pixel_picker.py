"""A convolution's input beside one of its maps; a pixel of the map is chosen with a click, a tap or the arrow keys."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import streamlit as st

from pages.components.base.component import register

_picker = register(__file__)


@dataclass(frozen=True)
class MarkedMap:
    """A map with a square on it.

    Attributes:
        image: address of the picture, one pixel for each number.
        rows, columns: of the map.
        square: row, column and side of what is marked; it may reach beyond the edge.
        words: under the map.
    """

    image: str
    rows: int
    columns: int
    square: tuple[int, int, int]
    words: str


def render(key: str, before: MarkedMap, after: MarkedMap, on_pick: Callable[[], None]) -> None:
    """Draw both maps side by side; in `on_pick`, `picked` returns the pixel that was chosen."""
    _picker(key=key, data={"before": asdict(before), "after": asdict(after)}, on_picked_change=on_pick)


def picked(key: str, rows: int, columns: int) -> tuple[int, int] | None:
    """Row and column that were just chosen, each from 0; None where what came is no pixel of such a map."""
    chosen = getattr(st.session_state.get(key), "picked", None)
    if not isinstance(chosen, list) or len(chosen) != 2 or not all(type(index) is int for index in chosen):
        return None  # any browser may send anything
    row, column = chosen
    return (row, column) if 0 <= row < rows and 0 <= column < columns else None
