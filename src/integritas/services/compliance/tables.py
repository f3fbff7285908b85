"""Tables of the compliance service.

`compliance_payments` is derived: what accounts did, learned from evidence and erased
with it; `compliance_observed` holds the events that were learned from.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from integritas.platform.columns import (
    METADATA,
    Identifier,
    Money,
    tenant_column,
)

__all__ = ["COMPLIANCE_OBSERVED", "COMPLIANCE_PAYMENTS"]

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

COMPLIANCE_OBSERVED: Final = sa.Table(
    "compliance_observed",
    METADATA,
    tenant_column(),
    sa.Column("event_id", Identifier, primary_key=True),
)
