"""Alembic runs this file for every command: it migrates on the connection that `upgrade` has put into its settings."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
