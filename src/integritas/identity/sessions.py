"""Sessions: signing in, staying in, getting out.

An access token lasts 15 minutes and names its session; a refresh token lasts a day and
works once. One that comes a second time was stolen, from one side or the other, so the
session ends (RFC 9700 section 4.14.2). A session lasts a week at most.

Repeated failures under one name, of a user or of nobody, are refused for a while. What
a caller is told does not depend on whether the user exists.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from integritas.identity import session_store, store
from integritas.identity.credentials import MAX_PASSWORD, storable
from integritas.identity.model import Login, Principal, TokenPair, User
from integritas.identity.parts import ACCESS_TTL_S, AUDIENCE, GATEKEEPER
from integritas.identity.policy import permissions_of
from integritas.identity.session_store import Session
from integritas.kernel.contracts import Actor, Context, Fact
from integritas.kernel.errors import (
    IntegritasError,
    NotAuthenticated,
    NotFound,
    SecondFactorRequired,
    TooManyRequests,
)
from integritas.kernel.ids import TenantId, UserId, valid_tenant
from integritas.kernel.states import ActorKind
from integritas.platform.security import (
    SecretKind,
    new_secret,
    secret_digest,
    tenant_of_secret,
)
from integritas.platform.tokens import TokenClaims, TokenKind, Tokens

if TYPE_CHECKING:
    from integritas.identity.parts import Parts
    from integritas.identity.second_factor import SecondFactors
    from integritas.platform.db import Transaction

__all__ = [
    "ACCESS_TTL_S",
    "AUDIENCE",
    "REFRESH_TTL",
    "SESSION_TTL",
    "Entrance",
    "Opened",
    "Sessions",
]

REFRESH_TTL: Final = timedelta(hours=24)
SESSION_TTL: Final = timedelta(days=7)
PASSWORD: Final = "password"  # noqa: S105 - a method's name
NOBODY: Final = "user_unknown"
WRONG: Final = "the user name or the password is wrong"


@dataclass(frozen=True, slots=True)
class _Checked:
    """A login after the password was looked at; `matched` is the hash it fits."""

    login: Login
    correlation_id: str
    checked: bool = False
    matched: str | None = None
    rehashed: str | None = None


@dataclass(frozen=True, slots=True)
class Entrance:
    """How somebody came in."""

    method: str
    address: str | None
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was opened; its tokens are made after the commit."""

    user: User
    session: Session
    refresh: str


