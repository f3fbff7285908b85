"""Messages as Standard Webhooks has them: secret, signature, headers, body.

https://github.com/standard-webhooks/standard-webhooks: the signature is the HMAC-SHA256
over `id.timestamp.body`, in base64 behind `v1,`; several secrets give several.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

import orjson

from integritas.kernel.clock import format_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from integritas.journal.api import Entry
    from integritas.kernel.clock import Randomness

__all__ = [
    "SOURCE",
    "event_document",
    "headers_of",
    "message_body",
    "new_secret",
    "sign",
]

SOURCE: Final = "urn:integritas"
_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32


def new_secret(randomness: Randomness) -> str:
    """Return a fresh secret."""
    return _PREFIX + base64.b64encode(randomness.token_bytes(_SECRET_BYTES)).decode()


def event_document(entry: Entry) -> dict[str, Any]:
    """Return an entry as a CloudEvent (1.0): references only, no personal data."""
    return {
        "specversion": "1.0",
        "id": entry.event_id,
        "source": f"{SOURCE}:{entry.tenant}",
        "type": entry.type,
        "subject": entry.subject,
        "time": format_time(entry.time),
        "datacontenttype": "application/json",
        "sequence": str(entry.seq),
        "data": {
            **entry.data,
            "actor": {"id": entry.actor_id, "kind": entry.actor_kind.value},
        },
    }


def message_body(entry: Entry) -> bytes:
    """Return the body of the message that tells of an entry."""
    return orjson.dumps(
        {
            "type": entry.type,
            "timestamp": format_time(entry.time),
            "data": event_document(entry),
        }
    )


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return one signature."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def headers_of(
    secrets: Sequence[str], message_id: str, at: datetime, body: bytes
) -> dict[str, str]:
    """Return the headers of a message: its id, its time, and that it is ours."""
    timestamp = int(at.timestamp())
    signatures = [sign(secret, message_id, timestamp, body) for secret in secrets]
    return {
        "content-type": "application/json",
        "user-agent": "Integritas-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
