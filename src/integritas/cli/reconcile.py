"""`integritas audit reconcile`: journal, case store and log against each other."""

from __future__ import annotations

import typer

from integritas.cases.api import CaseDesk, CaseStore
from integritas.cli.audit import Db, Tenant, with_trail
from integritas.kernel.clock import SystemClock, SystemRandomness
from integritas.kernel.ids import DEFAULT_TENANT, IdFactory, TenantId
from integritas.oversight.api import ALLOW_LIST, Reconciliation, reconcile
from integritas.platform.commands import CommandQueue
from integritas.services.audit.api import AuditTrail
from integritas.services.compliance.api import kept_allowed

__all__ = ["reading_desk", "reconcile_all"]


def reconcile_all(*, db: Db = None, tenant: Tenant = DEFAULT_TENANT) -> None:
    """Compare journal, cases and log; exit 1 and name what is missing or extra."""

    async def compare(trail: AuditTrail, who: TenantId) -> Reconciliation:
        return await reconcile(
            who,
            trail.journal,
            reading_desk(trail),
            trail,
            others={ALLOW_LIST: kept_allowed},
        )

    report = with_trail(compare, db=db, tenant=tenant)
    for note in report.notes:
        typer.echo(f"note: {note}", err=True)
    for found in report.differences:
        typer.echo(f"{found.place}: {found.message}")
    compared = (
        f"{report.entries} journal entries, {report.cases} cases, {report.logged} "
        "entries of the log"
    )
    if report.differences:
        typer.echo(f"NOT reconciled: {len(report.differences)} differences", err=True)
        raise typer.Exit(1)
    typer.echo(f"reconciled {compared}")


def reading_desk(trail: AuditTrail) -> CaseDesk:
    """Return a desk to read cases with; nothing is changed by it."""
    clock, randomness = SystemClock(), SystemRandomness()
    ids = IdFactory(clock, randomness)
    return CaseDesk(
        database=trail.database,
        store=CaseStore(trail.journal, clock, randomness, ids),
        commands=CommandQueue(clock, ids),
        recorder=trail.journal,
        clock=clock,
        ids=ids,
    )
