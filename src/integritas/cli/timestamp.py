"""`integritas audit timestamp`: an RFC 3161 timestamp of the newest checkpoint."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer

from integritas.cli.audit import Db, Tenant, unusable, with_trail
from integritas.kernel.clock import format_time
from integritas.kernel.ids import DEFAULT_TENANT, TenantId
from integritas.services.audit.api import AuditTrail, fetch_timestamp, load_roots

__all__ = ["timestamp"]

_TIMEOUT_S: Final = 30.0


def timestamp(
    output: Annotated[
        Path, typer.Argument(metavar="FILE", help="The note; beside it FILE.tsr.")
    ],
    *,
    tsa: Annotated[
        str, typer.Option("--tsa", metavar="URL", help="The timestamping authority.")
    ],
    ca: Annotated[
        Path, typer.Option("--ca", metavar="PEM", help="Its root certificates.")
    ],
    db: Db = None,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Write the newest checkpoint and a timestamp of it, verified."""
    try:
        roots = load_roots(ca.read_bytes())
    except OSError as error:
        raise unusable(str(ca), error) from error

    async def ask(trail: AuditTrail, who: TenantId) -> tuple[str, bytes, datetime]:
        note = (await trail.checkpoint(who)).note
        async with httpx.AsyncClient(timeout=_TIMEOUT_S) as client:
            token, time = await fetch_timestamp(client, tsa, note, roots)
        return note, token, time

    note, token, time = with_trail(ask, db=db, tenant=tenant)
    beside = {output: note.encode(), output.with_name(f"{output.name}.tsr"): token}
    for path, content in beside.items():
        try:
            path.write_bytes(content)
        except OSError as error:
            raise unusable(str(path), error) from error
    typer.echo(f"the checkpoint existed at {format_time(time)}")
