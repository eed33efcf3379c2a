"""The tables as they were before Alembic was used. Databases of that time are stamped with this revision."""

revision = "1"
down_revision = None


def upgrade() -> None:
    """Nothing to do: new databases begin with the newest schema."""
