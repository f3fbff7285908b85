"""Definitions that are paused: their runs begin no step until they are resumed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from integritas.kernel.contracts import Context, Fact
from integritas.kernel.ids import TenantId
from integritas.platform.commands import HOLD_RUNS, CommandQueue
from integritas.workflows.tables import PAUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.journal.api import Journal
    from integritas.kernel.clock import Clock
    from integritas.platform.db import Transaction

__all__ = ["Pause", "Pauses", "list_pauses"]

PAUSED: Final = "integritas.workflow.paused.v1"
RESUMED: Final = "integritas.workflow.resumed.v1"


@dataclass(frozen=True, slots=True)
class Pause:
    """A definition that is paused: since when, by whom, why."""

    tenant: TenantId
    name: str
    reason: str
    actor_id: str
    paused_at: datetime


class Pauses:
    """Pauses and resumes definitions; every method takes the unit of work."""

    def __init__(self, commands: CommandQueue, journal: Journal, clock: Clock) -> None:
        """Tell the engine through `commands`."""
        self._commands = commands
        self._journal = journal
        self._clock = clock

    def pause(self, tx: Transaction, context: Context, name: str, reason: str) -> bool:
        """Pause a definition, all versions; False if it is paused already."""
        if any(pause.name == name for pause in list_pauses(tx, context.tenant)):
            return False
        tx.insert(
            PAUSES,
            [
                {
                    "tenant_id": context.tenant,
                    "name": name,
                    "reason": reason,
                    "actor_id": context.actor.id,
                    "paused_at": self._clock.now(),
                }
            ],
        )
        self._tell(tx, context, name, PAUSED)
        return True

    def resume(self, tx: Transaction, context: Context, name: str) -> bool:
        """Let a definition go on; False if it is not paused."""
        statement = sa.delete(PAUSES).where(
            PAUSES.c.tenant_id == context.tenant, PAUSES.c.name == name
        )
        if not tx.execute(statement).rowcount:
            return False
        self._tell(tx, context, name, RESUMED)
        return True

    def _tell(self, tx: Transaction, context: Context, name: str, what: str) -> None:
        self._journal.record(tx, context, [Fact(type=what, subject=name, data={})])
        self._commands.put(tx, context.tenant, HOLD_RUNS, [(name, {})])


def list_pauses(tx: Transaction, tenant: TenantId | None = None) -> Sequence[Pause]:
    """Return what is paused, of all tenants if none is named."""
    query = _PAUSES if tenant is None else _PAUSES_OF
    return [
        Pause(
            TenantId(row.tenant_id), row.name, row.reason, row.actor_id, row.paused_at
        )
        for row in tx.execute(query, {"of_tenant": tenant})
    ]


_PAUSES: Final = sa.select(PAUSES).order_by(PAUSES.c.tenant_id, PAUSES.c.name)
_PAUSES_OF: Final = _PAUSES.where(PAUSES.c.tenant_id == sa.bindparam("of_tenant"))
