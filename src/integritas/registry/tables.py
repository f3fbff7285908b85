"""Tables of the registry: which version of a model judges for a tenant.

Versions themselves are immutable artifacts, shipped or in the state folder.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from integritas.platform.columns import (
    METADATA,
    Identifier,
    UtcTime,
    tenant_column,
)

__all__ = ["MODEL_DEPLOYMENTS"]

MODEL_DEPLOYMENTS: Final = sa.Table(
    "model_deployments",
    METADATA,
    tenant_column(),
    sa.Column("name", Identifier, primary_key=True),
    sa.Column("champion", sa.Text, nullable=False),
    sa.Column("previous", sa.Text),
    sa.Column("challenger", sa.Text),
    sa.Column("share", sa.Float(53), nullable=False),
    sa.Column("changed_by", Identifier, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
)
