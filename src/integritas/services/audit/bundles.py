"""Evidence bundles: entries on one subject with all it takes to verify them, pure.

```json
{"format": "integritas-audit-bundle/v1", "origin": …, "subject": …,
 "checkpoint": signed note, "keys": [vkey, …],
 "entries": [{"index": 7, "body": canonical JSON as text, "proof": [base64, …]}, …],
 "summary": [one line of English for each entry]}
```

A bundle proves that its entries stand in the log, not that there are no others.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from integritas.kernel.contracts import (
    Checkpoint,
    Difference,
    LoggedEntry,
    VerificationReport,
)
from integritas.kernel.errors import InvalidInput
from integritas.kernel.validation import field_errors
from integritas.services.audit.merkle import inclusion_holds, leaf_hash
from integritas.services.audit.notes import (
    ParsedCheckpoint,
    VerifierKey,
    parse_checkpoint,
    parse_verifier_key,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import JsonValue

__all__ = ["FORMAT", "build_bundle", "verify_bundle"]

FORMAT: Final = "integritas-audit-bundle/v1"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class BundledEntry(_Strict):
    """An entry and its inclusion proof, as they stand in a bundle."""

    index: Annotated[int, Field(ge=0)]
    body: str
    proof: list[str]


class Bundle(_Strict):
    """The form of a bundle."""

    format: Literal["integritas-audit-bundle/v1"]
    origin: str
    subject: str
    checkpoint: str
    keys: list[str]
    entries: list[BundledEntry]
    summary: list[str]


def build_bundle(
    subject: str,
    checkpoint: Checkpoint,
    keys: Sequence[str],
    proven: Sequence[tuple[LoggedEntry, Sequence[bytes]]],
) -> dict[str, JsonValue]:
    """Return the bundle of entries with their proofs at the size of `checkpoint`."""
    entries: list[JsonValue] = [
        {
            "index": entry.index,
            "body": entry.body.decode(),
            "proof": [base64.b64encode(digest).decode() for digest in hashes],
        }
        for entry, hashes in proven
    ]
    return {
        "format": FORMAT,
        "origin": checkpoint.origin,
        "subject": subject,
        "checkpoint": checkpoint.note,
        "keys": list(keys),
        "entries": entries,
        "summary": [
            _summary(entry.index, orjson.loads(entry.body)) for entry, _ in proven
        ],
    }


def verify_bundle(
    document: Mapping[str, Any] | bytes,
    *,
    keys: Sequence[VerifierKey] = (),
    checkpoints: Sequence[str] = (),
) -> VerificationReport:
    """Verify a bundle by itself; `keys` are trusted in place of those it carries.

    `checkpoints` are signed notes of the same log that the bundle's may not contradict.

    Raises:
        InvalidInput: not the form of a bundle at all.
    """
    bundle = _parse(document)
    differences: list[Difference] = []
    notes: list[str] = []
    signers = tuple(keys)
    if not signers:
        signers = tuple(map(parse_verifier_key, bundle.keys))
        notes.append(
            "the keys are the bundle's own: compare them with keys from elsewhere "
            "(--key)"
        )
    elif not {key.vkey() for key in signers} & set(bundle.keys):
        differences.append(Difference("keys", "the key trusted is not among them"))
    checkpoint = parse_checkpoint(bundle.checkpoint)
    if checkpoint.origin != bundle.origin:
        differences.append(Difference("origin", "is not that of the checkpoint"))
    if any(signature.name != bundle.origin for signature in checkpoint.signatures):
        differences.append(Difference("checkpoint", "has a signature of another log"))
    if not checkpoint.signed_by(signers):
        differences.append(Difference("checkpoint", "its signature does not verify"))
    differences += _against(checkpoint, checkpoints, signers)
    differences += _check_entries(bundle, checkpoint)
    return VerificationReport(
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root,
        differences=tuple(differences),
        notes=(*notes, f"{len(bundle.entries)} entries on {bundle.subject}"),
    )


def _parse(document: Mapping[str, Any] | bytes) -> Bundle:
    try:
        value = orjson.loads(document) if isinstance(document, bytes) else document
        return Bundle.model_validate(value)
    except ValidationError as error:
        raise InvalidInput(
            "not an evidence bundle", errors=field_errors(error)
        ) from error
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"not an evidence bundle: {error}") from error


def _against(
    checkpoint: ParsedCheckpoint, others: Sequence[str], keys: tuple[VerifierKey, ...]
) -> list[Difference]:
    found = []
    for other in map(parse_checkpoint, others):
        where = f"checkpoint of size {other.size}"
        if other.origin != checkpoint.origin or not other.signed_by(keys):
            found.append(Difference(where, f"is not signed by {checkpoint.origin}"))
        elif other.size == checkpoint.size and other.root != checkpoint.root:
            found.append(Difference(where, "its root is not the bundle's"))
    return found


def _check_entries(bundle: Bundle, checkpoint: ParsedCheckpoint) -> list[Difference]:
    found: list[Difference] = []
    previous = -1
    for number, entry in enumerate(bundle.entries):
        where = f"entries[{number}]"
        if entry.index <= previous:
            found.append(Difference(f"{where}.index", "is out of order"))
        previous = entry.index
        leaf = leaf_hash(entry.body.encode())
        if not inclusion_holds(
            leaf, entry.index, checkpoint.size, _proof(entry), checkpoint.root
        ):
            found.append(Difference(where, "its proof does not lead to the root"))
            continue
        document = orjson.loads(entry.body)  # proven, so it is what was logged
        if document.get("subject") != bundle.subject:
            found.append(Difference(f"{where}.body", "is not on the subject"))
        expected = _summary(entry.index, document)
        if bundle.summary[number : number + 1] != [expected]:
            found.append(Difference(f"summary[{number}]", "is not of the entry"))
    if not bundle.entries:
        found.append(Difference("entries", "there are none"))
    if len(bundle.summary) > len(bundle.entries):
        found.append(Difference("summary", "has lines without an entry"))
    return found


def _proof(entry: BundledEntry) -> list[bytes]:
    try:
        hashes = [base64.b64decode(text, validate=True) for text in entry.proof]
    except (binascii.Error, ValueError):
        return [b""]  # leads nowhere
    canonical = [base64.b64encode(digest).decode() for digest in hashes]
    return hashes if canonical == entry.proof else [b""]


def _summary(index: int, document: Mapping[str, Any]) -> str:
    actor = document.get("actor", {}).get("id", "someone")
    return (
        f"{index}: {document.get('time')} {document.get('type')} "
        f"on {document.get('subject')} by {actor}"
    )
