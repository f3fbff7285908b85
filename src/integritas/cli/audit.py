"""`integritas audit`: verify the log or a bundle, export evidence, show keys."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Final, TypeVar

import orjson
import typer
from pydantic import JsonValue
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from integritas.cli.bulk import STANDARD, shown, write_bytes
from integritas.cli.chosen import Db, chosen_settings, file_of, told
from integritas.cli.operator import operator_context
from integritas.journal.api import Journal, SettledMark
from integritas.kernel.clock import SystemClock, SystemRandomness
from integritas.kernel.contracts import VerificationReport
from integritas.kernel.errors import FieldError, InvalidInput, NotFound, StorageFailure
from integritas.kernel.ids import DEFAULT_TENANT, IdFactory, TenantId, valid_tenant
from integritas.platform.config import Settings, load_settings
from integritas.platform.db import open_database
from integritas.services.audit.api import (
    AuditTrail,
    VerifierKey,
    offline,
    parse_verifier_key,
    verify_bundle,
    write_mirror,
)

__all__ = ["Db", "Tenant", "app", "read_keys", "unusable", "with_trail"]

app = typer.Typer(help="The audit log: verify, prove, export.", no_args_is_help=True)

T = TypeVar("T")

_BUNDLE_BYTES: Final = 256 * 1024 * 1024

Tenant = Annotated[str, typer.Option("--tenant", help="Whose log.")]


@app.command()
def verify(
    *,
    db: Db = None,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", help="Verify this evidence bundle, and nothing else."),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="VKEY|FILE",
            help="Trust this verifier key, or those of this file, and no other.",
        ),
    ] = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint", help="A signed checkpoint that the log must extend."
        ),
    ] = None,
    settled: Annotated[
        bool,
        typer.Option(
            "--settled",
            help="No entry may wait to be logged, whatever the last stop was.",
        ),
    ] = False,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Re-compute everything; exit 1 and name the place of each difference."""
    keys = [found for text in key or [] for found in read_keys(text)]
    notes = [_text(path) for path in checkpoint or []]
    if bundle is not None:
        report = verify_bundle(
            _content(bundle, _BUNDLE_BYTES), keys=keys, checkpoints=notes
        )
        _show(report, f"the bundle {bundle}, checkpoint of {report.size} entries")
        return
    report = with_trail(
        lambda trail, who: trail.verify(
            who, keys=keys, checkpoints=notes, settled=settled
        ),
        db=db,
        tenant=tenant,
        origin=_origin(keys, tenant),
    )
    _show(report, f"{report.size} entries")


