"""What the log tells of itself: legal holds, what was pruned, what was erased; pure.

Such an entry is the log's own and does not come from the journal. Its event id has a
prefix of its kind, so all of a kind are found by the index on event ids; outside
systems may not use the prefixes. It is never pruned.

A pruned entry keeps its leaf hash; its body is a *stub* with what is needed to follow
the log (`stub_of`). The hash of each stub stands in the entry on the pruning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import JsonValue

from integritas.journal.api import ERASED, SALT_BYTES, Personal, commitment_of
from integritas.platform.withholding import mentions
from integritas.services.audit.bodies import VERSION, canonical
from integritas.services.audit.drafts import Draft
from integritas.services.audit.merkle import leaf_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from integritas.kernel.clock import Randomness
    from integritas.kernel.contracts import Context, LoggedEntry

__all__ = [
    "ERASURES",
    "EVERYTHING",
    "HELD",
    "HOLDS",
    "PRUNINGS",
    "RELEASED",
    "Hold",
    "Record",
    "committed",
    "erased_events",
    "holds_of",
    "is_pruned",
    "names_any",
    "pruned_stubs",
    "record_draft",
    "stub_of",
]

HOLDS: Final = "integritas-audit-hold-"
PRUNINGS: Final = "integritas-audit-pruning-"
ERASURES: Final = "integritas-audit-erasure-"
HELD: Final = "integritas.audit.hold_placed.v1"
RELEASED: Final = "integritas.audit.hold_released.v1"
PRUNED: Final = "integritas.audit.pruned.v1"
EVERYTHING: Final = "*"
_TYPES: Final = {PRUNINGS: PRUNED, ERASURES: ERASED}
_STUB: Final[tuple[str, ...]] = ("event_id", "seq", "subject", "time", "type", "v")


def names_any(entry: LoggedEntry, withheld: frozenset[str]) -> bool:
    """Say whether an entry names something that is withheld from a reader."""
    return bool(withheld) and mentions(orjson.loads(entry.body), withheld)


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold: nothing on `subject` is pruned or erased. `*` is everything."""

    subject: str
    since: str
    actor: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Record:
    """What the log is to tell: `kind` is a prefix, `type` needed for holds only."""

    kind: str
    subject: str
    reason: str
    data: Mapping[str, JsonValue]
    type: str = ""


def committed(
    personal: Mapping[str, JsonValue], randomness: Randomness
) -> tuple[Personal, str]:
    """Return personal data under a salt of its own, and the commitment to it."""
    payload = orjson.dumps(personal, option=orjson.OPT_SORT_KEYS)
    made = Personal(randomness.token_bytes(SALT_BYTES), payload)
    return made, commitment_of(made.salt, made.payload)


def record_draft(
    context: Context, record: Record, time: str, randomness: Randomness
) -> Draft:
    """Return the entry that tells of something the log did to itself.

    The reason may name people, so it stands beside the entry.
    """
    actor = context.actor
    beside = {"reason": record.reason}
    if actor.address is not None:
        beside["address"] = actor.address
    personal, commitment = committed(beside, randomness)
    event_id = f"{record.kind}{randomness.token_bytes(12).hex()}"
    body = canonical(
        {
            "actor": {
                "id": actor.id,
                "kind": actor.kind.value,
                "roles": sorted(actor.roles),
            },
            "commitment": commitment,
            "correlation_id": context.correlation_id,
            "data": record.data,
            "event_id": event_id,
            "personal": True,
            "source": "integritas",
            "subject": record.subject,
            "time": time,
            "type": record.type or _TYPES[record.kind],
            "v": VERSION,
        }
    )
    return Draft(event_id, body, time, "event", personal)


def holds_of(bodies: Iterable[bytes]) -> dict[str, Hold]:
    """Return the holds that last, by subject, from the entries of that kind in order.

    A hold without a subject that can be read holds everything.
    """
    found: dict[str, Hold] = {}
    for body in bodies:
        told = _loaded(body)
        subject = str(told.get("subject", EVERYTHING))
        if told.get("type") == RELEASED:
            found.pop(subject, None)
        else:
            actor = told.get("actor")
            by = str(actor.get("id")) if isinstance(actor, dict) else ""
            time, event_id = str(told.get("time")), str(told.get("event_id"))
            found.setdefault(subject, Hold(subject, time, by, event_id))
    return found


def stub_of(entry: LoggedEntry) -> bytes:
    """Return what stays of the body of an entry that is pruned."""
    document = _loaded(entry.body)
    stub = {name: document[name] for name in _STUB if name in document}
    stub["pruned"] = {"size": len(entry.body)}
    return canonical(stub)


def is_pruned(entry: LoggedEntry) -> bool:
    """Say whether the body is not the one that was logged."""
    return leaf_hash(entry.body) != entry.leaf_hash


def pruned_data(stubs: Mapping[int, bytes]) -> dict[str, JsonValue]:
    """Return what the entry on a pruning says: each index and its stub's hash."""
    kept: list[JsonValue] = [
        [index, sha256(stub).hexdigest()] for index, stub in stubs.items()
    ]
    return {"kept": kept}


def pruned_stubs(bodies: Iterable[bytes]) -> dict[int, str]:
    """Return the index of every entry that was pruned, and the hash of its stub."""
    found: dict[int, str] = {}
    for body in bodies:
        for item in _told(body, "kept"):
            if isinstance(item, list) and len(item) == 2 and type(item[0]) is int:
                found[item[0]] = str(item[1])
    return found


def erased_events(bodies: Iterable[bytes]) -> set[str]:
    """Return the events whose personal data was erased."""
    return {str(item) for body in bodies for item in _told(body, "events")}


def _told(body: bytes, name: str) -> Sequence[Any]:
    data = _loaded(body).get("data")
    items = data.get(name) if isinstance(data, dict) else None
    return items if isinstance(items, list) else []


def _loaded(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}
