"""`integritas tls`: certificates for development."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from integritas.kernel.clock import SystemClock
from integritas.platform.config import load_settings
from integritas.platform.tls import make_development_files

__all__ = ["app"]

app = typer.Typer(help="TLS for development.", no_args_is_help=True)


@app.callback()
def tls() -> None:
    """Look after certificates for development."""


@app.command(name="init")
def init(
    directory: Annotated[
        Path | None,
        typer.Option("--dir", help="Where to; else `tls` in the state folder."),
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option("--host", help="A name or address of the server; repeat it."),
    ] = None,
) -> None:
    """Make an authority of one's own, and certificates for a server and a client.

    For development: whoever has ca.key can be anybody to who trusts ca.pem. Print the
    settings that use them.
    """
    folder = directory or load_settings().state_dir / "tls"
    hosts = host or ["localhost", "127.0.0.1", "::1"]
    files = make_development_files(folder, hosts, SystemClock())
    (cert, key), (client_cert, client_key) = files.server, files.client
    for line in (
        "# to speak TLS",
        f"INTEGRITAS_TLS_CERT_FILE={cert.absolute()}",
        f"INTEGRITAS_TLS_KEY_FILE={key.absolute()}",
        "# to answer nobody but the platform (services), and to be answered (gateway)",
        f"INTEGRITAS_TLS_CLIENT_CA_FILE={files.ca.absolute()}",
        f"INTEGRITAS_SERVICES_CA_FILE={files.ca.absolute()}",
        f"INTEGRITAS_SERVICES_CERT_FILE={client_cert.absolute()}",
        f"INTEGRITAS_SERVICES_KEY_FILE={client_key.absolute()}",
    ):
        typer.echo(line)
