"""what the spam service learned.

Revision: 0011, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import integritas.platform.columns

revision = "0011"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "model_deployments",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("champion", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=True),
        sa.Column("challenger", sa.Text(), nullable=True),
        sa.Column("share", sa.Float(precision=53), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", integritas.platform.columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_model_deployments")),
    )
    op.create_table(
        "spam_feedback",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("evidence_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("given_at", integritas.platform.columns.UtcTime(), nullable=False),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", integritas.platform.columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_spam_feedback")),
    )
    op.create_index(
        op.f("ix_spam_feedback_tenant_id_evidence_id"),
        "spam_feedback",
        ["tenant_id", "evidence_id"],
        unique=False,
    )

    op.create_table(
        "spam_observed",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", name=op.f("pk_spam_observed")),
    )
    op.create_table(
        "spam_sightings",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("evidence_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("seen_at", integritas.platform.columns.UtcTime(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("view", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("logit", sa.Float(precision=53), nullable=False),
        sa.Column("unknown", sa.Float(precision=53), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("challenger", sa.Text(), nullable=False),
        sa.Column("challenger_logit", sa.Float(precision=53), nullable=True),
        sa.Column("challenger_verdict", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "evidence_id", name=op.f("pk_spam_sightings")
        ),
        sa.UniqueConstraint(
            "tenant_id", "seq", name=op.f("uq_spam_sightings_tenant_id_seq")
        ),
    )
    op.create_index(
        op.f("ix_spam_sightings_tenant_id_campaign_seq"),
        "spam_sightings",
        ["tenant_id", "campaign", "seq"],
        unique=False,
    )
    op.create_index(
        op.f("ix_spam_sightings_tenant_id_case_id"),
        "spam_sightings",
        ["tenant_id", "case_id"],
        unique=False,
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index(
        op.f("ix_spam_sightings_tenant_id_case_id"), table_name="spam_sightings"
    )
    op.drop_index(
        op.f("ix_spam_sightings_tenant_id_campaign_seq"), table_name="spam_sightings"
    )

    op.drop_table("spam_sightings")
    op.drop_table("spam_observed")
    op.drop_index(
        op.f("ix_spam_feedback_tenant_id_evidence_id"), table_name="spam_feedback"
    )

    op.drop_table("spam_feedback")
    op.drop_table("model_deployments")
