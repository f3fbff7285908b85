"""What the spam service knows of a tenant: sightings, campaigns, feedback.

Everything learned is stored first, in one unit of work with the note that its event was
learned from, or with the entry that tells of it; memory is rebuilt from the store when
a tenant is first asked for. The desk needs no model: where the service is elsewhere,
the gateway asks a desk of its own over the same database.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from integritas.kernel.contracts import Fact
from integritas.kernel.errors import FieldError, InvalidInput, NotFound
from integritas.platform.db import Transaction
from integritas.platform.observed import note_observed, was_observed
from integritas.services.spam import store
from integritas.services.spam.campaigns import MOST, Window
from integritas.services.spam.online import (
    MOST_LESSONS,
    NOTHING_TAUGHT,
    OnlineLayer,
    teach,
)
from integritas.services.spam.placing import follow, placed
from integritas.services.spam.sighting import Told
from integritas.services.spam.tables import SPAM_OBSERVED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import (
        Context,
        Evidence,
        Recorder,
        UnitOfWork,
    )
    from integritas.kernel.ids import EventId, IdFactory, TenantId
    from integritas.platform.db import Database
    from integritas.services.spam.store import (
        CampaignRow,
        FeedbackRow,
        MemberRow,
    )

__all__ = [
    "FEEDBACK_GIVEN",
    "FEEDBACK_WITHDRAWN",
    "Known",
    "SpamDesk",
    "Target",
    "Told",
]

_UNKNOWN: Final = (
    "no such message is known: it is learned of soon after its case was opened"
)
FEEDBACK_GIVEN: Final = "integritas.spam.feedback_given.v1"
FEEDBACK_WITHDRAWN: Final = "integritas.spam.feedback_withdrawn.v1"
RETENTION_DAYS: Final = 400
"""How long sightings are kept: feedback and drift look further back than a window."""
REFRESHED_S: Final = 5.0
"""How long a process answers from memory before it looks what others learned."""
_FORGOTTEN: Final = 4
"""Sightings looked at to be forgotten, for each that is learned."""


class Target(NamedTuple):
    """What feedback is about: exactly one of them."""

    evidence: str | None = None
    case: str | None = None
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What an assessment may lean on: a window up to a cursor, and the layer."""

    window: Window
    cursor: int
    layer: OnlineLayer

    @property
    def versions(self) -> dict[str, str]:
        """Return the cursors, as an assessment names them."""
        return {"campaigns": str(self.cursor), "feedback": self.layer.version}


@dataclass(slots=True)
class _Memory:
    window: Window = field(default_factory=Window)
    cursor: int = 0
    layer: OnlineLayer = NOTHING_TAUGHT
    read_at_s: float = 0.0


