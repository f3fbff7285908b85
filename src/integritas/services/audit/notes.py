"""Checkpoints as signed notes: C2SP signed-note, tlog-checkpoint, tlog-cosignature.

Reading is strict: one byte that our own writing would not have put there is an error.
Signatures of keys that are not known (witnesses, say) stay in `signatures`, unjudged.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from integritas.kernel.errors import FieldError, InvalidInput
from integritas.services.audit.merkle import HASH_BYTES

__all__ = [
    "ParsedCheckpoint",
    "Signature",
    "SigningKey",
    "VerifierKey",
    "checkpoint_text",
    "cosigned_text",
    "parse_checkpoint",
    "parse_signatures",
    "parse_signing_key",
    "parse_verifier_key",
]

ED25519: Final = b"\x01"
COSIGNATURE: Final = b"\x04"
_NAME: Final = re.compile(r"[^\s+]+")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE_LINE: Final = re.compile(r"— (?P<name>[^\s+]+) (?P<blob>[A-Za-z0-9+/=]+)")
_SECRET_PREFIX: Final = "PRIVATE+KEY+"  # noqa: S105 - a format's marker, no secret


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature line: who claims to have signed, with which key."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def time(self) -> int:
        """Return the time of a cosignature, Unix seconds."""
        return int.from_bytes(self.signature[:8])

    def line(self) -> str:
        """Return the line as it stands in the note."""
        blob = base64.b64encode(self.key_id + self.signature).decode()
        return f"— {self.name} {blob}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public Ed25519 key by name: of a log (`ED25519`) or a witness (`COSIGNATURE`).

    A witness signs the time with the checkpoint (C2SP tlog-cosignature, version 1).
    """

    name: str
    public: bytes
    kind: bytes = ED25519

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that name the key in a signature line."""
        return sha256(self.name.encode() + b"\n" + self.kind + self.public).digest()[:4]

    def vkey(self) -> str:
        """Return `name+id+key`, the C2SP verifier key."""
        encoded = base64.b64encode(self.kind + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def signed(self, text: str, signature: Signature) -> bool:
        """Say whether the signature is this key's, over this text."""
        if (signature.name, signature.key_id) != (self.name, self.key_id):
            return False
        blob, message = signature.signature, text
        if self.kind == COSIGNATURE:
            blob, message = blob[8:], cosigned_text(text, signature.time)
        try:
            _public_key(self.public).verify(blob, message.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@lru_cache(maxsize=64)
def _public_key(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


def cosigned_text(text: str, time: int) -> str:
    """Return what a witness signs: a checkpoint's text, seen at `time` (Unix, s)."""
    return f"cosignature/v1\ntime {time}\n{text}"


class SigningKey:
    """A private key by name."""

    def __init__(self, name: str, seed: bytes) -> None:
        """Take the 32 bytes of an Ed25519 seed.

        Raises:
            InvalidInput: the name is empty or holds a space or a plus.
        """
        if _NAME.fullmatch(name) is None:
            raise _bad("name", f"{name!r} cannot name a key", "no spaces, no plus")
        self.name = name
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = VerifierKey(name, self._private.public_key().public_bytes_raw())

    def sign(self, text: str) -> Signature:
        """Sign a note's text."""
        signature = self._private.sign(text.encode())
        return Signature(self.name, self.verifier.key_id, signature)

    def cosign(self, text: str, time: int) -> Signature:
        """Sign a checkpoint's text as a witness, with the time (Unix, s)."""
        signature = self._private.sign(cosigned_text(text, time).encode())
        blob = time.to_bytes(8) + signature
        return Signature(self.name, self.cosigner.key_id, blob)

    @property
    def cosigner(self) -> VerifierKey:
        """Return the key that this one's cosignatures are verified with."""
        return VerifierKey(self.name, self.verifier.public, COSIGNATURE)

    def secret(self) -> str:
        """Return `PRIVATE+KEY+name+id+seed`, the form Go's note package reads."""
        encoded = base64.b64encode(ED25519 + self._seed).decode()
        return f"{_SECRET_PREFIX}{self.name}+{self.verifier.key_id.hex()}+{encoded}"


@dataclass(frozen=True, slots=True)
class ParsedCheckpoint:
    """What a signed checkpoint says; `text` is what was signed."""

    origin: str
    size: int
    root: bytes
    text: str
    signatures: tuple[Signature, ...]

    @property
    def note(self) -> str:
        """Return the signed note."""
        return f"{self.text}\n" + "".join(s.line() for s in self.signatures)

    def signed_by(self, keys: tuple[VerifierKey, ...]) -> bool:
        """Say whether one of the keys signed it, and none that claims to did not."""
        known = {(key.name, key.key_id): key for key in keys}
        found = False
        for signature in self.signatures:
            key = known.get((signature.name, signature.key_id))
            if key is None:
                continue
            if not key.signed(self.text, signature):
                return False
            found = True
        return found


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """Return the three lines of a checkpoint."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def parse_signatures(text: str) -> tuple[Signature, ...]:
    """Return the signature lines of a note's end, or of a witness's answer.

    Raises:
        InvalidInput: something else stands there.
    """
    if not text.endswith("\n"):
        raise _bad("note", "the last signature line does not end", _SEE)
    return tuple(_signature(line) for line in text[:-1].split("\n"))


def parse_checkpoint(note: str) -> ParsedCheckpoint:
    """Return what a signed checkpoint says; signatures are not verified here.

    Raises:
        InvalidInput: not a signed checkpoint, to the byte.
    """
    text, separator, tail = note.rpartition("\n\n")
    text += "\n"
    lines = text.split("\n")
    if not separator or len(lines) != 4 or not tail.endswith("\n"):
        raise _bad("note", "not three lines, a blank line and signatures", _SEE)
    origin, size, encoded, _ = lines
    if not origin or _SIZE.fullmatch(size) is None:
        raise _bad("note", "origin or tree size is malformed", _SEE)
    root = _decode("root hash", encoded)
    if len(root) != HASH_BYTES:
        raise _bad("note", "the root hash is not of 32 bytes", _SEE)
    signatures = parse_signatures(tail)
    return ParsedCheckpoint(origin, int(size), root, text, signatures)


def parse_verifier_key(text: str) -> VerifierKey:
    """Return the key of a vkey line.

    Raises:
        InvalidInput: not a vkey, not Ed25519, or its id does not fit.
    """
    name, id_text, encoded = _three_parts(text.strip(), "verifier key")
    raw = _decode("verifier key", encoded)
    key = VerifierKey(name, raw[1:], raw[:1])
    if raw[:1] not in (ED25519, COSIGNATURE) or len(raw) != 33:
        raise _bad("key", "not an Ed25519 verifier key", _VKEY)
    if key.key_id.hex() != id_text:
        raise _bad("key", "the key id does not fit the key", _VKEY)
    return key


def parse_signing_key(text: str) -> SigningKey:
    """Return the key of a `PRIVATE+KEY+…` line.

    Raises:
        InvalidInput: not such a line, or its id does not fit.
    """
    stripped = text.strip()
    if not stripped.startswith(_SECRET_PREFIX):
        raise _bad("key", "not a private key", "restore it from a backup")
    name, id_text, encoded = _three_parts(
        stripped.removeprefix(_SECRET_PREFIX), "private key"
    )
    raw = _decode("private key", encoded)
    if raw[:1] != ED25519 or len(raw) != 33:
        raise _bad("key", "not an Ed25519 private key", "restore it from a backup")
    key = SigningKey(name, raw[1:])
    if key.verifier.key_id.hex() != id_text:
        raise _bad("key", "the key id does not fit the key", "restore it from a backup")
    return key


_SEE: Final = "see C2SP tlog-checkpoint"
_VKEY: Final = "give a line printed by `integritas audit keys`"


def _three_parts(text: str, what: str) -> tuple[str, str, str]:
    parts = text.split("+", 2)  # base64 may hold a plus, name and id may not
    if len(parts) != 3 or _NAME.fullmatch(parts[0]) is None:
        raise _bad("key", f"{text[:40]!r} is not a {what}", _VKEY)
    return parts[0], parts[1], parts[2]


def _signature(line: str) -> Signature:
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise _bad("note", f"{line[:40]!r} is not a signature line", _SEE)
    blob = _decode("signature", match["blob"])
    if len(blob) <= 4:
        raise _bad("note", "a signature is too short", _SEE)
    return Signature(match["name"], blob[:4], blob[4:])


def _decode(what: str, text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _bad("note", f"the {what} is not base64", _SEE) from error
    if base64.b64encode(raw).decode() != text:  # spare bits must be zero
        raise _bad("note", f"the {what} is not canonical base64", _SEE)
    return raw


def _bad(path: str, message: str, remedy: str) -> InvalidInput:
    return InvalidInput(
        "not a valid signed note" if path == "note" else "not a valid key",
        errors=(FieldError(path, message, remedy),),
    )
