"""The database of runs and drawings: SQLite with a write-ahead log by default, PostgreSQL by URL.

Both behave alike: writers see what all before them wrote; readers wait for nobody and see one moment.

A disk that is full or gone, a database that is away or damaged: all of it arrives as one error with a plain sentence.
A damaged SQLite file is set aside as it is, and a new one begun with all that can still be read in it.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
import threading
import time
import weakref
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
    Table,
    Text,
    TypeDecorator,
    create_engine,
    event,
    insert,
    inspect,
    make_url,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.schema import CreateColumn

from core import config
from core.errors import InklingError
from core.storage import SEAL_BYTES, Damaged, home, one_at_a_time, sealed, unsealed

WIPE_SECONDS = 1.0  # that is waited for whoever reads what is to be wiped
WRITER_SECONDS = 5  # that a second writer waits for the first
CONNECT_SECONDS = 5  # that a PostgreSQL server may take to answer who knocks
SILENT_SECONDS = 15  # after which a connection to one is given up whose other end says nothing
STATEMENT_SECONDS = 60  # that one statement may take there
CONNECTIONS, MOST_CONNECTIONS = 2, 8  # to one of each hold on it: those that are kept open, and all at once
FREE_SECONDS = 10  # that anybody waits for one of them; writers that are refused hold theirs for less
LOOK_SECONDS = 5.0  # between two looks at whether the database can be written
LEAST_FREE = 30e6  # bytes of a disk; below, it counts as full
SAID_SECONDS = 7 * 86_400  # that a database that was set aside is spoken of

_WRITING = 0x1A4B11A6  # PostgreSQL's number of the lock that writers queue up for

_log = logging.getLogger("inkling.database")


class DatabaseTrouble(InklingError):
    """The database cannot do what it was asked for; the message says why. What is in it is as it was."""


class DatabaseBusy(DatabaseTrouble):
    """Somebody else has been writing for longer than anybody waits: a process that hangs, perhaps."""


class Base(DeclarativeBase):
    """Base of all tables."""


class Sealed(TypeDecorator[bytes]):
    """Bytes that are kept with their SHA-256 and checked when they are read.

    What is damaged raises `Damaged`; where it can be done without, it reads as None.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, *, can_be_done_without: bool = False) -> None:
        super().__init__()
        self.can_be_done_without = can_be_done_without

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
            if self.can_be_done_without:
                return None
            raise