class Sessions:
    """The sessions of all tenants."""

    def __init__(self, parts: Parts, tokens: Tokens, factors: SecondFactors) -> None:
        """Made by `Identity`."""
        self._parts = parts
        self._tokens = tokens
        self._factors = factors

    async def login(self, login: Login, correlation_id: str) -> TokenPair:
        """Sign in with a password.

        Raises:
            NotAuthenticated: wrong name or password, or the user is disabled.
            SecondFactorRequired: the password is right, a code must come with it.
            TooManyRequests: too many failures under this name.
        """
        if not valid_tenant(login.tenant) or len(login.password) > MAX_PASSWORD:
            await self._parts.passwords.verify(None, "")
            raise NotAuthenticated(WRONG)
        checked = await self._check(login, correlation_id)
        outcome = await self._parts.database.transact(
            lambda tx: self._settle(tx, checked)
        )
        return self.pair_of(outcome)

    async def refresh(self, token: str, correlation_id: str) -> TokenPair:
        """Exchange a refresh token for a new pair; the old one is used up.

        Raises:
            NotAuthenticated: unknown, expired, used before, or the session ended.
        """
        tenant = tenant_of_secret(token, SecretKind.REFRESH)
        if tenant is None:
            raise NotAuthenticated("the refresh token is not well-formed")
        digest = secret_digest(token)
        outcome = await self._parts.database.transact(
            lambda tx: self._renew(tx, tenant, digest, correlation_id)
        )
        return self.pair_of(outcome)

    async def revoke(self, token: str, correlation_id: str) -> None:
        """End the session of an access or refresh token (RFC 7009).

        A token that is worth nothing anyway is no error.
        """
        tenant = tenant_of_secret(token, SecretKind.REFRESH)
        if tenant is None:
            try:
                principal = await self.verify(token)
            except NotAuthenticated:
                return
            tenant, session = principal.tenant, principal.session
        else:
            found = await self._parts.database.read(
                lambda tx: session_store.find_refresh_session(
                    tx, TenantId(str(tenant)), secret_digest(token)
                )
            )
            session = None if found is None else found[0]
        if session is not None:
            await self._end(tenant, session, correlation_id)

    async def end_all(self, context: Context, user: UserId) -> int:
        """End all sessions of a user; return how many had not ended.

        Raises:
            NotFound: no such user in this tenant.
        """

        def work(tx: Transaction) -> int:
            if store.find_user(tx, context.tenant, user) is None:
                raise NotFound(f"there is no user {user}")
            ended = session_store.revoke_sessions_of(
                tx, context.tenant, user, "ended_by_another", self._parts.clock.now()
            )
            if ended:
                fact = Fact(
                    type="integritas.identity.sessions_ended.v1",
                    subject=user,
                    data={"sessions": ended},
                )
                self._parts.record(tx, context, fact)
                self._parts.forget_user(tx, context.tenant, user)
            return ended

        return await self._parts.database.transact(work)

    async def verify(self, token: str) -> Principal:
        """Return who signed in, with the roles they have now.

        Raises:
            NotAuthenticated: not our token, expired, or the session ended.
        """
        return await self.of_claims(self.claims(token))

    def claims(self, token: str) -> TokenClaims:
        """Return what an access token says.

        Raises:
            NotAuthenticated: not our token, or expired.
        """
        return self._tokens.verify(token, kind=TokenKind.ACCESS, audience=AUDIENCE)

    async def of_claims(self, claims: TokenClaims) -> Principal:
        """Return who signed in, of a verified token that names a session.

        Raises:
            NotAuthenticated: it names none, or the session ended.
        """
        tenant, session_id = claims.tenant, claims.session
        if tenant is None or session_id is None:
            raise NotAuthenticated("the token names no session")

        def work(tx: Transaction) -> Principal | None:
            session = session_store.find_session(tx, tenant, session_id)
            if session is None or session.user != claims.subject:
                return None
            user = self._user_of(tx, tenant, session)
            if user is None:
                return None
            return _principal(user, session.id, claims.expires_at)

        principal = await self._parts.database.read(work)
        if principal is None:
            raise NotAuthenticated("the session has ended: sign in again")
        return principal

    # Signing in ------------------------------------------------------------------

    async def _check(self, login: Login, correlation_id: str) -> _Checked:
        parts = self._parts

        def look(tx: Transaction) -> tuple[bool, str | None]:
            stored = store.find_user_by_name(tx, login.tenant, storable(login.username))
            locked = self._wait(tx, login) > timedelta()
            return locked, stored.password_hash if stored is not None else None

        locked, encoded = await parts.database.read(look)
        if locked:
            return _Checked(login, correlation_id)
        if not await parts.passwords.verify(encoded, login.password):
            return _Checked(login, correlation_id, checked=True)
        assert encoded is not None  # noqa: S101 - verify says no without a hash
        rehashed = None
        if parts.passwords.needs_rehash(encoded):
            rehashed = await parts.passwords.hash(login.password)
        return _Checked(login, correlation_id, True, encoded, rehashed)

    def _settle(self, tx: Transaction, checked: _Checked) -> Opened | IntegritasError:
        """Decide on a login by what is stored now; return an error so it is kept."""
        login, now = checked.login, self._parts.clock.now()
        if not store.tenant_exists(tx, login.tenant):
            return NotAuthenticated(WRONG)
        stored = store.find_user_by_name(tx, login.tenant, storable(login.username))
        wait = self._wait(tx, login)
        if wait > timedelta() or not checked.checked:
            self._tell_failure(tx, checked, stored, "locked")
            return TooManyRequests(
                "too many failed attempts under this name",
                retry_after_s=max(wait.total_seconds(), 1.0),
            )
        cause = _why_not(stored, checked.matched)
        if stored is None or cause is not None:
            session_store.count_failure(tx, login.tenant, _name(login), now)
            self._tell_failure(tx, checked, stored, cause or "unknown_user")
            return NotAuthenticated(WRONG)
        user = stored.user
        if (error := self._second(tx, checked, stored)) is not None:
            return error
        session_store.clear_failures(tx, login.tenant, _name(login))
        if checked.rehashed is not None:
            user = replace(user, version=user.version + 1)
            store.change_user(tx, store.StoredUser(user, checked.rehashed))
        entrance = Entrance(PASSWORD, login.address, checked.correlation_id)
        return self.open_for(tx, user, entrance)

    def _second(
        self, tx: Transaction, checked: _Checked, stored: store.StoredUser
    ) -> IntegritasError | None:
        """Return why the second factor keeps the user out, None if it does not."""
        tenant, user, code = checked.login.tenant, stored.user.id, checked.login.code
        if not self._factors.is_asked(tx, tenant, user):
            return None
        if not code:
            self._tell_failure(tx, checked, stored, "second_factor_required")
            return SecondFactorRequired("send the code of the second factor too")
        if self._factors.accepts(tx, tenant, user, code):
            return None
        now = self._parts.clock.now()
        session_store.count_failure(tx, tenant, _name(checked.login), now)
        self._tell_failure(tx, checked, stored, "wrong_code")
        return SecondFactorRequired("the code is wrong, or was used before")

    def open_for(self, tx: Transaction, user: User, entrance: Entrance) -> Opened:
        """Open a session for who is known by now; `pair_of` gives its tokens."""
        now = self._parts.clock.now()
        session = Session(
            self._parts.ids.new("sess"), user.id, now + SESSION_TTL, revoked_at=None
        )
        session_store.forget_expired(tx, user.tenant, now)
        session_store.add_session(tx, user.tenant, session, now)
        context = Context(user.tenant, _actor(user), entrance.correlation_id)
        fact = Fact(
            type="integritas.identity.login_succeeded.v1",
            subject=user.id,
            data={"session": session.id, "method": entrance.method},
            personal={"username": user.username, "address": entrance.address},
        )
        self._parts.record(tx, context, fact)
        return Opened(user, session, self._add_refresh(tx, user, session))

    def _tell_failure(
        self,
        tx: Transaction,
        checked: _Checked,
        stored: store.StoredUser | None,
        cause: str,
    ) -> None:
        login = checked.login
        fact = Fact(
            type="integritas.identity.login_failed.v1",
            subject=stored.user.id if stored is not None else NOBODY,
            data={"cause": cause, "method": PASSWORD},
            personal={"username": _name(login), "address": login.address},
        )
        context = Context(login.tenant, GATEKEEPER, checked.correlation_id)
        self._parts.record(tx, context, fact)

    def _wait(self, tx: Transaction, login: Login) -> timedelta:
        attempts = session_store.find_attempts(tx, login.tenant, _name(login))
        return attempts.wait(self._parts.clock.now()) if attempts else timedelta()

    # Staying in, getting out -----------------------------------------------------

    def _renew(
        self, tx: Transaction, tenant: TenantId, digest: str, correlation_id: str
    ) -> Opened | IntegritasError:
        now = self._parts.clock.now()
        found = session_store.find_refresh_session(tx, tenant, digest)
        session = found and session_store.find_session(tx, tenant, found[0])
        if not found or not session:
            return NotAuthenticated("the refresh token is unknown")
        if not session_store.claim_refresh(tx, tenant, digest, now):
            self._end_in(tx, tenant, session, "refresh_reused", correlation_id)
            return NotAuthenticated(
                "the refresh token was used before: the session has ended"
            )
        user = self._user_of(tx, tenant, session)
        if user is None or found[1] <= now:
            return NotAuthenticated("the session has ended: sign in again")
        return Opened(user, session, self._add_refresh(tx, user, session))

    async def _end(self, tenant: TenantId, session: str, correlation_id: str) -> None:
        def work(tx: Transaction) -> None:
            found = session_store.find_session(tx, tenant, session)
            if found is not None:
                self._end_in(tx, tenant, found, "logout", correlation_id)

        await self._parts.database.transact(work)

    def _end_in(
        self,
        tx: Transaction,
        tenant: TenantId,
        session: Session,
        cause: str,
        correlation_id: str,
    ) -> None:
        now = self._parts.clock.now()
        if not session_store.revoke_session(tx, tenant, session.id, cause, now):
            return
        # Who shows a used token may be a thief: then nobody is known to act.
        by_user = Actor(session.user, ActorKind.PERSON)
        actor = by_user if cause == "logout" else GATEKEEPER
        fact = Fact(
            type="integritas.identity.session_ended.v1",
            subject=session.user,
            data={"session": session.id, "cause": cause},
        )
        self._parts.record(tx, Context(tenant, actor, correlation_id), fact)
        self._parts.forget_user(tx, tenant, session.user)

    # Both ------------------------------------------------------------------------

    def _user_of(
        self, tx: Transaction, tenant: TenantId, session: Session
    ) -> User | None:
        """Return the user of a session that still holds."""
        if session.revoked_at is not None:
            return None
        if session.expires_at <= self._parts.clock.now():
            return None
        stored = store.find_user(tx, tenant, session.user)
        return None if stored is None or stored.user.disabled else stored.user

    def _add_refresh(self, tx: Transaction, user: User, session: Session) -> str:
        secret = new_secret(SecretKind.REFRESH, user.tenant, self._parts.randomness)
        expires_at = min(self._parts.clock.now() + REFRESH_TTL, session.expires_at)
        session_store.add_refresh(
            tx, user.tenant, secret.digest, session.id, expires_at
        )
        return secret.text

    def pair_of(self, outcome: Opened | IntegritasError) -> TokenPair:
        """Return the tokens of a session that was opened, or raise why it was not."""
        if isinstance(outcome, IntegritasError):
            raise outcome
        user, session = outcome.user, outcome.session
        now = self._parts.clock.now()
        left = int((session.expires_at - now).total_seconds())
        ttl_s = max(min(ACCESS_TTL_S, left), 1)
        access = self._tokens.sign(
            TokenKind.ACCESS,
            user.id,
            audience=AUDIENCE,
            ttl_s=ttl_s,
            tenant=user.tenant,
            session=session.id,
        )
        return TokenPair(
            access_token=access,
            refresh_token=outcome.refresh,
            expires_in_s=ttl_s,
            principal=_principal(user, session.id, now + timedelta(seconds=ttl_s)),
        )


def _name(login: Login) -> str:
    return storable(login.username)


def _why_not(stored: store.StoredUser | None, matched: str | None) -> str | None:
    if stored is None:
        return "unknown_user"
    if matched is None or stored.password_hash != matched:
        return "wrong_password"
    return "disabled" if stored.user.disabled else None


def _actor(user: User) -> Actor:
    return Actor(user.id, ActorKind.PERSON, frozenset(r.value for r in user.roles))


def _principal(user: User, session: str, expires_at: datetime) -> Principal:
    return Principal(
        tenant=user.tenant,
        actor=_actor(user),
        roles=user.roles,
        permissions=permissions_of(user.roles),
        expires_at=expires_at,
        user=UserId(user.id),
        session=session,
        teams=user.teams,
    )
