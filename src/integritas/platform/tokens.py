"""Signed tokens, and the keys that sign them.

JWTs (RFC 7519) signed with Ed25519 (RFC 8037, named as RFC 9864 says) or with RSA
(RS256, RFC 7518) for readers that know no other, checked as RFC 8725 asks: each key
has one algorithm, our own keys only, `typ`, `iss`, `aud`, `exp`, `nbf` and `jti`
always. Access tokens (RFC 9068) are for users, service tokens for processes of
the platform among themselves.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from filelock import FileLock
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import GuestProtocol, KeySet, OKPKey, RSAKey

from integritas.kernel.clock import SystemClock, SystemRandomness
from integritas.kernel.errors import FieldError, NotAuthenticated, StorageFailure
from integritas.kernel.ids import IdFactory, TenantId
from integritas.platform.security import write_private_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from integritas.kernel.clock import Clock

__all__ = [
    "Algorithm",
    "KeyRing",
    "ServiceTokens",
    "TokenClaims",
    "TokenKind",
    "Tokens",
    "service_tokens",
]

ISSUER: Final = "integritas"
LEAST_RSA_BITS: Final = 2_048
RSA_BITS: Final = 3_072
"""As strong as Ed25519 (NIST SP 800-57, table 2)."""
LEEWAY_S: Final = 5
SERVICE_TOKEN_TTL_S: Final = 60
MAX_TOKEN_LENGTH: Final = 8_192
KEPT_AFTER: Final = timedelta(hours=1)
_SERVICE_KEY: Final = b"integritas service token"
_MADE_AT: Final = "%Y%m%dT%H%M%S%fZ"


class Algorithm(StrEnum):
    """What a key signs with: its `alg` in headers and in the JWK set."""

    ED25519 = "Ed25519"
    RS256 = "RS256"


SigningKey: TypeAlias = OKPKey | RSAKey

# Signing keys --------------------------------------------------------------------


class KeyRing:
    """Ed25519 and RSA keys: the newest signs, all of them verify.

    Each key signs and verifies by its own algorithm and no other.

    On disk a key is a JWK (RFC 7517) in a file of its own that only its owner can
    read; its id is the thumbprint (RFC 7638). What another process adds to or takes
    from the folder is seen at the next use.
    """

    def __init__(
        self,
        keys: Sequence[SigningKey],
        directory: Path | None = None,
        *,
        algorithm: Algorithm = Algorithm.ED25519,
    ) -> None:
        """Take the keys, newest last; `algorithm` is that of keys made later."""
        self._algorithm = algorithm
        self._directory = directory
        self._keys = {key.thumbprint(): key for key in keys}
        self._seen = 0

    @classmethod
    def load(
        cls,
        directory: Path,
        clock: Clock,
        algorithm: Algorithm = Algorithm.ED25519,
    ) -> KeyRing:
        """Load the keys of a folder; make one if none is there, or none is newest.

        When another `algorithm` than that of the newest key is asked for, a key of it
        is made: the others go on to verify until they are too old.

        Raises:
            StorageFailure: the folder or a key cannot be used, or everyone can
                read it.
        """
        ring = cls([], directory, algorithm=algorithm)
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(directory / ".lock", timeout=30):
                ring._follow()
                if not ring._keys or algorithm_of(ring.newest()[1]) != algorithm:
                    ring._add(clock)
        except OSError as error:
            raise _key_failure(directory, str(error)) from error
        return ring

    @classmethod
    def from_jwks(cls, document: dict[str, Any]) -> KeyRing:
        """Return a ring that only verifies, from what `jwks` returned elsewhere."""
        return cls([_imported(jwk) for jwk in document["keys"]])

    def newest(self) -> tuple[str, SigningKey]:
        """Return the key that signs, and its id."""
        self._follow()
        return list(self._keys.items())[-1]

    def find(self, key_id: str) -> SigningKey | None:
        """Return a key by its id."""
        self._follow()
        return self._keys.get(key_id)

    def rotate(self, clock: Clock) -> str:
        """Sign with a new key from now on; return its id.

        Keys whose successor is older than an hour go: all they signed has expired.

        Raises:
            StorageFailure: the folder cannot be written.
        """
        if self._directory is None:
            raise StorageFailure("a key ring without a folder cannot make keys")
        try:
            with FileLock(self._directory / ".lock", timeout=30):
                key_id = self._add(clock)
                limit = (clock.now() - KEPT_AFTER).strftime(_MADE_AT)
                paths = sorted(self._directory.glob("*.jwk"))
                for path, successor in pairwise(paths):
                    if successor.name[: len(limit)] < limit:
                        path.unlink()
                self._follow()
        except OSError as error:
            raise _key_failure(self._directory, str(error)) from error
        return key_id

    def jwks(self) -> dict[str, Any]:
        """Return the public keys as a JWK set."""
        self._follow()
        return {
            "keys": [
                key.as_dict(
                    private=False, kid=key_id, alg=algorithm_of(key).value, use="sig"
                )
                for key_id, key in self._keys.items()
            ]
        }

    def _follow(self) -> None:
        """Read the folder anew if it changed since."""
        if self._directory is None:
            return
        try:
            changed = self._directory.stat().st_mtime_ns
            if changed == self._seen:
                return
            keys = [_read_key(path) for path in sorted(self._directory.glob("*.jwk"))]
        except OSError as error:
            raise _key_failure(self._directory, str(error)) from error
        self._keys = {key.thumbprint(): key for key in keys}
        self._seen = changed

    def _add(self, clock: Clock) -> str:
        assert self._directory is not None  # noqa: S101 - narrows the type
        key: SigningKey
        if self._algorithm is Algorithm.RS256:
            key = RSAKey.generate_key(RSA_BITS)
        else:
            key = OKPKey.generate_key("Ed25519")
        key_id = key.thumbprint()
        made_at = clock.now().strftime(_MADE_AT)
        document = json.dumps(key.as_dict(private=True)).encode()
        write_private_file(self._directory / f"{made_at}-{key_id}.jwk", document)
        self._follow()
        return key_id


def algorithm_of(key: SigningKey) -> Algorithm:
    """Return the one algorithm a key is for."""
    return Algorithm.RS256 if isinstance(key, RSAKey) else Algorithm.ED25519


def _imported(jwk: dict[str, Any]) -> SigningKey:
    kind = RSAKey if jwk.get("kty") == "RSA" else OKPKey
    return kind.import_key(jwk)


def _read_key(path: Path) -> SigningKey:
    # Group bits are let through: volumes of an orchestrator often set them.
    if path.stat().st_mode & 0o007:
        raise _key_failure(path, "others can read it", f"chmod 600 {path}")
    try:
        key = _imported(json.loads(path.read_bytes()))
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _key_failure(path, f"it is not a JWK: {error}") from error
    if not key.is_private or not _is_ours(key):
        raise _key_failure(path, "it is not a private Ed25519 or RSA (2048 bits) key")
    return key


def _is_ours(key: SigningKey) -> bool:
    if isinstance(key, RSAKey):  # RFC 7518 section 3.3 takes no shorter one
        return key.raw_value.key_size >= LEAST_RSA_BITS
    return key.curve_name == Algorithm.ED25519.value


def _key_failure(path: Path, why: str, remedy: str = "") -> StorageFailure:
    return StorageFailure(
        f"the signing key at {path} cannot be used: {why}",
        errors=(
            FieldError(
                "INTEGRITAS_STATE_DIR",
                why,
                remedy or "restore the key, or move it away to have a new one made",
            ),
        ),
    )


# Signed tokens -------------------------------------------------------------------


class TokenKind(StrEnum):
    """What a token is for: its `typ` (RFC 8725 section 3.11)."""

    ACCESS = "at+jwt"
    SERVICE = "service+jwt"


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a token says. `tenant` and `session` are None in a service token."""

    id: str
    kind: TokenKind
    subject: str
    audience: str
    expires_at: datetime
    tenant: TenantId | None
    session: str | None


