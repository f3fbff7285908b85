"""Tables of what was learned. They are derived: evidence stays with the cases.

`anticorruption_releases` holds the part of each release that statistics and networks
read, numbered by `seq` in its dataset, and which evidence told of it;
`anticorruption_observed` the events that were learned from, so that none is learned
from twice.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from integritas.platform.columns import (
    METADATA,
    Blob,
    Identifier,
    UtcTime,
    tenant_column,
)
from integritas.platform.observed import observed_table

__all__ = [
    "ANTICORRUPTION_DATASETS",
    "ANTICORRUPTION_OBSERVED",
    "ANTICORRUPTION_RELEASES",
]

ANTICORRUPTION_DATASETS: Final = sa.Table(
    "anticorruption_datasets",
    METADATA,
    tenant_column(),
    sa.Column("name", Identifier, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("created", UtcTime, nullable=False),
)

ANTICORRUPTION_RELEASES: Final = sa.Table(
    "anticorruption_releases",
    METADATA,
    tenant_column(),
    sa.Column("dataset", Identifier, primary_key=True),
    sa.Column("ocid", Identifier, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("body", Blob, nullable=False),
    # What told of it, where it was observed; what was loaded into a dataset has none.
    sa.Column("evidence_id", Identifier, nullable=True),
    sa.UniqueConstraint("tenant_id", "dataset", "seq"),
)

ANTICORRUPTION_OBSERVED: Final = observed_table("anticorruption_observed")
