"""Tables of the audit log. All are evidence: `verification` covers every column.

`audit_entries` are the leaves; `audit_tiles` the tree (a row for each tile, the partial
ones of the right edge rewritten as they grow); `audit_checkpoints` every tree head that
was ever signed, numbered from 1. `created` is the latest time of any entry covered, so
it never goes back and follows from the leaves. `audit_personal` are personal data and
salts beside entries of outside systems, which commit to them.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from integritas.platform.columns import (
    METADATA,
    Blob,
    Identifier,
    UtcTime,
    tenant_column,
)

__all__ = ["AUDIT_CHECKPOINTS", "AUDIT_ENTRIES", "AUDIT_PERSONAL", "AUDIT_TILES"]

AUDIT_ENTRIES: Final = sa.Table(
    "audit_entries",
    METADATA,
    tenant_column(),
    sa.Column("idx", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("event_id", Identifier, nullable=False),
    sa.Column("body", Blob, nullable=False),
    sa.Column("leaf_hash", Blob, nullable=False),
    sa.UniqueConstraint("tenant_id", "event_id"),
)

AUDIT_TILES: Final = sa.Table(
    "audit_tiles",
    METADATA,
    tenant_column(),
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("idx", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hashes", Blob, nullable=False),
)

AUDIT_CHECKPOINTS: Final = sa.Table(
    "audit_checkpoints",
    METADATA,
    tenant_column(),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root", Blob, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("created", UtcTime, nullable=False),
    sa.UniqueConstraint("tenant_id", "size"),
)

AUDIT_PERSONAL: Final = sa.Table(
    "audit_personal",
    METADATA,
    tenant_column(),
    sa.Column("event_id", Identifier, primary_key=True),
    sa.Column("salt", Blob, nullable=False),
    sa.Column("payload", Blob, nullable=False),
)
