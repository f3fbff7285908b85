"""Tables of cases. Raw evidence, findings and titles live here, never in the journal.

`case_history` and `cases` can be rebuilt from the journal; `evidence` and `findings`
hold what the journal only commits to.
"""

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
    "APPROVALS",
    "ASSESSMENTS",
    "ATTACHMENTS",
    "CASES",
    "CASE_GRANTS",
    "CASE_HISTORY",
    "CASE_LINKS",
    "CASE_NUMBERS",
    "CASE_RESTRICTIONS",
    "DECISIONS",
    "EVIDENCE",
    "FINDINGS",
    "SUBMISSIONS",
]

SUBMISSIONS: Final = sa.Table(
    "submissions",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("case_id", Identifier, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("received_at", UtcTime, nullable=False),
    sa.Column("actor_id", Identifier, nullable=False),
)

CASES: Final = sa.Table(
    "cases",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("submission_id", Identifier, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("updated_at", UtcTime, nullable=False),
    sa.Column("missing", JsonText, nullable=False),
    sa.Column("kinds", JsonText, nullable=False),
    sa.Column("risk", sa.Float(53)),
    sa.Column("band", sa.Text),
    sa.Column("outcome", sa.Text),
    sa.Column("priority", sa.Text, nullable=False),
    sa.Column("assignee", Identifier),
    sa.Column("tags", JsonText, nullable=False),
    sa.Column("due_at", UtcTime),
    sa.Column("closed_at", UtcTime),
    sa.Column("merged_into", Identifier),
    sa.Column("input_hash", sa.Text, nullable=False),
    sa.UniqueConstraint("tenant_id", "number"),
    sa.Index(None, "tenant_id", "state", "id"),
)

CASE_NUMBERS: Final = sa.Table(
    "case_numbers",
    METADATA,
    tenant_column(),
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last", sa.Integer, nullable=False),
)

CASE_HISTORY: Final = sa.Table(
    "case_history",
    METADATA,
    tenant_column(),
    sa.Column("case_id", Identifier, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("from_state", sa.Text, nullable=False),
    sa.Column("to_state", sa.Text, nullable=False),
    sa.Column("actor_id", Identifier, nullable=False),
    sa.Column("actor_kind", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("approved_by", Identifier),
    sa.Column("at", UtcTime, nullable=False),
)

EVIDENCE: Final = sa.Table(
    "evidence",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("case_id", Identifier, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("salt", Blob, nullable=False),
    sa.Column("content", Blob, nullable=False),
    sa.Column("added_at", UtcTime, nullable=False),
    sa.Index(None, "tenant_id", "case_id", "position"),
    sa.Index(None, "tenant_id", "sha256"),
)

FINDINGS: Final = sa.Table(
    "findings",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("case_id", Identifier, nullable=False),
    sa.Column("run_id", Identifier, nullable=False),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("score", sa.Float(53), nullable=False),
    sa.Column("body", JsonText, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("review", sa.Text, nullable=False),
    sa.Column("reviewed_by", Identifier),
    sa.Column("reviewed_at", UtcTime),
    sa.Column("review_reason", sa.Text, nullable=False),
    sa.Column("proposed", sa.Text),
    sa.Column("proposed_by", Identifier),
    sa.Column("proposed_at", UtcTime),
    sa.Column("proposed_reason", sa.Text),
    sa.Index(None, "tenant_id", "case_id", "id"),
    sa.Index(None, "tenant_id", "kind", "id"),
)

ASSESSMENTS: Final = sa.Table(
    "assessments",
    METADATA,
    tenant_column(),
    sa.Column("run_id", Identifier, primary_key=True),
    sa.Column("service", Identifier, primary_key=True),
    sa.Column("case_id", Identifier, nullable=False),
    sa.Column("complete", sa.Boolean, nullable=False),
    sa.Column("versions", JsonText, nullable=False),
    sa.Column("input_hash", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Index(None, "tenant_id", "case_id"),
)

DECISIONS: Final = sa.Table(
    "decisions",
    METADATA,
    tenant_column(),
    sa.Column("run_id", Identifier, primary_key=True),
    sa.Column("case_id", Identifier, nullable=False),
    sa.Column("verdict", JsonText, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Index(None, "tenant_id", "case_id"),
)

APPROVALS: Final = sa.Table(
    "approvals",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("case_id", Identifier, nullable=False),
    sa.Column("case_version", sa.Integer, nullable=False),
    sa.Column("from_state", sa.Text, nullable=False),
    sa.Column("to_state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("requested_by", Identifier, nullable=False),
    sa.Column("requested_at", UtcTime, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("decided_by", Identifier),
    sa.Column("decided_at", UtcTime),
    sa.Column("decision_reason", sa.Text, nullable=False),
    sa.Index(None, "tenant_id", "case_id", "id"),
    sa.Index(None, "tenant_id", "state", "id"),
)

CASE_LINKS: Final = sa.Table(
    "case_links",
    METADATA,
    tenant_column(),
    sa.Column("case_id", Identifier, primary_key=True),
    sa.Column("to_id", Identifier, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor_id", Identifier, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Index(None, "tenant_id", "to_id"),
)

ATTACHMENTS: Final = sa.Table(
    "attachments",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("case_id", Identifier, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("salt", Blob, nullable=False),
    sa.Column("content", Blob, nullable=False),
    sa.Column("added_by", Identifier, nullable=False),
    sa.Column("added_at", UtcTime, nullable=False),
    sa.Index(None, "tenant_id", "case_id", "id"),
)

# A case with a row here is confidential.
CASE_RESTRICTIONS: Final = sa.Table(
    "case_restrictions",
    METADATA,
    tenant_column(),
    sa.Column("case_id", Identifier, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor_id", Identifier, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)

CASE_GRANTS: Final = sa.Table(
    "case_grants",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("case_id", Identifier, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("grantee", Identifier, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("granted_by", Identifier, nullable=False),
    sa.Column("granted_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime),
    sa.Column("broken", sa.Boolean, nullable=False),
    sa.Index(None, "tenant_id", "case_id", "grantee"),
)
