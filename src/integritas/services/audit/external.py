"""Events of outside systems, as they become entries of the log.

The entry says who did what, on what, when, why and with what outcome; who sent it
(`logged_by`) and when it was logged (`time`) are ours to say. Personal data does not
belong in it: `personal` and the actor's `address` are kept beside the log under a salt,
and the entry holds the commitment to them. Or keep them elsewhere and send a
`commitment` of your own, the SHA-256 over a random salt and the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import rfc8785
from pydantic import JsonValue

from integritas.kernel.clock import format_time
from integritas.kernel.errors import ContentTooLarge, FieldError, InvalidInput
from integritas.services.audit.bodies import ENTRY_BYTES, VERSION, canonical
from integritas.services.audit.records import committed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.journal.api import Personal
    from integritas.kernel.clock import Randomness
    from integritas.kernel.contracts import Context

__all__ = ["ExternalEvent", "external_bodies"]


@dataclass(frozen=True, slots=True)
class ExternalEvent:
    """What an outside system tells. `before`, `after`, `commitment` are SHA-256, hex.

    `personal` and `actor_address` are kept beside the log, where they can be erased.

    `event_id` names the event for ever: sent again with the same content it is answered
    and not logged again. `occurred` is when it happened, by the sender's clock.
    """

    event_id: str
    type: str
    subject: str
    source: str
    actor_id: str
    actor_kind: str = "person"
    actor_roles: tuple[str, ...] = ()
    occurred: datetime | None = None
    outcome: str | None = None
    reason: str | None = None
    correlation_id: str | None = None
    before: str | None = None
    after: str | None = None
    commitment: str | None = None
    actor_address: str | None = None
    personal: Mapping[str, JsonValue] | None = None
    data: Mapping[str, JsonValue] = field(default_factory=dict)


def external_bodies(
    context: Context,
    events: Sequence[ExternalEvent],
    now: datetime,
    randomness: Randomness,
) -> tuple[list[bytes], list[Personal | None]]:
    """Return the entries that events become, and what is kept beside each.

    Raises:
        ContentTooLarge: more personal data than an entry may have.
        InvalidInput: data that has no canonical form; `errors` names it.
    """
    time = format_time(now)
    bodies: list[bytes] = []
    beside: list[Personal | None] = []
    for number, event in enumerate(events):
        place = f"entries[{number}]"
        personal, commitment = _beside(event, place, randomness)
        members = {"commitment": commitment, "personal": True} if personal else {}
        bodies.append(_body(context, event, time, f"{place}.data", members))
        beside.append(personal)
    return bodies, beside


def _beside(
    event: ExternalEvent, place: str, randomness: Randomness
) -> tuple[Personal | None, str | None]:
    document = dict(event.personal or {})
    if event.actor_address is not None:
        document["address"] = event.actor_address
    if not document:
        return None, None
    if event.commitment is not None:
        raise InvalidInput(
            "an entry has one commitment",
            errors=(
                FieldError(
                    f"{place}.commitment",
                    "is made here, over personal and address",
                    "leave it out, or keep the personal data to yourself",
                ),
            ),
        )
    try:
        personal, commitment = committed(document, randomness)
    except TypeError as error:
        raise InvalidInput(
            "the personal data is no JSON",
            errors=(FieldError(f"{place}.personal", str(error)),),
        ) from error
    if len(personal.payload) > ENTRY_BYTES:
        raise ContentTooLarge(
            "the personal data is too large for the log",
            errors=(
                FieldError(
                    f"{place}.personal",
                    f"has {len(personal.payload)} bytes, at most {ENTRY_BYTES} fit",
                    "keep it elsewhere and send a commitment",
                ),
            ),
        )
    return personal, commitment


def _body(
    context: Context,
    event: ExternalEvent,
    time: str,
    place: str,
    members: Mapping[str, JsonValue],
) -> bytes:
    occurred = event.occurred
    document: dict[str, Any] = {
        "actor": {
            "id": event.actor_id,
            "kind": event.actor_kind,
            "roles": list(event.actor_roles),
        },
        "after": event.after,
        "before": event.before,
        "commitment": event.commitment,
        "correlation_id": event.correlation_id,
        "data": event.data,
        "event_id": event.event_id,
        "logged_by": context.actor.id,
        "occurred": format_time(occurred) if occurred is not None else None,
        "outcome": event.outcome,
        "reason": event.reason,
        "source": event.source,
        "subject": event.subject,
        "time": time,
        "type": event.type,
        "v": VERSION,
        **members,
    }
    try:
        return canonical(document)
    except rfc8785.CanonicalizationError as error:
        raise InvalidInput(
            "the entry has no canonical form (RFC 8785)",
            errors=(
                FieldError(
                    place,
                    str(error),
                    "write large numbers as text, and text as Unicode",
                ),
            ),
        ) from error
