"""Arithmetic on paper: small tables of numbers with the signs between them.

A component of our own: Streamlit's tables shade no cells, and take the whole width each.
"""

from dataclasses import asdict, dataclass

from pages.components.base.component import register

_worksheet = register(__file__, html="<div class='sheet'></div>")


@dataclass(frozen=True)
class Table:
    """A table of numbers.

    Attributes:
        caption: what the numbers are.
        cells: as text, row by row.
        shades: how strongly each cell is tinted, -1 to 1 by its number; empty where none is.
        heads: of the columns; empty where the table is a square of numbers.
        sign: what stands before it, such as a multiplication sign.
        marked: the row that matters most, counted from 0; None where none does.
        prose: the first cell of each row is words, which may take several lines.
    """

    caption: str
    cells: tuple[tuple[str, ...], ...]
    shades: tuple[tuple[float, ...], ...] = ()
    heads: tuple[str, ...] = ()
    sign: str = ""
    marked: int | None = None
    prose: bool = False


def render(key: str, tables: list[Table]) -> None:
    """Draw the tables side by side, as far as there is room."""
    _worksheet(key=key, data={"tables": [asdict(table) for table in tables]})
