"""confidential cases, grants of them, teams of users.

Revision: 0020, after 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from integritas.platform.columns import UtcTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "case_restrictions",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "case_id", name=op.f("pk_case_restrictions")
        ),
    )
    op.create_table(
        "case_grants",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("grantee", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("broken", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_case_grants")),
    )
    with op.batch_alter_table("case_grants", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_case_grants_tenant_id_case_id_grantee"),
            ["tenant_id", "case_id", "grantee"],
            unique=False,
        )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("teams", sa.JSON(), nullable=False, server_default="[]")
        )
        batch_op.alter_column("teams", server_default=None)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_column("teams")
    with op.batch_alter_table("case_grants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_grants_tenant_id_case_id_grantee"))
    op.drop_table("case_grants")
    op.drop_table("case_restrictions")
