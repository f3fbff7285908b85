"""Who judges: the champion of a tenant, and the challenger that may take a share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from integritas.services.spam.artifact import POLICY, load_artifact
from integritas.services.spam.judging import Judge
from integritas.services.spam.policy import load_policy

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from integritas.kernel.ids import TenantId
    from integritas.registry.api import ModelRegistry

__all__ = ["MODEL", "Bench", "Judges", "load_judge"]

MODEL: Final = "spam"
_DIGITS: Final = 8


def load_judge(place: Traversable | None = None) -> Judge:
    """Return the judge of a folder (None: the model shipped), verified.

    Raises:
        IntegrityViolation: a file is missing or has not the hash the manifest states;
            the detail names the file.
        InvalidDefinition: the policy is not valid; each field is named.
    """
    artifact = load_artifact(place)
    source = POLICY if place is None else str(place / POLICY)
    return Judge(artifact, load_policy(artifact.policy, source=source))


class Judges(NamedTuple):
    """The judges of one tenant."""

    champion: Judge
    challenger: Judge | None = None
    share: float = 0.0

    def of(self, digest: str) -> Judge:
        """Return who judges a dossier: the same digest has always the same judge."""
        if self.challenger is None or not self.share:
            return self.champion
        place = int(digest[:_DIGITS], 16) / 16**_DIGITS
        return self.challenger if place < self.share else self.champion


class Bench:
    """Loads judges when a tenant first needs them, and keeps them."""

    def __init__(self, shipped: Judge, registry: ModelRegistry | None = None) -> None:
        """Without a registry the shipped judge judges for all."""
        self.shipped: Final = shipped
        self._registry = registry
        self._judges = {shipped.version: shipped}

    async def judges(self, tenant: TenantId) -> Judges:
        """Return who judges for a tenant.

        Raises:
            NotFound: a version that was promoted is gone.
            IntegrityViolation: its artifact has not the hash its manifest states.
        """
        if self._registry is None:
            return Judges(self.shipped)
        found = await self._registry.deployment(tenant, MODEL)
        champion = await self._judge(self._registry, found.champion)
        if found.challenger is None:
            return Judges(champion)
        challenger = await self._judge(self._registry, found.challenger)
        return Judges(champion, challenger, found.share)

    async def _judge(self, registry: ModelRegistry, version: str) -> Judge:
        known = self._judges.get(version)
        if known is None:
            _, place = registry.shelf(MODEL).find(version)
            known = await asyncio.to_thread(load_judge, place)
            self._judges[version] = known
        return known
