"""assessments that cases lack, as a service was down.

Revision: 0018, after 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from integritas.platform.columns import Identifier, UtcTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "lacking_assessments",
        sa.Column("tenant_id", Identifier(), nullable=False),
        sa.Column("case_id", Identifier(), nullable=False),
        sa.Column("service", Identifier(), nullable=False),
        sa.Column("run_id", Identifier(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "case_id", "service", name=op.f("pk_lacking_assessments")
        ),
    )
    op.create_index(
        op.f("ix_lacking_assessments_service_due_at"),
        "lacking_assessments",
        ["service", "due_at"],
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("lacking_assessments")
