"""Who may see a confidential case: restricted, granted, taken back, broken open.

Every step is a fact of the journal, so the audit log tells who saw to it that whom the
case was opened to, and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from integritas.cases import views
from integritas.cases.need import (
    GranteeKind,
    Reader,
    Visible,
    hidden_from,
    hides,
    visible_to,
)
from integritas.cases.tables import (
    APPROVALS,
    ATTACHMENTS,
    CASE_GRANTS,
    CASE_RESTRICTIONS,
    CASES,
    EVIDENCE,
    FINDINGS,
    SUBMISSIONS,
)
from integritas.kernel.clock import format_time
from integritas.kernel.contracts import Context, Fact
from integritas.kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from integritas.kernel.ids import CaseId, TenantId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Recorder
    from integritas.kernel.ids import IdFactory
    from integritas.platform.db import Database, Transaction

__all__ = ["BREAK_GLASS", "Access", "CaseAccess", "Grant", "NewGrant"]

RESTRICTED: Final = "integritas.case.restricted.v1"
UNRESTRICTED: Final = "integritas.case.unrestricted.v1"
GRANTED: Final = "integritas.case.access_granted.v1"
REVOKED: Final = "integritas.case.access_revoked.v1"
BROKEN: Final = "integritas.case.glass_broken.v1"
BREAK_GLASS: Final = timedelta(hours=8)
"""How long breaking the glass opens a case: a working day."""

_PARTS: Final[Mapping[str, sa.Table]] = {
    "case": CASES,
    "evidence": EVIDENCE,
    "finding": FINDINGS,
    "approval": APPROVALS,
    "attachment": ATTACHMENTS,
    "submission": SUBMISSIONS,
}


@dataclass(frozen=True, slots=True)
class NewGrant:
    """To whom a case is to be granted, why, and until when."""

    kind: GranteeKind
    grantee: str
    reason: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Who else may see a confidential case. `broken`: they took it, by break-glass."""

    tenant: TenantId
    id: str
    case_id: CaseId
    kind: GranteeKind
    grantee: str
    reason: str
    granted_by: str
    granted_at: datetime
    expires_at: datetime | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """Who may see a case: all whom a role lets, or those granted and its assignee."""

    case_id: CaseId
    confidential: bool
    reason: str = ""
    restricted_by: str | None = None
    restricted_at: datetime | None = None
    grants: tuple[Grant, ...] = ()


