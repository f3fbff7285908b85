"""The registry: versions of models, promoted, tried on a share, rolled back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import Fact
from integritas.kernel.errors import Conflict, NotFound
from integritas.registry import store
from integritas.registry.model import Deployment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pydantic import JsonValue

    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Context, Recorder
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Database, Transaction
    from integritas.registry.model import DriftSource, ModelVersion
    from integritas.registry.shelf import Shelf

__all__ = ["CANARY_SET", "PROMOTED", "ROLLED_BACK", "ModelRegistry"]

PROMOTED: Final = "integritas.model.promoted.v1"
CANARY_SET: Final = "integritas.model.canary_set.v1"
ROLLED_BACK: Final = "integritas.model.rolled_back.v1"
_KEPT_S: Final = 5.0


class ModelRegistry:
    """Which version of which model judges for whom; every change is journaled."""

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        clock: Clock,
        shelves: Sequence[Shelf],
    ) -> None:
        """Take the shelves of all models."""
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._shelves = {shelf.name: shelf for shelf in shelves}
        self._drifts: dict[str, DriftSource] = {}
        self._kept: dict[tuple[TenantId, str], tuple[float, Deployment]] = {}

    def tell_drift(self, name: str, source: DriftSource) -> None:
        """Let a source tell of a model's drift."""
        self._drifts[name] = source

    def names(self) -> Sequence[str]:
        """Return the names of all models."""
        return sorted(self._shelves)

    def shelf(self, name: str) -> Shelf:
        """Return a model's shelf.

        Raises:
            NotFound: there is no such model.
        """
        found = self._shelves.get(name)
        if found is None:
            known = ", ".join(self.names())
            raise NotFound(f"there is no model {name}; there are: {known}")
        return found

    def versions(self, name: str) -> Sequence[ModelVersion]:
        """Return a model's versions, the shipped one first.

        Raises:
            NotFound: there is no such model.
        """
        return self.shelf(name).versions()

    async def deployment(self, tenant: TenantId, name: str) -> Deployment:
        """Return which version judges for a tenant, at most five seconds old.

        Raises:
            NotFound: there is no such model.
        """
        shelf, now = self.shelf(name), self._clock.monotonic()
        kept = self._kept.get((tenant, name))
        if kept is not None and now - kept[0] < _KEPT_S:
            return kept[1]
        found = await self._database.read(lambda tx: store.find(tx, tenant, name))
        deployment = found or Deployment(shelf.shipped().version)
        self._kept[tenant, name] = now, deployment
        return deployment

    async def drift(self, tenant: TenantId, name: str) -> Mapping[str, JsonValue]:
        """Return how far a model's world has moved.

        Raises:
            NotFound: there is no such model, or nobody measures its drift.
        """
        deployment = await self.deployment(tenant, name)
        source = self._drifts.get(name)
        if source is None:
            raise NotFound(f"nobody measures the drift of the model {name}")
        return await source.drift(tenant, deployment)

    async def promote(self, context: Context, name: str, version: str) -> Deployment:
        """Let a version judge; what it replaces is kept for a rollback.

        Raises:
            NotFound: there is no such model or version.
            IntegrityViolation, InvalidDefinition: the version cannot judge.
        """
        await asyncio.to_thread(self.shelf(name).prove, version)

        def change(now: Deployment) -> Deployment:
            if now.champion == version:
                return now
            return Deployment(version, previous=now.champion)

        return await self._change(context, name, PROMOTED, change, {"version": version})

    async def canary(
        self, context: Context, name: str, version: str | None, share: float
    ) -> Deployment:
        """Let a version score in the shadow, and judge a share; None ends it.

        Raises:
            NotFound: there is no such model or version.
            Conflict: the version is the champion.
            IntegrityViolation, InvalidDefinition: the version cannot judge.
        """
        if version is not None:
            await asyncio.to_thread(self.shelf(name).prove, version)

        def change(now: Deployment) -> Deployment:
            if now.champion == version:
                raise Conflict(f"{version} is the champion: name another version")
            share_now = 0.0 if version is None else share
            return replace(now, challenger=version, share=share_now)

        data: dict[str, JsonValue] = {"version": version, "share": share}
        return await self._change(context, name, CANARY_SET, change, data)

    async def rollback(self, context: Context, name: str) -> Deployment:
        """Go back to the champion before this one; a second time goes forth again.

        Raises:
            NotFound: there is no such model, or the earlier version is gone.
            Conflict: there was none before.
            IntegrityViolation, InvalidDefinition: the earlier version cannot judge.
        """

        def change(now: Deployment) -> Deployment:
            if now.previous is None:
                raise Conflict(f"no version of {name} was replaced: nothing to undo")
            self.shelf(name).prove(now.previous)
            return Deployment(now.previous, previous=now.champion)

        return await self._change(context, name, ROLLED_BACK, change, {})

    async def _change(
        self,
        context: Context,
        name: str,
        event: str,
        change: Callable[[Deployment], Deployment],
        data: Mapping[str, JsonValue],
    ) -> Deployment:
        shelf, tenant = self.shelf(name), context.tenant
        shipped, at = shelf.shipped().version, self._clock.now()

        def work(tx: Transaction) -> Deployment:
            now = store.find(tx, tenant, name, lock=True) or Deployment(shipped)
            changed = change(now)
            if changed == now:
                return now
            stamped = replace(changed, changed_by=context.actor.id, changed_at=at)
            store.save(tx, tenant, name, stamped)
            told = {**data, "champion": stamped.champion, "before": now.champion}
            self._recorder.record(tx, context, [Fact(event, f"model:{name}", told)])
            return stamped

        done = await self._database.transact(work)
        self._kept.pop((tenant, name), None)
        return done
