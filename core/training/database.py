"""The database of runs and drawings: SQLite with a write-ahead log by default, any that SQLAlchemy speaks by URL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, event, inspect
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.schema import CreateColumn

from core.storage import home


class Base(DeclarativeBase):
    """Base of all tables."""


class Database:
    """A hold on the database, for any number of threads."""

    def __init__(self, url: str) -> None:
        """Open it, and make what tables and columns it lacks.

        Args:
            url: SQLAlchemy's, such as "sqlite:////path/runs.sqlite3".
        """
        self.url = url
        self._engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        with self._engine.begin() as connection:
            Base.metadata.create_all(connection)
            _add_columns(connection)
        self._reading = self._engine.execution_options(reads_only=True)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that writes."""
        with Session(self._engine) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that waits for no writer."""
        with Session(self._reading) as session, session.begin():
            yield session


def database_url() -> str:
    """What `INKLING_DATABASE_URL` names, else a file in Inkling's home."""
    if url := os.environ.get("INKLING_DATABASE_URL"):
        return url
    home().mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{(home() / 'runs.sqlite3').absolute()}"


def _add_columns(connection: Connection) -> None:
    """Give the tables of an earlier version the columns that came later; those may all be empty."""
    quoted = connection.dialect.identifier_preparer.quote
    for table in Base.metadata.sorted_tables:
        there = {column["name"] for column in inspect(connection).get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                described = CreateColumn(column).compile(dialect=connection.dialect)
                # Several processes may start at once; SQLite lets one in at a time and does not know these words.
                unless = "" if connection.dialect.name == "sqlite" else "IF NOT EXISTS "
                connection.exec_driver_sql(f"ALTER TABLE {quoted(table.name)} ADD COLUMN {unless}{described}")


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # sqlite3 must not begin transactions of its own; _begin_sqlite does
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")  # readers and one writer do not wait for one another
    cursor.execute("PRAGMA busy_timeout=5000")  # milliseconds that a second writer waits
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Writers queue up for the lock before they read, or two that have read would refuse each other."""
    reads_only = connection.get_execution_options().get("reads_only")
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
