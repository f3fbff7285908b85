"""What identity knows: principals, users, keys, token pairs."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from integritas.identity.policy import PERMISSIONS, Role, permitted
from integritas.kernel.contracts import Actor, Context
from integritas.kernel.errors import FieldError, NotPermitted
from integritas.kernel.ids import KeyId, TenantId, UserId

__all__ = [
    "AdminCreated",
    "ApiKey",
    "Claims",
    "Enrolment",
    "IssuedKey",
    "Login",
    "NewApiKey",
    "NewUser",
    "Principal",
    "TokenPair",
    "User",
    "UserChanges",
]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls, proven. `permissions` is what this credential may do, no more.

    `user` is None for a machine key; `session` for any key; `key` for a session.
    `teams` are the person's, for need-to-know.
    """

    tenant: TenantId
    actor: Actor
    roles: frozenset[Role]
    permissions: frozenset[str]
    expires_at: datetime
    user: UserId | None = None
    session: str | None = None
    key: KeyId | None = None
    teams: frozenset[str] = frozenset()

    def permits(self, permission: str) -> bool:
        """Say whether this credential may do it."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Go on only with the permission.

        Raises:
            NotPermitted: without it.
            KeyError: no such permission in the table.
        """
        if permission not in self.permissions:
            allows = PERMISSIONS[permission].allows
            raise NotPermitted(
                f"you may not {allows}: it needs {permission}",
                errors=(FieldError("(permission)", *self._lacking(permission)),),
            )

    def _lacking(self, permission: str) -> tuple[str, str]:
        """Return why the permission is not there, and what to do about it."""
        if permitted(self.roles, permission):
            return (
                f"{permission} is not among the scopes of this API key",
                "use a key with this scope, or sign in",
            )
        may = sorted(PERMISSIONS[permission].roles)
        if self.roles == {Role.SERVICE}:
            people = " or ".join(may)
            return (
                f"{permission} is not for machines",
                f"let a person do it who has the role {people}",
            )
        offered = " or ".join(role for role in may if role is not Role.SERVICE)
        yours = ", ".join(sorted(self.roles)) or "none"
        return (
            f"{permission} comes with none of your roles ({yours})",
            f"ask an administrator for the role {offered}",
        )

    def context(self, correlation_id: str, address: str | None = None) -> Context:
        """Return the context of a change this principal makes."""
        actor = self.actor if address is None else replace(self.actor, address=address)
        return Context(self.tenant, actor, correlation_id)


@dataclass(frozen=True, slots=True)
class User:
    """A person who may sign in. `version` counts changes (ETag)."""

    tenant: TenantId
    id: UserId
    username: str
    display_name: str
    email: str | None
    roles: frozenset[Role]
    disabled: bool
    created_at: datetime
    updated_at: datetime
    version: int
    teams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to create. Without a password they cannot sign in with one."""

    username: str
    roles: AbstractSet[Role]
    password: str | None = field(default=None, repr=False)
    display_name: str = ""
    email: str | None = None
    teams: AbstractSet[str] = frozenset()


@dataclass(frozen=True, slots=True)
class UserChanges:
    """What to change of a user; None leaves as it is. `email=""` removes it."""

    display_name: str | None = None
    email: str | None = None
    roles: AbstractSet[Role] | None = None
    teams: AbstractSet[str] | None = None
    disabled: bool | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Login:
    """An attempt to sign in, from `address` if known.

    `code` is of the second factor, or a recovery code.
    """

    tenant: TenantId
    username: str
    password: str = field(repr=False)
    address: str | None = None
    code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor to scan: the secret (base32) and the same as an otpauth URI."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a login gives: tokens are shown once and stored nowhere.

    A machine gets no refresh token (an empty text): it signs in again.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_s: int
    principal: Principal


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key. One with an `owner` acts for that user; one without is a machine's."""

    tenant: TenantId
    id: KeyId
    name: str
    prefix: str
    owner: UserId | None
    scopes: frozenset[str]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @property
    def machine(self) -> bool:
        """Say whether a machine uses it, with the role `service`."""
        return self.owner is None


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key to create. Without scopes it may all that its bearer may."""

    name: str
    scopes: AbstractSet[str] = frozenset()
    machine: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A fresh key with its secret, which is shown this once."""

    key: ApiKey
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claims:
    """Who came, by the provider's word."""

    issuer: str
    subject: str
    email: str | None
    username: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class AdminCreated:
    """The first administrator; where the password is, if it was made up."""

    user: User
    password_file: Path | None
