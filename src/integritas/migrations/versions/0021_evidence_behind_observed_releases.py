"""which evidence told of an observed release.

Revision: 0021, after 0020.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("anticorruption_releases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("evidence_id", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("anticorruption_releases", schema=None) as batch_op:
        batch_op.drop_column("evidence_id")
