"""People whom an OpenID provider vouches for: found, linked or made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from integritas.identity import store
from integritas.identity.credentials import check_username, storable
from integritas.identity.model import Claims, NewUser, TokenPair, User
from integritas.identity.parts import GATEKEEPER
from integritas.identity.sessions import Entrance, Opened, Sessions
from integritas.identity.tables import EXTERNAL_IDENTITIES, USERS
from integritas.kernel.contracts import SYSTEM, Context, Fact
from integritas.kernel.errors import (
    FieldError,
    IntegritasError,
    NotAuthenticated,
    NotPermitted,
)
from integritas.kernel.ids import UserId

if TYPE_CHECKING:
    from integritas.identity.parts import Parts
    from integritas.identity.policy import Role
    from integritas.identity.users import Users
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction

__all__ = ["Strangers"]

METHOD = "oidc"


class Strangers:
    """Turns who a provider says somebody is into one of our users."""

    def __init__(self, parts: Parts, users: Users, sessions: Sessions) -> None:
        """Made by `Identity`."""
        self._parts = parts
        self._users = users
        self._sessions = sessions

    async def enter(
        self,
        tenant: TenantId,
        claims: Claims,
        role: Role | None,
        address: str | None,
        correlation_id: str,
    ) -> TokenPair:
        """Open a session for a user known by issuer and subject.

        The first time they are known by their verified e-mail address, if just one
        user has it, or made with `role` if there is one.

        Raises:
            NotAuthenticated: the user is disabled.
            NotPermitted: nobody is known.
        """
        entrance = Entrance(METHOD, address, correlation_id)

        def work(tx: Transaction) -> Opened | IntegritasError:
            store.tenant_exists(tx, tenant, lock=True)
            user = self._find(tx, tenant, claims, role, correlation_id)
            if user is not None and not user.disabled:
                return self._sessions.open_for(tx, user, entrance)
            cause = "unknown_user" if user is None else "disabled"
            fact = Fact(
                type="integritas.identity.login_failed.v1",
                subject=user.id if user else "user_unknown",
                data={"cause": cause, "method": METHOD},
                personal={"username": claims.username, "address": address},
            )
            self._parts.record(tx, Context(tenant, GATEKEEPER, correlation_id), fact)
            return _unknown() if user is None else _disabled()

        return self._sessions.pair_of(await self._parts.database.transact(work))

    def _find(
        self,
        tx: Transaction,
        tenant: TenantId,
        claims: Claims,
        role: Role | None,
        correlation_id: str,
    ) -> User | None:
        known = _linked(tx, tenant, claims)
        if known is not None:
            return known
        context = Context(tenant, SYSTEM, correlation_id)
        user = _by_email(tx, tenant, claims.email)
        if user is None and role is not None:
            user = self._make(tx, context, claims, role)
        if user is not None:
            self._link(tx, context, user, claims)
        return user

    def _make(
        self, tx: Transaction, context: Context, claims: Claims, role: Role
    ) -> User:
        wanted = storable(claims.username or "")
        taken = store.find_user_by_name(tx, context.tenant, wanted) is not None
        if taken or any(check_username(wanted)):
            wanted = self._parts.ids.new("guest")
        new = NewUser(
            username=wanted,
            roles={role},
            display_name=storable(claims.name or ""),
            email=claims.email,
        )
        user, create = self._users.creation(context, new, None)
        create(tx)
        return user

    def _link(
        self, tx: Transaction, context: Context, user: User, claims: Claims
    ) -> None:
        row = {
            "tenant_id": user.tenant,
            "issuer": claims.issuer,
            "subject": storable(claims.subject, limit=255),
            "user_id": user.id,
            "created_at": self._parts.clock.now(),
        }
        tx.insert(EXTERNAL_IDENTITIES, [row])
        fact = Fact(
            type="integritas.identity.external_identity_linked.v1",
            subject=user.id,
            data={"issuer": claims.issuer},
            personal={"subject": storable(claims.subject, limit=255)},
        )
        self._parts.record(tx, context, fact)


def _linked(tx: Transaction, tenant: TenantId, claims: Claims) -> User | None:
    table = EXTERNAL_IDENTITIES
    query = sa.select(table.c.user_id).where(
        table.c.tenant_id == tenant,
        table.c.issuer == claims.issuer,
        table.c.subject == storable(claims.subject, limit=255),
    )
    row = tx.execute(query).one_or_none()
    stored = None if row is None else store.find_user(tx, tenant, UserId(row.user_id))
    return None if stored is None else stored.user


def _by_email(tx: Transaction, tenant: TenantId, email: str | None) -> User | None:
    if email is None:
        return None
    query = sa.select(USERS.c.id).where(
        USERS.c.tenant_id == tenant,
        sa.func.lower(USERS.c.email) == storable(email).lower(),
    )
    ids = [row.id for row in tx.execute(query)]
    stored = store.find_user(tx, tenant, UserId(ids[0])) if len(ids) == 1 else None
    return None if stored is None else stored.user


def _unknown() -> NotPermitted:
    return NotPermitted(
        "nobody here is known to be who signed in at the provider",
        errors=(
            FieldError(
                "email",
                "no user has the address that the provider verified",
                "have an administrator create a user with your e-mail address, or set "
                "INTEGRITAS_OIDC_ROLE",
            ),
        ),
    )


def _disabled() -> NotAuthenticated:
    return NotAuthenticated("the user is disabled")
