"""The scoreboard's table: large on a projector, folded on a phone; rows glide when their ranks change.

A component of our own: `st.table` can do none of the three.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pages.components.base.component import register

_table = register(__file__, html="<table><thead></thead><tbody></tbody></table>")


@dataclass(frozen=True)
class Row:
    """An entry's row.

    Attributes:
        key: by which the browser recognises the entry.
        figures: one for each column, as text.
    """

    key: str
    rank: str
    nickname: str
    recipe: str
    figures: list[str]
    is_own: bool


def render(columns: Sequence[str], ranked_by: int, rows: Sequence[Row]) -> None:
    """Render the table.

    Args:
        columns: what the figures are.
        ranked_by: index of the column that decides the ranks.
        rows: the entries, the best first.
    """
    data = {"columns": list(columns), "ranked_by": ranked_by, "rows": [asdict(row) for row in rows]}
    _table(key="scoreboard_table", data=data)
