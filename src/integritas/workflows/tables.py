"""Tables of workflows: definitions, runs, the attempts of their steps, signals."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from integritas.platform.columns import (
    METADATA,
    Blob,
    Identifier,
    JsonText,
    UtcTime,
    tenant_column,
)

__all__ = ["DEFINITIONS", "RUNS", "RUN_SIGNALS", "RUN_STEPS"]

DEFINITIONS: Final = sa.Table(
    "workflow_definitions",
    METADATA,
    tenant_column(),
    sa.Column("name", Identifier, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("document", JsonText, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)

RUNS: Final = sa.Table(
    "runs",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("workflow", Identifier, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("subject", Identifier, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("input", JsonText, nullable=False),
    sa.Column("correlation_id", Identifier, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("ended_at", UtcTime),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Index(None, "tenant_id", "subject", "id"),
    sa.Index(None, "state", "tenant_id", "id"),
)

# Append-only: one row an attempt, written when it ends.
RUN_STEPS: Final = sa.Table(
    "run_steps",
    METADATA,
    tenant_column(),
    sa.Column("run_id", Identifier, primary_key=True),
    sa.Column("step", Identifier, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("result", Blob),
    sa.Column("error", JsonText(none_as_null=True)),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("ended_at", UtcTime, nullable=False),
)

RUN_SIGNALS: Final = sa.Table(
    "run_signals",
    METADATA,
    tenant_column(),
    sa.Column("run_id", Identifier, primary_key=True),
    sa.Column("name", Identifier, primary_key=True),
    sa.Column("payload", JsonText, nullable=False),
    sa.Column("actor_id", Identifier, nullable=False),
    sa.Column("received_at", UtcTime, nullable=False),
)
