"""`integritas users`: what must be done before anybody can sign in."""

from __future__ import annotations

import asyncio
import getpass
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from integritas.bootstrap import bootstrap
from integritas.cli.chosen import Db, chosen_settings, file_of, told
from integritas.cli.operator import operator_context
from integritas.identity.api import NewUser, Role, check_new_user, check_tenant
from integritas.kernel.errors import FieldError, InvalidInput, NotFound
from integritas.kernel.ids import DEFAULT_TENANT, TenantId

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
    *,
    db: Db = None,
    new_tenant: Annotated[
        bool, typer.Option("--new-tenant", help="Create the tenant if there is none.")
    ] = False,
) -> None:
    """Create an administrator; the password is asked for, or read from stdin."""
    new = NewUser(username, {Role.ADMIN}, password=_password())
    may_found = new_tenant or tenant == DEFAULT_TENANT
    settings = chosen_settings(db)
    # Before anything is opened: what is refused must leave no empty database.
    check_new_user(new)
    check_tenant(TenantId(tenant))
    path = file_of(settings)
    if not may_found and path is not None and not path.exists():
        raise _no_tenant(f"there is no tenant {tenant}")
    platform = bootstrap(settings)
    try:
        user = asyncio.run(
            _create(platform, TenantId(tenant), new, may_found=may_found)
        )
    finally:
        platform.database.close()
    where = told(settings)
    typer.echo(f"created the administrator {user.username!r} ({user.id}) in {where}")


async def _create(
    platform: Platform, tenant: TenantId, new: NewUser, *, may_found: bool
) -> User:
    context = operator_context(tenant, "command-line")
    if may_found:
        return await platform.identity.found_tenant(context, new)
    try:
        return await platform.identity.users.create(context, new)
    except NotFound as error:
        raise _no_tenant(error.detail) from error


def _no_tenant(detail: str) -> NotFound:
    remedy = "check the name, or add --new-tenant"
    return NotFound(detail, errors=(FieldError("--tenant", "is not there", remedy),))


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
