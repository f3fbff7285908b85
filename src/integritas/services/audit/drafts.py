"""Leaves to be: what is appended, checked before it is.

Whatever becomes a leaf has an event id, bytes and a time. Entries of the journal are
written by `bodies`; those of outside systems come as canonical JSON (RFC 8785) and are
refused here if they are anything else, for nobody could prove what they say.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import orjson
import rfc8785

from integritas.journal.api import Personal  # noqa: TC001 - of a named tuple
from integritas.kernel.errors import ContentTooLarge, FieldError, InvalidInput
from integritas.services.audit.bodies import ENTRY_BYTES, canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["RESERVED", "Draft", "external_draft", "same_event"]

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
TEXT_CHARACTERS: Final = 200
RESERVED: Final = "integritas-"
OWN: Final = "integritas."


class Draft(NamedTuple):
    """A leaf to be; `time` is RFC 3339 text with microseconds, `place` for errors.

    `personal` is kept beside the log; the body has the commitment to it.
    """

    event_id: str
    body: bytes
    time: str
    place: str
    personal: Personal | None = None


def external_draft(body: bytes, personal: Personal | None = None) -> Draft:
    """Return the draft of an entry from outside, canonical JSON with an `event_id`.

    Its member `personal` is true if, and only if, personal data goes beside it.

    Raises:
        ContentTooLarge: over 65,535 bytes.
        InvalidInput: not canonical JSON, or a member is missing; `errors` names it.
    """
    if len(body) > ENTRY_BYTES:
        raise ContentTooLarge(
            "the entry is too large for the log",
            errors=(
                FieldError(
                    "entry",
                    f"has {len(body)} bytes, at most {ENTRY_BYTES} fit",
                    "send the SHA-256 of the content and keep the content elsewhere",
                ),
            ),
        )
    document = _parse(body)
    get = document.get
    event_id: Any = get("event_id")
    time: Any = get("time")
    if not (
        _is_text(event_id)
        and _is_text(time)
        and _is_text(get("type"))
        and _is_text(get("subject"))
        and "seq" not in document
        and ("personal" in document) == (personal is not None)
        and not event_id.startswith(RESERVED)
        and not document["type"].startswith(OWN)
        and _is_moment(time)
    ):
        raise _member_error(document)
    return Draft(event_id, body, time, "event", personal)


def _is_text(value: object) -> bool:
    return type(value) is str and 0 < len(value) <= TEXT_CHARACTERS


def _member_error(document: Mapping[str, Any]) -> InvalidInput:
    for name in ("event_id", "type", "subject", "time"):
        if not _is_text(document.get(name)):
            return _bad(name, f"is not a text of 1 to {TEXT_CHARACTERS} characters")
    if "seq" in document:
        return _bad("seq", "is for entries of the journal", "leave it out")
    for name, own in (("event_id", RESERVED), ("type", OWN)):
        if document[name].startswith(own):
            remedy = "begin it with a name of your own"
            return _bad(name, f"{own}… is for the platform's own entries", remedy)
    if not _is_moment(document["time"]):
        return _bad(
            "time",
            f"{document['time']!r} is no time",
            "write 2026-01-31T12:00:00.000000Z",
        )
    return _bad("personal", "says what is not so", "leave it out")


def same_event(one: bytes, other: bytes, *, but: Sequence[str] = ("time",)) -> bool:
    """Say whether two bodies tell of one event; a retry may bear a later time."""
    if one == other:
        return True
    documents = orjson.loads(one), orjson.loads(other)
    for document in documents:
        if not isinstance(document, dict):
            return False
        for name in but:
            document.pop(name, None)
    return canonical(documents[0]) == canonical(documents[1])


def _parse(body: bytes) -> dict[str, Any]:
    try:
        try:
            document, floats = _DECODER.decode(body), False
        except _FloatFound:
            document, floats = orjson.loads(body), True
        written = canonical(document, floats=floats)
    except _NOT_JSON as error:
        raise _bad("entry", f"is not canonical JSON: {error}", _REMEDY) from error
    if not isinstance(document, dict):
        raise _bad("entry", "is not a JSON object")
    if written != body:
        place = next(
            (i for i, (a, b) in enumerate(zip(written, body, strict=False)) if a != b),
            min(len(written), len(body)),
        )
        raise _bad("entry", f"is not canonical JSON at byte {place}", _REMEDY)
    return document


class _FloatFound(Exception):
    """The document holds a number that is no integer: the slow way."""


def _found(text: str) -> float:
    raise _FloatFound(text)


_DECODER: Final = msgspec.json.Decoder(float_hook=_found)
_NOT_JSON: Final = (
    msgspec.DecodeError,
    orjson.JSONDecodeError,
    rfc8785.CanonicalizationError,
    RecursionError,
    UnicodeError,
)
_REMEDY: Final = "write it as RFC 8785 says: sorted keys, no spaces, shortest numbers"


@lru_cache(maxsize=1_024)
def _is_moment(text: str) -> bool:
    """Say whether it is a time in the log's form; entries of a batch share theirs."""
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _bad(path: str, message: str, remedy: str = "") -> InvalidInput:
    return InvalidInput(
        "the entry cannot be logged", errors=(FieldError(path, message, remedy),)
    )
