"""What the state folder keeps apart from the database: keys and the last checkpoint.

```
STATE_DIR/keys/audit/<origin>.key      PRIVATE+KEY+…, mode 0600, made once
STATE_DIR/anchors/audit/<origin>.json  {"number": …, "note": signed checkpoint}
```

`<origin>` is percent-encoded (`integritas%2Fmain`). Whoever can write the database but
not this folder can neither sign a forged log nor take back what was signed.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

import orjson

from integritas.kernel.errors import (
    FieldError,
    InvalidInput,
    StorageFailure,
)
from integritas.platform.security import sync_folder, write_private_file
from integritas.services.audit.notes import (
    ParsedCheckpoint,
    SigningKey,
    parse_checkpoint,
    parse_signing_key,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from integritas.kernel.clock import Randomness

__all__ = ["Anchor", "Anchors"]

SEED_BYTES: Final = 32
_BLOCK: Final = 512
_SYNC_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Anchor:
    """The last checkpoint seen: the `number` of its row, and the signed note."""

    number: int
    note: str

    @property
    def checkpoint(self) -> ParsedCheckpoint:
        """Return what the note says."""
        return parse_checkpoint(self.note)


class Anchors:
    """Keys and remembered checkpoints in the state folder."""

    def __init__(self, state_dir: Path) -> None:
        """Use `state_dir`; nothing is made before it is needed."""
        self._keys = state_dir / "keys" / "audit"
        self._anchors = state_dir / "anchors" / "audit"
        self._synced: dict[str, float] = {}

    def find_key(self, origin: str) -> SigningKey | None:
        """Return the key of an origin, if there is one.

        Raises:
            StorageFailure: the file cannot be read or is no key of this origin.
        """
        path = self._key_path(origin)
        text = _read(path)
        if text is None:
            return None
        try:
            key = parse_signing_key(text)
        except InvalidInput as error:
            raise _unusable(path, str(error.errors[0].message)) from error
        if key.name != origin:
            raise _unusable(path, f"it is the key of {key.name}, not of {origin}")
        return key

    def origins(self) -> list[str]:
        """Return the origins that have a key here."""
        return [unquote(path.stem) for path in sorted(self._keys.glob("*.key"))]

    def make_key(self, origin: str, randomness: Randomness) -> SigningKey:
        """Make the key of an origin, or return what another process just made."""
        key = SigningKey(origin, randomness.token_bytes(SEED_BYTES))
        path = self._key_path(origin)
        try:
            scratch = self._write_key(path.with_name(f"{path.name}.{os.getpid()}"), key)
            try:
                # A link, unlike a rename, never replaces a key that is there.
                path.hardlink_to(scratch)
            except FileExistsError:
                found = self.find_key(origin)
                assert found is not None  # noqa: S101 - it exists
                return found
            finally:
                scratch.unlink()
        except OSError as error:
            raise _unusable(path, str(error)) from error
        return key

    def make_next_key(self, origin: str, randomness: Randomness) -> SigningKey:
        """Make the key that is to follow; it waits beside the one in use."""
        key = SigningKey(origin, randomness.token_bytes(SEED_BYTES))
        path = self._next_path(origin)
        try:
            self._write_key(path, key)
        except OSError as error:
            raise _unusable(path, str(error)) from error
        return key

    def settle_next_key(self, origin: str, handed_over: Collection[str]) -> None:
        """Put a waiting key in use if the log was handed over to it, else drop it."""
        path = self._next_path(origin)
        text = _read(path)
        if text is None:
            return
        try:
            if parse_signing_key(text).verifier.vkey() in handed_over:
                path.replace(self._key_path(origin))
            else:
                path.unlink()
        except (InvalidInput, OSError) as error:
            raise _unusable(path, str(error)) from error

    def _write_key(self, path: Path, key: SigningKey) -> Path:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, key.secret() + "\n")
        return path

    def _next_path(self, origin: str) -> Path:
        return self._keys / f"{quote(origin, safe='')}.next"

    def find_anchor(self, origin: str) -> Anchor | None:
        """Return the last checkpoint seen of an origin, if any is remembered.

        Raises:
            StorageFailure: the file cannot be read or is not what was written.
        """
        path = self._anchor_path(origin)
        text = _read(path)
        if text is None:
            return None
        try:
            document = orjson.loads(text)
            anchor = Anchor(int(document["number"]), str(document["note"]))
            fits = anchor.checkpoint.origin == origin
        except (ValueError, KeyError, TypeError, InvalidInput) as error:
            raise _unusable(path, "it is not a remembered checkpoint") from error
        if not fits:
            raise _unusable(path, f"it is not of {origin}")
        return anchor

    def remember(self, origin: str, anchor: Anchor) -> None:
        """Keep a checkpoint as the last one seen; all of it or nothing.

        It is overwritten in place, within one block, so a crash of the process loses
        nothing and one of the machine leaves this checkpoint or an older one, which
        raises no alarm. It is synced once a second: each time would cost as much as
        the commit itself.

        Raises:
            OSError: the folder cannot be written.
        """
        path = self._anchor_path(origin)
        document = orjson.dumps({"number": anchor.number, "note": anchor.note})
        padded = document.ljust(-(-(len(document) + 1) // _BLOCK) * _BLOCK - 1) + b"\n"
        try:
            descriptor = os.open(path, os.O_WRONLY)
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private_file(path, padded)
            return
        try:
            os.pwrite(descriptor, padded, 0)
            if os.fstat(descriptor).st_size != len(padded):
                os.ftruncate(descriptor, len(padded))
            now = time.monotonic()
            if now - self._synced.get(origin, 0.0) >= _SYNC_S:
                self._synced[origin] = now
                os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

    def find_witnessed(self, origin: str) -> ParsedCheckpoint | None:
        """Return the checkpoint that a witness cosigned last, or was cosigned last.

        Raises:
            StorageFailure: the file cannot be read or is no checkpoint of this origin.
        """
        path = self._witnessed_path(origin)
        text = _read(path)
        if text is None:
            return None
        try:
            found = parse_checkpoint(text)
        except InvalidInput as error:
            raise _unusable(path, "it is not a signed checkpoint") from error
        if found.origin != origin:
            raise _unusable(path, f"it is not of {origin}")
        return found

    def remember_witnessed(self, checkpoint: ParsedCheckpoint) -> None:
        """Keep a checkpoint as the last one cosigned; on disk when this returns."""
        path = self._witnessed_path(checkpoint.origin)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private_file(path, checkpoint.note.encode())
        sync_folder(path.parent)

    def _witnessed_path(self, origin: str) -> Path:
        return self._anchors / f"{quote(origin, safe='')}.cosigned"

    def forget(self, origin: str) -> None:
        """Forget the last checkpoint of a log that begins anew; its key stays."""
        self._anchor_path(origin).unlink(missing_ok=True)
        self._witnessed_path(origin).unlink(missing_ok=True)

    def _key_path(self, origin: str) -> Path:
        return self._keys / f"{quote(origin, safe='')}.key"

    def _anchor_path(self, origin: str) -> Path:
        return self._anchors / f"{quote(origin, safe='')}.json"


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, str(error)) from error


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _unusable(path: Path, why: str) -> StorageFailure:
    return StorageFailure(
        f"{path} cannot be used: {why}",
        errors=(
            FieldError(
                "INTEGRITAS_STATE_DIR", why, "restore the state folder from a backup"
            ),
        ),
    )
