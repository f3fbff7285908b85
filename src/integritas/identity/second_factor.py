"""The second factor: codes of time (TOTP, RFC 6238) and recovery codes.

A user begins, scans the secret, and confirms with a code; only then is it asked for at
sign-in. A code is taken once: it and all before it are used up (RFC 6238 section 5.2).
Ten recovery codes, each good once, are shown at the confirmation.
"""

from __future__ import annotations

import base64
import hmac
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pyotp

from integritas.identity import factor_store, session_store, store
from integritas.identity.model import Enrolment, Principal
from integritas.kernel.contracts import Context, Fact
from integritas.kernel.errors import (
    Conflict,
    FieldError,
    InvalidInput,
    NotFound,
    NotPermitted,
    TooManyRequests,
)
from integritas.platform.security import secret_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from integritas.identity.parts import Parts
    from integritas.kernel.ids import TenantId, UserId
    from integritas.platform.db import Transaction
    from integritas.platform.sealing import Sealer

__all__ = ["SecondFactors"]

ISSUER: Final = "Integritas"
PERIOD_S: Final = 30
DRIFT: Final = (0, -1, 1)
"""Time steps that are taken beside the present one: clocks differ."""
RECOVERY_CODES: Final = 10
_DIGITS: Final = re.compile(r"[0-9]{6}")


