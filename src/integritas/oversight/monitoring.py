"""Ongoing monitoring: what is new on a list is screened against the parties of cases.

For each tenant and list the database holds the version that its cases were screened
against last, the one that a walk over them is for, and how far the walk is. A page of
cases and what it finds are written in one unit of work with the walk's place, so a walk
goes on after a crash where it was. An open case is assessed again by its workflow; for
a closed one, which is final, a new case is opened with the parties it was about. A case
is told of the same state of an entry once.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import sqlalchemy as sa
import structlog

from integritas.cases.api import LookAgain, NewEvidence, NewSubmission
from integritas.kernel.contracts import SYSTEM, Context, Failure, FindingKind
from integritas.kernel.errors import Conflict, Unavailable
from integritas.kernel.states import FINAL_STATES, CaseState
from integritas.oversight.tables import LIST_WATCH, LIST_WATCH_HITS
from integritas.platform.health import DEGRADED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from integritas.cases.api import Case, CaseDesk
    from integritas.journal.api import Journal
    from integritas.kernel.contracts import Assessment, Dossier, Finding
    from integritas.kernel.ids import CaseId, TenantId
    from integritas.platform.db import Database, Transaction

__all__ = ["ListMonitor", "Rescreener", "forget_told"]

CHANNEL: Final = "monitoring"
_SERVICE: Final = "compliance"
_REASON: Final = "a watchlist has changed"
_PAGE: Final = 200
_POLL_S: Final = 1.0
# The name under which it is kept that a tenant is watched at all.
_ANY: Final = "-"
_LOG = structlog.get_logger(__name__)


class ListState(Protocol):
    """A list in force."""

    @property
    def name(self) -> str:
        """Return the list's name."""
        ...

    @property
    def digest(self) -> str:
        """Return the hash of exactly this state."""
        ...


class Rescreener(Protocol):
    """Who screens: the compliance service, here or elsewhere."""

    async def list_versions(self) -> Sequence[ListState]:
        """Return the lists in force."""
        ...

    async def rescreen(
        self, since: Mapping[str, str], batch: Sequence[Dossier]
    ) -> Sequence[Assessment | Failure]:
        """Return hits of what is new or changed since versions of lists."""
        ...


class _Watch(Protocol):
    list: str
    digest: str
    target: str
    cursor: str


