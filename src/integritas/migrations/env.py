"""Alembic's entry: runs on the connection that `runner` hands over."""

from __future__ import annotations

from alembic import context

from integritas.migrations.tables import TABLES

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=TABLES,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
