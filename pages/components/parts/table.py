"""A table of text whose first column stays in sight: it scrolls sideways, also by the arrow keys, or folds on a phone.

A component of our own: `st.table` scrolls away its first column, and only some browsers let the keyboard scroll it.
"""

from collections.abc import Collection, Sequence

from pages.components.base.component import register

_table = register(__file__, html="<div class='table' role='region'><table></table></div>")


class Bold(str):
    """The text of a cell that stands out."""


def render(
    key: str,
    name: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Collection[int] = (),
    *,
    folds: bool = False,
) -> None:
    """Render the table, as wide as its content or, where it folds, as the page.

    Args:
        key: of the component.
        name: what the table shows, for screen readers.
        head: the columns' names; all empty for none.
        rows: plain text, as many cells as there are columns; the first heads its row.
        numbers: the indices of the columns that hold numbers.
        folds: whether on a phone each row becomes a list under its first cell, which leaves out empty cells.
    """
    bold = [[isinstance(text, Bold) for text in cells] for cells in rows]
    lines = [[str(text) for text in cells] for cells in rows]
    data = {"name": name, "head": list(head), "rows": lines, "bold": bold, "numbers": sorted(numbers), "folds": folds}
    _table(key=key, data=data)
