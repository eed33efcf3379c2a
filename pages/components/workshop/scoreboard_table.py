"""The scoreboard's table: large enough for a projector, folded on a phone; rows glide to their new places."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pages.components.base.component import register

_table = register(__file__, html="<table><thead></thead><tbody></tbody></table>")


@dataclass(frozen=True)
class Line:
    """An entry's line.

    Attributes:
        key: by which the browser knows it again.
        figures: one for each column, as text.
    """

    key: str
    place: str
    nickname: str
    recipe: str
    figures: list[str]
    is_own: bool


def render(columns: Sequence[str], ranked: int, lines: Sequence[Line]) -> None:
    """Draw it.

    Args:
        columns: what the figures are.
        ranked: the place of the column by which it is ranked.
        lines: the entries, in order.
    """
    data = {"columns": list(columns), "ranked": ranked, "lines": [asdict(line) for line in lines]}
    _table(key="scoreboard_table", data=data)