class CaseAccess:
    """Keeps and answers who needs to know of which case."""

    def __init__(
        self, database: Database, recorder: Recorder, clock: Clock, ids: IdFactory
    ) -> None:
        """Take the parts; bootstrap wires them."""
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._ids = ids

    # Asking ----------------------------------------------------------------------

    def visible(self, reader: Reader) -> Visible:
        """Return the condition that a column names no case hidden from a reader."""
        return visible_to(reader, self._clock.now())

    async def withheld(self, reader: Reader) -> frozenset[str]:
        """Return the ids of hidden cases and of their evidence and findings."""
        hidden = hidden_from(reader, self._clock.now())
        parts = [
            sa.select(table.c.id).where(
                table.c.tenant_id == reader.tenant, table.c.case_id.in_(hidden)
            )
            for table in (EVIDENCE, FINDINGS)
        ]
        query = sa.union_all(hidden, *parts)
        return await self._database.read(
            lambda tx: frozenset(row[0] for row in tx.execute(query))
        )

    async def sees(self, reader: Reader, what: str, thing: str) -> bool:
        """Say whether a case, or a thing of one, is there and not hidden.

        `what` is `case`, `evidence`, `finding`, `approval`, `attachment` or
        `submission`. What is hidden and what is not there answer alike, or the
        difference would tell.
        """
        table = _PARTS[what]
        column = table.c.id if table is CASES else table.c.case_id
        query = sa.select(column.label("case_id")).where(
            table.c.tenant_id == reader.tenant, table.c.id == thing
        )
        now = self._clock.now()

        def read(tx: Transaction) -> bool:
            row = tx.execute(query).one_or_none()
            return row is not None and not hides(tx, reader, row.case_id, now)

        return await self._database.peek(read)

    async def hides(self, reader: Reader, case_id: str) -> bool:
        """Say whether a case is hidden; a run may be on what is no case."""
        now = self._clock.now()
        return await self._database.peek(lambda tx: hides(tx, reader, case_id, now))

    async def of(self, tenant: TenantId, case_id: CaseId) -> Access:
        """Return who may see a case, or raise NotFound."""

        def read(tx: Transaction) -> Access:
            views.get_case(tx, tenant, case_id)
            return _access(tx, tenant, case_id)

        return await self._database.read(read)

    # Changing --------------------------------------------------------------------

    async def restrict(self, context: Context, case_id: CaseId, reason: str) -> Access:
        """Make a case confidential; who does it keeps seeing it.

        Raises:
            Conflict: it is confidential already.
            NotFound: there is no such case.
        """

        def work(tx: Transaction) -> Access:
            views.get_case(tx, context.tenant, case_id, lock=True)
            if _restriction(tx, context.tenant, case_id) is not None:
                raise Conflict(f"case {case_id} is confidential already")
            row = {
                "tenant_id": context.tenant,
                "case_id": case_id,
                "reason": reason,
                "actor_id": context.actor.id,
                "created_at": self._clock.now(),
            }
            tx.insert(CASE_RESTRICTIONS, [row])
            fact = Fact(RESTRICTED, case_id, {}, {"reason": reason})
            own = NewGrant(GranteeKind.USER, context.actor.id, "made it confidential")
            self._recorder.record(tx, context, [fact])
            self._grant(tx, context, case_id, own, GRANTED)
            return _access(tx, context.tenant, case_id)

        return await self._database.transact(work)

    async def unrestrict(
        self, context: Context, case_id: CaseId, reason: str
    ) -> Access:
        """Let all see a case again whom a role lets; its grants end.

        Raises:
            Conflict: it is not confidential.
            NotFound: there is no such case.
        """

        def work(tx: Transaction) -> Access:
            self._restricted(tx, context.tenant, case_id)
            for table in (CASE_GRANTS, CASE_RESTRICTIONS):
                tx.execute(
                    sa.delete(table).where(
                        table.c.tenant_id == context.tenant,
                        table.c.case_id == case_id,
                    )
                )
            fact = Fact(UNRESTRICTED, case_id, {}, {"reason": reason})
            self._recorder.record(tx, context, [fact])
            return Access(case_id, confidential=False)

        return await self._database.transact(work)

    async def grant(self, context: Context, case_id: CaseId, new: NewGrant) -> Grant:
        """Let somebody else see a confidential case.

        Raises:
            Conflict: it is not confidential.
            InvalidInput: the end lies in the past.
            NotFound: there is no such case.
        """
        if new.expires_at is not None and new.expires_at <= self._clock.now():
            raise InvalidInput(
                "the grant is not valid",
                errors=(FieldError("expires_at", "is over", "name a time to come"),),
            )

        def work(tx: Transaction) -> Grant:
            self._restricted(tx, context.tenant, case_id)
            return self._grant(tx, context, case_id, new, GRANTED)

        return await self._database.transact(work)

    async def revoke(self, context: Context, case_id: CaseId, grant_id: str) -> None:
        """Take a grant back.

        Raises:
            NotFound: there is no such grant of the case.
        """

        def work(tx: Transaction) -> None:
            found = [
                grant
                for grant in _access(tx, context.tenant, case_id).grants
                if grant.id == grant_id
            ]
            if not found:
                raise NotFound(f"case {case_id} has no grant {grant_id}")
            tx.execute(
                sa.delete(CASE_GRANTS).where(
                    CASE_GRANTS.c.tenant_id == context.tenant,
                    CASE_GRANTS.c.id == grant_id,
                )
            )
            self._recorder.record(tx, context, [_fact(REVOKED, found[0])])

        return await self._database.transact(work)

    async def break_glass(
        self, context: Context, case_id: CaseId, reason: str
    ) -> Grant:
        """Open a confidential case to who asks, for `BREAK_GLASS`, on the record.

        Raises:
            Conflict: it is not confidential: nothing is to be broken.
            NotFound: there is no such case.
        """
        new = NewGrant(
            GranteeKind.USER,
            context.actor.id,
            reason,
            self._clock.now() + BREAK_GLASS,
        )

        def work(tx: Transaction) -> Grant:
            self._restricted(tx, context.tenant, case_id)
            return self._grant(tx, context, case_id, new, BROKEN)

        return await self._database.transact(work)

    def _restricted(self, tx: Transaction, tenant: TenantId, case_id: CaseId) -> None:
        views.get_case(tx, tenant, case_id, lock=True)
        if _restriction(tx, tenant, case_id) is None:
            raise Conflict(f"case {case_id} is not confidential")

    def _grant(
        self, tx: Transaction, context: Context, case: CaseId, new: NewGrant, what: str
    ) -> Grant:
        grant = Grant(
            tenant=context.tenant,
            id=self._ids.new("grant"),
            case_id=case,
            kind=new.kind,
            grantee=new.grantee,
            reason=new.reason,
            granted_by=context.actor.id,
            granted_at=self._clock.now(),
            expires_at=new.expires_at,
            broken=what == BROKEN,
        )
        tx.insert(CASE_GRANTS, [_row(grant)])
        self._recorder.record(tx, context, [_fact(what, grant)])
        return grant


