"""`integritas users`: what must be done before anybody can sign in."""

from __future__ import annotations

import asyncio
import getpass
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from integritas.bootstrap import bootstrap
from integritas.identity.api import NewUser, Role
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import FieldError, InvalidInput
from integritas.kernel.ids import DEFAULT_TENANT, TenantId
from integritas.platform.config import load_settings

if TYPE_CHECKING:
    from integritas.bootstrap import Platform
    from integritas.identity.api import User

__all__ = ["app"]

app = typer.Typer(help="Users.", no_args_is_help=True)


@app.callback()
def users() -> None:
    """Look after users."""


@app.command(name="create-admin")
def create_admin(
    username: Annotated[str, typer.Argument(help="The name to sign in with.")],
    tenant: Annotated[str, typer.Option(help="Whose administrator.")] = DEFAULT_TENANT,
) -> None:
    """Create an administrator; the password is asked for, or read from stdin."""
    password = _password()
    platform = bootstrap(load_settings())
    try:
        new = NewUser(username, {Role.ADMIN}, password=password)
        user = asyncio.run(_create(platform, TenantId(tenant), new))
    finally:
        platform.database.close()
    typer.echo(f"created the administrator {user.username!r} ({user.id})")


async def _create(platform: Platform, tenant: TenantId, new: NewUser) -> User:
    await platform.identity.ensure_tenant(tenant)
    context = Context(tenant, SYSTEM, "command-line")
    return await platform.identity.users.create(context, new)


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first, second = getpass.getpass("Password: "), getpass.getpass("Again: ")
    if first != second:
        raise InvalidInput(
            "the passwords differ",
            errors=(FieldError("password", "typed differently", "type it twice"),),
        )
    return first