@app.command()
def export(
    *,
    case: Annotated[
        str, typer.Option("--case", help="The case (or other subject), by its id.")
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", help="Where to; - is standard output.")
    ],
    db: Db = None,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Write a self-contained evidence bundle of a case.

    Beside it go a report for people and a verifier that needs Python alone.
    """

    async def bundle(trail: AuditTrail, who: TenantId) -> Mapping[str, JsonValue]:
        made = await trail.bundle(who, subject=case)
        context = operator_context(who, "audit export")
        await trail.record_export(context, form="bundle", subject=case)
        return made

    document = with_trail(bundle, db=db, tenant=tenant)
    files = {output: orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"}
    if output != STANDARD:
        report = f"{offline.report(document)}\n".encode()
        files[str(Path(output).with_suffix(".report.txt"))] = report
        verifier = Path(offline.__file__).read_bytes()
        files[str(Path(output).with_suffix(".verify.py"))] = verifier
    for name, content in files.items():
        write_bytes(name, content)
        typer.echo(f"wrote {shown(name, out=True)}", err=True)


@app.command()
def tail(
    *,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=1, max=10_000, help="How many.")
    ] = 10,
    db: Db = None,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Print the newest entries, JSON Lines, oldest first."""

    async def newest(trail: AuditTrail, who: TenantId) -> list[bytes]:
        size = (await trail.checkpoint(who)).size
        found = await trail.entries(who, start=max(size - lines, 0), limit=lines)
        return [
            orjson.dumps({"index": e.index, "entry": orjson.Fragment(e.body)})
            for e in found
        ]

    for line in with_trail(newest, db=db, tenant=tenant):
        typer.echo(line.decode())


@app.command()
def keys(*, db: Db = None, tenant: Tenant = DEFAULT_TENANT) -> None:
    """Print the verifier keys (C2SP vkeys), newest first, a line each."""
    found = with_trail(
        lambda trail, who: trail.verifier_keys(who), db=db, tenant=tenant
    )
    if not found:
        raise InvalidInput(
            f"the log of {tenant} has no key yet: one is made with the first entry"
        )
    for vkey in found:
        typer.echo(vkey)


@app.command()
def rotate(*, db: Db = None, tenant: Tenant = DEFAULT_TENANT) -> None:
    """Hand the log over to a new key, by an entry both sign; print the new key."""

    async def hand_over(trail: AuditTrail, who: TenantId) -> str:
        return await trail.rotate_key(operator_context(who, "audit rotate"))

    typer.echo(with_trail(hand_over, db=db, tenant=tenant))


@app.command()
def mirror(
    folder: Annotated[
        str,
        typer.Argument(
            metavar="DIR", help="A folder, or a bucket such as s3://name/prefix."
        ),
    ],
    *,
    db: Db = None,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Write the log as static files or objects (C2SP tlog-tiles)."""
    done = with_trail(
        lambda trail, who: write_mirror(trail, who, folder), db=db, tenant=tenant
    )
    typer.echo(f"wrote {done.written} files to {folder}", err=True)
    if done.pruned:
        left_out = f"left out {done.pruned} bundles with entries that were pruned"
        typer.echo(left_out, err=True)


def with_trail(
    work: Callable[[AuditTrail, TenantId], Awaitable[T]],
    *,
    db: str | None,
    tenant: str,
    origin: str | None = None,
) -> T:
    """Do something with the trail of a database; it is closed at the end."""
    if not valid_tenant(tenant):
        raise InvalidInput(f"--tenant: {tenant!r} does not name a tenant")
    settings = _settings(db)
    url = settings.database_url
    _refuse_missing(url)
    database = open_database(url)
    clock, randomness = SystemClock(), SystemRandomness()
    state, origin = settings.state_dir, origin or settings.audit_origin
    journal = Journal(
        database,
        clock,
        randomness,
        IdFactory(clock, randomness),
        SettledMark(state, origin),
    )
    trail = AuditTrail(database, journal, state, clock, origin)

    async def run() -> T:
        who = TenantId(tenant)
        if who != DEFAULT_TENANT and not await trail.has_log(who):
            raise NotFound(f"--tenant: there is no log of a tenant {tenant!r}")
        return await work(trail, who)

    try:
        return asyncio.run(run())
    finally:
        database.close()


def _settings(db: str | None) -> Settings:
    """Return the settings of the database meant; say which, if it was not named."""
    settings = chosen_settings(db)
    path, named = file_of(settings), db is not None or load_settings().database_chosen
    if not named and path is not None and path.exists():
        typer.echo(f"{told(settings)}:", err=True)
    return settings


def _refuse_missing(url: str) -> None:
    """Opening a SQLite file that is not there would make an empty one."""
    try:
        address = make_url(url)
    except ArgumentError:
        return  # open_database says what is wrong with it
    path = address.database or ""
    if address.get_backend_name() == "sqlite" and path and not Path(path).is_file():
        raise StorageFailure(
            f"there is no database at {path}",
            errors=(
                FieldError(
                    "INTEGRITAS_DATABASE_URL", "no such file", "name it with --db"
                ),
            ),
        )


def _origin(keys: list[VerifierKey], tenant: str) -> str | None:
    """Return the origin that trusted keys name, so that no setting is needed."""
    suffix = f"/{tenant}"
    for found in keys:
        if found.name.endswith(suffix):
            return found.name.removesuffix(suffix)
    return None


def read_keys(text: str) -> list[VerifierKey]:
    """Return a verifier key, or those of a file, a line each."""
    path = Path(text)
    lines = [text] if "+" in text and not path.exists() else _text(path).splitlines()
    return [parse_verifier_key(line) for line in lines if line.strip()]


def _text(path: Path) -> str:
    try:
        return _content(path, 1024 * 1024).decode()
    except UnicodeDecodeError as error:
        raise unusable(str(path), error) from error


def _content(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise unusable(str(path), error) from error
    if len(content) > limit:
        raise InvalidInput(f"{path} is larger than {limit} bytes")
    return content


def unusable(path: str, error: Exception) -> InvalidInput:
    """Return the error of a file that cannot be used."""
    why = getattr(error, "strerror", None) or str(error)
    return InvalidInput(f"{path} cannot be used: {why}")


def _show(report: VerificationReport, what: str) -> None:
    for note in report.notes:
        typer.echo(f"note: {note}", err=True)
    root = base64.b64encode(report.root).decode()
    if report.sound:
        typer.echo(f"verified {what}: {report.origin}, root {root}")
        return
    for found in report.differences:
        typer.echo(f"{found.place}: {found.message}")
    typer.echo(
        f"NOT verified: {len(report.differences)} differences in {what}", err=True
    )
    raise typer.Exit(1)
