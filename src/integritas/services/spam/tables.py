"""Tables of what was learned. They are derived: evidence stays with the cases.

`spam_sightings` holds of each message what campaigns, rates, feedback and drift need:
a signature and hashed words, no text; `spam_observed` the events that were learned
from; `spam_feedback` what analysts said of sightings. A sender is a digest.
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
from integritas.platform.observed import observed_table

__all__ = ["SPAM_FEEDBACK", "SPAM_OBSERVED", "SPAM_SIGHTINGS"]

SPAM_SIGHTINGS: Final = sa.Table(
    "spam_sightings",
    METADATA,
    tenant_column(),
    sa.Column("evidence_id", Identifier, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("case_id", Identifier, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("signature", Blob, nullable=False),
    sa.Column("words", Blob, nullable=False),
    sa.Column("campaign", Identifier, nullable=False),
    sa.Column("view", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("logit", sa.Float(53), nullable=False),
    sa.Column("unknown", sa.Float(53), nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("challenger", sa.Text, nullable=False),
    sa.Column("challenger_logit", sa.Float(53)),
    sa.Column("challenger_verdict", sa.Text, nullable=False),
    sa.UniqueConstraint("tenant_id", "seq"),
    sa.Index(None, "tenant_id", "campaign", "seq"),
    sa.Index(None, "tenant_id", "case_id"),
)

SPAM_OBSERVED: Final = observed_table("spam_observed")

SPAM_FEEDBACK: Final = sa.Table(
    "spam_feedback",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("evidence_id", Identifier, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("given_by", Identifier, nullable=False),
    sa.Column("given_at", UtcTime, nullable=False),
    sa.Column("withdrawn_by", Identifier),
    sa.Column("withdrawn_at", UtcTime),
    sa.Index(None, "tenant_id", "evidence_id"),
)
