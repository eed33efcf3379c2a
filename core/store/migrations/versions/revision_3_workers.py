"""Workers announce themselves in a table of their own, and are named where an engine was: workers pull."""

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Nothing to do: `upgrade` makes tables that are missing."""