class Tokens:
    """Signs tokens and verifies them.

    A key is found only by its id among our own, and only its own algorithm counts, so
    neither `none` nor a public key used as an HMAC secret, nor a key used by the
    algorithm of another gets anywhere.
    """

    def __init__(self, keys: KeyRing, clock: Clock, ids: IdFactory) -> None:
        """Take the keys."""
        self.keys = keys
        self._clock = clock
        self._ids = ids

    def sign(
        self,
        kind: TokenKind,
        subject: str,
        *,
        audience: str,
        ttl_s: int,
        tenant: TenantId | None = None,
        session: str | None = None,
    ) -> str:
        """Return a token valid from now for `ttl_s`."""
        now = self._now()
        key_id, key = self.keys.newest()
        body: dict[str, Any] = {
            "iss": ISSUER,
            "aud": audience,
            "sub": subject,
            "iat": now,
            "nbf": now,
            "exp": now + ttl_s,
            "jti": self._ids.new("tok"),
        }
        if tenant is not None:
            body["tid"] = tenant
        if session is not None:
            body["sid"] = session
        algorithm = algorithm_of(key).value
        header = {"alg": algorithm, "typ": kind.value, "kid": key_id}
        return jwt.encode(header, body, key, algorithms=[algorithm])

    def verify(self, text: str, *, kind: TokenKind, audience: str) -> TokenClaims:
        """Return what a token says.

        Raises:
            NotAuthenticated: expired, forged, or meant for something else.
        """
        try:
            return self._verify(text, kind, audience)
        except ExpiredTokenError as error:
            raise NotAuthenticated("the token has expired: get a new one") from error
        except (JoseError, ValueError, TypeError, KeyError, OverflowError) as error:
            raise NotAuthenticated("the token is not valid") from error

    def _verify(self, text: str, kind: TokenKind, audience: str) -> TokenClaims:
        if len(text) > MAX_TOKEN_LENGTH:
            raise ValueError(MAX_TOKEN_LENGTH)
        token = jwt.decode(text, self._key_of, algorithms=[*Algorithm])
        if token.header.get("typ") != kind.value:
            raise ValueError(kind)
        jwt.JWTClaimsRegistry(
            now=self._now(),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
            nbf={"essential": True},
            jti={"essential": True},
        ).validate(token.claims)
        tenant = token.claims.get("tid")
        return TokenClaims(
            id=token.claims["jti"],
            kind=kind,
            subject=token.claims["sub"],
            audience=audience,
            expires_at=datetime.fromtimestamp(token.claims["exp"], UTC),
            tenant=None if tenant is None else TenantId(tenant),
            session=token.claims.get("sid"),
        )

    def _key_of(self, token: GuestProtocol) -> KeySet | SigningKey:
        headers = token.headers()
        key = self.keys.find(headers["kid"])
        if key is None or headers["alg"] != algorithm_of(key).value:
            raise ValueError("kid")
        return key

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def service_tokens(
    secret: str, subject: str = "platform", *, clock: Clock | None = None
) -> ServiceTokens:
    """Return the service tokens of processes that share a secret.

    The secret itself is never sent: a signing key is derived from it (HKDF, RFC 5869),
    the same in every process.
    """
    derived = HKDF(SHA256(), length=32, salt=None, info=_SERVICE_KEY)
    seed = derived.derive(secret.encode("utf-8", "surrogatepass"))
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    key = OKPKey.import_key(
        {"kty": "OKP", "crv": "Ed25519", "d": _base64(seed), "x": _base64(public)}
    )
    clock = clock or SystemClock()
    tokens = Tokens(KeyRing([key]), clock, IdFactory(clock, SystemRandomness()))
    return ServiceTokens(tokens, clock, subject)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class ServiceTokens:
    """What a process shows another of the platform: short-lived, re-used half its life.

    `audience` is the name of the service called, so a token taken there opens no
    other.
    """

    def __init__(self, tokens: Tokens, clock: Clock, subject: str) -> None:
        """Name the process, e.g. `platform:gateway`."""
        self._tokens = tokens
        self._clock = clock
        self._subject = subject
        self._kept: dict[str, tuple[str, float]] = {}

    def token(self, audience: str) -> str:
        """Return a token for a service, valid for at least another 30 s."""
        now = self._clock.monotonic()
        kept = self._kept.get(audience)
        if kept is not None and now < kept[1]:
            return kept[0]
        text = self._tokens.sign(
            TokenKind.SERVICE,
            self._subject,
            audience=audience,
            ttl_s=SERVICE_TOKEN_TTL_S,
        )
        self._kept[audience] = (text, now + SERVICE_TOKEN_TTL_S / 2)
        return text

    def check(self, text: str, audience: str) -> str:
        """Return the name of the process that shows `text`.

        Raises:
            NotAuthenticated: not a token for this service.
        """
        return self._tokens.verify(
            text, kind=TokenKind.SERVICE, audience=audience
        ).subject
