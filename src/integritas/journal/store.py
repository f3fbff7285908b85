"""The journal over a database: append in a unit of work, read from a cursor."""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa
import structlog

from integritas.journal.reading import (
    ERASED,
    Entry,
    entry_of,
    locked_head,
    read_entries,
    read_head,
    read_heads,
)
from integritas.journal.settled import since_settled
from integritas.journal.tables import JOURNAL, JOURNAL_PERSONAL
from integritas.kernel.clock import format_time, parse_time
from integritas.kernel.contracts import SYSTEM, Context, Fact
from integritas.kernel.errors import StorageFailure
from integritas.kernel.ids import EventId, IdFactory, TenantId
from integritas.platform.columns import Blob
from integritas.platform.db import Database, Transaction
from integritas.platform.json_text import json_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from pydantic import JsonValue

    from integritas.journal.settled import SettledMark
    from integritas.kernel.clock import Clock, Randomness
    from integritas.kernel.contracts import Actor, UnitOfWork

__all__ = ["GREW", "SALT_BYTES", "Journal", "Personal", "commitment_of"]

SALT_BYTES: Final = 16
GREW: Final = "integritas.journal.grew_while_stopped.v1"
_AT_ONCE: Final = 1_000
_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Personal:
    """Personal data beside an entry; `payload` is JSON, the commitment's preimage."""

    salt: bytes
    payload: bytes

    def value(self) -> Any:  # noqa: ANN401 - any JSON object
        """Return the payload parsed."""
        return orjson.loads(self.payload)


def commitment_of(salt: bytes, payload: bytes) -> str:
    """Return the commitment (hex): SHA-256 of salt and payload."""
    return hashlib.sha256(salt + payload).hexdigest()


