"""Keeps the lists in force those on disk, and carries out the refreshes asked for.

A refresh waits in the database until its end is written, so a crash in between only
has it carried out again; whatever puts another list on the disk (this, the command
line, a person) is noticed by the state of the folder.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import httpx
import structlog

from integritas.kernel.errors import InvalidInput
from integritas.platform.health import DEGRADED
from integritas.services.compliance.keeping.store import ListOutcome
from integritas.services.compliance.loading import LISTS, load_watchlists
from integritas.services.compliance.refresh import refresh_from

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from integritas.services.compliance.keeping.desk import ListDesk
    from integritas.services.compliance.refresh import Outcome
    from integritas.services.compliance.service import ComplianceService

__all__ = ["ListKeeper"]

_POLL_S: Final = 1.0
_PATIENCE_S: Final = 60.0
_LOG = structlog.get_logger(__name__)

Stamp = tuple[tuple[str, int, int], ...]


class ListKeeper:
    """Refreshes and reloads one service's lists. `start` before use, `stop` after."""

    def __init__(
        self,
        service: ComplianceService,
        desk: ListDesk,
        folder: Path,
        sources: Mapping[str, Mapping[str, str]],
    ) -> None:
        """Take the service over the lists of `folder`, and where they come from."""
        self._service = service
        self._desk = desk
        self._folder = folder
        self._sources = sources
        # Whatever changed while the service loaded is seen by the first turn.
        self._seen: Stamp | None = None
        self._error: str | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to keep the lists."""
        self._task = asyncio.create_task(self._run(), name="lists")

    async def stop(self) -> None:
        """Stop; a refresh under way is carried out again at the next start."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def ping(self) -> str | None:
        """Return None if all is well, else what the lists on disk are refused for."""
        return None if self._error is None else f"{DEGRADED}{self._error}"

    async def turn(self) -> None:
        """Carry out what waits, and screen against what is on disk."""
        for tenant, refresh in await self._desk.waiting():
            chosen = {
                name: files
                for name, files in self._sources.items()
                if not refresh.lists or name in refresh.lists
            }
            outcomes = await asyncio.to_thread(self._fetch, chosen)
            await self._reload()
            await self._desk.end(tenant, refresh, outcomes)
        await self._reload()

    async def _run(self) -> None:
        while True:
            try:
                await self.turn()
            except Exception as error:  # noqa: BLE001 - told, and tried again
                self._error = str(error)
                _LOG.error("lists.failed", error=str(error))
            await asyncio.sleep(_POLL_S)

    def _fetch(self, sources: Mapping[str, Mapping[str, str]]) -> list[ListOutcome]:
        with httpx.Client(timeout=_PATIENCE_S) as client:
            found = refresh_from(client, self._folder, sources)
        return [_told(outcome) for outcome in found]

    async def _reload(self) -> None:
        stamp = await asyncio.to_thread(_stamp, self._folder)
        if stamp == self._seen:
            return
        if stamp:
            try:
                lists = await asyncio.to_thread(load_watchlists, self._folder)
            except InvalidInput as error:
                _LOG.error("lists.refused", error=str(error))
                self._error, self._seen = f"kept the last good lists: {error}", stamp
                return
            if lists.version != self._service.lists.version:
                await asyncio.to_thread(self._service.use, lists)
                _LOG.info("lists.in_force", lists=lists.version)
        self._error, self._seen = None, stamp


def _told(outcome: Outcome) -> ListOutcome:
    change = outcome.change
    if change is None:
        return ListOutcome(list=outcome.list, error=outcome.error)
    return ListOutcome(
        list=change.list,
        version=change.version,
        before=change.before,
        added=len(change.added),
        removed=len(change.removed),
        changed=len(change.changed),
    )


def _stamp(folder: Path) -> Stamp:
    """Return what tells one state of the folder from another, empty without a list."""
    files = [file for name in LISTS for file in _files(folder / name)]
    stats = ((file, file.resolve().stat()) for file in files)
    return tuple((str(f), stat.st_mtime_ns, stat.st_size) for f, stat in stats)


def _files(folder: Path) -> Sequence[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else ()
