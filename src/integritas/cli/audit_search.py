"""`integritas audit search`: find entries, and write them as a SIEM reads them."""

from __future__ import annotations

from typing import Annotated

import typer

from integritas.cli.audit import Db, Tenant, with_trail
from integritas.cli.operator import operator_context
from integritas.kernel.clock import format_time, parse_time
from integritas.kernel.errors import FieldError, InvalidInput
from integritas.kernel.ids import DEFAULT_TENANT, TenantId
from integritas.services.audit.api import FORMATS, OUTCOMES, AuditTrail, EntryFilter

__all__ = ["search"]


def search(
    words: Annotated[
        list[str] | None, typer.Argument(help="Words; word* for beginnings.")
    ] = None,
    *,
    type_: Annotated[str | None, typer.Option("--type", help="Of this type.")] = None,
    subject: Annotated[
        str | None, typer.Option("--subject", help="On this case or thing.")
    ] = None,
    actor: Annotated[str | None, typer.Option("--actor", help="By this one.")] = None,
    outcome: Annotated[
        str | None,
        typer.Option("--outcome", help="That ended so: success, failure, unknown."),
    ] = None,
    correlation_id: Annotated[
        str | None, typer.Option("--correlation-id", help="Of one request.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="From then on.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Before then.")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="jsonl, csv, ocsf or cef.")
    ] = "jsonl",
    db: Db = None,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Print the entries that match all of it, oldest first.

    That they were handed out is an entry of the log.
    """
    if form not in FORMATS:
        raise InvalidInput(
            f"--format: {form!r} is not one of {', '.join(FORMATS)}",
        )
    if outcome is not None and outcome not in OUTCOMES:
        raise InvalidInput(
            f"--outcome: {outcome!r} is not one of {', '.join(OUTCOMES)}"
        )
    chosen = EntryFilter(
        q=" ".join(words) if words else None,
        type=type_,
        subject=subject,
        actor=actor,
        outcome=outcome,
        correlation_id=correlation_id,
        since=_moment("--since", since),
        until=_moment("--until", until),
    )

    async def write(trail: AuditTrail, who: TenantId) -> None:
        context = operator_context(who, "audit search")
        await trail.record_export(context, form=form, chosen=chosen)
        async for line in trail.export(who, chosen, form):
            typer.echo(line, nl=False)

    with_trail(write, db=db, tenant=tenant)


def _moment(option: str, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return format_time(parse_time(text))
    except ValueError as error:
        raise InvalidInput(
            f"{option} is not a time",
            errors=(FieldError(option, str(error), "write 2026-01-31T12:00:00Z"),),
        ) from error
