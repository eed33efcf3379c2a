"""A table that a phone can show: where it is narrow, each row becomes a small list under its first cell.

A component of our own: on a phone `st.table` squeezes or scrolls its columns.
"""

from collections.abc import Collection, Sequence

from pages.components.base.component import register

_table = register(__file__, html="<table></table>")


def render(
    key: str, name: str, head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int] = ()
) -> None:
    """Draw the table.

    Args:
        key: of the component.
        name: what the table shows, for screen readers.
        head: the columns' names.
        rows: plain text, as many cells as there are columns; an empty cell is left out where the table is folded.
        numbers: the indices of the columns that hold numbers.
    """
    data = {"name": name, "head": list(head), "rows": [list(row) for row in rows], "numbers": sorted(numbers)}
    _table(key=key, data=data)
