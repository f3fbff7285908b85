"""Tables of webhooks and their deliveries."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from integritas.platform.columns import (
    METADATA,
    Identifier,
    JsonText,
    UtcTime,
    tenant_column,
)

__all__ = ["DELIVERIES", "WEBHOOKS"]

WEBHOOKS: Final = sa.Table(
    "webhooks",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("types", JsonText, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("disabled_because", sa.Text, nullable=False),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("old_secret", sa.Text),
    sa.Column("old_secret_until", UtcTime),
    sa.Column("created_by", Identifier, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("updated_at", UtcTime, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)

DELIVERIES: Final = sa.Table(
    "deliveries",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("webhook_id", Identifier, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("event_id", Identifier, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("ended_at", UtcTime),
    sa.Column("replay_of", Identifier),
    sa.Index(None, "state", "due_at"),
    sa.Index(None, "tenant_id", "webhook_id", "id"),
)
