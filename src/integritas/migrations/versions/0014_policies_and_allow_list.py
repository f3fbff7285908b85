"""policies and allow list.

Revision: 0014, after 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import integritas.platform.columns

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "compliance_allowed",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("entry_digest", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", integritas.platform.columns.UtcTime(), nullable=False),
        sa.Column("expires_at", integritas.platform.columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_compliance_allowed")),
        sa.UniqueConstraint(
            "tenant_id",
            "party",
            "list",
            "uid",
            name=op.f("uq_compliance_allowed_tenant_id_party_list_uid"),
        ),
    )
    op.create_table(
        "compliance_policies",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("saved_at", integritas.platform.columns.UtcTime(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=True),
        sa.Column("proposed_at", integritas.platform.columns.UtcTime(), nullable=True),
        sa.Column(
            "effective_from", integritas.platform.columns.UtcTime(), nullable=True
        ),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("published_at", integritas.platform.columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id", "name", "version", name=op.f("pk_compliance_policies")
        ),
    )
    with op.batch_alter_table("compliance_policies", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_compliance_policies_tenant_id_state"),
            ["tenant_id", "state"],
            unique=False,
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("compliance_policies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_policies_tenant_id_state"))

    op.drop_table("compliance_policies")
    op.drop_table("compliance_allowed")
