"""What the parts of identity share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from integritas.identity.cache import PrincipalCache
from integritas.kernel.clock import Clock, Randomness
from integritas.kernel.contracts import Actor, Context, Fact, Recorder
from integritas.kernel.ids import IdFactory, TenantId, UserId
from integritas.kernel.states import ActorKind
from integritas.platform.db import Database, Transaction
from integritas.platform.security import Passwords

__all__ = ["ACCESS_TTL_S", "AUDIENCE", "GATEKEEPER", "Parts"]

AUDIENCE: Final = "integritas-api"
ACCESS_TTL_S: Final = 15 * 60

GATEKEEPER = Actor(id="platform:identity", kind=ActorKind.PLATFORM)
"""Who acts where nobody is known yet: a failed login."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Made once by `Identity`."""

    database: Database
    recorder: Recorder
    clock: Clock
    randomness: Randomness
    ids: IdFactory
    passwords: Passwords
    cache: PrincipalCache

    def record(self, tx: Transaction, context: Context, *facts: Fact) -> None:
        """Record what a unit of work changes, with the change."""
        self.recorder.record(tx, context, facts)

    def forget_user(self, tx: Transaction, tenant: TenantId, user: UserId) -> None:
        """Once this is committed, look at the user's credentials anew."""
        tx.after_commit(
            lambda: self.cache.drop(lambda p: p.tenant == tenant and p.user == user)
        )
