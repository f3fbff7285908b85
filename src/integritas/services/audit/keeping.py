"""Retention, legal hold and erasure: payloads go, hashes stay, and the log tells of it.

A pruning is verified by the entries around it, so it must not hide what was wrong
before: whoever prunes verifies first (`AuditTrail.prune`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson
import sqlalchemy as sa

from integritas.journal.api import ERASED
from integritas.kernel.clock import Clock, Randomness, format_time
from integritas.kernel.errors import FieldError, InvalidInput, NotFound, Refused
from integritas.services.audit import store
from integritas.services.audit.drafts import RESERVED
from integritas.services.audit.records import (
    ERASURES,
    EVERYTHING,
    HELD,
    HOLDS,
    PRUNINGS,
    RELEASED,
    Hold,
    Record,
    holds_of,
    is_pruned,
    pruned_data,
    record_draft,
    stub_of,
)
from integritas.services.audit.tables import AUDIT_ENTRIES, AUDIT_PERSONAL

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from integritas.journal.api import Entry, Journal
    from integritas.kernel.contracts import Context, LoggedEntry
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Database, Transaction
    from integritas.services.audit.sealing import Sealer

__all__ = ["Keeper", "held_subjects"]

_AT_ONCE: Final = 500
_REASON: Final = 4_000
_SUBJECT: Final = 200


class Keeper:
    """Decides what stays of the payloads of all tenants' logs."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        sealer: Sealer,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        """Keep the logs that `sealer` appends to."""
        self._database = database
        self._journal = journal
        self._sealer = sealer
        self._clock = clock
        self._randomness = randomness

    async def holds(self, tenant: TenantId) -> Sequence[Hold]:
        """Return the legal holds that last, by subject."""
        found = await self._database.read(lambda tx: _holds(tx, tenant))
        return [found[subject] for subject in sorted(found)]

    async def hold(self, context: Context, subject: str, reason: str) -> None:
        """Keep everything on a subject until it is released; `*` is everything.

        Raises:
            InvalidInput: no subject, or no reason.
        """
        _check(subject, reason)
        await self._database.transact(
            lambda tx: self._tell(tx, context, Record(HOLDS, subject, reason, {}, HELD))
        )

    async def release(self, context: Context, subject: str, reason: str) -> None:
        """End a legal hold.

        Raises:
            InvalidInput: no subject, or no reason.
            NotFound: it is under none.
        """
        _check(subject, reason)
        record = Record(HOLDS, subject, reason, {}, RELEASED)

        def work(tx: Transaction) -> None:
            if subject not in _holds(tx, context.tenant):
                raise NotFound(f"{subject!r} is under no legal hold")
            self._tell(tx, context, record)

        await self._database.transact(work)

    async def erase(self, context: Context, subject: str, reason: str) -> int:
        """Erase the personal data beside entries on a subject; return how much.

        Entries and hashes stay, and so do the reasons given for erasing.

        Raises:
            InvalidInput: no subject, or no reason.
            Refused: it is under legal hold.
        """
        _check(subject, reason)
        seqs: list[int] = []
        after = 0
        while page := await self._journal.read_subject(
            context.tenant, subject, after=after
        ):
            seqs += [entry.seq for entry in page if _erasable(entry)]
            after = page[-1].seq

        def work(tx: Transaction) -> int:
            if not {subject, EVERYTHING}.isdisjoint(_holds(tx, context.tenant)):
                raise Refused(f"{subject!r} is under legal hold: nothing is erased")
            erased = self._journal.erase(
                tx, context, seqs, subject=subject, reason=reason
            )
            events = store.outside_on(tx, context.tenant, subject)
            others = [name for name in events if not name.startswith(RESERVED)]
            there = store.with_personal(tx, context.tenant, others)
            for start in range(0, len(there), _AT_ONCE // 4):
                some = there[start : start + _AT_ONCE // 4]
                _forget(tx, context.tenant, some)
                record = Record(ERASURES, subject, reason, {"events": list(some)})
                self._tell(tx, context, record)
            return erased + len(there)

        return await self._database.transact(work)

    async def prune(self, context: Context, before: datetime, reason: str) -> int:
        """Prune what is older than `before` and not held; return how many entries.

        A few a transaction, each told of in it, so a crash leaves nothing untold.

        Raises:
            InvalidInput: no reason, or `before` lies ahead.
        """
        _check("log", reason)
        now = self._clock.now()
        if before > now:  # a slip in the year would take everything, for good
            told = f"{format_time(before)} lies ahead of {format_time(now)}"
            raise InvalidInput(
                "nothing is pruned",
                errors=(FieldError("before", told, "choose a time that is past"),),
            )
        total = start = 0
        size = (await self._database.read(lambda tx: _size(tx, context.tenant))) or 0
        while start < size:
            first = start
            start, done = await self._database.transact(
                lambda tx, f=first: self._prune(tx, context, f, before, reason)  # type: ignore[misc] # mypy sees no default
            )
            total += done
        return total

    def _prune(
        self,
        tx: Transaction,
        context: Context,
        start: int,
        before: datetime,
        reason: str,
    ) -> tuple[int, int]:
        """Prune among the next entries; return where to go on, and how many."""
        tenant = context.tenant
        page = store.entries_from(tx, tenant, start=start, limit=_AT_ONCE)
        following = page[-1].index + 1 if page else 2**62
        held = _holds(tx, tenant)
        limit = format_time(before)
        chosen = [entry for entry in page if _prunable(entry, limit, held)]
        if not chosen:
            return following, 0
        stubs = {entry.index: stub_of(entry) for entry in chosen}
        tx.update(
            AUDIT_ENTRIES,
            {"tenant_id": [tenant] * len(stubs), "idx": list(stubs)},
            {"body": list(stubs.values())},
        )
        documents = [orjson.loads(entry.body) for entry in chosen]
        seqs = [d["seq"] for d in documents if type(d.get("seq")) is int]
        origin = self._sealer.origin(tenant)[:_SUBJECT]
        self._journal.erase(tx, context, seqs, subject=origin, reason=reason)
        _forget(tx, tenant, [entry.event_id for entry in chosen])
        record = Record(PRUNINGS, origin, reason, pruned_data(stubs))
        self._tell(tx, context, record)
        return following, len(chosen)

    def _tell(self, tx: Transaction, context: Context, record: Record) -> None:
        time = format_time(self._clock.now())
        draft = record_draft(context, record, time, self._randomness)
        self._sealer.append(tx, context.tenant, [draft])


def held_subjects(tx: Transaction, tenant: TenantId) -> Collection[str]:
    """Return the subjects under legal hold; `*` is everything."""
    return _holds(tx, tenant).keys()


def _erasable(entry: Entry) -> bool:
    return entry.commitment is not None and entry.type != ERASED


def _prunable(entry: LoggedEntry, limit: str, held: Collection[str]) -> bool:
    if is_pruned(entry) or entry.event_id.startswith(RESERVED) or EVERYTHING in held:
        return False
    document = orjson.loads(entry.body)
    return str(document["time"]) < limit and document.get("subject") not in held


def _holds(tx: Transaction, tenant: TenantId) -> dict[str, Hold]:
    return holds_of(store.find_records(tx, tenant, HOLDS))


def _size(tx: Transaction, tenant: TenantId) -> int | None:
    head = store.find_head(tx, tenant)
    return head.size if head is not None else None


def _forget(tx: Transaction, tenant: TenantId, event_ids: Sequence[str]) -> None:
    table = AUDIT_PERSONAL
    tx.execute(
        sa.delete(table).where(
            table.c.tenant_id == tenant, table.c.event_id.in_(event_ids)
        )
    )


def _check(subject: str, reason: str) -> None:
    errors = []
    if not 0 < len(subject) <= _SUBJECT:
        errors.append(FieldError("subject", f"is not of 1 to {_SUBJECT} characters"))
    if not reason.strip() or len(reason) > _REASON:
        errors.append(
            FieldError("reason", f"is not of 1 to {_REASON} characters", "say why")
        )
    if errors:
        raise InvalidInput("nothing is done without these", errors=tuple(errors))
