"""How many people are here: a row for each workspace with a page open, counted across all web processes."""

from __future__ import annotations

import logging
import time
from functools import cache

from sqlalchemy import String, delete, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from core.store.database import Base, DatabaseTrouble, database, database_url

EVERY_SECONDS = 60  # between two heartbeats of an open page
HERE_SECONDS = 150  # after its last heartbeat; one may be late or lost
KEPT_SECONDS = 3600  # after which a row is deleted

_log = logging.getLogger("inkling.presence")


class _Row(Base):
    __tablename__ = "presence"

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen: Mapped[float] = mapped_column(index=True)  # seconds since 1970


class Presence:
    """Counts workspaces. One per process is enough; it may be used from any thread."""

    def __init__(self, url: str) -> None:
        self._database = database(url)

    def mark(self, owner: str) -> None:
        """Record that this workspace has a page open now, and delete those that left long ago.

        Nothing happens where the database cannot be written to: nobody's work depends on being counted.
        """
        now = time.time()
        try:
            with self._database.writing() as session:
                session.merge(_Row(owner=owner, seen=now))
                session.execute(delete(_Row).where(_Row.seen < now - KEPT_SECONDS))
        except (DatabaseTrouble, SQLAlchemyError) as problem:
            _log.warning("event=not_counted why=%s", type(problem).__name__)

    def count(self) -> int:
        """How many workspaces have a page open."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).where(_Row.seen >= time.time() - HERE_SECONDS)) or 0


@cache
def presence() -> Presence:
    """The count of this process, in the database of the runs."""
    return Presence(database_url())
