"""A table with a column for each of several runs, which scrolls sideways where they are many."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

_HERE = Path(__file__)
_table = st.components.v2.component(
    "inkling.settings_table",
    html='<div class="sheet" tabindex="0" role="region"><table><thead></thead><tbody></tbody></table></div>',
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def show(name: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Draw the table.

    Args:
        name: what it shows, for who cannot see it.
        heads: of the columns after the first.
        rows: each with what it is about, and a value for each column.
    """
    _table(
        key="settings_table", data={"name": name, "heads": list(heads), "rows": [[row, *held] for row, held in rows]}
    )
