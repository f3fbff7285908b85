"""What to do about each code of error, whatever field it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OTHERWISE", "REMEDIES"]

OTHERWISE: Final = "see what the field takes at /api/docs"
"""What to do about a field's error of a kind that has no remedy of its own."""

REMEDIES: Final[Mapping[str, str]] = {
    "error": "quote the request_id to the operator, who finds the cause in the log",
    "invalid_input": "mend the request as the detail says and send it again",
    "invalid_definition": "mend the definition as the detail says",
    "content_too_large": "send less at once",
    "not_authenticated": "get a token at POST /api/v1/auth/token, or send an API key",
    "second_factor_required": "send the password again, with a new `code` beside it",
    "not_permitted": "ask an administrator for a role that may do this",
    "not_found": "check the id: things of other tenants are not found either",
    "refused": "read the thing again to see what its state allows",
    "transition_refused": "move the case to one of its `moves`",
    "approval_required": "ask a second person to approve",
    "conflict": "read what is there now, then decide anew",
    "version_conflict": "read the thing again and send its new ETag",
    "idempotency_mismatch": "use a new key for a new request",
    "idempotency_running": "wait, then send the same request again",
    "too_many_requests": "come back after the seconds in Retry-After",
    "unavailable": "try again later; /readyz names the part that is down",
    "service_timeout": "try again later, or send less at once",
    "circuit_open": "try again in some seconds; /readyz names the service",
    "storage_failure": "try again once the operator has seen to the database",
    "storage_busy": "send the same request again in a moment",
    "contract_violation": "quote the request_id to the operator",
    "integrity_violation": "tell the operator, who runs `integritas audit verify`",
    "malformed_body": "send well-formed JSON in UTF-8",
    "malformed_request": "send it by an HTTP library; mend what changes it on the way",
    "head_too_large": "send fewer and shorter headers, and less in the address",
    "method_not_allowed": "use one of the methods in Allow",
    "request_timeout": "send the body without long pauses, or less at once",
    "not_acceptable": "ask for application/json",
    "unsupported_media_type": "send Content-Type: application/json",
    "precondition_required": "read the thing and send its ETag as If-Match, or `*`",
}
"""What to do about an error as a whole, by code; every answer says it."""
