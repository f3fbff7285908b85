"""Refreshes of the watchlists, and how far cases were rescreened.

Revision: 0019, after 0018.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from integritas.platform.columns import Identifier, JsonText, UtcTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "compliance_list_refreshes",
        sa.Column("tenant_id", Identifier(), nullable=False),
        sa.Column("id", Identifier(), nullable=False),
        sa.Column("lists", JsonText(), nullable=False),
        sa.Column("state", Identifier(), nullable=False),
        sa.Column("asked_by", Identifier(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.Column("outcomes", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "id", name=op.f("pk_compliance_list_refreshes")
        ),
    )
    with op.batch_alter_table("compliance_list_refreshes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_compliance_list_refreshes_state"), ["state"], unique=False
        )
    op.create_table(
        "list_watch",
        sa.Column("tenant_id", Identifier(), nullable=False),
        sa.Column("list", Identifier(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("cursor", Identifier(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "list", name=op.f("pk_list_watch")),
    )
    op.create_table(
        "list_watch_hits",
        sa.Column("tenant_id", Identifier(), nullable=False),
        sa.Column("case_id", Identifier(), nullable=False),
        sa.Column("list", Identifier(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("entry_digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "case_id",
            "list",
            "uid",
            "entry_digest",
            name=op.f("pk_list_watch_hits"),
        ),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("list_watch_hits")
    op.drop_table("list_watch")
    with op.batch_alter_table("compliance_list_refreshes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compliance_list_refreshes_state"))
    op.drop_table("compliance_list_refreshes")
