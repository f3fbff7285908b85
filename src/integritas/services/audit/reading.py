"""Searches the log of a tenant by an index that follows it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from integritas.services.audit import store
from integritas.services.audit.search import EntryFilter, SearchIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from integritas.kernel.contracts import LoggedEntry
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Database

__all__ = ["Searcher"]

_PAGE: Final = 1_000


class Searcher:
    """Finds entries of all tenants; before each search the index catches up."""

    def __init__(
        self, database: Database, state_dir: Path, origin: Callable[[TenantId], str]
    ) -> None:
        """Index the logs in `database` in files of `state_dir`."""
        self._database = database
        self._state_dir = state_dir
        self._origin = origin
        self._indexes: dict[TenantId, SearchIndex] = {}
        self._lock = asyncio.Lock()

    async def find(
        self, tenant: TenantId, chosen: EntryFilter, *, start: int, limit: int
    ) -> Sequence[LoggedEntry]:
        """Return up to `limit` matching entries from index `start` on.

        Raises:
            StorageFailure: the index cannot be used.
        """
        if chosen.empty:
            return await self._entries(tenant, start, limit)
        index = await self._caught_up(tenant)
        found = await asyncio.to_thread(index.find, chosen, start=start, limit=limit)
        return await self._database.read(lambda tx: store.entries_at(tx, tenant, found))

    async def clear(self, tenant: TenantId) -> None:
        """Begin the index anew: it holds words of entries that were pruned."""
        async with self._lock:
            index = self._indexes.setdefault(
                tenant, SearchIndex(self._state_dir, self._origin(tenant))
            )
            await asyncio.to_thread(index.clear)

    async def _entries(
        self, tenant: TenantId, start: int, limit: int
    ) -> Sequence[LoggedEntry]:
        return await self._database.read(
            lambda tx: store.entries_from(tx, tenant, start=start, limit=limit)
        )

    async def _caught_up(self, tenant: TenantId) -> SearchIndex:
        async with self._lock:
            index = self._indexes.get(tenant)
            if index is None:
                index = SearchIndex(self._state_dir, self._origin(tenant))
                self._indexes[tenant] = index
            last = await asyncio.to_thread(index.last)
            if last is not None:
                known = await self._entries(tenant, last[0], 1)
                if not known or (known[0].index, known[0].leaf_hash) != last:
                    await asyncio.to_thread(index.clear)
                    last = None
            start = 0 if last is None else last[0] + 1
            while page := await self._entries(tenant, start, _PAGE):
                await asyncio.to_thread(index.add, page)
                start = page[-1].index + 1
        return index
