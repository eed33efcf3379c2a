"""What is kept about a visitor, for how long, and how all of it is deleted."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache

from sqlalchemy import delete, func, select

from core.insight.stored_predictions import MAX_CACHED_FILES
from core.store import drawings, presence, queue, scoreboard, unsaved_models
from core.store.database import Base, database, database_url
from core.store.server_limits import limits

COOKIE_DAYS = 365

_log = logging.getLogger("inkling.privacy")


@dataclass(frozen=True)
class Kept:
    """One kind of data that is kept: what it is, why it is kept, and until when."""

    what: str
    why: str
    until: str


def kept() -> list[Kept]:
    """All kinds of data that are kept, with the periods after which they are deleted."""
    allowed = limits()
    return [
        Kept(
            "Your runs: recipe, curves, scores, model, and the drawings that they answered or learned",
            "So that you find them again, and can use their models",
            f"Until you delete them, and {allowed.days:,} days at most; less where room is short, or where the "
            "workshop's leader clears old ones",
        ),
        Kept(
            "Of a run that was deleted: when it ended",
            "So that nobody moves forward in the queue by deleting one",
            f"{queue.SERVED_SECONDS // 60} minutes",
        ),
        Kept(
            "Drawings that you gave their right digit",
            "To teach them to a model",
            f"Until you delete them, and {allowed.days:,} days at most; {drawings.MAX_DRAWINGS} at most",
        ),
        Kept(
            f"Scoreboard: a nickname and the figures of the runs that you put on it, {scoreboard.MAX_ENTRIES} at most",
            "Everyone here sees them",
            f"Until you take them off or the board is reset, and {allowed.days:,} days at most",
        ),
        Kept(
            "When you last had a page open",
            "The workshop's leader sees how many are here",
            f"{presence.KEPT_SECONDS // 60} minutes",
        ),
        Kept(
            "A cookie in this browser, with a random key to all of the above",
            "So that your runs are yours",
            f"{COOKIE_DAYS} days after your last visit, or until you delete it",
        ),
        Kept(
            "Another cookie, with the keys to the workspaces that you left for the one of a link",
            "So that you can go back",
            f"{COOKIE_DAYS} days after your last visit, or until you delete it",
        ),
        Kept(
            "A database that was damaged, with what it held of all of us",
            "So that the operator of this server can recover data from it",
            f"{allowed.days:,} days at most, less where the operator of this server deletes it. Your deleting does not "
            "reach into it",
        ),
        Kept(
            "A model's answers to the test images, where you evaluated it and no run had kept them; without its name "
            "or yours",
            "So that they need not be worked out again",
            f"Until {MAX_CACHED_FILES} others have come. Your deleting does not reach them",
        ),
        Kept(
            "Lines in the server's log: what happened to which run and when, and the beginning of a hash of the "
            "cookie's key, without names or addresses",
            "To find faults",
            "As long as the operator of this server keeps its log",
        ),
    ]


@dataclass(frozen=True)
class Holdings:
    """How much is kept of a workspace: numbers of runs, drawings and scoreboard entries."""

    runs: int
    drawings: int
    entries: int

    @property
    def total(self) -> int:
        """The sum of all."""
        return self.runs + self.drawings + self.entries

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept."""
        return not self.total

    def __str__(self) -> str:
        """How much of each there is: "2 runs, 1 drawing and 1 entry on the scoreboard"."""
        counts = (
            (self.runs, "run", "runs"),
            (self.drawings, "drawing", "drawings"),
            (self.entries, "entry on the scoreboard", "entries on the scoreboard"),
        )
        parts = [f"{count:,} {one if count == 1 else several}" for count, one, several in counts if count]
        return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


class Privacy:
    """Counts and deletes everything of a workspace. One per process is enough."""

    def __init__(self, url: str) -> None:
        self._database = database(url)

    def holdings(self, owner: str) -> Holdings:
        """How much is kept of a workspace."""
        with self._database.reading() as session:
            counts = [
                session.scalar(select(func.count()).select_from(table).where(table.c.owner == owner)) or 0
                for table in (Base.metadata.tables[name] for name in ("run", "drawing", "scoreboard"))
            ]
        return Holdings(*counts)

    def forget(self, owner: str) -> None:
        """Delete everything of a workspace, or nothing where that fails. A run in training stops when its row is gone.

        A row belongs to a workspace by a column "owner", or by a foreign key to a row that has one, so that no new
        table is left out.
        """
        run = Base.metadata.tables["run"].c
        with self._database.writing() as session:
            runs = session.scalars(select(run.id).where(run.owner == owner)).all()
            for table in reversed(Base.metadata.sorted_tables):  # rows that refer to others first
                if "owner" in table.c:
                    session.execute(delete(table).where(table.c.owner == owner))
                for key in table.foreign_keys:
                    owned = select(key.column).where(key.column.table.c.owner == owner)
                    session.execute(delete(table).where(key.parent.in_(owned)))
        self._database.clear_log()
        for run_id in runs:
            unsaved_models.drop_model(run_id)
            _log.info("event=deleted run=%s because=forgotten", run_id)
        _log.info("event=forgotten owner=%s", owner[:8])


@cache
def privacy() -> Privacy:
    """The privacy of this process, in the database of the runs."""
    return Privacy(database_url())
