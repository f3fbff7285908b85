"""What of a journal entry goes into the log: canonical JSON (RFC 8785), pure.

```json
{"actor": {"id": …, "kind": …, "roles": […]}, "commitment": hex or null,
 "correlation_id": …, "data": {…}, "event_id": …, "seq": 1, "subject": …,
 "time": RFC 3339, "type": …, "v": 1}
```

tlog-tiles caps an entry at 65,535 bytes and RFC 8785 knows no integer beyond 2^53. Data
over either limit goes in by hash: `data_digest` (`sha256`, `size`, of the data as JSON
with sorted keys) in place of `data`. Should the rest still be too large, the whole
entry goes in by hash: `entry_digest` beside `event_id`, `seq`, `time` and `v`.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import orjson
import rfc8785

from integritas.kernel.clock import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from integritas.journal.api import Entry

__all__ = ["ENTRY_BYTES", "canonical", "entry_body", "outcome_of"]

ENTRY_BYTES: Final = 65_535
VERSION: Final = 1
_OPTIONS: Final = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_SAFE: Final = 2**53 - 1
_PLAIN: Final = 1e-4
_ASTRAL: Final = re.compile(rb"[\xf0-\xf4]")


def entry_body(entry: Entry) -> bytes:
    """Return the bytes that are hashed for an entry; at most 65,535."""
    document: dict[str, Any] = {
        "actor": {
            "id": entry.actor_id,
            "kind": entry.actor_kind.value,
            "roles": list(entry.actor_roles),
        },
        "commitment": entry.commitment,
        "correlation_id": entry.correlation_id,
        "data": entry.data,
        "event_id": entry.event_id,
        "seq": entry.seq,
        "subject": entry.subject,
        "time": format_time(entry.time),
        "type": entry.type,
        "v": VERSION,
    }
    try:
        body = canonical(document)
    except rfc8785.CanonicalizationError:
        body = None
    if body is not None and len(body) <= ENTRY_BYTES:
        return body
    del document["data"]
    document["data_digest"] = _digest(entry.data)
    body = canonical(document)
    if len(body) <= ENTRY_BYTES:
        return body
    kept = ("event_id", "seq", "time", "v")
    short = {name: document[name] for name in kept}
    return canonical({**short, "entry_digest": _digest(document)})


def outcome_of(document: Mapping[str, Any]) -> str | None:
    """Return how it ended: `success`, `failure` or `unknown`; None if nobody said.

    The journal tells of what was done, so that was a success, but for what failed.
    """
    if document.get("outcome") is not None or "seq" not in document:
        return document.get("outcome")
    kind = str(document.get("type"))
    return "failure" if kind.endswith(("failed.v1", "refused.v1")) else "success"


def canonical(value: object, *, floats: bool = True) -> bytes:
    """Return the canonical JSON (RFC 8785) of a value; say if it can hold no float.

    Raises:
        rfc8785.CanonicalizationError: a number or a text that has no such form.
    """
    # orjson, thirty times as fast, sorts keys by code point; RFC 8785 by UTF-16 unit.
    # Without a text beyond the basic plane, and with numbers of one spelling, they
    # agree to the byte.
    try:
        if floats and _holds_float((value,)):
            value = _spelled(value)
        body = orjson.dumps(value, option=_OPTIONS)
    except TypeError:
        return rfc8785.dumps(value)  # type: ignore[arg-type] # it checks by itself
    if not (body.isascii() or _ASTRAL.search(body) is None):
        return rfc8785.dumps(value)  # type: ignore[arg-type] # it checks by itself
    return body


def _holds_float(values: Iterable[object]) -> bool:
    for value in values:
        kind = type(value)
        if kind is float:
            return True
        if kind is dict:
            if _holds_float(value.values()):  # type: ignore[attr-defined] # a dict
                return True
        elif (kind is list or kind is tuple) and _holds_float(value):  # type: ignore[arg-type] # one of these
            return True
    return False


def _spelled(value: object) -> object:
    """Return a value with 1.0 as 1; TypeError for a float that has another spelling.

    ECMAScript, which RFC 8785 follows, and orjson write the shortest decimals that are
    read back as the same number; they part where an exponent begins.
    """
    kind = type(value)
    if kind is float:
        if value.is_integer() and abs(value) <= _SAFE:  # type: ignore[attr-defined,arg-type] # a float
            return int(value)  # type: ignore[call-overload] # a float
        if _PLAIN <= abs(value) <= _SAFE:  # type: ignore[arg-type] # a float
            return value
        raise TypeError
    if kind is dict:
        return {key: _spelled(item) for key, item in value.items()}  # type: ignore[attr-defined] # a dict
    if kind is list or kind is tuple:
        return [_spelled(item) for item in value]  # type: ignore[attr-defined] # one of these
    return value


def _digest(value: object) -> dict[str, Any]:
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return {"sha256": sha256(text).hexdigest(), "size": len(text)}
