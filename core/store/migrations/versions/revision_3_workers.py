"""Workers announce themselves in a table of their own, and what pages ask at each rerun is found by an index."""

from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Make the indexes; `migrations.upgrade` makes tables that are missing."""
    for name, columns in (
        ("run_by_age", ["owner", "created"]),
        ("run_by_state", ["owner", "state", "created"]),
        ("run_by_end", ["owner", "ended"]),
        ("run_latest", ["ended"]),
    ):
        op.create_index(name, "run", columns, if_not_exists=True)
