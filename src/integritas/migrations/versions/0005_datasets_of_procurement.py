"""datasets of procurement.

Revision: 0005, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import integritas.platform.columns

revision = "0005"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "anticorruption_datasets",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created", integritas.platform.columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "name", name=op.f("pk_anticorruption_datasets")
        ),
    )
    op.create_table(
        "anticorruption_observed",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "event_id", name=op.f("pk_anticorruption_observed")
        ),
    )
    op.create_table(
        "anticorruption_releases",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("ocid", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "dataset", "ocid", name=op.f("pk_anticorruption_releases")
        ),
        sa.UniqueConstraint(
            "tenant_id",
            "dataset",
            "seq",
            name=op.f("uq_anticorruption_releases_tenant_id_dataset_seq"),
        ),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("anticorruption_releases")
    op.drop_table("anticorruption_observed")
    op.drop_table("anticorruption_datasets")
