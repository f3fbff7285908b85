"""Group commit: entries of many callers become one batch, one commit, one signature.

While a batch is being committed the next one gathers. A caller wakes when its entries
are integrated: stored, in the tree, under a signed checkpoint, durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import Checkpoint
from integritas.kernel.errors import FieldError, IntegritasError, InvalidInput
from integritas.services.audit import store
from integritas.services.audit.drafts import Draft, external_draft, same_event
from integritas.services.audit.records import ERASURES, erased_events, is_pruned

if TYPE_CHECKING:
    from collections.abc import Callable

    from integritas.journal.api import Personal
    from integritas.kernel.contracts import LoggedEntry
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Database, Transaction
    from integritas.services.audit.sealing import Sealed, Sealer

__all__ = ["Appended", "Appender"]

GROUP_LIMIT: Final = 4_096
_INLINE: Final = 64


@dataclass(frozen=True, slots=True)
class Appended:
    """Where the entries stand, in their order, and the checkpoint that covers them."""

    indexes: Sequence[int]
    checkpoint: Checkpoint


@dataclass(slots=True)
class _Request:
    drafts: Sequence[Draft]
    future: asyncio.Future[Appended]


class Appender:
    """Appends entries from outside to the logs of all tenants."""

    def __init__(
        self, database: Database, sealer: Sealer, origin: Callable[[TenantId], str]
    ) -> None:
        """Append by `sealer`, in transactions of `database`."""
        self._database = database
        self._sealer = sealer
        self._origin = origin
        self._waiting: dict[TenantId, list[_Request]] = {}
        self._tasks: dict[TenantId, asyncio.Task[None]] = {}

    async def append(
        self,
        tenant: TenantId,
        bodies: Sequence[bytes],
        personal: Sequence[Personal | None] = (),
    ) -> Appended:
        """Append entries, canonical JSON each; all of them or none.

        Entries whose event the log holds already are passed over. `personal` goes
        beside the entries, one for each if there is any.

        Raises:
            Conflict: an event id that is logged with other content.
            ContentTooLarge: an entry over 65,535 bytes.
            InvalidInput: an entry that is not canonical JSON, or none at all.
            IntegrityViolation: see `sealing`.
            StorageFailure: the database could not keep it: nothing is.
        """
        if not bodies:
            raise InvalidInput(
                "there is nothing to append",
                errors=(FieldError("entries", "is empty", "send an entry at least"),),
            )
        beside = personal or repeat(None)
        if len(bodies) <= _INLINE:
            drafts = list(map(external_draft, bodies, beside))
        else:
            drafts = await asyncio.to_thread(
                lambda: list(map(external_draft, bodies, beside))
            )
        request = _Request(drafts, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(tenant, []).append(request)
        if tenant not in self._tasks:
            task = asyncio.create_task(self._drain(tenant), name=f"append-{tenant}")
            self._tasks[tenant] = task
        return await request.future

    async def _drain(self, tenant: TenantId) -> None:
        try:
            while group := _take(self._waiting[tenant]):
                await self._commit(tenant, group)
        finally:
            del self._tasks[tenant]

    async def _commit(self, tenant: TenantId, group: Sequence[_Request]) -> None:
        answers: Sequence[Appended | Exception]
        try:
            answers = await self._database.transact(
                lambda tx: self._append_all(tx, tenant, group)
            )
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
            answers = [error] * len(group)
        for request, answer in zip(group, answers, strict=True):
            if request.future.done():
                continue  # whoever waited has gone; what was appended stays
            if isinstance(answer, Exception):
                request.future.set_exception(answer)
            else:
                request.future.set_result(answer)

    def _append_all(
        self, tx: Transaction, tenant: TenantId, group: Sequence[_Request]
    ) -> Sequence[Appended | IntegritasError]:
        """Append a group as one batch, or each by itself if one must be refused."""
        drafts = [draft for request in group for draft in request.drafts]
        if len(group) == 1:
            return [self._append(tx, tenant, drafts)]
        try:
            sealed = tx.attempt(lambda tx: self._seal(tx, tenant, drafts))
        except IntegritasError:
            return [self._try(tx, tenant, request) for request in group]
        checkpoint = sealed.head.checkpoint(self._origin(tenant))
        answers = []
        start = 0
        for request in group:
            end = start + len(request.drafts)
            answers.append(Appended(sealed.indexes[start:end], checkpoint))
            start = end
        return answers

    def _try(
        self, tx: Transaction, tenant: TenantId, request: _Request
    ) -> Appended | IntegritasError:
        try:
            return tx.attempt(lambda tx: self._append(tx, tenant, request.drafts))
        except IntegritasError as error:
            return error

    def _append(
        self, tx: Transaction, tenant: TenantId, drafts: Sequence[Draft]
    ) -> Appended:
        sealed = self._seal(tx, tenant, drafts)
        return Appended(sealed.indexes, sealed.head.checkpoint(self._origin(tenant)))

    def _seal(
        self, tx: Transaction, tenant: TenantId, drafts: Sequence[Draft]
    ) -> Sealed:
        def same(found: LoggedEntry, draft: Draft) -> bool:
            return _same(tx, tenant, found, draft)

        sealed = self._sealer.append(tx, tenant, drafts, same=same)
        assert sealed is not None  # noqa: S101 - there is a draft at least
        return sealed


def _same(tx: Transaction, tenant: TenantId, found: LoggedEntry, draft: Draft) -> bool:
    """Say whether a draft is a retry; of what is pruned or erased nobody can tell."""
    if is_pruned(found) or same_event(found.body, draft.body):
        return True
    if draft.personal is None:
        return False
    if not same_event(found.body, draft.body, but=("time", "commitment")):
        return False
    # The salt is another each time: what was committed to is compared.
    kept = store.find_personal(tx, tenant, draft.event_id)
    if kept is None:
        erasures = store.find_records(tx, tenant, ERASURES)
        return draft.event_id in erased_events(erasures)
    return kept.payload == draft.personal.payload


def _take(waiting: list[_Request]) -> list[_Request]:
    """Take as many requests as fit a batch, one at least."""
    taken: list[_Request] = []
    entries = 0
    for request in waiting:
        entries += len(request.drafts)
        if taken and entries > GROUP_LIMIT:
            break
        taken.append(request)
    del waiting[: len(taken)]
    return taken