class SealedText(TypeDecorator[Any]):
    """JSON as text, with its SHA-256 before it in hexadecimal; it is checked when it is read.

    What is damaged reads as "", and is for the row's reader to see: raised here, it would take all other rows with it.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """On its way into the database."""
        return None if value is None else _text_seal(value) + value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """On its way out of the database."""
        if value is None or value.startswith(("{", "[")):  # as earlier versions kept it; no seal begins like that
            return value
        content = value[2 * SEAL_BYTES :]
        if value[: 2 * SEAL_BYTES] == _text_seal(content):
            return content
        _log.error("event=damaged characters=%d", len(value))
        return ""


class Json(SealedText):
    """Lists and dicts: PostgreSQL's own type knows neither NaN nor infinity, which a loss may be.

    What is damaged reads as None.
    """

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """On its way into the database."""
        return super().process_bind_param(None if value is None else json.dumps(value), dialect)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """On its way out of the database."""
        with suppress(ValueError):  # which an earlier version's raises where it is damaged
            return json.loads(super().process_result_value(value, dialect) or "null")
        return None


class Token(TypeDecorator[str]):
    """A name of random letters. An address may have a NUL in it, which PostgreSQL would not even look for."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """On its way into the database."""
        return value.replace("\0", "\ufffd") if value else value


class _Upgrade(Base):
    """What has been done to a database of an earlier version."""

    __tablename__ = "upgrade"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)


class Database:
    """A hold on the database, for any number of threads."""

    def __init__(self, url: str) -> None:
        """Open it, and make what tables and columns it lacks.

        Args:
            url: SQLAlchemy's, such as "sqlite:////path/runs.sqlite3" or "postgresql://user:password@host/database".

        Raises:
            DatabaseTrouble: it cannot be opened; it is none, or its driver is not installed.
        """
        self.url = url
        self._engine = _engine(url)
        weakref.finalize(self, self._engine.dispose)  # its connections are closed with it
        named = make_url(url)
        is_sqlite = named.get_backend_name() == "sqlite"
        is_file = is_sqlite and named.database not in (None, "", ":memory:")
        self._path = Path(str(named.database)) if is_file else None
        snapshot = {} if is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reading = self._engine.execution_options(reads_only=True, **snapshot)
        self._of_one_row = self._engine.execution_options(of_one_row=True)
        self._opening = threading.Lock()
        before = self._file = self._file_there()  # another one may take its place
        self.openings = 0  # of files: more than one where a damaged one was replaced
        self._looked, self._trouble = -LOOK_SECONDS, ""
        for _ in range(2):  # a second time where the first has found it damaged
            try:
                with self._plainly():
                    self._open()
                return
            except DatabaseTrouble:
                if self._file_there() == before:
                    raise

    @contextmanager
    def writing(self, *, one_row: bool = False) -> Iterator[Session]:
        """A transaction that writes; no other writer comes between what it reads and what it writes.

        Args:
            one_row: it is about one row only, which it reads with a lock, if it reads at all. In PostgreSQL it holds up
                nobody else then, however slow the process is that writes.

        Raises:
            DatabaseTrouble: the disk is full or read-only, the database away or damaged.
        """
        self._follow()
        with self._plainly(), Session(self._of_one_row if one_row else self._engine) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that waits for no writer; what it has read may be looked at after it. Raises as `writing`."""
        self._follow()
        with self._plainly(), Session(self._reading, expire_on_commit=False) as session, session.begin():
            yield session

    def trouble(self) -> str:
        """Why nothing can be kept now, in a sentence; "" where all is well. Tried every few seconds, by writing."""
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._looked = time.monotonic()
            try:
                with self.writing() as session:
                    session.execute(update(_Upgrade).values(name=_Upgrade.name))
                self._trouble = _FULL if self._free() < LEAST_FREE else ""
            except DatabaseTrouble as problem:
                self._trouble = str(problem)
        return self._trouble

    def look_over(self) -> None:
        """Look for damage that nobody has met, so that it is set aside while the most can still be read.

        SQLite reads only the pages that it is asked for, and would go on writing around one that is damaged. What seals
        guard is checked when it is read. PostgreSQL is left alone: it has its own checks.

        Raises:
            DatabaseTrouble: it was damaged, and has been replaced; or it cannot be read now.
        """
        if self._path:
            with self.reading() as session:
                found = session.execute(text("PRAGMA quick_check(1)")).scalar_one()
                if found != "ok":
                    damage = sqlite3.DatabaseError(found)
                    damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
                    raise damage

    def set_aside(self) -> str:
        """That a damaged database was set aside of late, in a sentence; "" where none was."""
        when, path = max(self._files_set_aside(), default=(0.0, Path()))
        if abs(time.time() - when) >= SAID_SECONDS:
            return ""
        day = time.strftime("%d %B %Y, %H:%M", time.localtime(when))
        return (
            f"The database was damaged on {day}. What could be read was taken over, and the whole file lies beside the "
            f"new one as {path.name}. Whoever runs this server may remove it."
        )

    def cull(self, days: float) -> None:
        """Delete damaged databases that were set aside longer ago than this."""
        for when, path in self._files_set_aside():
            if when < time.time() - 86_400 * days:
                for ending in _ENDINGS:
                    with suppress(OSError):
                        Path(f"{path}{ending}").unlink(missing_ok=True)
                _log.info("event=culled file=%s", path.name)

    def wipe(self) -> None:
        """Let what was deleted be gone from SQLite's log too, where it stays readable until others write over it.

        Where somebody holds the log open just now, that is left to the next time.
        """
        if self._path:
            with suppress(SQLAlchemyError, sqlite3.Error), closing(self._engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute(f"PRAGMA busy_timeout={round(1000 * WIPE_SECONDS)}")
                try:
                    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                finally:
                    cursor.execute(f"PRAGMA busy_timeout={1000 * WRITER_SECONDS}")
                    cursor.close()

    def _files_set_aside(self) -> Iterator[tuple[float, Path]]:
        """Damaged databases, each with when it was set aside, in seconds since 1970."""
        for path in self._path.parent.glob(f"{self._path.name}.damaged-*[0-9]") if self._path else ():
            with suppress(ValueError):
                stamp = path.name.rpartition("-")[2].partition(".")[0]
                yield time.mktime(time.strptime(stamp, _STAMP)), path

    def _open(self) -> None:
        """Make what tables, columns and indexes it lacks, and remember which file it is."""
        with self._engine.begin() as connection:
            before = set(inspect(connection).get_table_names())
            Base.metadata.create_all(connection)
            _add_columns(connection)
            _replace_indexes(connection)
            _seal_what_is_bare(connection, before)
        self._file = self._file_there()
        self.openings += 1

    def _follow(self) -> None:
        """Open anew where another process has put a new file in the place of a damaged one."""
        if self._path and (there := self._file_there()) != self._file:
            try:
                with self._plainly(there), self._opening, one_at_a_time(self._path.with_suffix(".lock")):
                    if self._file_there() != self._file:
                        self._engine.dispose()
                        self._open()
            except OSError as problem:  # its folder is gone, and cannot be made
                raise DatabaseTrouble(_READ_ONLY) from problem

    @contextmanager
    def _plainly(self, file: tuple[int, int] | None = None) -> Iterator[None]:
        """Say what is wrong with the database in a sentence; a damaged file is replaced first.

        Args:
            file: that is used within, where it is not the one that is open.
        """
        file = file or self._file
        try:
            yield
        except IntegrityError:
            raise
        except PoolTimeout as problem:
            raise DatabaseTrouble(_BUSY) from problem
        except (DBAPIError, sqlite3.Error) as problem:
            cause = problem.orig if isinstance(problem, DBAPIError) else problem
            code = getattr(cause, "sqlite_errorcode", None)
            if isinstance(cause, sqlite3.Error) and code is None and "full" in str(cause):
                code = sqlite3.SQLITE_FULL
            if self._path and code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                try:
                    self._replace(self._path, file)
                except (OSError, sqlite3.Error) as because:
                    _log.exception("event=database_not_replaced")
                    raise DatabaseTrouble(_DAMAGED) from because
                raise DatabaseTrouble("The database was damaged and has been replaced. Do that again.") from problem
            _log.warning("event=database_trouble code=%s cause=%r", code, str(cause)[:200])
            state = str(getattr(cause, "sqlstate", ""))  # PostgreSQL's
            said = _STATES.get(state) or _SENTENCES.get((code or 0) & 0xFF, _AWAY)
            raise (DatabaseBusy if said == _BUSY else DatabaseTrouble)(said) from problem

    def _replace(self, path: Path, damaged: tuple[int, int] | None) -> None:
        """Set a damaged file aside as it is, and begin a new one with what can be read in it."""
        with self._opening, one_at_a_time(path.with_suffix(".lock")):
            if self._file_there() != damaged:
                return  # another process or thread has done so
            self._engine.dispose()
            billionths = f"{time.time_ns() % 10**9:09}"  # of a second, as two may follow each other that fast
            aside = path.with_name(f"{path.name}.damaged-{time.strftime(_STAMP)}.{billionths}")
            for ending in _ENDINGS:
                with suppress(FileNotFoundError):
                    os.replace(f"{path}{ending}", f"{aside}{ending}")
            try:
                self._open()
                kept = _taken_over(aside, path)
            except (DBAPIError, sqlite3.Error, OSError):
                _log.exception("event=database_replaced aside=%s kept=0", aside.name)
            else:
                _log.error("event=database_replaced aside=%s kept=%d", aside.name, kept)

    def _file_there(self) -> tuple[int, int] | None:
        if self._path:
            with suppress(OSError):
                status = self._path.stat()
                return status.st_dev, status.st_ino
        return None

    def _free(self) -> float:
        if self._path:
            with suppress(OSError):
                return shutil.disk_usage(self._path.parent).free
        return LEAST_FREE


def database_url() -> str:
    """What `INKLING_DATABASE_URL` names, else a file in Inkling's home."""
    if url := config.database_url():
        return url
    home().mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{(home() / 'runs.sqlite3').absolute()}"


_STAMP = "%Y%m%dT%H%M%S"
_ENDINGS = ("", "-wal", "-shm")  # of a database's files
_FULL = (
    "The server's disk is full, so nothing new is kept until there is room. What is there stays as it is, and "
    "trainings go on."
)
_READ_ONLY = (
    "The server's disk cannot be written to, so nothing new is kept until it can. What is there stays as it is, and "
    "trainings go on."
)
_DAMAGED = (
    "The database is damaged, and the server's disk cannot be written to, so it cannot be replaced. Whoever runs this "
    "server has to free the disk; what can be read will be taken over then."
)
_AWAY = "The database cannot be reached, so nothing new is kept for now. Trainings go on; try again in a moment."
_BUSY = "The database is busy. Try that again in a moment."
_SENTENCES = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_IOERR: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
}
_STATES = {"53100": _FULL, "25006": _READ_ONLY, "55P03": _BUSY, "57014": _BUSY}


