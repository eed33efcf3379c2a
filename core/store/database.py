"""The database of runs and drawings: an SQLite file with a write-ahead log, or PostgreSQL by URL.

Both behave alike: a writer sees everything that was written before it; readers wait for nobody and see one moment.

A full or missing disk and an unreachable or damaged database all raise one error whose message is a plain sentence. A
damaged SQLite file is set aside as it is, and a new one begun.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Dialect,
    Engine,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session

from core import environment
from core.errors import InklingError
from core.files import Damaged, home, make_private, one_at_a_time, sealed, unsealed
from core.store import migrations

CLEAR_LOG_SECONDS = 1.0  # to wait for readers of SQLite's log before it is cleared
WRITER_SECONDS = 5  # that a writer waits for another one
CONNECT_SECONDS = 5  # to connect to a PostgreSQL server
SILENT_SECONDS = 15  # after which a connection is given up whose server does not respond
STATEMENT_SECONDS = 60  # that a statement may take in PostgreSQL
CONNECTIONS, MOST_CONNECTIONS = 2, 8  # of a process to PostgreSQL: kept open, and at most
FREE_SECONDS = 10  # to wait for a free connection
CHECK_SECONDS = 5.0  # between two checks that the database can be written to
LEAST_FREE = 30e6  # bytes; a disk with less free space counts as full
NOTICE_SECONDS = 7 * 86_400  # for which pages mention a damaged database that was replaced

_WRITING = 0x1A4B11A6  # PostgreSQL's number of the lock that writers wait for

_log = logging.getLogger("inkling.database")


class DatabaseTrouble(InklingError):
    """The database cannot do what was asked; the message says why. Its content is unchanged."""


class DatabaseBusy(DatabaseTrouble):
    """Another process holds the write lock for too long; it may have hung."""


class Base(DeclarativeBase):
    """Base class of all tables."""


class Sealed(TypeDecorator[bytes]):
    """Bytes that are stored with their SHA-256, which is checked when they are read.

    Damaged bytes raise `Damaged`, or are read as None where the column is optional.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, *, is_optional: bool = False) -> None:
        super().__init__()
        self.is_optional = is_optional

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """On its way into the database."""
        return None if value is None else sealed(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """On its way out of the database."""
        if value is None:
            return None
        try:
            return unsealed(value)
        except Damaged:
            _log.error("event=damaged bytes=%d", len(value))
            if self.is_optional:
                return None
            raise


class Json(TypeDecorator[Any]):
    """Lists and dicts as text, because PostgreSQL's own type knows neither NaN nor infinity, which a loss may be.

    A damaged text is read as None: an error raised here would fail the query, and with it all other rows.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """On its way into the database."""
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """On its way out of the database."""
        with suppress(ValueError):
            return json.loads(value or "null")
        return None


class Token(TypeDecorator[str]):
    """An id of random letters. One from a URL may contain a NUL, which PostgreSQL refuses even in a query."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """On its way into the database."""
        return value.replace("\0", "\ufffd") if value else value


class Database:
    """Connections to one database, for any number of threads. Use `database` to get the one of this process."""

    def __init__(self, url: str) -> None:
        """Open the database; create its tables or bring them up to date.

        Args:
            url: SQLAlchemy's, such as "sqlite:////path/runs.sqlite3" or "postgresql://user:password@host/database".

        Raises:
            DatabaseTrouble: it cannot be opened, or a newer version of Inkling has upgraded it; the URL is wrong, or
                its driver is not installed.
        """
        self.url = url
        self._engine = _engine(url)
        named = self._engine.url
        is_sqlite = named.get_backend_name() == "sqlite"
        is_file = is_sqlite and named.database not in (None, "", ":memory:")
        self._path = Path(str(named.database)) if is_file else None
        snapshot = {} if is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reading = self._engine.execution_options(reads_only=True, **snapshot)
        self._of_one_row = self._engine.execution_options(of_one_row=True)
        self._opening = threading.Lock()
        self._file = self._file_id()
        self._checked = -CHECK_SECONDS
        self._problem: DatabaseTrouble | None = None  # at the last check
        try:
            self._open_or_replace()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close all connections that are not in use; the next use opens new ones."""
        self._engine.dispose()

    @contextmanager
    def writing(self, *, one_row: bool = False) -> Iterator[Session]:
        """A transaction that writes; no other writer comes between what it reads and what it writes.

        Args:
            one_row: it is about one row only, which it locks when it reads it. In PostgreSQL it blocks nobody else
                then, however slow the writing process is.

        Raises:
            DatabaseTrouble: the disk is full or read-only, or the database is unreachable or damaged.
        """
        self._follow_replacement()
        engine = self._of_one_row if one_row else self._engine
        with self._explained_errors(), Session(engine) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that waits for no writer; its rows can be used after it has ended. Raises as `writing`."""
        self._follow_replacement()
        with self._explained_errors(), Session(self._reading, expire_on_commit=False) as session, session.begin():
            yield session

    def check_writable(self) -> None:
        """Check that the database can be written to, by writing; at most every `CHECK_SECONDS`.

        Raises:
            DatabaseBusy: another process holds the write lock for too long.
            DatabaseTrouble: it cannot be written to, or the disk is almost full.
        """
        if time.monotonic() - self._checked >= CHECK_SECONDS:
            self._checked = time.monotonic()
            try:
                with self.writing() as session:
                    session.execute(text("UPDATE alembic_version SET version_num = version_num"))
                self._problem = DatabaseTrouble(_FULL) if self._free_bytes() < LEAST_FREE else None
            except DatabaseTrouble as problem:
                self._problem = problem
        if self._problem:
            raise type(self._problem)(str(self._problem))

    def damage_notice(self) -> str:
        """A sentence about a damaged database that was replaced lately; "" where there was none."""
        when, path = max(self._damaged_files(), default=(0.0, Path()))
        if abs(time.time() - when) >= NOTICE_SECONDS:
            return ""
        day = time.strftime("%d %B %Y, %H:%M", time.localtime(when))
        return (
            f"The database was damaged on {day} and has been replaced by an empty one. The damaged file is kept beside "
            f"it as {path.name}; the operator of this server can recover data from it, or delete it."
        )

    def delete_damaged_files(self, days: float) -> None:
        """Delete damaged databases that were set aside more than this many days ago."""
        for when, path in self._damaged_files():
            if when < time.time() - 86_400 * days:
                for ending in _ENDINGS:
                    with suppress(OSError):
                        Path(f"{path}{ending}").unlink(missing_ok=True)
                _log.info("event=culled file=%s", path.name)

    def clear_log(self) -> None:
        """Remove deleted data from SQLite's log, where it would stay readable until it is overwritten.

        While somebody else reads the log it is left as it is; the next call clears it.
        """
        if self._path:
            with suppress(SQLAlchemyError, sqlite3.Error), closing(self._engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute(f"PRAGMA busy_timeout={round(1000 * CLEAR_LOG_SECONDS)}")
                try:
                    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                finally:
                    cursor.execute(f"PRAGMA busy_timeout={1000 * WRITER_SECONDS}")
                    cursor.close()

    def _damaged_files(self) -> Iterator[tuple[float, Path]]:
        """Damaged databases, each with the time when it was set aside, in seconds since 1970."""
        for path in self._path.parent.glob(f"{self._path.name}.damaged-*[0-9]") if self._path else ():
            with suppress(ValueError):
                stamp = path.name.rpartition("-")[2].partition(".")[0]
                yield time.mktime(time.strptime(stamp, _STAMP)), path

    def _open_or_replace(self) -> None:
        before = self._file
        try:
            with self._explained_errors():
                self._open()
        except DatabaseTrouble:
            if self._file_id() == before:
                raise
            with self._explained_errors():  # it was damaged, and has been set aside
                self._open()

    def _open(self) -> None:
        """Create the tables or bring them up to date, and remember which file it is."""
        if self._path:
            make_private(self._path)
        try:
            with self._reading.begin() as connection:
                is_current = migrations.is_current(connection)
            if not is_current:
                with self._engine.begin() as connection:  # other processes that open the database wait here
                    migrations.upgrade(connection)
        except migrations.NewerSchema:
            raise DatabaseTrouble(_NEWER) from None
        self._file = self._file_id()

    def _follow_replacement(self) -> None:
        """Open the new file where a damaged one was set aside, by this process or another."""
        if self._path and (there := self._file_id()) != self._file:
            try:
                with self._explained_errors(there), self._opening, one_at_a_time(self._path.with_suffix(".lock")):
                    if self._file_id() != self._file:
                        self._engine.dispose()
                        self._open()
            except OSError as problem:  # its folder is gone, and cannot be made
                raise DatabaseTrouble(_READ_ONLY) from problem

    @contextmanager
    def _explained_errors(self, file: tuple[int, int] | None = None) -> Iterator[None]:
        """Raise the database's errors as sentences; a damaged file is set aside first.

        Args:
            file: the one that is used within, where it is not the one that is open.
        """
        file = file or self._file
        try:
            yield
        except IntegrityError:  # a bug, and no trouble
            raise
        except PoolTimeout as problem:
            raise DatabaseTrouble(_BUSY) from problem
        except (DBAPIError, sqlite3.Error) as problem:
            cause = problem.orig if isinstance(problem, DBAPIError) else problem
            code = _sqlite_code(cause)
            if self._path and code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                try:
                    self._set_aside(self._path, file)
                except (OSError, sqlite3.Error) as because:
                    _log.exception("event=database_not_replaced")
                    raise DatabaseTrouble(_DAMAGED) from because
                raise DatabaseTrouble(_REPLACED) from problem
            _log.warning("event=database_trouble code=%s cause=%r", code, str(cause)[:200])
            state = str(getattr(cause, "sqlstate", ""))  # PostgreSQL's
            sentence = _BY_SQLSTATE.get(state) or _BY_SQLITE_CODE.get(code, _AWAY)
            raise (DatabaseBusy if sentence == _BUSY else DatabaseTrouble)(sentence) from problem

    def _set_aside(self, path: Path, damaged: tuple[int, int] | None) -> None:
        """Rename a damaged file with its log; a new one is begun by the next use."""
        with self._opening, one_at_a_time(path.with_suffix(".lock")):
            if self._file_id() != damaged:
                return  # another process or thread has done so
            self._engine.dispose()
            billionths = f"{time.time_ns() % 10**9:09}"  # of a second, as two may follow each other that fast
            aside = path.with_name(f"{path.name}.damaged-{time.strftime(_STAMP)}.{billionths}")
            for ending in _ENDINGS:
                with suppress(FileNotFoundError):
                    os.replace(f"{path}{ending}", f"{aside}{ending}")
            _log.error("event=database_set_aside file=%s", aside.name)

    def _file_id(self) -> tuple[int, int] | None:
        if self._path:
            with suppress(OSError):
                status = self._path.stat()
                return status.st_dev, status.st_ino
        return None

    def _free_bytes(self) -> float:
        if self._path:
            with suppress(OSError):
                return shutil.disk_usage(self._path.parent).free
        return LEAST_FREE


_databases: dict[str, Database] = {}


def database(url: str) -> Database:
    """The database of this URL, opened once per process. Raises as `Database`."""
    if url not in _databases:
        opened = Database(url)
        if _databases.setdefault(url, opened) is not opened:  # another thread was faster
            opened.close()
    return _databases[url]


@atexit.register
def close_databases() -> None:
    """Close the connections of every database that `database` has opened; the next use opens new ones."""
    for one in list(_databases.values()):
        one.close()


def database_url() -> str:
    """What `INKLING_DATABASE_URL` names, else a file in Inkling's home."""
    if url := environment.database_url():
        return url
    home().mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{(home() / 'runs.sqlite3').absolute()}"


_STAMP = "%Y%m%dT%H%M%S"
_ENDINGS = ("", "-wal", "-shm")  # of a database's files
_FULL = (
    "The server's disk is full, so nothing new is saved until there is room. What was saved is safe, and training "
    "continues."
)
_READ_ONLY = (
    "The server's disk cannot be written to, so nothing new is saved for now. What was saved is safe, and training "
    "continues."
)
_DAMAGED = (
    "The database is damaged, and the server's disk cannot be written to, so it cannot be replaced. The operator "
    "of this server has to make the disk writable."
)
_REPLACED = "The database was damaged and has been replaced. Do that again."
_NEWER = (
    "A newer version of Inkling has upgraded the database, and this one cannot read it. The operator of this server "
    "has to install the newer version again."
)
_AWAY = "The database cannot be reached, so nothing new is saved for now. Training continues; try again in a moment."
_BUSY = "The database is busy. Try that again in a moment."
_BY_SQLITE_CODE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_IOERR: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
}
_BY_SQLSTATE = {"53100": _FULL, "25006": _READ_ONLY, "55P03": _BUSY, "57014": _BUSY}


