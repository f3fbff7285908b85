"""Entries in the forms that a SIEM reads: JSON Lines, CSV, OCSF and CEF; pure.

OCSF, schema 1.3.0: sign-ins and their ends are Authentication (3002), changes of users
Account Change (3001), all else API Activity (6003). CEF: version 0 of the ArcSight
format, one line an entry. Both carry the entry's index and leaf hash, so what a SIEM
shows can be proven from the log. Addresses are personal data and no part of an entry.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

import orjson

from integritas.kernel.clock import parse_time
from integritas.services.audit.bodies import outcome_of

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
_API: Final = 6003
_ACTIVITIES: Final = {
    1: ("opened", "created", "added", "requested", "recorded", "started", "defined"),
    2: ("read", "exported", "viewed"),
    3: (
        "transitioned",
        "edited",
        "changed",
        "decided",
        "reviewed",
        "rotated",
        "assessed",
        "paused",
        "resumed",
        "promoted",
        "published",
        "placed",
        "released",
    ),
    4: ("deleted", "revoked", "erased", "cancelled", "pruned", "voided"),
}
_OTHER: Final = 99
_NAMES: Final = {1: "Create", 2: "Read", 3: "Update", 4: "Delete", _OTHER: "Other"}
_CLASSES: Final = {  # by type: class and activity
    "integritas.identity.login_succeeded.v1": (3002, 1),
    "integritas.identity.login_failed.v1": (3002, 1),
    "integritas.identity.session_ended.v1": (3002, 2),
    "integritas.identity.user_created.v1": (3001, 1),
    "integritas.identity.user_changed.v1": (3001, _OTHER),
    "integritas.identity.user_deleted.v1": (3001, 6),
}
_STATUS: Final = {"success": 1, "failure": 2}
_SEVERITY: Final = {"failure": 5}

MEDIA_TYPES: Final = {
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8",
    "ocsf": "application/jsonl",
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
        "outcome": outcome_of(document),
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
    kind, outcome = str(document.get("type")), outcome_of(document)
    number, activity = _CLASSES.get(kind, (_API, _activity(kind)))
    source = str(document.get("source") or "integritas")
    event: dict[str, Any] = {
        "activity_id": activity,
        "category_uid": number // 1000,
        "class_uid": number,
        "type_uid": number * 100 + activity,
        "severity_id": 3 if outcome == "failure" else 1,
        "status_id": _STATUS.get(str(outcome), 0),
        "status_detail": document.get("reason"),
        "time": _milliseconds(document),
        "message": f"{kind} on {document.get('subject')}",
        "actor": {"user": _user(document)},
        **_of_class(number, activity, kind, document, source),
        "metadata": {
            "version": "1.3.0",
            "product": {"name": "Integritas", "vendor_name": "Integritas"},
            "log_name": origin,
            "sequence": entry.index,
            "uid": entry.event_id,
            "correlation_uid": document.get("correlation_id"),
            "original_time": document.get("occurred") or document.get("time"),
        },
        "unmapped": {
            "leaf_hash": entry.leaf_hash.hex(),
            **{name: document[name] for name in _UNMAPPED if document.get(name)},
        },
    }
    told = {name: value for name, value in event.items() if value is not None}
    return orjson.dumps(told).decode() + "\n"


_UNMAPPED: Final = ("data", "data_digest", "before", "after", "commitment", "logged_by")


def _user(document: dict[str, Any]) -> dict[str, Any]:
    actor = document.get("actor")
    if not isinstance(actor, dict):
        return {"uid": "unknown"}
    groups = [{"name": role} for role in actor.get("roles") or ()]
    kind = 1 if actor.get("kind") == "person" else 3  # User, System
    return {"uid": str(actor.get("id")), "type_id": kind, "groups": groups}


def _of_class(
    number: int, activity: int, kind: str, document: dict[str, Any], source: str
) -> dict[str, Any]:
    """Return what a class of OCSF asks for beside what all have."""
    if number == _API:
        return {
            "activity_name": _NAMES[activity],
            "api": {"operation": kind},
            "resources": [{"uid": document.get("subject")}],
            "src_endpoint": {"name": source},
        }
    return {"user": {"uid": document.get("subject")}, "service": {"name": source}}


def _cef(entry: LoggedEntry, document: dict[str, Any], origin: str) -> str:
    kind, outcome = str(document.get("type")), outcome_of(document)
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
        "start": _milliseconds(document, "occurred"),
        "suser": _actor(document),
        "spriv": ",".join(_roles(document)) or None,
        "sourceServiceName": document.get("source") or "integritas",
        "act": kind,
        "outcome": outcome,
        "reason": document.get("reason"),
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
    return _OTHER


def _roles(document: dict[str, Any]) -> list[str]:
    actor = document.get("actor")
    roles = actor.get("roles") if isinstance(actor, dict) else None
    return [str(role) for role in roles or ()]


def _actor(document: dict[str, Any]) -> str | None:
    actor = document.get("actor")
    return str(actor.get("id")) if isinstance(actor, dict) else None


def _milliseconds(document: dict[str, Any], name: str = "time") -> int | None:
    try:
        return int(parse_time(str(document.get(name))).timestamp() * 1_000)
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
