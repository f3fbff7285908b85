"""Need to know: which cases somebody may not know of.

A confidential case is there for its assignee and for those it was granted to, alone or
through a team, and for nobody else, whatever their role. For everybody else it does
not exist: `hidden_from` stands in the queries, as the tenant does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import sqlalchemy as sa

from integritas.cases.tables import CASE_GRANTS, CASE_RESTRICTIONS, CASES
from integritas.kernel.ids import TenantId

if TYPE_CHECKING:
    from datetime import datetime

    from integritas.platform.db import Transaction

__all__ = [
    "GranteeKind",
    "Reader",
    "Visible",
    "all_visible",
    "hidden_from",
    "hides",
    "restricted_among",
    "visible_in",
    "visible_to",
]

Visible: TypeAlias = Callable[["sa.ColumnElement[Any]"], "sa.ColumnElement[bool]"]
"""Makes of a column with ids of cases the condition that somebody may see them."""


class GranteeKind(StrEnum):
    """To whom a case is granted."""

    USER = "user"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the id of the actor, and the teams of the person."""

    tenant: TenantId
    id: str
    teams: frozenset[str] = field(default_factory=frozenset)


def hidden_from(reader: Reader, now: datetime) -> sa.Select[Any]:
    """Return the query of the ids of cases that the reader may not know of."""
    case, grant = CASE_RESTRICTIONS.c, CASE_GRANTS.alias("granted").c
    own = CASES.alias("own").c
    to_them = sa.and_(grant.kind == GranteeKind.USER.value, grant.grantee == reader.id)
    to_team = sa.and_(
        grant.kind == GranteeKind.TEAM.value, grant.grantee.in_(sorted(reader.teams))
    )
    granted = (
        sa.select(grant.id)
        .where(
            grant.tenant_id == case.tenant_id,
            grant.case_id == case.case_id,
            sa.or_(grant.expires_at.is_(None), grant.expires_at > now),
            sa.or_(to_them, to_team),
        )
        .correlate(CASE_RESTRICTIONS)
        .exists()
    )
    assigned = (
        sa.select(own.id)
        .where(
            own.tenant_id == case.tenant_id,
            own.id == case.case_id,
            own.assignee == reader.id,
        )
        .correlate(CASE_RESTRICTIONS)
        .exists()
    )
    return sa.select(case.case_id).where(
        case.tenant_id == reader.tenant, ~granted, ~assigned
    )


def all_visible(_: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Hide nothing: the platform itself asks."""
    return sa.true()


def visible_to(reader: Reader | None, now: datetime) -> Visible:
    """Return the condition that a column names no case hidden from the reader.

    Without a reader it is the platform itself that asks: nothing is hidden.
    """
    if reader is None:
        return all_visible
    hidden = hidden_from(reader, now)
    # A run or a schedule may be on no case at all: NULL is not hidden.
    return lambda column: sa.or_(column.is_(None), column.not_in(hidden))


_RESTRICTED: Final = sa.select(CASE_RESTRICTIONS.c.case_id).where(
    CASE_RESTRICTIONS.c.tenant_id == sa.bindparam("tenant"),
    CASE_RESTRICTIONS.c.case_id == sa.bindparam("case"),
)


def hides(tx: Transaction, reader: Reader, case_id: str, now: datetime) -> bool:
    """Say whether one case is hidden from a reader.

    Most are not confidential, which a small query tells; the whole condition costs
    ten times as much to put together as it takes to answer.
    """
    one = {"tenant": reader.tenant, "case": case_id}
    if tx.execute(_RESTRICTED, one).first() is None:
        return False
    hidden = hidden_from(reader, now)
    query = hidden.where(CASE_RESTRICTIONS.c.case_id == case_id)
    return tx.execute(query).first() is not None


_ANY: Final = (
    sa.select(CASE_RESTRICTIONS.c.case_id)
    .where(CASE_RESTRICTIONS.c.tenant_id == sa.bindparam("tenant"))
    .limit(1)
)


def visible_in(tx: Transaction, reader: Reader | None, now: datetime) -> Visible:
    """Return what `visible_to` does; nothing where a tenant has no such case."""
    if reader is None or tx.execute(_ANY, {"tenant": reader.tenant}).first() is None:
        return all_visible
    return visible_to(reader, now)


def restricted_among(
    tx: Transaction, tenant: TenantId, subjects: set[str]
) -> frozenset[str]:
    """Return which of some subjects are confidential cases."""
    if not subjects:
        return frozenset()
    table = CASE_RESTRICTIONS.c
    query = sa.select(table.case_id).where(
        table.tenant_id == tenant, table.case_id.in_(sorted(subjects))
    )
    return frozenset(row.case_id for row in tx.execute(query))
