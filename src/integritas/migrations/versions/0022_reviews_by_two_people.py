"""reviews of findings that wait for a second person.

Revision: 0022, after 0021.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from integritas.platform.columns import Identifier, UtcTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_COLUMNS = ("proposed_reason", "proposed_at", "proposed_by", "proposed")


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proposed", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("proposed_by", Identifier(), nullable=True))
        batch_op.add_column(sa.Column("proposed_at", UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("proposed_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("findings", schema=None) as batch_op:
        for name in _COLUMNS:
            batch_op.drop_column(name)