def _engine(url: str) -> Engine:
    try:
        named = make_url(url)
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
    """How to connect to a server, so that one that falls silent holds up nobody for long; its URL may say otherwise."""
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


def _taken_over(damaged: Path, new: Path) -> int:
    """Copy every row that can be read from a damaged file into a new one; returns how many."""
    kept = 0
    with (
        closing(sqlite3.connect(f"file:{damaged}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(new, timeout=30)) as target,
    ):
        for table in Base.metadata.sorted_tables:
            for place in _readable_rows(source, table.name):
                values = _readable_values(source, table, place)
                names, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" * len(values))
                with suppress(sqlite3.Error):
                    kept += target.execute(
                        f'INSERT OR IGNORE INTO "{table.name}" ({names}) VALUES ({marks})', list(values.values())
                    ).rowcount
        target.commit()
    return kept


def _readable_rows(source: sqlite3.Connection, table: str) -> list[int]:
    """Row numbers from both ends, as a damaged page stops the way from either."""
    found: set[int] = set()
    for direction in ("ASC", "DESC"):
        with suppress(sqlite3.Error):
            for row in source.execute(f'SELECT rowid FROM "{table}" NOT INDEXED ORDER BY rowid {direction}'):
                found.add(row[0])
    return sorted(found)


def _readable_values(source: sqlite3.Connection, table: Table, place: int) -> dict[str, Any]:
    """What can be read of a row, column by column: what is large lies on pages of its own."""
    values = {}
    for column in table.columns:
        with suppress(sqlite3.Error):
            # Named with its table, as SQLite takes a name that it does not know, in quotes, for a text.
            name = f'"{table.name}"."{column.name}"'
            for (value,) in source.execute(f'SELECT {name} FROM "{table.name}" WHERE rowid = ?', (place,)):
                values[column.name] = value
    return values


def _add_columns(connection: Connection) -> None:
    """Give the tables of an earlier version the columns that came later; those may all be empty."""
    quoted = connection.dialect.identifier_preparer.quote
    for table in Base.metadata.sorted_tables:
        there = {column["name"] for column in inspect(connection).get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                described = CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {quoted(table.name)} ADD COLUMN {described}")


def _replace_indexes(connection: Connection) -> None:
    """Give the tables of an earlier version the indexes of this one in the place of those that are no more."""
    quoted = connection.dialect.identifier_preparer.quote
    for table in Base.metadata.sorted_tables:
        there = {index["name"] for index in inspect(connection).get_indexes(table.name)}
        wanted = {index.name: index for index in table.indexes}
        for name in there - wanted.keys():
            if name:
                connection.exec_driver_sql(f"DROP INDEX IF EXISTS {quoted(name)}")
        for name in wanted.keys() - there:
            wanted[name].create(connection, checkfirst=True)


def _seal_what_is_bare(connection: Connection, before: set[str]) -> None:
    """Seal what a version kept that knew no seals; once, or damage would be sealed too.

    Args:
        connection: in a transaction that writes.
        before: the tables that were there already.
    """
    if connection.scalar(select(_Upgrade.name).where(_Upgrade.name == "sealed")):
        return
    for table in Base.metadata.sorted_tables:
        for column in table.columns if table.name in before else ():
            if isinstance(column.type, Sealed):
                _seal_column(connection, table, column)
    with suppress(IntegrityError), connection.begin_nested():  # another process may have been faster
        connection.execute(insert(_Upgrade).values(name="sealed"))


def _seal_column(connection: Connection, table: Table, column: Any) -> None:
    keys = list(table.primary_key)
    for row in connection.execute(select(*keys).where(column.is_not(None))).all():
        same = [key == value for key, value in zip(keys, row, strict=True)]
        bare = connection.scalar(select(type_coerce(column, LargeBinary)).where(*same))
        connection.execute(update(table).where(*same).values({column.name: bare}))


def _text_seal(content: str) -> str:
    return sealed(content.encode())[:SEAL_BYTES].hex()


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # sqlite3 must not begin transactions of its own; _begin_sqlite does
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")  # damage is one value's, not the query's
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")  # readers and one writer do not wait for one another
    cursor.execute(f"PRAGMA busy_timeout={1000 * WRITER_SECONDS}")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten; not every SQLite does so by itself
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Writers queue up for the lock before they read, or two that have read would refuse each other."""
    reads_only = connection.get_execution_options().get("reads_only")
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _prepare_postgresql(connection: Any, record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = '{WRITER_SECONDS}s'")
    cursor.execute(f"SET statement_timeout = '{STATEMENT_SECONDS}s'")
    # A machine that falls silent in the middle of writing must not keep all the others from it.
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{2 * WRITER_SECONDS}s'")
    cursor.close()
    connection.commit()


def _begin_postgresql(connection: Connection) -> None:
    """Let one writer in at a time, as SQLite does: what it reads stays true until it has written."""
    options = connection.get_execution_options()
    if not options.get("reads_only") and not options.get("of_one_row"):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITING})")


_BEHAVIOUR = {
    "sqlite": (_prepare_sqlite, _begin_sqlite),
    "postgresql": (_prepare_postgresql, _begin_postgresql),
}
