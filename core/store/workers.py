"""The worker processes that train runs, on this machine and others: each keeps a row here while it lives."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from sqlalchemy import String, Text, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from core.store.database import Base, database, database_url


class WorkerRow(Base):
    """One worker process."""

    __tablename__ = "worker"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    machine: Mapped[str] = mapped_column(String(16))
    process: Mapped[str] = mapped_column(String(48))
    engine: Mapped[str] = mapped_column(String(48))
    version: Mapped[str] = mapped_column(String(16))
    heartbeat: Mapped[float]
    is_importing: Mapped[bool]
    trouble: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True)
class Worker:
    """A worker process.

    Attributes:
        id: random, of this process alone.
        machine: a `machine_id`.
        process: a `process_identity` on that machine.
        engine: the process that started it, in the same form; "" on a Dask cluster.
        version: of its code.
        heartbeat: changes every few seconds while it lives.
        is_importing: whether it imports TensorFlow now, which ends the process where the processor is too old.
        trouble: a sentence saying why it cannot train; "" where it can.
    """

    id: str
    machine: str
    process: str
    engine: str
    version: str
    heartbeat: float = 0.0
    is_importing: bool = False
    trouble: str = ""


class WorkerStore:
    """Reads and writes workers. One per process is enough; it may be used from any thread."""

    def __init__(self, url: str) -> None:
        """Open the database of this URL, as `database` does."""
        self._database = database(url)

    def announce(self, worker: Worker) -> None:
        """Write a worker's row with a new heartbeat."""
        with self._database.writing(one_row=True) as session:
            session.merge(WorkerRow(**vars(worker) | {"heartbeat": time.time()}))

    def forget(self, ids: Iterable[str]) -> None:
        """Delete the rows of workers that have ended."""
        if gone := list(ids):
            with self._database.writing() as session:
                session.execute(delete(WorkerRow).where(WorkerRow.id.in_(gone)))

    def all(self) -> list[Worker]:
        """Every worker that has announced itself and was not forgotten since; some may be dead."""
        columns = [getattr(WorkerRow, name) for name in Worker.__dataclass_fields__]
        with self._database.reading() as session:
            return [Worker(*row) for row in session.execute(select(*columns).order_by(WorkerRow.id))]


@cache
def worker_store() -> WorkerStore:
    """The store of this process."""
    return WorkerStore(database_url())
