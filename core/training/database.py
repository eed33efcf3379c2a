"""The database of runs and drawings: SQLite with a write-ahead log by default, PostgreSQL by URL.

Both behave alike: one writer at a time, who sees what all before it wrote; readers wait for nobody and see one moment.
"""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, String, Text, create_engine, event, inspect
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.schema import CreateColumn
from sqlalchemy.types import TypeDecorator

from core.errors import InklingError
from core.storage import home

WRITER_SECONDS = 5  # that a second writer waits for the first
_WRITING = 0x1A4B11A6  # PostgreSQL's number of the lock that writers queue up for


class BadDatabase(InklingError):
    """The database that the environment names cannot be used."""


class Json(TypeDecorator[Any]):
    """Lists and dicts as JSON in text: PostgreSQL's own type knows neither NaN nor infinity, which a loss may be."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: object) -> str | None:
        """Write it."""
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: object) -> Any:
        """Read it."""
        return None if value is None else json.loads(value)


class Token(TypeDecorator[str]):
    """A name of random letters. An address may have a NUL in it, which PostgreSQL would not even look for."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: object) -> str | None:
        """Write it."""
        return value.replace("\0", "\ufffd") if value else value


class Base(DeclarativeBase):
    """Base of all tables."""


class Database:
    """A hold on the database, for any number of threads."""

    def __init__(self, url: str) -> None:
        """Open it, and make what tables and columns it lacks.

        Args:
            url: SQLAlchemy's, such as "sqlite:////path/runs.sqlite3" or "postgresql://user:password@host/database".

        Raises:
            BadDatabase: it is no such URL, or PostgreSQL's driver is not installed.
        """
        self.url = url
        self._engine = _engine(url)
        weakref.finalize(self, self._engine.dispose)  # its connections are closed with it
        snapshot = {} if self._engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._reading = self._engine.execution_options(reads_only=True, **snapshot)
        with self._engine.begin() as connection:  # as a writer: several processes may start at once
            Base.metadata.create_all(connection)
            _add_columns(connection)

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


def _engine(url: str) -> Engine:
    try:
        engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    except ArgumentError:
        raise BadDatabase("INKLING_DATABASE_URL is not a database's URL, like postgresql://user@host/name.") from None
    except ModuleNotFoundError:
        raise BadDatabase(
            "INKLING_DATABASE_URL names a database whose driver is not installed here. "
            "PostgreSQL's comes with: pip install 'psycopg[binary]'"
        ) from None
    begin, prepare = _BEHAVIOUR.get(engine.dialect.name, (None, None))
    if begin is None or prepare is None:
        raise BadDatabase(f"Inkling keeps its runs in SQLite or PostgreSQL, not in {engine.dialect.name}.")
    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def _add_columns(connection: Connection) -> None:
    """Give the tables of an earlier version the columns that came later; those may all be empty."""
    quoted = connection.dialect.identifier_preparer.quote
    for table in Base.metadata.sorted_tables:
        there = {column["name"] for column in inspect(connection).get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                described = CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {quoted(table.name)} ADD COLUMN {described}")


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # sqlite3 must not begin transactions of its own; _begin_sqlite does
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")  # readers and one writer do not wait for one another
    cursor.execute(f"PRAGMA busy_timeout={1000 * WRITER_SECONDS}")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Writers queue up for the lock before they read, or two that have read would refuse each other."""
    reads_only = connection.get_execution_options().get("reads_only")
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _prepare_postgresql(connection: Any, record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = '{WRITER_SECONDS}s'")
    # A machine that falls silent in the middle of writing must not keep all the others from it.
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{2 * WRITER_SECONDS}s'")
    cursor.close()
    connection.commit()


def _begin_postgresql(connection: Connection) -> None:
    """Let one writer in at a time, as SQLite does: what it reads stays true until it has written."""
    if not connection.get_execution_options().get("reads_only"):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITING})")


_BEHAVIOUR = {
    "sqlite": (_begin_sqlite, _prepare_sqlite),
    "postgresql": (_begin_postgresql, _prepare_postgresql),
}
