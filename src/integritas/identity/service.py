"""Identity as a whole: its parts, credentials verified, the first administrator."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any, Final

from integritas.identity import credentials as rules
from integritas.identity import store
from integritas.identity.cache import PrincipalCache
from integritas.identity.keys import ApiKeys
from integritas.identity.model import AdminCreated, NewUser, Principal, User
from integritas.identity.oidc import OidcSettings, OpenIdLogin
from integritas.identity.parts import Parts
from integritas.identity.policy import Role
from integritas.identity.second_factor import SecondFactors
from integritas.identity.sessions import Sessions
from integritas.identity.strangers import Strangers
from integritas.identity.users import Users
from integritas.kernel.contracts import SYSTEM, Context, Fact, Recorder
from integritas.kernel.errors import (
    FieldError,
    IntegritasError,
    InvalidInput,
    StorageFailure,
)
from integritas.kernel.ids import DEFAULT_TENANT, IdFactory, TenantId, valid_tenant
from integritas.platform.sealing import Sealer
from integritas.platform.security import Passwords, SecretKind, write_private_file
from integritas.platform.tokens import Algorithm, KeyRing, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from integritas.kernel.clock import Clock, Randomness
    from integritas.platform.db import Database, Transaction

__all__ = ["Identity", "check_tenant"]

ADMIN: Final = "admin"
PASSWORD_FILE: Final = "admin-password"  # noqa: S105 - a file's name
STARTUP: Final = "startup"


class Identity:
    """Who is who: its parts, and `verify` for every request."""

    users: Users
    sessions: Sessions
    keys: ApiKeys
    factors: SecondFactors
    tokens: Tokens
    oidc: OpenIdLogin | None

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        clock: Clock,
        randomness: Randomness,
        ids: IdFactory,
        *,
        state_dir: Path,
        hasher: Passwords | None = None,
        oidc: OidcSettings | None = None,
        algorithm: Algorithm = Algorithm.ED25519,
    ) -> None:
        """Load the signing keys of `state_dir/keys`, or make the first.

        Raises:
            StorageFailure: the state folder or a key cannot be used.
            InvalidInput: the OpenID provider's address is not safe.
        """
        self._parts = Parts(
            database=database,
            recorder=recorder,
            clock=clock,
            randomness=randomness,
            ids=ids,
            passwords=hasher or Passwords(),
            cache=PrincipalCache(clock),
        )
        self._state_dir = state_dir
        self.tokens = Tokens(
            KeyRing.load(state_dir / "keys", clock, algorithm), clock, ids
        )
        self.users = Users(self._parts)
        sealer = Sealer.load(state_dir / "keys")
        self.factors = SecondFactors(self._parts, sealer)
        self.sessions = Sessions(self._parts, self.tokens, self.factors)
        self.keys = ApiKeys(self._parts, self.tokens)
        strangers = Strangers(self._parts, self.users, self.sessions)
        self.oidc = OpenIdLogin(oidc, self._parts, sealer, strangers) if oidc else None

    async def verify(self, credential: str) -> Principal:
        """Return whom an access token or an API key stands for.

        What it stood for is remembered for up to 10 s; a change made by this process
        counts at once.

        Raises:
            NotAuthenticated: neither, or not any more.
        """
        cache = self._parts.cache
        digest = hashlib.sha256(credential.encode("utf-8", "surrogatepass")).digest()
        known = cache.find(digest)
        if known is not None:
            return known
        generation = cache.generation
        if credential.startswith(f"{SecretKind.API_KEY}_"):
            principal = await self.keys.verify(credential)
        else:
            claims = self.sessions.claims(credential)
            of = self.keys if claims.session is None else self.sessions
            principal = await of.of_claims(claims)
        cache.keep(digest, principal, generation)
        return principal

    def jwks(self) -> dict[str, Any]:
        """Return the public keys of access tokens as a JWK set (RFC 7517)."""
        return self.tokens.keys.jwks()

    async def rotate_signing_key(self, context: Context) -> str:
        """Sign access tokens with a new key from now on; return its id.

        Processes that share the state folder follow by themselves. Tokens of the key
        before are good until they expire.

        Raises:
            StorageFailure: the state folder cannot be written.
        """
        key = self.tokens.keys.rotate(self._parts.clock)
        fact = Fact("integritas.identity.signing_key_rotated.v1", key)
        await self._parts.database.transact(
            lambda tx: self._parts.record(tx, context, fact)
        )
        return key

    async def ensure_tenant(
        self, tenant: TenantId = DEFAULT_TENANT, name: str = ""
    ) -> bool:
        """Create a tenant unless it is there; say whether it was created.

        Raises:
            InvalidInput: not a name for a tenant.
        """
        check_tenant(tenant)
        return await self._parts.database.transact(
            lambda tx: self._add_tenant(tx, _startup(tenant), name)
        )

    async def found_tenant(self, context: Context, new: NewUser) -> User:
        """Create the context's tenant, unless it is there, and a user: both or none.

        Raises:
            InvalidInput: the tenant's name or the user is not valid.
            Conflict: the user's name is taken.
        """
        check_tenant(context.tenant)
        user, create = await self.users.checked_creation(context, new)

        def work(tx: Transaction) -> User:
            self._add_tenant(tx, context)
            create(tx)
            return user

        return await self._parts.database.transact(work)

    def _add_tenant(self, tx: Transaction, context: Context, name: str = "") -> bool:
        tenant, now = context.tenant, self._parts.clock.now()
        if not store.add_tenant(tx, tenant, name or tenant, now):
            return False
        fact = Fact("integritas.identity.tenant_created.v1", tenant)
        self._parts.record(tx, context, fact)
        return True

    async def ensure_admin(
        self, password: str | None = None, tenant: TenantId = DEFAULT_TENANT
    ) -> AdminCreated | None:
        """Create the tenant and its first administrator `admin`, unless it has one.

        Without a password one is made up, and written to a file of the state folder
        that only its owner can read.

        Raises:
            InvalidInput: the password is not valid.
            Conflict: a user `admin` exists who does not administer.
            StorageFailure: the file cannot be written.
        """
        if await self._parts.database.read(_has_admin(tenant)):
            return None
        chosen = password
        if chosen is None:
            chosen = base64.b32encode(self._parts.randomness.token_bytes(15)).decode()
        rules.raise_if_any(
            "the administrator's password",
            rules.check_password(
                chosen, username=ADMIN, path="INTEGRITAS_ADMIN_PASSWORD"
            ),
        )
        await self.ensure_tenant(tenant)  # only now: a refusal leaves nothing
        new = NewUser(ADMIN, {Role.ADMIN}, display_name="Administrator")
        hashed = await self._parts.passwords.hash(chosen)
        user, create = self.users.creation(_startup(tenant), new, hashed)

        def work(tx: Transaction) -> bool:
            store.tenant_exists(tx, tenant, lock=True)
            if _has_admin(tenant)(tx):
                return False
            create(tx)
            return True

        if password is not None:
            created = await self._parts.database.transact(work)
            return AdminCreated(user, None) if created else None
        # Written before the commit, lest a crash loses the password; under a name of
        # its own, lest a process that comes second overwrites the right one.
        suffix = "" if tenant == DEFAULT_TENANT else f"-{tenant}"
        path = self._state_dir / f"{PASSWORD_FILE}{suffix}"
        draft = path.with_name(f".{path.name}.{user.id}")
        _write_password(draft, chosen)
        try:
            created = await self._parts.database.transact(work)
        except IntegritasError:
            draft.unlink()
            raise
        if not created:
            draft.unlink()
            return None
        return AdminCreated(user, _renamed(draft, path))


def _renamed(draft: Path, path: Path) -> Path:
    try:
        return draft.replace(path)
    except OSError:  # the password is in the draft, and nowhere else
        return draft


def _write_password(path: Path, password: str) -> None:
    try:
        write_private_file(path, f"{password}\n".encode())
    except OSError as error:
        raise StorageFailure(
            f"the administrator's password cannot be written to {path}: {error}",
            errors=(
                FieldError("INTEGRITAS_STATE_DIR", str(error), "make it writable"),
            ),
        ) from error


def check_tenant(tenant: TenantId) -> None:
    """Refuse what cannot name a tenant.

    Raises:
        InvalidInput: not a name for a tenant.
    """
    if valid_tenant(tenant):
        return
    raise InvalidInput(
        f"{tenant!r} cannot name a tenant",
        errors=(
            FieldError(
                "tenant",
                "is not a tenant's name",
                "use lower case letters, digits and hyphens, a letter first",
            ),
        ),
    )


def _startup(tenant: TenantId) -> Context:
    return Context(tenant, SYSTEM, STARTUP)


def _has_admin(tenant: TenantId) -> Callable[[Transaction], bool]:
    return lambda tx: store.other_admins(tx, tenant, None)
