"""Tables of the compliance service.

`compliance_payments` is derived: what accounts did, learned from evidence and erased
with it; `compliance_observed` holds the events that were learned from. Policies and the
allow-list are what people decided, `compliance_list_refreshes` what they asked for; the
journal tells of each change.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from integritas.platform.columns import (
    METADATA,
    Identifier,
    JsonText,
    Money,
    UtcTime,
    tenant_column,
)
from integritas.platform.observed import observed_table

__all__ = [
    "COMPLIANCE_ALLOWED",
    "COMPLIANCE_ALLOWED_BEFORE",
    "COMPLIANCE_LIST_REFRESHES",
    "COMPLIANCE_OBSERVED",
    "COMPLIANCE_PAYMENTS",
    "COMPLIANCE_POLICIES",
]

COMPLIANCE_PAYMENTS: Final = sa.Table(
    "compliance_payments",
    METADATA,
    tenant_column(),
    sa.Column("evidence_id", Identifier, primary_key=True),
    sa.Column("side", Identifier, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("other", sa.Text, nullable=False),
    sa.Column("country", sa.Text, nullable=False),
    sa.Column("amount", Money, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("date", sa.Date, nullable=False),
    sa.Index(None, "tenant_id", "account", "date"),
    sa.Index(None, "tenant_id", "seq"),
)

COMPLIANCE_OBSERVED: Final = observed_table("compliance_observed")

COMPLIANCE_POLICIES: Final = sa.Table(
    "compliance_policies",
    METADATA,
    tenant_column(),
    sa.Column("name", Identifier, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("document", JsonText, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("author", Identifier, nullable=False),
    sa.Column("saved_at", UtcTime, nullable=False),
    sa.Column("proposed_by", Identifier),
    sa.Column("proposed_at", UtcTime),
    sa.Column("effective_from", UtcTime),
    sa.Column("published_by", Identifier),
    sa.Column("published_at", UtcTime),
    sa.Index(None, "tenant_id", "state"),
)

COMPLIANCE_ALLOWED: Final = sa.Table(
    "compliance_allowed",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("party", sa.Text, nullable=False),
    sa.Column("list", sa.Text, nullable=False),
    sa.Column("uid", sa.Text, nullable=False),
    sa.Column("entry_digest", sa.Text, nullable=False),
    sa.Column("finding", Identifier),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("created_by", Identifier, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.UniqueConstraint("tenant_id", "party", "list", "uid"),
)

# Pairs that were withdrawn or replaced: what the journal tells of them is found by it
# when the party is erased.
COMPLIANCE_ALLOWED_BEFORE: Final = sa.Table(
    "compliance_allowed_before",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("party", sa.Text, nullable=False),
    sa.Index(None, "tenant_id", "party"),
)

COMPLIANCE_LIST_REFRESHES: Final = sa.Table(
    "compliance_list_refreshes",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("lists", JsonText, nullable=False),
    sa.Column("state", Identifier, nullable=False),
    sa.Column("asked_by", Identifier, nullable=False),
    sa.Column("asked_at", UtcTime, nullable=False),
    sa.Column("finished_at", UtcTime),
    sa.Column("outcomes", JsonText, nullable=False),
    sa.Index(None, "state"),
)
