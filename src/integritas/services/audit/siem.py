"""Entries in the forms that SIEMs read: JSON Lines, CSV, OCSF and CEF; pure.

OCSF: an entry is an event of class API Activity (6003) of schema 1.3.0. CEF: version 0
of the ArcSight format, one line an entry. Both carry the entry's index and leaf hash,
so what a SIEM shows can be proven from the log.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

import orjson

from integritas.kernel.clock import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from integritas.kernel.contracts import LoggedEntry

__all__ = ["FORMATS", "MEDIA_TYPES", "written"]

_COLUMNS: Final = (
    "index",
    "time",
    "type",
    "subject",
    "actor",
    "outcome",
    "correlation_id",
    "event_id",
    "leaf_hash",
    "entry",
)
_ACTIVITIES: Final = {
    1: ("opened", "created", "added", "requested", "recorded"),
    2: ("read", "exported", "viewed"),
    3: ("transitioned", "edited", "changed", "decided", "reviewed", "rotated"),
    4: ("deleted", "revoked", "erased", "cancelled"),
}
_STATUS: Final = {"success": 1, "failure": 2}
_SEVERITY: Final = {"failure": 5}

MEDIA_TYPES: Final = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "ocsf": "application/x-ndjson",
    "cef": "text/plain; charset=utf-8",
}


def written(entries: Iterable[LoggedEntry], form: str, origin: str) -> Iterator[str]:
    """Yield the lines of entries in one of the `FORMATS`, each with its line end."""
    if form == "csv":
        yield _row(_COLUMNS)
    write = FORMATS[form]
    for entry in entries:
        yield write(entry, _loaded(entry.body), origin)


def _json_line(entry: LoggedEntry, document: dict[str, Any], origin: str) -> str:
    del document, origin
    line = {
        "index": entry.index,
        "leaf_hash": entry.leaf_hash.hex(),
        "entry": orjson.Fragment(entry.body),
    }
    return orjson.dumps(line).decode() + "\n"


def _csv(entry: LoggedEntry, document: dict[str, Any], origin: str) -> str:
    del origin
    values = {
        **document,
        "index": entry.index,
        "actor": _actor(document),
        "event_id": entry.event_id,
        "leaf_hash": entry.leaf_hash.hex(),
        "entry": entry.body.decode(),
    }
    return _row([_cell(values.get(name)) for name in _COLUMNS])


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    # A spreadsheet runs what begins like a formula (OWASP, CSV injection).
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _row(values: Iterable[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerow(values)  # RFC 4180: CRLF
    return stream.getvalue()


def _ocsf(entry: LoggedEntry, document: dict[str, Any], origin: str) -> str:
    kind, outcome = str(document.get("type")), document.get("outcome")
    activity = _activity(kind)
    event = {
        "activity_id": activity,
        "category_uid": 6,
        "class_uid": 6003,
        "type_uid": 6003 * 100 + activity,
        "severity_id": 3 if outcome == "failure" else 1,
        "status_id": _STATUS.get(str(outcome), 0),
        "time": _milliseconds(document),
        "actor": {"user": {"uid": _actor(document)}},
        "api": {"operation": kind},
        "resources": [{"uid": document.get("subject")}],
        "src_endpoint": {"name": document.get("source") or "integritas"},
        "metadata": {
            "version": "1.3.0",
            "product": {"name": "Integritas", "vendor_name": "Integritas"},
            "log_name": origin,
            "sequence": entry.index,
            "uid": entry.event_id,
            "correlation_uid": document.get("correlation_id"),
        },
        "unmapped": {"leaf_hash": entry.leaf_hash.hex(), "data": document.get("data")},
    }
    return orjson.dumps(event).decode() + "\n"


def _cef(entry: LoggedEntry, document: dict[str, Any], origin: str) -> str:
    kind, outcome = str(document.get("type")), document.get("outcome")
    header = [
        "CEF:0",
        "Integritas",
        "Integritas",
        str(document.get("v", 1)),
        _header(kind),
        _header(f"{kind} on {document.get('subject')}"),
        str(_SEVERITY.get(str(outcome), 3)),
    ]
    extension = {
        "rt": _milliseconds(document),
        "suser": _actor(document),
        "act": kind,
        "outcome": outcome,
        "externalId": entry.event_id,
        "cs1Label": "subject",
        "cs1": document.get("subject"),
        "cs2Label": "correlationId",
        "cs2": document.get("correlation_id"),
        "cs3Label": "leafHash",
        "cs3": entry.leaf_hash.hex(),
        "cs4Label": "log",
        "cs4": origin,
        "cn1Label": "index",
        "cn1": entry.index,
    }
    pairs = [f"{k}={_value(v)}" for k, v in extension.items() if v is not None]
    return "|".join([*header, " ".join(pairs)]) + "\n"


def _header(text: str) -> str:
    return _flat(text).replace("\\", "\\\\").replace("|", "\\|")


def _value(value: object) -> str:
    text = str(value).replace("\\", "\\\\").replace("=", "\\=")
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _flat(text: str) -> str:
    return " ".join(text.split())


def _activity(kind: str) -> int:
    for activity, endings in _ACTIVITIES.items():
        if any(ending in kind for ending in endings):
            return activity
    return 99


def _actor(document: dict[str, Any]) -> str | None:
    actor = document.get("actor")
    return str(actor.get("id")) if isinstance(actor, dict) else None


def _milliseconds(document: dict[str, Any]) -> int | None:
    try:
        return int(parse_time(str(document.get("time"))).timestamp() * 1_000)
    except ValueError:
        return None


def _loaded(body: bytes) -> dict[str, Any]:
    document = orjson.loads(body)
    return document if isinstance(document, dict) else {}


FORMATS: Final[dict[str, Callable[[LoggedEntry, dict[str, Any], str], str]]] = {
    "jsonl": _json_line,
    "csv": _csv,
    "ocsf": _ocsf,
    "cef": _cef,
}
