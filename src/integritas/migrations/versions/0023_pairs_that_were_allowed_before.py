"""pairs that left the allow-list: which entries of the journal tell of a party.

Revision: 0023, after 0022. Pairs that left it before stay unknown.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from integritas.platform.columns import Identifier

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "compliance_allowed_before",
        sa.Column("tenant_id", Identifier(), nullable=False),
        sa.Column("id", Identifier(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "id", name=op.f("pk_compliance_allowed_before")
        ),
    )
    with op.batch_alter_table("compliance_allowed_before", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_compliance_allowed_before_tenant_id_party"),
            ["tenant_id", "party"],
        )


def downgrade() -> None:
    """Take back."""
    op.drop_table("compliance_allowed_before")
