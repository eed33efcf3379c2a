"""A table that a phone can show: where it is narrow, each row becomes a small list under its first cell."""

from collections.abc import Collection, Sequence
from pathlib import Path

import streamlit as st

_HERE = Path(__file__)
_table = st.components.v2.component(
    "inkling.folding_table",
    html="<table></table>",
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def show(
    key: str, name: str, head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int] = ()
) -> None:
    """Draw it.

    Args:
        key: of the component.
        name: what the table shows, for who cannot see it.
        head: the columns' names.
        rows: plain text, as many cells as there are columns; an empty cell is left out where the table is folded.
        numbers: places of the columns that hold numbers.
    """
    data = {"name": name, "head": list(head), "rows": [list(row) for row in rows], "numbers": sorted(numbers)}
    _table(key=key, data=data)
