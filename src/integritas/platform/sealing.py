"""Secrets that must be read again, sealed before they are stored.

A key of the state folder seals them, so that a copy of the database alone opens
nothing. What need only be compared (passwords, keys, tokens) is hashed instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from filelock import FileLock

from integritas.kernel.errors import FieldError, StorageFailure
from integritas.platform.security import write_private_file

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Sealer"]

FILE: Final = "sealing.key"


class Sealer:
    """Seals and opens texts (Fernet: AES-128-CBC with HMAC-SHA256).

    The file holds a key a line: the first seals, all of them open. To change the key,
    put a new line in front.
    """

    def __init__(self, keys: list[bytes]) -> None:
        """Take the keys, the one that seals first."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    @classmethod
    def load(cls, directory: Path) -> Sealer:
        """Load the keys of a folder; make the first one if there is none.

        Raises:
            StorageFailure: the folder or the file cannot be used.
        """
        path = directory / FILE
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(directory / ".lock", timeout=30):
                if not path.exists():
                    write_private_file(path, Fernet.generate_key() + b"\n")
            if path.stat().st_mode & 0o007:
                raise _failure(path, "others can read it", f"chmod 600 {path}")
            return cls(path.read_bytes().split())
        except OSError as error:
            raise _failure(path, str(error)) from error
        except (ValueError, TypeError) as error:
            raise _failure(path, "it does not hold keys") from error

    def seal(self, text: str) -> str:
        """Return a text sealed."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str, *, ttl_s: int | None = None) -> str | None:
        """Return what was sealed; None if it was not by us, or over `ttl_s` ago."""
        try:
            return self._fernet.decrypt(sealed.encode(), ttl=ttl_s).decode()
        except (InvalidToken, UnicodeEncodeError):
            return None


def _failure(path: Path, why: str, remedy: str = "") -> StorageFailure:
    return StorageFailure(
        f"the sealing key at {path} cannot be used: {why}",
        errors=(
            FieldError(
                "INTEGRITAS_STATE_DIR",
                why,
                remedy or "restore the file: without it second factors must be reset",
            ),
        ),
    )
