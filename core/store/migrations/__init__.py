"""The schema of the database, as Alembic's revisions in `versions/`: a change of a table is a new file there."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

HEAD = "2"  # the newest revision; opening a database that has it needs no Alembic, whose import takes 0.3 s
BASELINE = "1"  # the schema of databases that were made before Alembic was used


class NewerSchema(Exception):
    """The database has a revision that this version of Inkling does not know."""


def is_current(connection: Connection) -> bool:
    """Whether the database has the newest schema."""
    has_version = inspect(connection).has_table("alembic_version")
    return has_version and connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD


def upgrade(connection: Connection) -> None:
    """Make the tables of an empty database, or bring those of an older version up to date.

    Args:
        connection: in a transaction that no other process can be in at the same time.

    Raises:
        NewerSchema: a newer version of Inkling has upgraded the database.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    tables = inspect(connection)
    if tables.has_table("run") and not tables.has_table("alembic_version"):
        command.stamp(config, BASELINE)
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise NewerSchema from error
