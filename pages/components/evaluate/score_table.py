"""Precision, recall and F1 of each digit: a table that a screen reader can read and a phone can hold."""

from collections.abc import Sequence

from core.formatting import NONE, percent
from core.insight.metrics import DigitScores
from pages.components.base.component import register

_table = register(__file__)


def render(scores: Sequence[DigitScores]) -> None:
    """Draw it, the lowest figure of each column in bold."""
    _table(
        key="score_table",
        data={
            "name": "Scores digit by digit",
            "columns": ["Digit", "Precision", "Recall", "F1", "Images"],
            "rows": [[str(s.digit), *map(_share, (s.precision, s.recall, s.f1)), f"{s.images:,}"] for s in scores],
            "low": [None, *(_lowest([getattr(s, name) for s in scores]) for name in ("precision", "recall", "f1"))],
        },
    )


def _share(value: float | None) -> str:
    return NONE if value is None else percent(value)


def _lowest(values: list[float | None]) -> int | None:
    known = [(value, place) for place, value in enumerate(values) if value is not None]
    return min(known)[1] if known else None
