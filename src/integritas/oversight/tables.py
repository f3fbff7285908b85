"""Tables of ongoing monitoring.

`list_watch` holds how far the cases of a tenant were rescreened for a list, derived;
`list_watch_hits` which entry a case was told of, so that it is told once.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from integritas.platform.columns import METADATA, Identifier, tenant_column

__all__ = ["LIST_WATCH", "LIST_WATCH_HITS"]

LIST_WATCH: Final = sa.Table(
    "list_watch",
    METADATA,
    tenant_column(),
    sa.Column("list", Identifier, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("cursor", Identifier, nullable=False),
)

LIST_WATCH_HITS: Final = sa.Table(
    "list_watch_hits",
    METADATA,
    tenant_column(),
    sa.Column("case_id", Identifier, primary_key=True),
    sa.Column("list", Identifier, primary_key=True),
    sa.Column("uid", sa.Text, primary_key=True),
    sa.Column("entry_digest", sa.Text, primary_key=True),
)
