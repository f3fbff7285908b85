"""second factors, recovery codes, identities of elsewhere.

Revision: 0016, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from integritas.platform.columns import Identifier, UtcTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "second_factors",
        sa.Column("tenant_id", Identifier(), nullable=False),
        sa.Column("user_id", Identifier(), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("confirmed_at", UtcTime(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("tenant_id", Identifier(), nullable=False),
        sa.Column("user_id", Identifier(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id", "user_id", "digest", name=op.f("pk_recovery_codes")
        ),
    )
    op.create_table(
        "external_identities",
        sa.Column("tenant_id", Identifier(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", Identifier(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "issuer", "subject", name=op.f("pk_external_identities")
        ),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("external_identities")
    op.drop_table("recovery_codes")
    op.drop_table("second_factors")
