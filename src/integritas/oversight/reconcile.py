"""Holds journal, case store and audit log against each other.

The journal tells what each case must be; the log proves the journal. What is missing or
extra in one of them is named by its place. It runs beside a platform at work: a case
that seems to differ is read again, with its entries, before it is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from integritas.cases.api import OPENED, case_ids
from integritas.journal.api import read_entries
from integritas.kernel.contracts import Difference
from integritas.kernel.errors import NotFound
from integritas.kernel.ids import CaseId
from integritas.oversight.registers import check_registers
from integritas.oversight.replay import UNREADABLE, differences, replay

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from integritas.cases.api import Case, HistoryEntry
    from integritas.journal.api import Entry, Journal
    from integritas.kernel.contracts import AuditLog
    from integritas.kernel.ids import TenantId
    from integritas.oversight.registers import RowsOf
    from integritas.platform.db import Transaction

__all__ = ["CaseReader", "Reconciliation", "reconcile"]

_PAGE: Final = 1_000
_TRIES: Final = 3


class CaseReader(Protocol):
    """What reconciling reads of cases."""

    async def get(self, tenant: TenantId, case_id: CaseId) -> Case:
        """Return a case, or raise NotFound."""
        ...

    async def history(
        self, tenant: TenantId, case_id: CaseId
    ) -> Sequence[HistoryEntry]:
        """Return the transitions of a case."""
        ...


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was compared, and what differs."""

    entries: int
    cases: int
    logged: int
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


async def reconcile(
    tenant: TenantId,
    journal: Journal,
    cases: CaseReader,
    log: AuditLog,
    *,
    others: Mapping[str, RowsOf] | None = None,
) -> Reconciliation:
    """Compare everything of a tenant; nothing is written.

    `others` are the rows of registers that a service keeps, by table.
    """
    stored, opened = await journal.database.read(
        lambda tx: (case_ids(tx, tenant), _opened(tx, tenant))
    )
    found: list[Difference] = []
    for case_id in sorted(opened | stored):
        found += await _compare(tenant, CaseId(case_id), journal, cases)
    found += await check_registers(tenant, journal, others or {})
    report = await log.verify(tenant)
    return Reconciliation(
        entries=await journal.head(tenant),
        cases=len(stored),
        logged=report.size,
        differences=(*found, *report.differences),
        notes=report.notes,
    )


def _opened(tx: Transaction, tenant: TenantId) -> set[str]:
    """Return the ids of the cases that the journal tells of."""
    found: set[str] = set()
    after = 0
    while page := read_entries(tx, tenant, after=after, limit=_PAGE, types={OPENED}):
        found.update(entry.subject for entry in page)
        after = page[-1].seq
    return found


async def _compare(
    tenant: TenantId, case_id: CaseId, journal: Journal, cases: CaseReader
) -> list[Difference]:
    found: list[Difference] = []
    for _ in range(_TRIES):
        found = await _compare_once(tenant, case_id, journal, cases)
        if not found:
            break
    return found


async def _compare_once(
    tenant: TenantId, case_id: CaseId, journal: Journal, cases: CaseReader
) -> list[Difference]:
    where = f"cases[{case_id}]"
    try:
        told = replay(await _entries(tenant, case_id, journal))
    except UNREADABLE as error:
        return [Difference(where, f"the journal cannot be replayed: {error!r}")]
    try:
        case = await cases.get(tenant, case_id)
        history = await cases.history(tenant, case_id)
    except NotFound:
        return [Difference(where, "is missing, the journal tells of it")]
    except ValueError as error:  # a state that is none, a time that is none
        return [Difference(where, f"cannot be read: {error}")]
    if told is None:
        return [Difference(where, "the journal does not tell of it")]
    return [
        Difference(f"{where}.{name}", message)
        for name, message in differences(told, case, history)
    ]


async def _entries(tenant: TenantId, case_id: CaseId, journal: Journal) -> list[Entry]:
    found: list[Entry] = []
    while page := await journal.read_subject(
        tenant, case_id, after=found[-1].seq if found else 0
    ):
        found += page
    return found
