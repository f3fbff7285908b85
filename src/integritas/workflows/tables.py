"""Tables of workflows: definitions and schedules, runs and what belongs to them."""

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

__all__ = [
    "DEFINITIONS",
    "LACKING",
    "PAUSES",
    "RUNS",
    "RUN_ATTRIBUTES",
    "RUN_OPTIONS",
    "RUN_SIGNALS",
    "RUN_STEPS",
    "RUN_WAITS",
    "SCHEDULES",
    "SHIPPED",
]

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

# What few runs have; most have no row.
RUN_OPTIONS: Final = sa.Table(
    "run_options",
    METADATA,
    tenant_column(),
    sa.Column("run_id", Identifier, primary_key=True),
    sa.Column("priority", sa.Integer),
    sa.Column("timeout_s", sa.Float),
    sa.Column("parent_id", Identifier),
    sa.Column("parent_step", Identifier),
    sa.Column("parent_attempt", sa.Integer),
    sa.Column("origin_id", Identifier),
    sa.Column("orderly", sa.Boolean, nullable=False),
    sa.Column("stop_cause", sa.Text),
    sa.Index(None, "tenant_id", "parent_id"),
    sa.Index(None, "tenant_id", "origin_id"),
)

RUN_ATTRIBUTES: Final = sa.Table(
    "run_attributes",
    METADATA,
    tenant_column(),
    sa.Column("run_id", Identifier, primary_key=True),
    sa.Column("name", Identifier, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Index(None, "tenant_id", "name", "value", "run_id"),
)

# When a step began to wait and until when: so that a restart does not begin it anew.
RUN_WAITS: Final = sa.Table(
    "run_waits",
    METADATA,
    tenant_column(),
    sa.Column("run_id", Identifier, primary_key=True),
    sa.Column("step", Identifier, primary_key=True),
    sa.Column("began_at", UtcTime, nullable=False),
    sa.Column("due_at", UtcTime),
)

# Shipped definitions that were used: an upgrade brings others, runs keep theirs.
SHIPPED: Final = sa.Table(
    "workflow_shipped",
    METADATA,
    tenant_column(),
    sa.Column("name", Identifier, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("document", JsonText, nullable=False),
    sa.Column("first_used_at", UtcTime, nullable=False),
)

PAUSES: Final = sa.Table(
    "workflow_pauses",
    METADATA,
    tenant_column(),
    sa.Column("name", Identifier, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor_id", Identifier, nullable=False),
    sa.Column("paused_at", UtcTime, nullable=False),
)

SCHEDULES: Final = sa.Table(
    "workflow_schedules",
    METADATA,
    tenant_column(),
    sa.Column("name", Identifier, primary_key=True),
    sa.Column("workflow", Identifier, nullable=False),
    sa.Column("version", sa.Integer),
    sa.Column("cron", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("subject", Identifier),
    sa.Column("input", JsonText, nullable=False),
    sa.Column("catch_up", sa.Text, nullable=False),
    sa.Column("overlap", sa.Text, nullable=False),
    sa.Column("paused", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("next_at", UtcTime, nullable=False),
    sa.Column("last_at", UtcTime),
    sa.Column("last_run_id", Identifier),
    sa.Index(None, "paused", "next_at"),
)

# Which service a case lacks an assessment of, as it was down, and when to try again.
LACKING: Final = sa.Table(
    "lacking_assessments",
    METADATA,
    tenant_column(),
    sa.Column("case_id", Identifier, primary_key=True),
    sa.Column("service", Identifier, primary_key=True),
    sa.Column("run_id", Identifier, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Index(None, "service", "due_at"),
)
