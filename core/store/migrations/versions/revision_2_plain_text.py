"""Texts lose the checksums before them, columns get the names of today, and what repaired a damaged database goes."""

from alembic import op

revision = "2"
down_revision = "1"

_CHECKSUM = 64  # hexadecimal digits of a SHA-256 that stood before a text; JSON itself begins with { or [
_RENAMED = {
    "run": {"wish": "requested_action", "is_lesson": "is_fine_tuning"},
    "run_data": {"lesson": "fine_tuning", "film": "snapshots"},
}


def upgrade() -> None:
    """Change the tables and what is in them."""
    for column in ("recipe", "live", "points", "history", "scores"):
        op.execute(
            f"UPDATE run SET {column} = substr({column}, {_CHECKSUM + 1}) "
            f"WHERE substr({column}, 1, 1) NOT IN ('{{', '[')"
        )
    for table, columns in _RENAMED.items():
        for old, new in columns.items():
            op.alter_column(table, old, new_column_name=new)
    op.execute("DELETE FROM run_data WHERE id NOT IN (SELECT id FROM run)")  # saved from a damaged file without a run
    op.execute("INSERT INTO run_data (id) SELECT id FROM run WHERE id NOT IN (SELECT id FROM run_data)")
    if op.get_bind().dialect.name != "sqlite":  # which would rewrite all models, and need as much free space
        op.drop_column("run_data", "orphaned")
    op.drop_index("one_of_a_request", "run", if_exists=True)
    op.drop_table("upgrade", if_exists=True)
