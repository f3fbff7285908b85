"""API keys: a person's own, and those of machines.

A person's key acts for its owner: the same actor, so that nobody is two people by
having a key, and never more than the owner may at that moment. A machine's key has the
role `service` and acts as itself. It is not a person: its actor kind is `policy`, the
kind that may neither cancel nor fail a case nor close a risky one; and `service` has
no permission to move cases or to decide approvals at all. `platform` stays with the
platform itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from integritas.identity import credentials as rules
from integritas.identity import store
from integritas.identity.model import (
    ApiKey,
    IssuedKey,
    NewApiKey,
    Principal,
    TokenPair,
)
from integritas.identity.parts import ACCESS_TTL_S, AUDIENCE, GATEKEEPER
from integritas.identity.policy import Role, permissions_of
from integritas.kernel.contracts import Actor, Context, Fact
from integritas.kernel.errors import (
    FieldError,
    NotAuthenticated,
    NotFound,
    NotPermitted,
)
from integritas.kernel.ids import KeyId
from integritas.kernel.states import ActorKind
from integritas.platform.security import (
    SecretKind,
    new_secret,
    secret_digest,
    tenant_of_secret,
)
from integritas.platform.tokens import TokenClaims, TokenKind, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from integritas.identity.parts import Parts
    from integritas.platform.db import Transaction

__all__ = ["ApiKeys"]

NEVER: Final = datetime.max.replace(tzinfo=UTC)
LOGIN_SUCCEEDED: Final = "integritas.identity.login_succeeded.v1"
LOGIN_FAILED: Final = "integritas.identity.login_failed.v1"
METHOD: Final = "client_credentials"
UNKNOWN_KEY: Final = "key_unknown"
SERVICE_ROLES: Final = frozenset({Role.SERVICE})
PAGE: Final = 100


class ApiKeys:
    """The API keys of all tenants."""

    def __init__(self, parts: Parts, tokens: Tokens) -> None:
        """Made by `Identity`."""
        self._parts = parts
        self._tokens = tokens

    async def create(
        self, principal: Principal, new: NewApiKey, correlation_id: str
    ) -> IssuedKey:
        """Create a key of the principal's own, or one for a machine.

        Without scopes it gets all that its bearer may now; what the bearer gains later
        it does not have.

        Raises:
            NotPermitted: an API key asks, or the permission is missing.
            InvalidInput: name, scopes or expiry are not valid.
        """
        if principal.session is None:
            raise NotPermitted("an API key cannot make API keys: sign in")
        principal.require("keys:manage" if new.machine else "keys:own")
        bearer = permissions_of(SERVICE_ROLES) if new.machine else principal.permissions
        now = self._parts.clock.now()
        rules.raise_if_any("the API key", _wrong_with(new, bearer, now))
        secret = new_secret(
            SecretKind.API_KEY, principal.tenant, self._parts.randomness
        )
        key = ApiKey(
            tenant=principal.tenant,
            id=self._parts.ids.key(),
            name=new.name,
            prefix=secret.prefix,
            owner=None if new.machine else principal.user,
            scopes=frozenset(new.scopes) or bearer,
            created_by=principal.actor.id,
            created_at=now,
            expires_at=new.expires_at,
            revoked_at=None,
        )

        def work(tx: Transaction) -> None:
            store.add_key(tx, key, secret.digest)
            context = principal.context(correlation_id)
            self._parts.record(tx, context, _created(key))

        await self._parts.database.transact(work)
        return IssuedKey(key, secret.text)

    async def list(
        self, principal: Principal, *, after: str = "", limit: int = PAGE
    ) -> Sequence[ApiKey]:
        """Return keys, oldest first: one's own, or with `keys:manage` all.

        Raises:
            NotPermitted: the principal may keep no keys.
        """
        everybodys = principal.permits("keys:manage")
        if not everybodys:
            principal.require("keys:own")
        owner = None if everybodys else principal.user
        return await self._parts.database.read(
            lambda tx: store.list_keys(
                tx, principal.tenant, owner, after=after, limit=limit
            )
        )

    async def revoke(
        self, principal: Principal, key: KeyId, correlation_id: str
    ) -> None:
        """End a key at once; a second time changes nothing.

        Raises:
            NotFound: no such key, or another's and the principal may not see it.
        """

        def work(tx: Transaction) -> None:
            found = store.find_key(tx, principal.tenant, key)
            if found is None or not _keeps(principal, found):
                raise NotFound(f"there is no API key {key}")
            now = self._parts.clock.now()
            if store.revoke_key(tx, principal.tenant, key, now):
                fact = Fact("integritas.identity.key_revoked.v1", key)
                self._parts.record(tx, principal.context(correlation_id), fact)
                tx.after_commit(
                    lambda: self._parts.cache.drop(
                        lambda p: p.tenant == principal.tenant and p.key == key
                    )
                )

        await self._parts.database.transact(work)

    async def verify(self, secret: str) -> Principal:
        """Return whom a key stands for.

        Raises:
            NotAuthenticated: unknown, revoked or expired, or its owner is disabled.
        """
        tenant = tenant_of_secret(secret, SecretKind.API_KEY)
        if tenant is None:
            raise NotAuthenticated("the API key is not well-formed")
        digest = secret_digest(secret)

        def work(tx: Transaction) -> Principal | None:
            key = store.find_key_by_digest(tx, tenant, digest)
            if key is None or key.revoked_at is not None:
                return None
            if key.expires_at is not None and key.expires_at <= self._parts.clock.now():
                return None
            return _machine(key) if key.owner is None else _owner(tx, key)

        principal = await self._parts.database.read(work)
        if principal is None:
            raise NotAuthenticated("the API key is unknown, revoked or expired")
        return principal

    async def sign_in(
        self, client: str, secret: str, address: str | None, correlation_id: str
    ) -> TokenPair:
        """Give a machine an access token for its key (RFC 6749 section 4.4).

        Raises:
            NotAuthenticated: the two do not belong together, the key is a person's,
                unknown, revoked or expired.
        """
        tenant = tenant_of_secret(secret, SecretKind.API_KEY)
        digest = secret_digest(secret)

        def work(tx: Transaction) -> Principal | None:
            if tenant is None or not store.tenant_exists(tx, tenant):
                return None
            key = store.find_key_by_digest(tx, tenant, digest)
            cause = _why_no_token(key, client, self._parts.clock.now())
            known = key is not None and key.id == client
            principal = _machine(key) if key is not None and cause is None else None
            actor = GATEKEEPER if principal is None else principal.actor
            fact = Fact(
                type=LOGIN_SUCCEEDED if principal else LOGIN_FAILED,
                subject=client if known else UNKNOWN_KEY,
                data={"method": METHOD, **({"cause": cause} if cause else {})},
                personal={"address": address},
            )
            self._parts.record(tx, Context(tenant, actor, correlation_id), fact)
            return principal

        principal = await self._parts.database.transact(work)
        if principal is None:
            raise NotAuthenticated("client_id or client_secret is wrong")
        now = self._parts.clock.now()
        left = (principal.expires_at - now).total_seconds()
        ttl_s = max(int(min(ACCESS_TTL_S, left)), 1)
        access = self._tokens.sign(
            TokenKind.ACCESS,
            principal.actor.id,
            audience=AUDIENCE,
            ttl_s=ttl_s,
            tenant=principal.tenant,
        )
        return TokenPair(access, "", ttl_s, principal)

    async def of_claims(self, claims: TokenClaims) -> Principal:
        """Return the machine of a verified token that names no session.

        Raises:
            NotAuthenticated: no machine's, or its key is revoked or expired.
        """
        tenant = claims.tenant
        key = None
        if tenant is not None:
            key = await self._parts.database.read(
                lambda tx: store.find_key(tx, tenant, KeyId(claims.subject))
            )
        if key is None or _why_no_token(key, key.id, self._parts.clock.now()):
            raise NotAuthenticated("the token names no session and no machine")
        return replace(_machine(key), expires_at=claims.expires_at)


def _why_no_token(key: ApiKey | None, client: str, now: datetime) -> str | None:
    if key is None or key.id != client:
        return "wrong_secret"
    if not key.machine:
        return "not_a_machine"
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= now:
        return "expired"
    return None


def _wrong_with(
    new: NewApiKey, bearer: frozenset[str], now: datetime
) -> Iterable[FieldError]:
    if not new.name.strip() or rules.storable(new.name, limit=100) != new.name:
        yield FieldError(
            "name", "is empty, too long or not storable", "use 1 to 100 characters"
        )
    if new.expires_at is not None and new.expires_at.tzinfo is None:
        yield FieldError("expires_at", "has no offset", "write Z or +00:00")
    elif new.expires_at is not None and new.expires_at <= now:
        yield FieldError("expires_at", "is past", "choose a time to come")
    yield from rules.check_scopes(new.scopes, bearer)


def _keeps(principal: Principal, key: ApiKey) -> bool:
    if principal.permits("keys:manage"):
        return True
    return principal.permits("keys:own") and key.owner == principal.user


def _machine(key: ApiKey) -> Principal:
    roles = frozenset(role.value for role in SERVICE_ROLES)
    return Principal(
        tenant=key.tenant,
        actor=Actor(key.id, ActorKind.POLICY, roles),
        roles=SERVICE_ROLES,
        permissions=permissions_of(SERVICE_ROLES) & key.scopes,
        expires_at=key.expires_at or NEVER,
        key=key.id,
    )


def _owner(tx: Transaction, key: ApiKey) -> Principal | None:
    assert key.owner is not None  # noqa: S101 - narrows the type
    stored = store.find_user(tx, key.tenant, key.owner)
    if stored is None or stored.user.disabled:
        return None
    user = stored.user
    roles = frozenset(role.value for role in user.roles)
    return Principal(
        tenant=key.tenant,
        actor=Actor(user.id, ActorKind.PERSON, roles),
        roles=user.roles,
        permissions=permissions_of(user.roles) & key.scopes,
        expires_at=key.expires_at or NEVER,
        user=user.id,
        key=key.id,
        teams=user.teams,
    )


def _created(key: ApiKey) -> Fact:
    return Fact(
        type="integritas.identity.key_created.v1",
        subject=key.id,
        data={
            "owner": key.owner,
            "machine": key.machine,
            "scopes": [*sorted(key.scopes)],
            "prefix": key.prefix,
            "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        },
        personal={"name": key.name},
    )
