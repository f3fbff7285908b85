"""`integritas audit hold`, `release`, `holds`, `erase`, `prune`: what stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

import typer

from integritas.cli.audit import Db, Tenant, with_trail
from integritas.cli.operator import operator_context
from integritas.kernel.clock import SystemClock, parse_time
from integritas.kernel.errors import FieldError, InvalidInput
from integritas.kernel.ids import DEFAULT_TENANT, TenantId
from integritas.services.audit.api import AuditTrail, Hold

__all__ = ["erase", "hold", "holds", "prune", "release"]

Subject = Annotated[
    str, typer.Argument(help="The case or other thing; * is everything.")
]
Why = Annotated[str, typer.Option("--reason", help="Why; kept beside the log.")]
_MOST_DAYS: Final = 36_525


def hold(
    subject: Subject, *, reason: Why, db: Db = None, tenant: Tenant = DEFAULT_TENANT
) -> None:
    """Put a subject under legal hold: nothing on it is pruned or erased."""

    async def place(trail: AuditTrail, who: TenantId) -> None:
        await trail.hold(
            operator_context(who, "audit hold"), subject=subject, reason=reason
        )

    with_trail(place, db=db, tenant=tenant)
    typer.echo(f"{subject} is under legal hold", err=True)


def release(
    subject: Subject, *, reason: Why, db: Db = None, tenant: Tenant = DEFAULT_TENANT
) -> None:
    """End a legal hold."""

    async def end(trail: AuditTrail, who: TenantId) -> None:
        await trail.release(
            operator_context(who, "audit release"), subject=subject, reason=reason
        )

    with_trail(end, db=db, tenant=tenant)
    typer.echo(f"{subject} is under legal hold no longer", err=True)


def holds(*, db: Db = None, tenant: Tenant = DEFAULT_TENANT) -> None:
    """Print the legal holds that last: subject, since when, by whom."""

    async def found(trail: AuditTrail, who: TenantId) -> list[Hold]:
        return list(await trail.holds(who))

    for held in with_trail(found, db=db, tenant=tenant):
        typer.echo(f"{held.subject}\t{held.since}\t{held.actor}")


def erase(
    *,
    subject: Annotated[str, typer.Option("--subject", help="The case or other thing.")],
    reason: Why,
    db: Db = None,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Erase the personal data beside all entries on a subject; the log verifies on."""

    async def forget(trail: AuditTrail, who: TenantId) -> int:
        context = operator_context(who, "audit erase")
        return await trail.erase(context, subject=subject, reason=reason)

    count = with_trail(forget, db=db, tenant=tenant)
    typer.echo(f"erased personal data beside {count} entries", err=True)


def prune(
    *,
    before: Annotated[
        str | None,
        typer.Option("--before", metavar="TIME", help="What is older than this."),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(
            "--days", min=1, max=_MOST_DAYS, help="What is older than so many days."
        ),
    ] = None,
    reason: Why,
    db: Db = None,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Prune the payloads of old entries, never hashes; what is held stays."""
    limit = _limit(before, days)

    async def thin(trail: AuditTrail, who: TenantId) -> int:
        return await trail.prune(
            operator_context(who, "audit prune"), before=limit, reason=reason
        )

    count = with_trail(thin, db=db, tenant=tenant)
    typer.echo(f"pruned the payloads of {count} entries", err=True)


def _limit(before: str | None, days: int | None) -> datetime:
    if (before is None) == (days is None):
        raise InvalidInput("give either --before or --days")
    if days is not None:
        return SystemClock().now() - timedelta(days=days)
    try:
        return parse_time(before or "")
    except ValueError as error:
        raise InvalidInput(
            "--before is not a time",
            errors=(FieldError("--before", str(error), "write 2026-01-31T12:00:00Z"),),
        ) from error
