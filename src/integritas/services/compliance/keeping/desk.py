"""Refreshes of the lists: asked for by people, carried out by whoever keeps them."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import SYSTEM, Context, Fact
from integritas.kernel.errors import FieldError, InvalidInput, NotFound, Refused
from integritas.services.compliance.keeping.store import (
    DONE,
    FAILED,
    WAITING,
    ListOutcome,
    Refresh,
    add_refresh,
    end_refresh,
    find_refresh,
    list_refreshes,
    waiting_refreshes,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pydantic import JsonValue

    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Recorder
    from integritas.kernel.ids import IdFactory, TenantId
    from integritas.platform.db import Database, Transaction

__all__ = ["ListDesk"]

REQUESTED: Final = "integritas.compliance.lists_refresh_requested.v1"
REFRESHED: Final = "integritas.compliance.lists_refreshed.v1"


class ListDesk:
    """The refreshes of all tenants, over one database."""

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        clock: Clock,
        ids: IdFactory,
        lists: Collection[str],
    ) -> None:
        """Take the names of the `lists` that can be fetched; none if they are fixed."""
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._ids = ids
        self._lists = lists

    async def ask(self, context: Context, lists: Sequence[str]) -> Refresh:
        """Ask for some lists, or all; what waits already is answered, not doubled.

        Raises:
            InvalidInput: a list is none that can be fetched.
            Refused: the lists were chosen when the platform started.
        """
        self._check(lists)
        asked = Refresh(
            id=self._ids.new("refresh"),
            lists=tuple(sorted(set(lists))),
            state=WAITING,
            asked_by=context.actor.id,
            asked_at=self._clock.now(),
        )

        def work(tx: Transaction) -> Refresh:
            for tenant, waiting in waiting_refreshes(tx):
                if tenant == context.tenant and waiting.lists == asked.lists:
                    return waiting
            add_refresh(tx, context.tenant, asked)
            fact = Fact(
                type=REQUESTED, subject=asked.id, data={"lists": list(asked.lists)}
            )
            self._recorder.record(tx, context, [fact])
            return asked

        return await self._database.transact(work)

    async def get(self, tenant: TenantId, refresh_id: str) -> Refresh:
        """Return a refresh, or raise NotFound."""
        found = await self._database.read(
            lambda tx: find_refresh(tx, tenant, refresh_id)
        )
        if found is None:
            raise NotFound(f"there is no refresh {refresh_id}")
        return found

    async def list(
        self, tenant: TenantId, *, before: str | None = None, limit: int = 50
    ) -> Sequence[Refresh]:
        """Return refreshes, newest first."""
        return await self._database.read(
            lambda tx: list_refreshes(tx, tenant, before=before, limit=limit)
        )

    async def waiting(self) -> Sequence[tuple[TenantId, Refresh]]:
        """Return what is to be carried out, of all tenants, oldest first."""
        return await self._database.read(waiting_refreshes)

    async def end(
        self, tenant: TenantId, refresh: Refresh, outcomes: Sequence[ListOutcome]
    ) -> None:
        """Write what came of a refresh and record it, once however often it is told."""
        failed = bool(outcomes) and all(outcome.error for outcome in outcomes)
        ended = replace(
            refresh,
            state=FAILED if failed else DONE,
            finished_at=self._clock.now(),
            outcomes=tuple(outcomes),
        )
        context = Context(tenant=tenant, actor=SYSTEM, correlation_id=refresh.id)

        def work(tx: Transaction) -> None:
            if end_refresh(tx, tenant, ended):
                told: list[JsonValue] = [asdict(outcome) for outcome in outcomes]
                fact = Fact(
                    type=REFRESHED,
                    subject=ended.id,
                    data={"state": ended.state, "lists": told},
                )
                self._recorder.record(tx, context, [fact])

        await self._database.transact(work)

    def _check(self, lists: Sequence[str]) -> None:
        if not self._lists:
            raise Refused(
                "the lists were chosen when the platform started: start it without a "
                "choice to keep lists that are refreshed"
            )
        strange = [
            FieldError(
                f"lists[{place}]", "has no source", f"use {', '.join(self._lists)}"
            )
            for place, name in enumerate(lists)
            if name not in self._lists
        ]
        if strange:
            raise InvalidInput("not all lists can be fetched", errors=tuple(strange))
