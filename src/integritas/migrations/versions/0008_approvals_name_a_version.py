"""approvals name the version of the case they were asked on.

Revision: 0008, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0005"
branch_labels = None
depends_on = None

# What is known of an approval asked before: the last move of its case until then. The
# version may have been a later one; then the approval counts as outdated, never as
# given for a case that changed since.
_LAST_MOVE = """(
    SELECT {column} FROM case_history
    WHERE case_history.tenant_id = approvals.tenant_id
      AND case_history.case_id = approvals.case_id
      AND case_history.at <= approvals.requested_at
    ORDER BY case_history.version DESC LIMIT 1
)"""


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("case_version", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("from_state", sa.Text(), nullable=True))
    version = _LAST_MOVE.format(column="version")
    state = _LAST_MOVE.format(column="to_state")
    op.execute(
        f"UPDATE approvals SET case_version = COALESCE({version}, 1), "  # noqa: S608
        f"from_state = COALESCE({state}, 'PENDING')"
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.alter_column(
            "case_version", existing_type=sa.Integer(), nullable=False
        )
        batch_op.alter_column("from_state", existing_type=sa.Text(), nullable=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.drop_column("from_state")
        batch_op.drop_column("case_version")
