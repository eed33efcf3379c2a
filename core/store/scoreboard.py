"""The scoreboard: results that their owners chose to show to everyone, each under a nickname.

An entry is a copy of a run's figures. It outlives the run, until its owner takes it off or it is as old as a run may
become.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from sqlalchemy import String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from core.errors import InklingError
from core.networks.names import MAX_NAME, clean_name
from core.store.database import Base, database, database_url
from core.store.run_tables import NoSuchRun, Run, is_same_owner
from core.store.server_limits import limits

MAX_NICKNAME = 30  # characters
MAX_ENTRIES = 5  # of a workspace, so that nobody fills the whole board


class BadNickname(InklingError, ValueError):
    """The nickname has no character that can be shown."""

    def __init__(self) -> None:
        super().__init__(f"Choose a nickname of 1 to {MAX_NICKNAME} letters, digits or signs.")


class ScoreboardFull(InklingError):
    """A workspace has no room for another entry."""

    def __init__(self) -> None:
        super().__init__(f"You have {MAX_ENTRIES} runs on the scoreboard, and there is no room for more: take one off.")


class NotForScoreboard(InklingError, ValueError):
    """The run has no figures that can be compared."""

    def __init__(self) -> None:
        super().__init__("This run has left no model that was trained here, so it has no figures for the scoreboard.")


class _Row(Base):
    __tablename__ = "scoreboard"

    run: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    nickname: Mapped[str] = mapped_column(String(MAX_NICKNAME))
    recipe: Mapped[str] = mapped_column(String(MAX_NAME))
    source: Mapped[str] = mapped_column(String(16))
    test_accuracy: Mapped[float]
    drawn_accuracy: Mapped[float | None]
    parameters: Mapped[int]
    seconds: Mapped[float]
    joined: Mapped[float]  # seconds since 1970


@dataclass(frozen=True)
class Entry:
    """A result on the scoreboard.

    Attributes:
        run: the id of its run, which may be gone. Only for its owner: whoever has it may watch the run.
        recipe: the name of the recipe.
        source: "mnist" or "handwriting", whose test images the accuracy was measured on.
        test_accuracy: 0 to 1.
        drawn_accuracy: 0 to 1, on built-in drawn digits; None where it was not measured.
        seconds: of training.
    """

    run: str
    owner: str
    nickname: str
    recipe: str
    source: str
    test_accuracy: float
    drawn_accuracy: float | None
    parameters: int
    seconds: float


class Order(StrEnum):
    """What the entries are ranked by."""

    TEST = "test"
    DRAWN = "drawn"
    PARAMETERS = "parameters"
    SECONDS = "seconds"


# The smaller the better.
_MERITS: dict[Order, Callable[[Entry], float | None]] = {
    Order.TEST: lambda entry: -entry.test_accuracy,
    Order.DRAWN: lambda entry: None if entry.drawn_accuracy is None else -entry.drawn_accuracy,
    Order.PARAMETERS: lambda entry: entry.parameters,
    Order.SECONDS: lambda entry: entry.seconds,
}


class Scoreboard:
    """Reads and writes entries. One per process is enough; it may be used from any thread."""

    def __init__(self, url: str) -> None:
        self._database = database(url)

    def join(self, run: Run, owner: str, nickname: str) -> None:
        """Show a run's figures to everyone under this nickname; an existing entry gets the new nickname.

        Raises:
            NoSuchRun: the run belongs to another workspace, or has been deleted.
            BadNickname: it has no character that can be shown.
            NotForScoreboard: the run has no model, or was a fine-tuning, which owes its figures to another run.
            ScoreboardFull: the workspace has no room for another entry.
        """
        if not is_same_owner(run.owner, owner):
            raise NoSuchRun
        if run.scores is None or not is_for_scoreboard(run):
            raise NotForScoreboard
        name = clean_name(nickname, MAX_NICKNAME, fallback="")
        if not name:
            raise BadNickname
        with self._database.writing() as session:
            session.execute(delete(_Row).where(_Row.joined < _oldest()))
            runs = Base.metadata.tables["run"].c
            if session.scalar(select(runs.id).where(runs.id == run.id)) is None:  # deleted in another tab
                raise NoSuchRun
            if row := session.get(_Row, run.id):
                row.nickname = name
                return
            if (session.scalar(select(func.count()).where(_Row.owner == owner)) or 0) >= MAX_ENTRIES:
                raise ScoreboardFull
            session.add(
                _Row(
                    run=run.id,
                    owner=owner,
                    nickname=name,
                    recipe=run.recipe.name,
                    source=run.scores.data_source,
                    test_accuracy=run.scores.test_accuracy,
                    drawn_accuracy=run.scores.drawn_accuracy,
                    parameters=run.recipe.network.parameters,
                    seconds=run.scores.seconds,
                    joined=time.time(),
                )
            )

    def leave(self, run_id: str, owner: str) -> None:
        """Take a workspace's entry off, if it has it."""
        with self._database.writing() as session:
            session.execute(delete(_Row).where(_Row.run == run_id, _Row.owner == owner))

    def entries(self) -> list[Entry]:
        """All entries, the oldest first."""
        with self._database.reading() as session:
            rows = session.scalars(select(_Row).where(_Row.joined >= _oldest()).order_by(_Row.joined, _Row.run))
            return [_entry(row) for row in rows]

    def entry(self, run_id: str) -> Entry | None:
        """A run's entry, if it has one."""
        with self._database.reading() as session:
            row = session.get(_Row, run_id)
            return _entry(row) if row else None

    def last_nickname(self, owner: str) -> str:
        """The nickname that a workspace has used last; "" before it has used one."""
        with self._database.reading() as session:
            mine = select(_Row.nickname).where(_Row.owner == owner).order_by(_Row.joined.desc()).limit(1)
            return session.scalar(mine) or ""

    def reset(self) -> None:
        """Take all entries off."""
        with self._database.writing() as session:
            session.execute(delete(_Row))


def is_for_scoreboard(run: Run) -> bool:
    """Whether a run has figures of its own: it has left a model and is no fine-tuning."""
    return run.has_model and not run.is_fine_tuning


def ranked(entries: Sequence[Entry], order: Order) -> list[tuple[int | None, Entry]]:
    """The entries with their ranks, the best first. Equal entries share a rank, the older one first.

    An entry without the figure has no rank and comes last.
    """
    merit = _MERITS[order]
    known = sorted(((value, entry) for entry in entries if (value := merit(entry)) is not None), key=lambda one: one[0])
    values = [value for value, _ in known]
    missing = [entry for entry in entries if merit(entry) is None]
    return [(values.index(value) + 1, entry) for value, entry in known] + [(None, entry) for entry in missing]


def _oldest() -> float:
    """When the oldest entries joined that are still shown, in seconds since 1970."""
    return time.time() - 86_400 * limits().days


def _entry(row: _Row) -> Entry:
    return Entry(
        row.run,
        row.owner,
        row.nickname,
        row.recipe,
        row.source,
        row.test_accuracy,
        row.drawn_accuracy,
        row.parameters,
        row.seconds,
    )


@cache
def scoreboard() -> Scoreboard:
    """The scoreboard of this process, in the database of the runs."""
    return Scoreboard(database_url())
