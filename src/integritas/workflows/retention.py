"""Runs that ended long ago are forgotten; what the journal tells of them stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from integritas.workflows.model import FINAL_RUN_STATES
from integritas.workflows.tables import (
    RUN_ATTRIBUTES,
    RUN_OPTIONS,
    RUN_SIGNALS,
    RUN_STEPS,
    RUN_WAITS,
    RUNS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from integritas.platform.db import Database, Transaction

__all__ = ["forget_runs"]

AT_ONCE: Final = 200
_PARTS: Final = (RUN_STEPS, RUN_SIGNALS, RUN_WAITS, RUN_ATTRIBUTES, RUN_OPTIONS)


async def forget_runs(database: Database, ended_before: datetime) -> int:
    """Delete runs that ended before a time, of all tenants; return how many.

    A few a transaction, so that nobody waits long for the writer.
    """
    forgotten = 0
    while found := await database.read(lambda tx: _old(tx, ended_before)):
        await database.transact(lambda tx, some=found: _delete(tx, some))  # type: ignore[misc] # mypy sees no default
        forgotten += len(found)
    return forgotten


def _old(tx: Transaction, ended_before: datetime) -> Sequence[tuple[str, str]]:
    query = (
        sa.select(RUNS.c.tenant_id, RUNS.c.id)
        .where(
            RUNS.c.state.in_(sorted(state.value for state in FINAL_RUN_STATES)),
            RUNS.c.ended_at < ended_before,
        )
        .order_by(RUNS.c.state, RUNS.c.tenant_id, RUNS.c.id)
        .limit(AT_ONCE)
    )
    return [(row.tenant_id, row.id) for row in tx.execute(query)]


def _delete(tx: Transaction, runs: Sequence[tuple[str, str]]) -> None:
    by_tenant: dict[str, list[str]] = {}
    for tenant, run_id in runs:
        by_tenant.setdefault(tenant, []).append(run_id)
    for tenant, ids in by_tenant.items():
        for table in _PARTS:
            tx.execute(
                sa.delete(table).where(
                    table.c.tenant_id == tenant, table.c.run_id.in_(ids)
                )
            )
        tx.execute(
            sa.delete(RUNS).where(RUNS.c.tenant_id == tenant, RUNS.c.id.in_(ids))
        )