class SpamDesk:
    """What was learned for all tenants, over one database."""

    def __init__(
        self, database: Database, clock: Clock, ids: IdFactory, recorder: Recorder
    ) -> None:
        """Read nothing yet."""
        self._database = database
        self._clock = clock
        self._ids = ids
        self._recorder = recorder
        self._memories: dict[TenantId, _Memory] = {}
        self._lock = asyncio.Lock()

    # Learning ---------------------------------------------------------------------

    async def learn(
        self, event_id: EventId, tenant: TenantId, batch: Sequence[Told]
    ) -> None:
        """Keep messages; the same event, or the same message, counts once."""
        async with self._lock:
            memory = await self._caught_up(tenant)
            fresh = await self._database.read(
                lambda tx: _fresh(tx, tenant, event_id, batch)
            )
            rows, joined = placed(memory.window, fresh)

            def work(tx: Transaction) -> bool:
                new = note_observed(tx, SPAM_OBSERVED, tenant, event_id)
                if new and rows:
                    store.insert_sightings(tx, tenant, rows)
                    for old, into in joined:
                        store.join_campaigns(tx, tenant, old, into)
                    oldest = rows[-1].seen_at - timedelta(days=RETENTION_DAYS)
                    store.forget_before(tx, tenant, oldest, most=_FORGOTTEN * len(rows))
                return new

            kept = False
            try:
                kept = await self._database.transact(work)
            finally:
                if not kept:  # memory is ahead of the store: read it anew
                    self._memories.pop(tenant, None)
            memory.cursor = memory.window.cursor

    async def known(self, tenant: TenantId) -> Known:
        """Return what an assessment may lean on now.

        What other processes learned is heard of within `REFRESHED_S`.
        """
        memory = self._memories.get(tenant)
        if memory is None or self._is_old(memory):
            async with self._lock:
                memory = await self._refreshed(tenant)
        return Known(memory.window, memory.cursor, memory.layer)

    def erase(
        self, uow: UnitOfWork, tenant: TenantId, evidence: Sequence[Evidence]
    ) -> int:
        """Erase what was learned of items of evidence; return how many rows.

        This process forgets with the commit; others when they next read all anew.
        """
        assert isinstance(uow, Transaction)  # noqa: S101 - narrows the protocol
        gone = store.erase_evidence(uow, tenant, sorted(item.id for item in evidence))
        if gone:
            uow.after_commit(lambda: self._forget(tenant))
        return gone

    def _forget(self, tenant: TenantId) -> None:
        self._memories.pop(tenant, None)

    # Campaigns --------------------------------------------------------------------

    async def campaigns(
        self,
        tenant: TenantId,
        *,
        before: str | None,
        limit: int,
        case: str | None = None,
        withheld: frozenset[str] = store.NOTHING,
    ) -> Sequence[CampaignRow]:
        """Return campaigns (a case's), the one that began last first, behind an id.

        Cases that are `withheld`, here and below, are as if they were not there.
        """
        return await self._database.read(
            lambda tx: store.list_campaigns(
                tx, tenant, before=before, limit=limit, case=case, withheld=withheld
            )
        )

    async def campaign(
        self,
        tenant: TenantId,
        name: str,
        *,
        before: int | None = None,
        limit: int = 500,
        withheld: frozenset[str] = store.NOTHING,
    ) -> tuple[CampaignRow, Sequence[MemberRow]]:
        """Return a campaign and its messages, the newest first, behind a number.

        Raises:
            NotFound: there is none of that id.
        """

        def read(tx: Transaction) -> tuple[CampaignRow | None, Sequence[MemberRow]]:
            found = store.find_campaign(tx, tenant, name, withheld)
            return found, store.list_members(
                tx, tenant, name, before=before, limit=limit, withheld=withheld
            )

        found, members = await self._database.read(read)
        if found is None:
            raise NotFound(f"there is no campaign {name}")
        return found, members

    # Feedback ---------------------------------------------------------------------

    async def give_feedback(
        self,
        context: Context,
        target: Target,
        label: str,
        reason: str,
        withheld: frozenset[str] = store.NOTHING,
    ) -> Sequence[FeedbackRow]:
        """Learn from an analyst what an item, a case or a campaign is.

        Raises:
            InvalidInput: not exactly one of them is named.
            NotFound: no message of it was learned of.
        """
        if sum(part is not None for part in target) != 1:
            raise InvalidInput(
                "say what the feedback is about",
                errors=(
                    FieldError(
                        "(whole)",
                        "names not exactly one of evidence, case, campaign",
                        "give one of them",
                    ),
                ),
            )
        tenant, now = context.tenant, self._clock.now()

        def work(tx: Transaction) -> Sequence[FeedbackRow]:
            chosen = store.find_sightings(
                tx,
                tenant,
                evidence=target.evidence,
                case=target.case,
                campaign=target.campaign,
                withheld=withheld,
            )
            if not chosen:
                raise NotFound(_UNKNOWN)
            keys = self._ids.many("fdb", len(chosen))
            rows = [
                store.FeedbackRow(key, item, label, reason, context.actor.id, now)
                for key, item in zip(keys, chosen, strict=True)
            ]
            store.insert_feedback(tx, tenant, rows)
            facts = [
                Fact(
                    FEEDBACK_GIVEN,
                    row.evidence_id,
                    {"feedback": row.id, "label": label},
                    {"reason": reason} if reason else None,
                )
                for row in rows
            ]
            self._recorder.record(tx, context, facts)
            return rows

        rows = await self._database.transact(work)
        await self._relearn(tenant)
        return rows

    async def withdraw_feedback(
        self, context: Context, key: str, withheld: frozenset[str] = store.NOTHING
    ) -> FeedbackRow:
        """Take feedback back, as if it had never been given; a second time is no error.

        Raises:
            NotFound: there is none of that id.
        """
        tenant, now = context.tenant, self._clock.now()

        def work(tx: Transaction) -> FeedbackRow:
            found = store.withdraw_feedback(
                tx, tenant, key, context.actor.id, now, withheld=withheld
            )
            if found is None:
                raise NotFound(f"there is no feedback {key}")
            if found.withdrawn_at is not None:
                return found
            fact = Fact(FEEDBACK_WITHDRAWN, found.evidence_id, {"feedback": key})
            self._recorder.record(tx, context, [fact])
            return found._replace(withdrawn_by=context.actor.id, withdrawn_at=now)

        row = await self._database.transact(work)
        await self._relearn(tenant)
        return row

    async def feedback(
        self, tenant: TenantId, *, before: str | None, limit: int
    ) -> Sequence[FeedbackRow]:
        """Return feedback, withdrawn or not, the newest first, behind an id."""
        return await self._database.read(
            lambda tx: store.list_feedback(tx, tenant, before=before, limit=limit)
        )

    async def _relearn(self, tenant: TenantId) -> None:
        async with self._lock:
            memory = self._memories.get(tenant)
            if memory is not None:
                memory.layer = await self._layer(tenant)

    async def _layer(self, tenant: TenantId) -> OnlineLayer:
        lessons, version = await self._database.read(
            lambda tx: store.read_lessons(tx, tenant, most=MOST_LESSONS)
        )
        return await asyncio.to_thread(teach, lessons, version)

    def _is_old(self, memory: _Memory) -> bool:
        return self._clock.monotonic() - memory.read_at_s >= REFRESHED_S

    async def _refreshed(self, tenant: TenantId) -> _Memory:
        """Return a tenant's memory with what is stored, the lock being held."""
        known = self._memories.get(tenant)
        if known is not None and not self._is_old(known):
            return known  # another was faster
        memory = await self._caught_up(tenant)
        version = await self._database.read(
            lambda tx: store.read_version(tx, tenant),
        )
        if version != memory.layer.version:
            memory.layer = await self._layer(tenant)
        memory.read_at_s = self._clock.monotonic()
        return memory

    async def _caught_up(self, tenant: TenantId) -> _Memory:
        """Return a tenant's memory with all that was seen, the lock being held."""
        memory = self._memories.get(tenant)
        new = memory is None
        memory = memory or _Memory()
        later = await self._database.read(
            lambda tx: store.read_window(
                tx, tenant, after=memory.window.cursor, most=MOST
            )
        )
        for sighting in later:
            if not new:
                follow(memory.window, sighting)
            memory.window.add(sighting)
        memory.cursor = memory.window.cursor
        if new:
            memory.layer = await self._layer(tenant)
            memory.read_at_s = self._clock.monotonic()
            self._memories[tenant] = memory
        return memory


def _fresh(
    tx: Transaction, tenant: TenantId, event_id: EventId, batch: Sequence[Told]
) -> Sequence[Told]:
    """Return the messages that were not learned of before."""
    if was_observed(tx, SPAM_OBSERVED, tenant, event_id):
        return ()
    known = store.known_evidence(tx, tenant, [told.row.evidence_id for told in batch])
    unique = {told.row.evidence_id: told for told in batch}
    return [told for key, told in unique.items() if key not in known]
