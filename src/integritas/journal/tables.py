"""Tables of the journal."""

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

__all__ = ["JOURNAL", "JOURNAL_CURSORS", "JOURNAL_PERSONAL"]

JOURNAL: Final = sa.Table(
    "journal",
    METADATA,
    tenant_column(),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("event_id", Identifier, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("subject", Identifier, nullable=False),
    sa.Column("time", UtcTime, nullable=False),
    sa.Column("actor_id", Identifier, nullable=False),
    sa.Column("actor_kind", sa.Text, nullable=False),
    sa.Column("actor_roles", JsonText, nullable=False),
    sa.Column("correlation_id", Identifier, nullable=False),
    sa.Column("data", JsonText, nullable=False),
    sa.Column("commitment", sa.Text),
    sa.UniqueConstraint("tenant_id", "event_id"),
    sa.Index(None, "tenant_id", "subject", "seq"),
)

JOURNAL_PERSONAL: Final = sa.Table(
    "journal_personal",
    METADATA,
    tenant_column(),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("salt", Blob, nullable=False),
    sa.Column("payload", Blob, nullable=False),
)

JOURNAL_CURSORS: Final = sa.Table(
    "journal_cursors",
    METADATA,
    tenant_column(),
    sa.Column("follower", Identifier, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
)