class Journal:
    """The journal; satisfies `kernel.contracts.Recorder`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        randomness: Randomness,
        ids: IdFactory,
        mark: SettledMark | None = None,
    ) -> None:
        """Keep the journal in `database`; `mark` says where an orderly stop left it."""
        self.database: Final = database
        self.mark: Final = mark
        self._clock = clock
        self._randomness = randomness
        self._ids = ids
        self._lock = threading.Lock()
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def record(
        self, uow: UnitOfWork, context: Context, facts: Sequence[Fact], /
    ) -> Sequence[EventId]:
        """Append the facts in order; return the ids of their entries."""
        return self.record_all(uow, [(context, fact) for fact in facts])

    def record_all(
        self, uow: UnitOfWork, facts: Sequence[tuple[Context, Fact]], /
    ) -> Sequence[EventId]:
        """Append facts of several contexts (and tenants), in order."""
        assert isinstance(uow, Transaction)  # noqa: S101 - narrows the protocol
        if not facts:
            return []
        if self.mark is not None and self.mark.there():
            self.unsettle(uow)
        seqs, commitments, personal = [], [], []
        now = self._clock.now()
        ids = self._ids.many("evt", len(facts))
        private = sum(
            fact.personal is not None or context.actor.address is not None
            for context, fact in facts
        )
        salts = memoryview(self._randomness.token_bytes(SALT_BYTES * private))
        roles: dict[frozenset[str], list[str]] = {}
        for context, fact in facts:
            tenant, actor = context.tenant, context.actor
            if actor.roles not in roles:
                roles[actor.roles] = sorted(actor.roles)
            head = uow.heads.get(tenant)
            if head is None:
                head = locked_head(uow, tenant)
            uow.heads[tenant] = seq = head + 1
            seqs.append(seq)
            commitment = None
            beside = _beside(actor, fact)
            if beside is not None:
                salt, salts = bytes(salts[:SALT_BYTES]), salts[SALT_BYTES:]
                payload = orjson.dumps(beside, option=orjson.OPT_SORT_KEYS)
                commitment = commitment_of(salt, payload)
                personal.append(
                    {
                        "tenant_id": tenant,
                        "seq": seq,
                        "salt": salt,
                        "payload": payload,
                    }
                )
            commitments.append(commitment)
        actors = [context.actor for context, _ in facts]
        uow.insert_columns(
            JOURNAL,
            {
                "tenant_id": [context.tenant for context, _ in facts],
                "seq": seqs,
                "event_id": ids,
                "type": [fact.type for _, fact in facts],
                "subject": [fact.subject for _, fact in facts],
                "time": [now] * len(facts),
                "actor_id": [actor.id for actor in actors],
                "actor_kind": [actor.kind._value_ for actor in actors],
                "actor_roles": [roles[actor.roles] for actor in actors],
                "correlation_id": [context.correlation_id for context, _ in facts],
                "data": [fact.data for _, fact in facts],
                "commitment": commitments,
            },
        )
        uow.insert(JOURNAL_PERSONAL, personal)
        uow.after_commit(self._notify)
        return [EventId(event_id) for event_id in ids]

    def unsettle(self, uow: Transaction) -> None:
        """Take away the mark of an orderly stop: from now on entries come.

        An entry tells of those that came since the stop: they are not the platform's.
        """
        if self.mark is None or not self.mark.there():
            return
        grown: Mapping[TenantId, tuple[int, int]] = {}
        try:
            since = since_settled(uow, self.mark)
        except StorageFailure as error:  # it says nothing: nobody can go by it
            _LOG.warning("journal.mark_unusable", error=error.detail)
        else:
            if since is None or not since.ours:
                return
            grown = since.grown
        self.mark.clear()
        facts = [
            (
                Context(tenant, SYSTEM, "start"),
                Fact(GREW, "journal", {"settled": end, "found": head}),
            )
            for tenant, (end, head) in grown.items()
        ]
        self.record_all(uow, facts)

    def erase(
        self,
        uow: UnitOfWork,
        context: Context,
        seqs: Sequence[int],
        *,
        subject: str,
        reason: str,
    ) -> int:
        """Erase the personal data beside entries, and record who did and why.

        The entries and their commitments stay. Whoever deletes it in another way will
        be told of by `audit verify`. Returns how much there was.
        """
        assert isinstance(uow, Transaction)  # noqa: S101 - narrows the protocol
        table = JOURNAL_PERSONAL
        erased = 0
        for start in range(0, len(seqs), _AT_ONCE):
            some = seqs[start : start + _AT_ONCE]
            ours = (table.c.tenant_id == context.tenant, table.c.seq.in_(some))
            there = sorted(uow.execute(sa.select(table.c.seq).where(*ours)).scalars())
            if there:
                uow.execute(sa.delete(table).where(*ours))
                fact = Fact(ERASED, subject, {"entries": there}, {"reason": reason})
                self.record(uow, context, [fact])
                erased += len(there)
        return erased

    async def missing_personal(self, tenant: TenantId, /) -> Sequence[int]:
        """Return the entries that have a commitment, nothing beside it, no erasure."""
        kept = JOURNAL_PERSONAL
        beside = sa.exists().where(
            kept.c.tenant_id == JOURNAL.c.tenant_id, kept.c.seq == JOURNAL.c.seq
        )
        ours = JOURNAL.c.tenant_id == tenant
        gone = sa.select(JOURNAL.c.seq).where(
            ours, JOURNAL.c.commitment.is_not(None), ~beside
        )
        told = sa.select(JOURNAL.c.data).where(ours, JOURNAL.c.type == ERASED)

        def read(tx: Transaction) -> Sequence[int]:
            missing = set(tx.execute(gone).scalars())
            if missing:
                for data in tx.execute(told).scalars():
                    missing.difference_update(data["entries"])
            return sorted(missing)

        return await self.database.read(read)

    async def read(
        self, tenant: TenantId, /, *, after: int = 0, limit: int = 1_000
    ) -> Sequence[Entry]:
        """Return up to `limit` entries whose `seq` exceeds `after`, in order."""
        return await self.database.read(
            lambda tx: read_entries(tx, tenant, after=after, limit=limit)
        )

    async def read_subject(
        self, tenant: TenantId, subject: str, /, *, after: int = 0, limit: int = 1_000
    ) -> Sequence[Entry]:
        """Return the entries on one subject, in order."""
        query = (
            sa.select(JOURNAL)
            .where(
                JOURNAL.c.tenant_id == tenant,
                JOURNAL.c.subject == subject,
                JOURNAL.c.seq > after,
            )
            .order_by(JOURNAL.c.seq)
            .limit(limit)
        )
        return await self.database.read(
            lambda tx: [entry_of(row) for row in tx.execute(query)]
        )

    async def read_types(
        self, tenant: TenantId, types: Collection[str], /
    ) -> Sequence[Entry]:
        """Return all entries of some types, in order: it looks at the whole journal."""
        return await self.database.read(
            lambda tx: read_entries(tx, tenant, after=0, types=types)
        )

    async def head(self, tenant: TenantId, /) -> int:
        """Return the highest `seq` of a tenant, 0 if it has no entry."""
        return await self.database.read(lambda tx: read_head(tx, tenant))

    async def tenants(self) -> Sequence[TenantId]:
        """Return the tenants that have entries."""
        return await self.database.read(lambda tx: list(read_heads(tx)))

    async def personal(self, tenant: TenantId, seq: int, /) -> Personal | None:
        """Return the personal data beside an entry; None if erased or never there."""
        table = JOURNAL_PERSONAL
        query = sa.select(table.c.salt, table.c.payload).where(
            table.c.tenant_id == tenant, table.c.seq == seq
        )
        row = await self.database.read(lambda tx: tx.execute(query).one_or_none())
        return Personal(row.salt, row.payload) if row is not None else None

    async def broken_commitments(
        self, tenant: TenantId, /, *, after: int | None, limit: int = 1_000
    ) -> tuple[Sequence[int], int | None]:
        """Look at personal data behind `after` (None: all of it), `limit` rows of it.

        Returns the numbers of entries whose commitment does not stand for what is kept
        beside them, and the number to go on behind, None at the end. What was erased
        is not kept, so it is not broken.
        """
        kept = JOURNAL_PERSONAL
        query = (
            sa.select(kept.c.seq, kept.c.salt, kept.c.payload, JOURNAL.c.commitment)
            .select_from(
                kept.outerjoin(
                    JOURNAL,
                    sa.and_(
                        JOURNAL.c.tenant_id == kept.c.tenant_id,
                        JOURNAL.c.seq == kept.c.seq,
                    ),
                )
            )
            .where(kept.c.tenant_id == tenant)
            .order_by(kept.c.seq)
            .limit(limit)
        )
        if after is not None:  # a forged number may be of any size
            query = query.where(kept.c.seq > after)
        rows = await self.database.read(lambda tx: list(tx.execute(query)))
        broken = [row.seq for row in rows if not _stands_for(row)]
        return broken, rows[-1].seq if len(rows) == limit else None

    async def oddly_written(
        self, tenant: TenantId, /, *, after: int, limit: int = 1_000
    ) -> tuple[Sequence[tuple[int, str]], int | None]:
        """Look at how entries behind `after` are stored, `limit` rows of them.

        Returns number and column of texts that say what they should in other
        characters than the journal writes (a `t` in a time, a space in JSON), and the
        number to go on behind, None at the end. Postgres has its own forms.
        """
        query = (
            sa.select(
                JOURNAL.c.seq,
                *(sa.cast(JOURNAL.c[name], Blob).label(name) for name in _FORMS),
            )
            .where(JOURNAL.c.tenant_id == tenant, JOURNAL.c.seq > after)
            .order_by(JOURNAL.c.seq)
            .limit(limit)
        )

        def read(tx: Transaction) -> Sequence[Any]:
            return [] if tx.dialect != "sqlite" else list(tx.execute(query))

        rows = await self.database.read(read)
        odd = [
            (row.seq, name)
            for row in rows
            for name, form in _FORMS.items()
            if not form(getattr(row, name))
        ]
        return odd, rows[-1].seq if len(rows) == limit else None

    async def strays(self, tenant: TenantId, /, *, after: int) -> Sequence[int]:
        """Return entries behind `after` that do not follow another: they are forged."""
        before = JOURNAL.alias("before")
        follows = sa.exists().where(
            before.c.tenant_id == JOURNAL.c.tenant_id,
            before.c.seq == JOURNAL.c.seq - 1,
        )
        query = (
            sa.select(JOURNAL.c.seq)
            .where(
                JOURNAL.c.tenant_id == tenant,
                sa.or_(JOURNAL.c.seq > max(after, 0) + 1, JOURNAL.c.seq < 1),
                ~follows,
            )
            .order_by(JOURNAL.c.seq)
        )
        return await self.database.read(lambda tx: list(tx.execute(query).scalars()))

    async def personal_tenants(self) -> Sequence[str]:
        """Return the tenants that personal data beside the journal is said to be of."""
        query = sa.select(JOURNAL_PERSONAL.c.tenant_id).distinct()
        return await self.database.read(
            lambda tx: [str(name) for name in tx.execute(query).scalars()]
        )

    async def wait(self, timeout_s: float) -> None:
        """Return when this process commits an entry, or after `timeout_s`.

        Entries of other processes wake nobody: followers look again at the timeout.
        """
        event = asyncio.Event()
        waiting = (asyncio.get_running_loop(), event)
        with self._lock:
            self._waiting.append(waiting)
        try:
            await asyncio.wait_for(event.wait(), timeout_s)
        except TimeoutError:
            with self._lock:
                if waiting in self._waiting:
                    self._waiting.remove(waiting)

    def _notify(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for loop, event in waiting:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:  # the loop is closed: its waiter is gone
                continue


def _beside(actor: Actor, fact: Fact) -> Mapping[str, JsonValue] | None:
    """Return what is kept beside an entry: where the actor called from, too."""
    if actor.address is None:
        return fact.personal
    return {"address": actor.address, **(fact.personal or {})}


def _is_time(text: bytes) -> bool:
    """Say whether a time has its one form; one that cannot be read is not judged."""
    try:
        return format_time(parse_time(text.decode())).encode() == text
    except ValueError:
        return True


def _is_json(text: bytes) -> bool:
    try:
        return json_bytes(orjson.loads(text)) == text
    except ValueError:
        return True


# A UUIDv7 in Crockford's base32: its version is in the eleventh digit, its variant
# in the fourteenth.
_EVENT_ID: Final = re.compile(
    rb"evt_[0-7][0-9A-HJKMNP-TV-Z]{9}[EF][0-9A-HJKMNP-TV-Z]{2}"
    rb"[89ABRSTV][0-9A-HJKMNP-TV-Z]{12}"
)


def _is_event_id(text: bytes) -> bool:
    return _EVENT_ID.fullmatch(text) is not None


_FORMS: Final[Mapping[str, Callable[[bytes], bool]]] = {
    "event_id": _is_event_id,
    "time": _is_time,
    "actor_roles": _is_json,
    "data": _is_json,
}


def _stands_for(row: Any) -> bool:  # noqa: ANN401 - a row of the query above
    # Tampered with, a column may hold anything.
    if not isinstance(row.salt, bytes) or not isinstance(row.payload, bytes):
        return False
    return bool(row.commitment == commitment_of(row.salt, row.payload))