def _restriction(tx: Transaction, tenant: TenantId, case_id: CaseId) -> Any:  # noqa: ANN401 - a row
    table = CASE_RESTRICTIONS
    return tx.execute(
        sa.select(table).where(table.c.tenant_id == tenant, table.c.case_id == case_id)
    ).one_or_none()


def _access(tx: Transaction, tenant: TenantId, case_id: CaseId) -> Access:
    row = _restriction(tx, tenant, case_id)
    if row is None:
        return Access(case_id, confidential=False)
    return Access(
        case_id,
        confidential=True,
        reason=row.reason,
        restricted_by=row.actor_id,
        restricted_at=row.created_at,
        grants=tuple(_grants(tx, tenant, case_id)),
    )


def _grants(tx: Transaction, tenant: TenantId, case_id: CaseId) -> Sequence[Grant]:
    table = CASE_GRANTS
    query = (
        sa.select(table)
        .where(table.c.tenant_id == tenant, table.c.case_id == case_id)
        .order_by(table.c.id)
    )
    return [
        Grant(
            tenant=row.tenant_id,
            id=row.id,
            case_id=CaseId(row.case_id),
            kind=GranteeKind(row.kind),
            grantee=row.grantee,
            reason=row.reason,
            granted_by=row.granted_by,
            granted_at=row.granted_at,
            expires_at=row.expires_at,
            broken=row.broken,
        )
        for row in tx.execute(query)
    ]


def _row(grant: Grant) -> dict[str, Any]:
    return {
        "tenant_id": grant.tenant,
        "id": grant.id,
        "case_id": grant.case_id,
        "kind": grant.kind.value,
        "grantee": grant.grantee,
        "reason": grant.reason,
        "granted_by": grant.granted_by,
        "granted_at": grant.granted_at,
        "expires_at": grant.expires_at,
        "broken": grant.broken,
    }


def _fact(what: str, grant: Grant) -> Fact:
    return Fact(
        type=what,
        subject=grant.case_id,
        data={
            "grant": grant.id,
            "kind": grant.kind.value,
            "grantee": grant.grantee,
            "expires_at": format_time(grant.expires_at) if grant.expires_at else None,
        },
        personal={"reason": grant.reason},
    )
