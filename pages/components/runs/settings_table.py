"""A table with a column for each of several runs, which scrolls sideways where they are many."""

from collections.abc import Sequence

from pages.components.base.component import register

_table = register(
    __file__, html='<div class="sheet" tabindex="0" role="region"><table><thead></thead><tbody></tbody></table></div>'
)


def render(name: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Draw the table.

    Args:
        name: what it shows, for who cannot see it.
        heads: of the columns after the first.
        rows: each with what it is about, and a value for each column.
    """
    _table(
        key="settings_table", data={"name": name, "heads": list(heads), "rows": [[row, *held] for row, held in rows]}
    )