class SecondFactors:
    """The second factors of all users."""

    def __init__(self, parts: Parts, sealer: Sealer) -> None:
        """Made by `Identity`."""
        self._parts = parts
        self._sealer = sealer

    async def begin(self, principal: Principal, correlation_id: str) -> Enrolment:
        """Return a fresh secret to scan; it counts once it is confirmed.

        Raises:
            NotPermitted: an API key asks.
            Conflict: a second factor is confirmed already.
        """
        user = _person(principal)
        secret = base64.b32encode(self._parts.randomness.token_bytes(20)).decode()

        def work(tx: Transaction) -> str:
            found = factor_store.find_factor(tx, principal.tenant, user)
            if found is not None and found.confirmed:
                raise Conflict(
                    "you have a second factor already",
                    errors=(
                        FieldError(
                            "(second factor)",
                            "is confirmed",
                            "remove it first, with one of its codes",
                        ),
                    ),
                )
            now = self._parts.clock.now()
            sealed = self._sealer.seal(secret)
            factor_store.put_factor(tx, principal.tenant, user, sealed, now)
            self._tell(tx, principal.context(correlation_id), user, "begun")
            stored = store.find_user(tx, principal.tenant, user)
            return stored.user.username if stored else user

        username = await self._parts.database.transact(work)
        uri = pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)
        return Enrolment(secret, uri)

    async def confirm(
        self, principal: Principal, code: str, correlation_id: str
    ) -> tuple[str, ...]:
        """Have the factor asked for from now on; return the recovery codes.

        Raises:
            NotPermitted: an API key asks.
            InvalidInput: the code is wrong, or nothing was begun.
            TooManyRequests: too many wrong codes.
        """
        user = _person(principal)
        fresh = tuple(self._recovery_code() for _ in range(RECOVERY_CODES))

        def work(tx: Transaction) -> bool:
            if not self._proved(tx, principal.tenant, user, code):
                return False
            if factor_store.confirm(
                tx, principal.tenant, user, self._parts.clock.now()
            ):
                digests = map(_recovery_digest, fresh)
                factor_store.put_codes(tx, principal.tenant, user, digests)
                self._tell(tx, principal.context(correlation_id), user, "confirmed")
                return True
            raise Conflict("the second factor is confirmed already")

        await self._proving(work)
        return fresh

    async def remove(
        self, principal: Principal, code: str, correlation_id: str
    ) -> None:
        """Remove one's own factor, with one of its codes.

        Raises:
            NotPermitted: an API key asks.
            InvalidInput: the code is wrong.
            TooManyRequests: too many wrong codes.
        """
        user = _person(principal)

        def work(tx: Transaction) -> bool:
            if not self._proved(tx, principal.tenant, user, code):
                return False
            factor_store.remove_factor(tx, principal.tenant, user)
            self._tell(tx, principal.context(correlation_id), user, "removed")
            return True

        await self._proving(work)

    async def reset(self, context: Context, user: UserId) -> None:
        """Remove another's factor, who lost it; all their sessions end.

        Raises:
            NotFound: no such user in this tenant.
        """

        def work(tx: Transaction) -> None:
            if store.find_user(tx, context.tenant, user) is None:
                raise NotFound(f"there is no user {user}")
            if not factor_store.remove_factor(tx, context.tenant, user):
                return
            now = self._parts.clock.now()
            session_store.revoke_sessions_of(
                tx, context.tenant, user, "second_factor_reset", now
            )
            self._tell(tx, context, user, "reset")
            self._parts.forget_user(tx, context.tenant, user)

        await self._parts.database.transact(work)

    def is_asked(self, tx: Transaction, tenant: TenantId, user: UserId) -> bool:
        """Say whether a user must show a code to sign in."""
        found = factor_store.find_factor(tx, tenant, user)
        return found is not None and found.confirmed

    def accepts(
        self, tx: Transaction, tenant: TenantId, user: UserId, code: str
    ) -> bool:
        """Use up a code of the user's authenticator, or a recovery code."""
        found = factor_store.find_factor(tx, tenant, user)
        if found is None:
            return False
        typed = code.replace(" ", "")
        if _DIGITS.fullmatch(typed) is None:
            now, digest = self._parts.clock.now(), _recovery_digest(typed)
            return factor_store.claim_code(tx, tenant, user, digest, now)
        secret = self._sealer.open(found.sealed_secret)
        step = None if secret is None else self._step_of(secret, typed)
        return step is not None and factor_store.claim_step(tx, tenant, user, step)

    def _step_of(self, secret: str, code: str) -> int | None:
        present = int(self._parts.clock.now().timestamp()) // PERIOD_S
        codes = pyotp.TOTP(secret, interval=PERIOD_S)
        for step in (present + drift for drift in DRIFT):
            if hmac.compare_digest(codes.generate_otp(step), code):
                return step
        return None

    def _proved(
        self, tx: Transaction, tenant: TenantId, user: UserId, code: str
    ) -> bool:
        """Accept a code, or count a failure; refuse after too many."""
        name, now = f"second factor of {user}", self._parts.clock.now()
        attempts = session_store.find_attempts(tx, tenant, name)
        wait = attempts.wait(now) if attempts else timedelta()
        if wait > timedelta():
            raise TooManyRequests(
                "too many wrong codes", retry_after_s=wait.total_seconds()
            )
        if self.accepts(tx, tenant, user, code):
            session_store.clear_failures(tx, tenant, name)
            return True
        session_store.count_failure(tx, tenant, name, now)
        return False

    async def _proving(self, work: Callable[[Transaction], bool]) -> None:
        # Not raised within: the failure is to be counted.
        if not await self._parts.database.transact(work):
            raise InvalidInput(
                "the code is wrong",
                errors=(
                    FieldError(
                        "code",
                        "is not a code of this moment, or was used",
                        "wait for the next one; check the clock of the authenticator",
                    ),
                ),
            )

    def _recovery_code(self) -> str:
        text = base64.b32encode(self._parts.randomness.token_bytes(10)).decode()
        return f"{text[:8]}-{text[8:]}".lower()

    def _tell(self, tx: Transaction, context: Context, user: UserId, what: str) -> None:
        fact = Fact(f"integritas.identity.second_factor_{what}.v1", user)
        self._parts.record(tx, context, fact)


def _person(principal: Principal) -> UserId:
    if principal.user is None or principal.session is None:
        raise NotPermitted("an API key has no second factor: sign in")
    return principal.user


def _recovery_digest(code: str) -> str:
    return secret_digest(code.replace("-", "").lower())