class ListMonitor:
    """Walks over the cases of all tenants whenever a list is another one."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        desk: CaseDesk,
        screener: Rescreener,
        page: int = _PAGE,
    ) -> None:
        """Change cases through the desk, those of a `page` in a unit of work."""
        self._size = page
        self._database = database
        self._journal = journal
        self._desk = desk
        self._screener = screener
        self._seen: tuple[object, ...] = ()
        self._error: Exception | None = None

    async def run(self) -> None:
        """Watch until cancelled; what fails is tried again."""
        while True:
            try:
                await self.catch_up()
                self._error = None
            except Exception as error:  # noqa: BLE001 - told, and tried again
                _LOG.error("monitoring.failed", error=str(error))
                self._error = error
            await asyncio.sleep(_POLL_S)

    async def ping(self) -> str | None:
        """Return None if all is well, else what the last try failed with."""
        return None if self._error is None else f"{DEGRADED}{self._error}"

    async def catch_up(self) -> int:
        """Walk to the end of all that is due; return how many cases were told."""
        lists = {one.name: one.digest for one in await self._screener.list_versions()}
        tenants = await self._journal.tenants()
        seen = (tuple(sorted(lists.items())), tuple(tenants))
        if seen == self._seen:
            return 0
        told = 0
        for tenant in tenants:
            for name, digest in sorted(lists.items()):
                begin = partial(_due, tenant=tenant, name=name, digest=digest)
                watch = await self._database.transact(begin)
                while watch is not None:
                    moved, watch = await self._page(tenant, watch)
                    told += moved
            if not lists:
                await self._database.transact(partial(_mark, tenant=tenant))
        self._seen = seen
        return told

    async def _page(self, tenant: TenantId, watch: _Watch) -> tuple[int, _Watch | None]:
        """Rescreen some cases; return how many were told, and how the walk goes on."""
        cases = await self._desk.list(
            tenant, before=watch.cursor or None, limit=self._size
        )
        dossiers = await self._desk.dossiers(tenant, [case.id for case in cases])
        asked = [case for case in cases if case.id in dossiers]
        answers = await self._screener.rescreen(
            {watch.list: watch.digest}, [dossiers[case.id] for case in asked]
        )
        found = [
            (case, dossiers[case.id], hits)
            for case, answer in zip(asked, answers, strict=True)
            if (hits := _hits(answer))
        ]

        def work(tx: Transaction) -> tuple[int, _Watch | None]:
            now = _read(tx, tenant, watch.list, lock=True)
            if now is None or now.cursor != watch.cursor or now.target != watch.target:
                raise Conflict(f"another process walks for {watch.list}")
            told = sum(self._tell(tx, tenant, *one) for one in found)
            if len(cases) < self._size:
                _write(tx, tenant, watch.list, digest=watch.target, cursor="")
                return told, None
            _write(tx, tenant, watch.list, cursor=cases[-1].id)
            return told, _read(tx, tenant, watch.list)

        return await self._database.transact(work)

    def _tell(
        self,
        tx: Transaction,
        tenant: TenantId,
        case: Case,
        dossier: Dossier,
        hits: Sequence[Finding],
    ) -> bool:
        """Have a case looked at again for what it was not told of; say whether."""
        new = [hit for hit in hits if _note(tx, tenant, case, hit)]
        known = {
            _key(record.finding)
            for record in self._desk.findings_in(tx, tenant, case.id)
            if record.finding.kind is FindingKind.HIT
        }
        new = [hit for hit in new if _key(hit) not in known]
        # A failed case is assessed in full when it is re-driven, a merged one with the
        # case that it went into.
        if not new or case.state is CaseState.FAILED or case.merged_into is not None:
            return False
        context = Context(tenant, SYSTEM, f"monitoring:{case.id}")
        if case.state in FINAL_STATES:
            named = {hit.subject.evidence for hit in new}
            items = tuple(
                NewEvidence(item.content, item.sha256)
                for item in dossier.evidence
                if item.id in named
            )
            submission = NewSubmission(
                channel=CHANNEL,
                evidence=items,
                title=f"Rescreening of {case.number}",
                reference=case.id,
            )
            self._desk.open_in(tx, [(context, submission)])
            return True
        command = LookAgain(
            _SERVICE,
            _REASON,
            {"entries": [f"{h.data['list']}/{h.data['uid']}" for h in new]},
        )
        [answer] = self._desk.store.change_cases(tx, [(context, case.id, command)])
        if isinstance(answer, Exception):
            raise answer
        return True


def forget_told(tx: Transaction, tenant: TenantId, cases: Collection[CaseId]) -> int:
    """Forget which entries cases were told of; return how many rows went.

    Whom a party of a case resembles is personal. A case that keeps other evidence may
    be told once more of an entry that comes again.
    """
    table = LIST_WATCH_HITS
    mine = (table.c.tenant_id == tenant) & table.c.case_id.in_(sorted(cases))
    return int(tx.execute(sa.delete(table).where(mine)).rowcount)


def _hits(answer: Assessment | Failure) -> Sequence[Finding]:
    if isinstance(answer, Failure):
        raise Unavailable(f"{_SERVICE} did not rescreen: {answer.detail}")
    return answer.findings


def _key(hit: Finding) -> tuple[str, ...]:
    return tuple(str(hit.data.get(name)) for name in ("list", "uid", "entry_digest"))


def _note(tx: Transaction, tenant: TenantId, case: Case, hit: Finding) -> bool:
    """Keep that a case is told of an entry; False if it was before."""
    table = LIST_WATCH_HITS
    list_, uid, digest = _key(hit)
    row = {
        "tenant_id": tenant,
        "case_id": case.id,
        "list": list_,
        "uid": uid,
        "entry_digest": digest,
    }
    same = [table.c[name] == value for name, value in row.items()]
    if tx.execute(sa.select(table.c.uid).where(*same)).first() is not None:
        return False
    tx.execute(sa.insert(table).values(row))
    return True


def _due(tx: Transaction, tenant: TenantId, name: str, digest: str) -> _Watch | None:
    """Return the walk that is due for a list, begun if need be, None if none is."""
    watch = _read(tx, tenant, name, lock=True)
    if watch is None:
        # A tenant that was never watched: its cases were assessed against these lists.
        watched = _read(tx, tenant, _ANY) is not None
        _mark(tx, tenant)
        row = {"tenant_id": tenant, "list": name, "cursor": "", "target": digest}
        row["digest"] = "" if watched else digest
        tx.execute(sa.insert(LIST_WATCH).values(row))
    elif watch.target == watch.digest != digest:
        _write(tx, tenant, name, target=digest, cursor="")
    watch = _read(tx, tenant, name)
    return watch if watch and watch.digest != watch.target else None


def _mark(tx: Transaction, tenant: TenantId) -> None:
    if _read(tx, tenant, _ANY) is None:
        row = {"tenant_id": tenant, "list": _ANY, "digest": "", "target": ""}
        tx.execute(sa.insert(LIST_WATCH).values({**row, "cursor": ""}))


def _read(
    tx: Transaction, tenant: TenantId, name: str, *, lock: bool = False
) -> _Watch | None:
    query = sa.select(LIST_WATCH).where(
        LIST_WATCH.c.tenant_id == tenant, LIST_WATCH.c.list == name
    )
    if lock and tx.dialect == "postgresql":
        query = query.with_for_update()
    row: _Watch | None = tx.execute(query).first()
    return row


def _write(tx: Transaction, tenant: TenantId, name: str, **values: str) -> None:
    tx.execute(
        sa.update(LIST_WATCH)
        .where(LIST_WATCH.c.tenant_id == tenant, LIST_WATCH.c.list == name)
        .values(**values)
    )
