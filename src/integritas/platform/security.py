"""Secrets: passwords, and opaque keys such as API keys and refresh tokens.

| what | how |
|---|---|
| password | argon2id, RFC 9106's second recommended option: t=3, m=64 MiB, p=4 |
| opaque secret | `ik_<tenant>-<tag>_<240 random bits>`; its SHA-256 is stored |

An opaque secret names its tenant, so that looking it up is a query like any other. It
holds enough randomness that a fast hash is safe; a password does not, hence argon2id.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from argon2 import Parameters
from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from integritas.kernel.ids import TenantId, valid_tenant

if TYPE_CHECKING:
    from pathlib import Path

    from integritas.kernel.clock import Randomness

__all__ = [
    "NewSecret",
    "Passwords",
    "SecretKind",
    "new_secret",
    "same_secret",
    "secret_digest",
    "sync_folder",
    "tenant_of_secret",
    "write_private_file",
]


def same_secret(one: str, other: str) -> bool:
    """Compare in time that does not depend on where the texts differ."""
    return hmac.compare_digest(
        one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass")
    )


# Passwords -----------------------------------------------------------------------


class Passwords:
    """Hashes and verifies passwords, off the event loop and two at a time.

    Two, because each takes 64 MiB: a flood of logins waits in line instead of
    taking all memory.
    """

    def __init__(self, parameters: Parameters = RFC_9106_LOW_MEMORY) -> None:
        """Take other argon2 parameters only for tests or a stronger machine."""
        self._hasher = Argon2.from_parameters(parameters)
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="argon2")
        self._decoy = _decoy(parameters)

    async def hash(self, password: str) -> str:
        """Return the encoded hash (PHC string) of a password."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, self._hasher.hash, _password_bytes(password)
        )

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Say whether `password` is the one that was hashed.

        Without a hash it costs the same and is never the one: so the time taken does
        not tell whether a user exists.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, self._verify, encoded, _password_bytes(password)
        )

    def needs_rehash(self, encoded: str) -> bool:
        """Say whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(encoded)

    def _verify(self, encoded: str | None, password: bytes) -> bool:
        try:
            self._hasher.verify(encoded or self._decoy, password)
        except (VerificationError, InvalidHashError):
            return False
        return encoded is not None


def _password_bytes(password: str) -> bytes:
    # The same password typed on another keyboard may be composed differently.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _decoy(parameters: Parameters) -> str:
    """Return a well-formed hash of no password: verifying it does all the work."""

    def random(size: int) -> str:
        return base64.b64encode(os.urandom(size)).decode().rstrip("=")

    return (
        f"$argon2id$v={parameters.version}"
        f"$m={parameters.memory_cost},t={parameters.time_cost}"
        f",p={parameters.parallelism}"
        f"${random(parameters.salt_len)}${random(parameters.hash_len)}"
    )


# Opaque secrets ------------------------------------------------------------------


class SecretKind(StrEnum):
    """What an opaque secret is for; its first letters."""

    API_KEY = "ik"
    REFRESH = "ir"


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A fresh secret: `text` is shown once, `prefix` may be, `digest` is stored."""

    text: str
    prefix: str
    digest: str


_SECRET: Final = re.compile(r"(i[kr])_([a-z0-9-]{1,63})-([a-z2-7]{8})_([a-z2-7]{48})")


def new_secret(kind: SecretKind, tenant: TenantId, randomness: Randomness) -> NewSecret:
    """Return a fresh secret of a tenant, `<kind>_<tenant>-<tag>_<secret>`."""
    prefix = f"{kind}_{tenant}-{_base32(randomness.token_bytes(5))}"
    text = f"{prefix}_{_base32(randomness.token_bytes(30))}"
    return NewSecret(text=text, prefix=prefix, digest=secret_digest(text))


def secret_digest(text: str) -> str:
    """Return the SHA-256 (hex) under which a secret is stored."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def tenant_of_secret(text: str, kind: SecretKind) -> TenantId | None:
    """Return the tenant a secret names; None if it is not well-formed."""
    match = _SECRET.fullmatch(text)
    if match is None or match[1] != kind or not valid_tenant(match[2]):
        return None
    return TenantId(match[2])


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


# Files ---------------------------------------------------------------------------


def write_private_file(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, all of it or nothing.

    Raises:
        OSError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def sync_folder(folder: Path) -> None:
    """Return once what was renamed or removed in a folder survives a crash.

    Raises:
        OSError: it cannot be opened, or the disk fails.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
