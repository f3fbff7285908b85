"""Runs by what is known of them: attribute, state, time, and what they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from integritas.cases.api import Visible, all_visible
from integritas.kernel.ids import RunId, TenantId
from integritas.workflows.model import RunState
from integritas.workflows.store import run_view
from integritas.workflows.tables import RUN_ATTRIBUTES, RUN_OPTIONS, RUNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.platform.db import Transaction
    from integritas.workflows.model import RunView

__all__ = ["RunFilter", "dead_letters", "search_runs"]


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What runs are wanted; all that is given must hold. Times: from, and before."""

    workflow: str | None = None
    version: int | None = None
    subject: str | None = None
    state: RunState | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    ended_from: datetime | None = None
    ended_before: datetime | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    parent: RunId | None = None
    origin: RunId | None = None


def search_runs(
    tx: Transaction,
    tenant: TenantId,
    where: RunFilter,
    *,
    before: str | None = None,
    limit: int = 50,
    visible: Visible = all_visible,
) -> Sequence[RunView]:
    """Return runs, newest first, older than the id `before`."""
    query = sa.select(RUNS).where(
        RUNS.c.tenant_id == tenant, visible(RUNS.c.subject), *_conditions(where)
    )
    for name, value in where.attributes.items():
        query = query.where(
            sa.exists().where(
                RUN_ATTRIBUTES.c.tenant_id == tenant,
                RUN_ATTRIBUTES.c.run_id == RUNS.c.id,
                RUN_ATTRIBUTES.c.name == name,
                RUN_ATTRIBUTES.c.value == value,
            )
        )
    for column, wanted in (
        (RUN_OPTIONS.c.parent_id, where.parent),
        (RUN_OPTIONS.c.origin_id, where.origin),
    ):
        if wanted is not None:
            query = query.where(
                sa.exists().where(
                    RUN_OPTIONS.c.tenant_id == tenant,
                    RUN_OPTIONS.c.run_id == RUNS.c.id,
                    column == wanted,
                )
            )
    return _page(tx, query, before, limit)


def dead_letters(
    tx: Transaction,
    tenant: TenantId,
    *,
    run_id: RunId | None = None,
    before: str | None = None,
    limit: int = 50,
    visible: Visible = all_visible,
) -> Sequence[RunView]:
    """Return runs that gave up and that nothing came after, newest first.

    A later run on the same subject, or one that goes on from it, takes a run off the
    list; children are their parents' business. `run_id` asks for one alone.
    """
    later, mine, next_ = RUNS.alias(), RUN_OPTIONS.alias(), RUN_OPTIONS.alias()
    query = sa.select(RUNS).where(
        RUNS.c.tenant_id == tenant,
        RUNS.c.state == RunState.FAILED.value,
        visible(RUNS.c.subject),
        ~sa.exists().where(
            later.c.tenant_id == tenant,
            later.c.subject == RUNS.c.subject,
            later.c.id > RUNS.c.id,
        ),
        ~sa.exists().where(
            mine.c.tenant_id == tenant,
            mine.c.run_id == RUNS.c.id,
            mine.c.parent_id.is_not(None),
        ),
        ~sa.exists().where(next_.c.tenant_id == tenant, next_.c.origin_id == RUNS.c.id),
    )
    if run_id is not None:
        query = query.where(RUNS.c.id == run_id)
    return _page(tx, query, before, limit)


def _conditions(where: RunFilter) -> Sequence[sa.ColumnElement[bool]]:
    equal = (
        (RUNS.c.workflow, where.workflow),
        (RUNS.c.version, where.version),
        (RUNS.c.subject, where.subject),
        (RUNS.c.state, where.state.value if where.state else None),
    )
    found = [column == value for column, value in equal if value is not None]
    since = (
        (RUNS.c.created_at, where.created_from),
        (RUNS.c.ended_at, where.ended_from),
    )
    until = (
        (RUNS.c.created_at, where.created_before),
        (RUNS.c.ended_at, where.ended_before),
    )
    found += [column >= value for column, value in since if value is not None]
    found += [column < value for column, value in until if value is not None]
    return found


def _page(
    tx: Transaction,
    query: sa.Select[tuple[object, ...]],
    before: str | None,
    limit: int,
) -> Sequence[RunView]:
    if before is not None:
        query = query.where(RUNS.c.id < before)
    query = query.order_by(RUNS.c.id.desc()).limit(limit)
    return [run_view(row) for row in tx.execute(query)]