def _sqlite_code(error: BaseException | None) -> int:
    """SQLite's primary result code of an error; 0 where it has none."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, sqlite3.Error) and code is None and "full" in str(error):
        return sqlite3.SQLITE_FULL
    return (code or 0) & 0xFF


def _engine(url: str) -> Engine:
    try:
        named = make_url(url)
        if named.drivername == "postgres":  # as many hosts still write it
            named = named.set(drivername="postgresql")
        engine = create_engine(named, **({} if named.get_backend_name() == "sqlite" else _on_the_network(named)))
    except (ArgumentError, ValueError):  # the latter where a port is no number
        raise DatabaseTrouble("INKLING_DATABASE_URL is no database's URL, such as postgresql://me@host/name.") from None
    except ModuleNotFoundError:
        raise DatabaseTrouble(
            "INKLING_DATABASE_URL names a database whose driver is not installed here. "
            "PostgreSQL's comes with: pip install 'psycopg[binary]'"
        ) from None
    if engine.dialect.name not in _BEHAVIOUR:
        raise DatabaseTrouble(f"Inkling keeps its runs in SQLite or PostgreSQL, not in {engine.dialect.name}.")
    prepare, begin = _BEHAVIOUR[engine.dialect.name]
    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def _on_the_network(url: URL) -> dict[str, Any]:
    """How to connect to a server, so that one that stops responding blocks nobody for long; its URL goes before."""
    settings = {
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": SILENT_SECONDS // 3,
        "keepalives_interval": SILENT_SECONDS // 3,
        "keepalives_count": 2,
        "tcp_user_timeout": 1000 * SILENT_SECONDS,
    }
    return {
        "connect_args": {name: value for name, value in settings.items() if name not in url.query},
        "pool_pre_ping": True,
        "pool_size": CONNECTIONS,
        "max_overflow": MOST_CONNECTIONS - CONNECTIONS,
        "pool_timeout": FREE_SECONDS,
    }


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # sqlite3 must not begin transactions of its own; _begin_sqlite does
    connection.text_factory = partial(
        str, encoding="utf-8", errors="replace"
    )  # a damaged text fails its own row, not the query
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={1000 * WRITER_SECONDS}")
    # Readers and one writer do not wait for one another. A network's file system may be unable to do that, and keeps
    # the journal that SQLite has used from the beginning, with which every transaction must reach the disk.
    (mode,) = cursor.execute("PRAGMA journal_mode=WAL").fetchone()
    cursor.execute(f"PRAGMA synchronous={'NORMAL' if mode == 'wal' else 'FULL'}")
    if mode == "delete":
        _log.warning("event=no_write_ahead_log advice='keep INKLING_HOME on a local disk: pages wait for one another'")
    cursor.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten; not every SQLite does so by itself
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the lock before they read, or two that have read could not both go on to write."""
    reads_only = connection.get_execution_options().get("reads_only")
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _prepare_postgresql(connection: Any, record: object) -> None:
    connection.prepare_threshold = None  # PgBouncer may give each transaction another session, which knows no statement


def _begin_postgresql(connection: Connection) -> None:
    """One writer at a time, as in SQLite: what it has read stays true until it has written.

    The limits hold for this transaction only, as the session may be another one's in the next. A machine that vanishes
    in the middle of writing must not block all others.
    """
    limits = (
        f"SET LOCAL lock_timeout = '{WRITER_SECONDS}s'; SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'; "
        f"SET LOCAL idle_in_transaction_session_timeout = '{2 * WRITER_SECONDS}s'"
    )
    options = connection.get_execution_options()
    is_one_of_many = not options.get("reads_only") and not options.get("of_one_row")
    connection.exec_driver_sql(f"{limits}; SELECT pg_advisory_xact_lock({_WRITING})" if is_one_of_many else limits)


_BEHAVIOUR = {
    "sqlite": (_prepare_sqlite, _begin_sqlite),
    "postgresql": (_prepare_postgresql, _begin_postgresql),
}
