"""What accounts did: learned through `observe`, read when a payment is judged.

Nothing is kept in memory: a batch of payments is answered by one query over the index
of account and date, so every process sees what any process learned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from integritas.kernel.evidence import EvidenceKind, Payment
from integritas.platform.observed import note_observed
from integritas.services.compliance.payments.seen import Seen, seen_of
from integritas.services.compliance.payments.store import (
    read_cursor,
    read_windows,
    save_seen,
)
from integritas.services.compliance.tables import COMPLIANCE_OBSERVED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from integritas.kernel.contracts import Dossier
    from integritas.kernel.ids import EventId, TenantId
    from integritas.platform.db import Database, Transaction

__all__ = ["NOTHING_KNOWN", "AccountDesk", "Windows"]

WINDOW: Final = timedelta(days=400)
"""How far back an account is looked at: a year, and a month to compare."""


@dataclass(frozen=True, slots=True)
class Windows:
    """What was known of some accounts at one moment; `version` names the cursor."""

    version: str
    accounts: Mapping[str, Sequence[Seen]] = field(default_factory=dict)

    def past(self, own: Seen, others: Iterable[Seen] = ()) -> list[Seen]:
        """Return what an account saw before a payment; `others` are of its dossier."""
        if not own.account:
            return []
        known = {
            (seen.evidence, seen.side): seen
            for seen in (*self.accounts.get(own.account, ()), *others)
            if seen.account == own.account
            and seen.evidence != own.evidence
            and own.date - WINDOW <= seen.date <= own.date
        }
        return sorted(known.values(), key=lambda seen: seen.date)


NOTHING_KNOWN: Final = Windows("empty")


class AccountDesk:
    """The windows of all tenants' accounts, over one database."""

    learns_from = frozenset({EvidenceKind.PAYMENT})

    def __init__(self, database: Database) -> None:
        """Read nothing yet."""
        self._database = database

    async def observe(self, event_id: EventId, batch: Sequence[Dossier], /) -> None:
        """Learn from dossiers; the same event a second time changes nothing."""
        by_tenant: dict[TenantId, list[Seen]] = {}
        for dossier in batch:
            for item in dossier.evidence:
                if isinstance(item.content, Payment):
                    by_tenant.setdefault(dossier.tenant, []).extend(
                        seen_of(item.id, item.content)
                    )
        for tenant, seen in by_tenant.items():
            await self._learn(event_id, tenant, seen)

    async def windows(self, tenant: TenantId, asked: Sequence[Seen]) -> Windows:
        """Return what is known of the accounts of some payments."""
        accounts = {seen.account for seen in asked if seen.account}
        since = min(seen.date for seen in asked) - WINDOW
        until = max(seen.date for seen in asked)

        def work(tx: Transaction) -> Windows:
            found = read_windows(tx, tenant, accounts, since, until)
            return Windows(f"accounts@{read_cursor(tx, tenant)}", found)

        return await self._database.read(work)

    async def _learn(
        self, event_id: EventId, tenant: TenantId, seen: Sequence[Seen]
    ) -> None:
        def work(tx: Transaction) -> None:
            if note_observed(tx, COMPLIANCE_OBSERVED, tenant, event_id):
                save_seen(tx, tenant, seen)

        await self._database.transact(work)
