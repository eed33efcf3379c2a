"""The schema of the database, as Alembic's revisions in `versions/`: a change of a table is a new file there."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

HEAD = "3"  # the newest revision; opening a database that has it needs no Alembic, whose import takes 0.3 s
BASELINE = "1"  # the schema of databases that were made before Alembic was used


class NewerSchema(Exception):
    """The database has a revision that this version of Inkling does not know."""


def is_current(connection: Connection) -> bool:
    """Whether the database has the newest schema, or one that a newer version has only added to ("3.1" is to "3")."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    found, wanted = (_numbers(revision) for revision in (_revision(connection), HEAD))
    return found[0] == wanted[0] and found >= wanted


def _revision(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def _numbers(revision: str) -> list[int]:
    return [int(number) for number in revision.split(".") if number.isdecimal()] or [0]


def upgrade(connection: Connection) -> None:
    """Make the tables of an empty database, or bring those of an older version up to date.

    Args:
        connection: in a transaction that no other process can be in at the same time.

    Raises:
        NewerSchema: a newer version of Inkling has upgraded the database.
    """
    from core.store import drawings, presence, run_tables, scoreboard, workers  # noqa: F401, all modules that define tables
    from core.store.database import Base

    tables = inspect(connection).get_table_names()
    if "run" not in tables:
        # What `alembic stamp` does, without importing Alembic: the first visitor of a new server waits for this.
        Base.metadata.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
        return

    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        if "alembic_version" not in tables:
            command.stamp(config, BASELINE)
        command.upgrade(config, HEAD)
        Base.metadata.create_all(connection)  # before Alembic a table was made when it was first used, or never
    except CommandError as error:
        raise NewerSchema from error
