"""The tables as they were before Alembic was used. Databases of that time are only stamped with this revision."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table("upgrade", sa.Column("name", sa.String(32), primary_key=True))
    op.create_table("setting", sa.Column("name", sa.String(32), primary_key=True))
    _create_run()
    op.create_table(
        "run_data",
        sa.Column("id", sa.String(32), sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("samples", sa.LargeBinary),
        sa.Column("checkpoint", sa.LargeBinary),
        sa.Column("previous", sa.LargeBinary),
        sa.Column("model", sa.LargeBinary),
        sa.Column("keras_file", sa.LargeBinary),
        sa.Column("test_probabilities", sa.LargeBinary),
        sa.Column("lesson", sa.LargeBinary),
        sa.Column("film", sa.LargeBinary),
        sa.Column("start", sa.LargeBinary),
        sa.Column("orphaned", sa.Double),
    )
    op.create_table(
        "served",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False, index=True),
        sa.Column("ended", sa.Double, nullable=False, index=True),
    )
    op.create_table(
        "drawing",
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(32), primary_key=True),
        sa.Column("image", sa.LargeBinary, nullable=False),
        sa.Column("label", sa.Integer, nullable=False),
        sa.Column("kept", sa.Double, nullable=False),
    )
    op.create_table(
        "presence",
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("seen", sa.Double, nullable=False, index=True),
    )
    op.create_table(
        "scoreboard",
        sa.Column("run", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False, index=True),
        sa.Column("nickname", sa.String(30), nullable=False),
        sa.Column("recipe", sa.String(60), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("test_accuracy", sa.Double, nullable=False),
        sa.Column("drawn_accuracy", sa.Double),
        sa.Column("parameters", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("joined", sa.Double, nullable=False),
    )


def _create_run() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False, index=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("recipe", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("wish", sa.String(8), nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("queued", sa.Double, nullable=False),
        sa.Column("heartbeat", sa.Double, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("deaths", sa.Integer, nullable=False),
        sa.Column("notice", sa.Text, nullable=False),
        sa.Column("live", sa.Text),
        sa.Column("points", sa.Text),
        sa.Column("history", sa.Text, nullable=False),
        sa.Column("scores", sa.Text),
        sa.Column("drawing", sa.LargeBinary),
        sa.Column("is_lesson", sa.Boolean),
        sa.Column("continues", sa.String(32)),
        sa.Column("replays", sa.String(32)),
        sa.Column("request", sa.String(64)),
        sa.Column("kind", sa.String(16)),
        sa.Column("cost", sa.Double),
        sa.Column("began", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("engine", sa.String(16)),
        sa.Column("took", sa.Double),
    )
    active = sa.text("state IN ('queued', 'running')")
    op.create_index(
        "one_of_a_request", "run", ["owner", "request"], unique=True, sqlite_where=active, postgresql_where=active
    )
