"""Statements over policies: a function each, in a unit of work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from integritas.services.compliance.tables import COMPLIANCE_POLICIES

if TYPE_CHECKING:
    from integritas.kernel.contracts import UnitOfWork
    from integritas.kernel.ids import TenantId

__all__ = [
    "PolicyRecord",
    "PolicyState",
    "find_newest",
    "find_version",
    "insert_policy",
    "list_newest",
    "list_published",
    "replace_policy",
]

_TABLE = COMPLIANCE_POLICIES


class PolicyState(StrEnum):
    """Where a version of a policy stands; what is published never changes."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """One version of a policy as stored; `revision` counts how often it was saved."""

    name: str
    version: int
    revision: int
    state: PolicyState
    document: Mapping[str, Any]
    digest: str
    author: str
    saved_at: datetime
    proposed_by: str | None = None
    proposed_at: datetime | None = None
    effective_from: datetime | None = None
    published_by: str | None = None
    published_at: datetime | None = None


_COLUMNS = [
    _TABLE.c[name]
    for name in (
        "name",
        "version",
        "revision",
        "state",
        "document",
        "digest",
        "author",
        "saved_at",
        "proposed_by",
        "proposed_at",
        "effective_from",
        "published_by",
        "published_at",
    )
]


def insert_policy(uow: UnitOfWork, tenant: TenantId, record: PolicyRecord) -> None:
    """Insert a new version."""
    uow.execute(sa.insert(_TABLE).values(tenant_id=tenant, **_values(record)))


def replace_policy(uow: UnitOfWork, tenant: TenantId, record: PolicyRecord) -> None:
    """Write a version anew."""
    uow.execute(
        sa.update(_TABLE)
        .where(
            _TABLE.c.tenant_id == tenant,
            _TABLE.c.name == record.name,
            _TABLE.c.version == record.version,
        )
        .values(**_values(record))
    )


def find_newest(uow: UnitOfWork, tenant: TenantId, name: str) -> PolicyRecord | None:
    """Return the newest version of a policy."""
    query = (
        sa.select(*_COLUMNS)
        .where(_TABLE.c.tenant_id == tenant, _TABLE.c.name == name)
        .order_by(_TABLE.c.version.desc())
        .limit(1)
    )
    row = uow.execute(query).first()
    return None if row is None else _record(row)


def find_version(
    uow: UnitOfWork, tenant: TenantId, name: str, version: int
) -> PolicyRecord | None:
    """Return a version of a policy."""
    query = sa.select(*_COLUMNS).where(
        _TABLE.c.tenant_id == tenant,
        _TABLE.c.name == name,
        _TABLE.c.version == version,
    )
    row = uow.execute(query).first()
    return None if row is None else _record(row)


def list_newest(uow: UnitOfWork, tenant: TenantId) -> list[PolicyRecord]:
    """Return the newest version of every policy, by name."""
    newest = (
        sa.select(_TABLE.c.name, sa.func.max(_TABLE.c.version).label("version"))
        .where(_TABLE.c.tenant_id == tenant)
        .group_by(_TABLE.c.name)
        .subquery()
    )
    query = (
        sa.select(*_COLUMNS)
        .join(
            newest,
            (newest.c.name == _TABLE.c.name) & (newest.c.version == _TABLE.c.version),
        )
        .where(_TABLE.c.tenant_id == tenant)
        .order_by(_TABLE.c.name)
    )
    return [_record(row) for row in uow.execute(query)]


def list_published(uow: UnitOfWork, tenant: TenantId) -> list[PolicyRecord]:
    """Return all published versions, in force, past or to come, oldest first."""
    query = (
        sa.select(*_COLUMNS)
        .where(
            _TABLE.c.tenant_id == tenant,
            _TABLE.c.state == PolicyState.PUBLISHED.value,
        )
        .order_by(_TABLE.c.effective_from, _TABLE.c.version)
    )
    return [_record(row) for row in uow.execute(query)]


def _values(record: PolicyRecord) -> dict[str, Any]:
    values = {column.name: getattr(record, column.name) for column in _COLUMNS}
    return {**values, "state": record.state.value, "document": dict(record.document)}


def _record(row: Any) -> PolicyRecord:  # noqa: ANN401 - SQLAlchemy's Row
    values = dict(row._mapping)  # noqa: SLF001 - its public way to columns by name
    return PolicyRecord(**{**values, "state": PolicyState(row.state)})
