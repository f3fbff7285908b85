"""Says where an orderly stop left the journal, and what came into it since.

The mark stands in the state folder (`journal.settled`). Who can write the database
alone can neither move it nor take it away; who can write the folder too, can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from integritas.journal.api import GREW, settled_at, since_settled
from integritas.kernel.clock import format_time
from integritas.kernel.errors import IntegritasError, StorageFailure

if TYPE_CHECKING:
    from integritas.journal.api import Follower, Journal
    from integritas.kernel.clock import Clock
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction
    from integritas.services.audit.findings import LogCheck

__all__ = ["check_settled", "settle"]

_LOG = structlog.get_logger(__name__)


async def settle(journal: Journal, follower: Follower, clock: Clock) -> None:
    """Let `follower` see all that is there, and mark where the journal ends.

    Nothing of this process may be journaled afterwards. Without a mark less is known
    later, and nothing is lost: a failure keeps nobody from stopping.
    """

    def work(tx: Transaction) -> None:
        settled = settled_at(tx, format_time(clock.now()), follower.name)
        if journal.mark is not None and settled is not None:
            journal.mark.write(settled)

    try:
        await follower.catch_up()
        await journal.database.transact(work)
    except IntegritasError as error:
        _LOG.warning("audit.not_settled", error=error.detail)


async def check_settled(journal: Journal, tenant: TenantId, check: LogCheck) -> None:
    """Find entries that came after an orderly stop: the platform wrote none of them.

    Those of tenants that have no log are looked at too: nobody else would. What a start
    found of the kind once stays a note: it was told of, and is logged.
    """
    check.notes += await _told(journal, tenant)
    mark = journal.mark
    if mark is None or not mark.there():
        return
    found = await journal.database.read(lambda tx: since_settled(tx, mark))
    if found is None:
        return
    if not found.ours:
        check.notes.append(
            "the mark of an orderly stop in the state folder is of another database"
        )
        return
    check.notes.append(
        f"the platform was stopped in order at {found.time}, and has not run since"
    )
    for other, (end, head) in found.grown.items():
        if other != tenant and other.encode() in check.tenants:
            continue  # whoever verifies that tenant is told
        whose = "" if other == tenant else f"{other}/"
        for seq in range(end + 1, head + 1):
            if check.full:
                return
            check.differ(f"journal[{whose}{seq}]", "came after the orderly stop")


async def _told(journal: Journal, tenant: TenantId) -> list[str]:
    try:
        entries = await journal.read_types(tenant, [GREW])
    except (StorageFailure, ValueError):  # who compares entries says which, and why
        return []
    return [
        f"entry {entry.seq} of the journal tells that entries came while the platform"
        f" was stopped: from {entry.data.get('settled')}, without it, to"
        f" {entry.data.get('found')}"
        for entry in entries
        if isinstance(entry.data, dict)  # SQLite keeps any JSON
    ]
