"""windows of accounts.

Revision: 0013, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import integritas.platform.columns

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "compliance_observed",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "event_id", name=op.f("pk_compliance_observed")
        ),
    )
    op.create_table(
        "compliance_payments",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("evidence_id", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("amount", integritas.platform.columns.Money(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "evidence_id", "side", name=op.f("pk_compliance_payments")
        ),
    )
    with op.batch_alter_table("compliance_payments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_compliance_payments_tenant_id_account_date"),
            ["tenant_id", "account", "date"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_compliance_payments_tenant_id_seq"),
            ["tenant_id", "seq"],
            unique=False,
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("compliance_payments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_payments_tenant_id_seq"))
        batch_op.drop_index(batch_op.f("ix_compliance_payments_tenant_id_account_date"))

    op.drop_table("compliance_payments")
    op.drop_table("compliance_observed")
