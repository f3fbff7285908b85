"""Events of outside systems, as they become entries of the log.

The entry says who did what, on what, when, why and with what outcome; who sent it
(`logged_by`) and when it was logged (`time`) are ours to say. Personal data does not
belong in it: keep it elsewhere and send a `commitment`, the SHA-256 over a random salt
and the data, so that destroying data and salt leaves the log verifiable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import rfc8785
from pydantic import JsonValue

from integritas.kernel.clock import format_time
from integritas.kernel.errors import FieldError, InvalidInput
from integritas.services.audit.bodies import VERSION, canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.kernel.contracts import Context

__all__ = ["ExternalEvent", "external_bodies"]


@dataclass(frozen=True, slots=True)
class ExternalEvent:
    """What an outside system tells. `before`, `after`, `commitment` are SHA-256, hex.

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
    data: Mapping[str, JsonValue] = field(default_factory=dict)


def external_bodies(
    context: Context, events: Sequence[ExternalEvent], now: datetime
) -> list[bytes]:
    """Return the entries that events become, logged on behalf of a caller.

    Raises:
        InvalidInput: data that has no canonical form; `errors` names it.
    """
    time = format_time(now)
    return [
        _body(context, event, time, f"entries[{number}].data")
        for number, event in enumerate(events)
    ]


def _body(context: Context, event: ExternalEvent, time: str, place: str) -> bytes:
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
