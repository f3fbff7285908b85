"""What the service keeps: windows of accounts, policies, the allow-list, refreshes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from integritas.services.compliance.allowing.desk import AllowDesk
from integritas.services.compliance.keeping.desk import ListDesk
from integritas.services.compliance.payments.accounts import AccountDesk
from integritas.services.compliance.policies.desk import PolicyDesk
from integritas.services.compliance.policies.policy import load_policy

if TYPE_CHECKING:
    from collections.abc import Collection

    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Recorder
    from integritas.kernel.ids import IdFactory
    from integritas.platform.db import Database

__all__ = ["NO_RECORDS", "ComplianceRecords", "open_records"]


@dataclass(frozen=True, slots=True)
class ComplianceRecords:
    """The desks over one database; what is None is not kept.

    Without `accounts` a payment is judged alone, without `policies` the shipped policy
    decides, without `allowing` every hit comes back.
    """

    accounts: AccountDesk | None = None
    policies: PolicyDesk | None = None
    allowing: AllowDesk | None = None
    lists: ListDesk | None = None


NO_RECORDS = ComplianceRecords()


def open_records(
    database: Database,
    recorder: Recorder,
    clock: Clock,
    ids: IdFactory,
    fetched: Collection[str] = (),
) -> ComplianceRecords:
    """Return all desks over a database; `fetched` are the lists with a source."""
    return ComplianceRecords(
        accounts=AccountDesk(database),
        policies=PolicyDesk(database, recorder, clock, load_policy()),
        allowing=AllowDesk(database, recorder, clock, ids),
        lists=ListDesk(database, recorder, clock, ids, fetched),
    )
