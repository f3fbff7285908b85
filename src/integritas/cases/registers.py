"""What is kept of cases beside the cases, as reconciling compares it: rows by table.

A row is its key and what an entry of the journal said of it: where the journal holds a
commitment, the commitment over what is stored now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import sqlalchemy as sa

from integritas.cases.model import ReviewState
from integritas.cases.tables import (
    APPROVALS,
    ATTACHMENTS,
    CASE_GRANTS,
    CASE_LINKS,
    CASE_RESTRICTIONS,
    CASES,
    EVIDENCE,
    FINDINGS,
)
from integritas.journal.api import commitment_of
from integritas.kernel.clock import format_time

if TYPE_CHECKING:
    from datetime import datetime

    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction

__all__ = ["KEPT", "KeptRow"]

KeptRow: TypeAlias = tuple[str, Mapping[str, object]]
_RowsOf: TypeAlias = "Callable[[Transaction, TenantId], Iterator[KeptRow]]"
_AT_ONCE: Final = 200


def _evidence(tx: Transaction, tenant: TenantId) -> Iterator[KeptRow]:
    for row in _all(tx, EVIDENCE, tenant):
        yield (
            row.id,
            {
                "case": row.case_id,
                "kind": row.kind,
                "content": _committed(row.salt, row.content),
            },
        )


def _attachments(tx: Transaction, tenant: TenantId) -> Iterator[KeptRow]:
    for row in _all(tx, ATTACHMENTS, tenant):
        told = {
            "case": row.case_id,
            "size": row.size,
            "content": _committed(row.salt, row.content),
        }
        yield row.id, told


def _restrictions(tx: Transaction, tenant: TenantId) -> Iterator[KeptRow]:
    for row in _all(tx, CASE_RESTRICTIONS, tenant):
        yield row.case_id, {"actor_id": row.actor_id}


def _grants(tx: Transaction, tenant: TenantId) -> Iterator[KeptRow]:
    for row in _all(tx, CASE_GRANTS, tenant):
        told = {
            "case": row.case_id,
            "kind": row.kind,
            "grantee": row.grantee,
            "granted_by": row.granted_by,
            "expires_at": _written(row.expires_at),
            "broken": bool(row.broken),
        }
        yield row.id, told


def _links(tx: Transaction, tenant: TenantId) -> Iterator[KeptRow]:
    for row in _all(tx, CASE_LINKS, tenant):
        key = f"{row.case_id}/{row.to_id}/{row.kind}"
        yield key, {"actor_id": row.actor_id}


def _approvals(tx: Transaction, tenant: TenantId) -> Iterator[KeptRow]:
    for row in _all(tx, APPROVALS, tenant):
        told = {
            "case": row.case_id,
            "from_state": row.from_state,
            "to_state": row.to_state,
            "requested_by": row.requested_by,
            "state": row.state,
            "decided_by": row.decided_by,
        }
        yield row.id, told


def _reviews(tx: Transaction, tenant: TenantId) -> Iterator[KeptRow]:
    columns = (FINDINGS.c.id, FINDINGS.c.review, FINDINGS.c.reviewed_by)
    query = sa.select(*columns).where(
        FINDINGS.c.tenant_id == tenant, FINDINGS.c.review != ReviewState.OPEN.value
    )
    for row in tx.execute(query):
        yield row.id, {"review": row.review, "reviewed_by": row.reviewed_by}


def _edits(tx: Transaction, tenant: TenantId) -> Iterator[KeptRow]:
    columns = (CASES.c.id, CASES.c.priority, CASES.c.assignee, CASES.c.due_at)
    query = sa.select(*columns).where(CASES.c.tenant_id == tenant)
    for row in tx.execute(query):
        told = {
            "priority": row.priority,
            "assignee": row.assignee,
            "due_at": _written(row.due_at),
        }
        yield row.id, told


KEPT: Final[Mapping[str, _RowsOf]] = {
    "evidence": _evidence,
    "attachments": _attachments,
    "case_restrictions": _restrictions,
    "case_grants": _grants,
    "case_links": _links,
    "approvals": _approvals,
    "findings": _reviews,
    "cases": _edits,
}
"""The rows of a tenant, by table; of findings those that were reviewed."""


def _all(tx: Transaction, table: sa.Table, tenant: TenantId) -> Iterator[Any]:
    """Yield all rows, some at a time: contents may be large."""
    keys = [column for column in table.primary_key if column.name != "tenant_id"]
    query = sa.select(table).where(table.c.tenant_id == tenant).order_by(*keys)
    yield from tx.execute(query.execution_options(yield_per=_AT_ONCE))


def _committed(salt: object, content: object) -> str:
    if isinstance(salt, bytes) and isinstance(content, bytes):
        return commitment_of(salt, content)
    return "nothing that can be committed to"  # SQLite keeps any type in any column


def _written(time: datetime | None) -> str | None:
    return format_time(time) if time is not None else None
