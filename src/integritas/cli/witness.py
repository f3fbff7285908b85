"""`integritas audit witness` and `audit cosign`: both sides of C2SP tlog-witness."""

from __future__ import annotations

from typing import Annotated, Final

import httpx
import typer
import uvicorn

from integritas.cli.audit import Db, Tenant, read_keys, with_trail
from integritas.kernel.clock import SystemClock, SystemRandomness
from integritas.kernel.ids import DEFAULT_TENANT, TenantId
from integritas.platform.config import load_settings
from integritas.services.audit.api import (
    AuditTrail,
    open_witness,
    parse_verifier_key,
    witness_app,
)

__all__ = ["cosign", "witness"]

_TIMEOUT_S: Final = 30.0


def witness(
    *,
    name: Annotated[str, typer.Option("--name", help="The witness's name.")],
    log: Annotated[
        list[str],
        typer.Option("--log", metavar="VKEY|FILE", help="A log to cosign, by its key."),
    ],
    host: Annotated[str, typer.Option("--host", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Where to listen.")] = 8_010,
) -> None:
    """Serve a witness; its key and what it cosigned live in the state folder."""
    keys = [key for text in log for key in read_keys(text)]
    clock, state_dir = SystemClock(), load_settings().state_dir
    made = open_witness(state_dir, name, keys, clock, SystemRandomness())
    typer.echo(f"cosignatures verify with {made.vkey}", err=True)
    uvicorn.run(witness_app(made), host=host, port=port, log_level="warning")


def cosign(
    *,
    witness_url: Annotated[
        str, typer.Option("--witness", metavar="URL", help="The witness's address.")
    ],
    key: Annotated[
        str, typer.Option("--key", metavar="VKEY", help="The witness's key.")
    ],
    db: Db = None,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Have a witness cosign the newest checkpoint; print the note."""
    verifier = parse_verifier_key(key)

    async def ask(trail: AuditTrail, who: TenantId) -> str:
        base = witness_url.rstrip("/") + "/"
        async with httpx.AsyncClient(base_url=base, timeout=_TIMEOUT_S) as client:
            return await trail.cosign(who, client, verifier)

    typer.echo(with_trail(ask, db=db, tenant=tenant), nl=False)
