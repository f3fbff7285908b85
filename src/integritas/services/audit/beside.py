"""Verifies the personal data beside the log against the commitments in its entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.journal.api import commitment_of
from integritas.services.audit import store
from integritas.services.audit.records import ERASURES, erased_events
from integritas.services.audit.rows import as_bytes, present, raw_rows
from integritas.services.audit.tables import AUDIT_PERSONAL

if TYPE_CHECKING:
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction
    from integritas.services.audit.findings import LogCheck

__all__ = ["check_beside"]


def check_beside(tx: Transaction, tenant: TenantId, check: LogCheck) -> None:
    """Hold what is kept against the commitments; what is gone must be told of."""
    missing = dict(check.personal)
    table = AUDIT_PERSONAL
    if present(tx, table):
        for row in raw_rows(tx, table, [table.c.tenant_id == tenant]):
            event_id = as_bytes(row.event_id).decode(errors="backslashreplace")
            where = f"audit_personal[{event_id}]"
            commitment = missing.pop(event_id, None)
            if commitment is None:
                check.differ(where, "is beside no entry")
            elif commitment != commitment_of(as_bytes(row.salt), as_bytes(row.payload)):
                check.differ(where, "is not what was committed to")
    if missing and not check.full:
        erased = erased_events(store.find_records(tx, tenant, ERASURES))
        for event_id in missing:
            if event_id not in erased:
                check.differ(
                    f"audit_personal[{event_id}]",
                    "is missing; nobody told of erasing it",
                )
