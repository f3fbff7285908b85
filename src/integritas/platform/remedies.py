"""What to do about each kind of error that pydantic finds in a request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from integritas.kernel.evidence import field_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import ValidationError

    from integritas.kernel.errors import FieldError

__all__ = ["NO_NUL", "REMEDIES", "errors_of", "message_of", "remedy_of"]

NO_NUL: Final = r"^[^\x00]*$"
"""The pattern of texts that every database takes."""

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
    "method_not_allowed": "use one of the methods in Allow",
    "request_timeout": "send the body without long pauses, or less at once",
    "not_acceptable": "ask for application/json",
    "unsupported_media_type": "send Content-Type: application/json",
    "precondition_required": "read the thing and send its ETag as If-Match, or `*`",
}
"""What to do about an error as a whole, by code; every answer says it."""

_MESSAGES: Final[Mapping[str, str]] = {
    "dict_type": "Input should be an object",
    "model_attributes_type": "Input should be an object",
    "model_type": "Input should be an object",
    "tuple_type": "Input should be a list",
    "dataclass_type": "Input should be an object",
    "recursion_depth_exceeded": "is nested too deeply",
    "union_tag_invalid": "is none of the kinds of evidence",
    "union_tag_not_found": "Field required",
}
"""Where pydantic says it in words of its own or of Python."""

_AMOUNT: Final = 'write the amount as a text such as "1200.00"'
_MOMENT: Final = "write it as 2026-01-31T12:00:00Z"
_REMEDIES: Final[Mapping[str, str]] = {
    "bands": "let the bands run from 0 to 100 without gap, each at least as strict",
    "base64": "encode the bytes in standard base64, with padding",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "country": "write its ISO 3166-1 alpha-2 code, such as de",
    "date": "write 1971-03-12, 1971-03 or 1971",
    "date_from_datetime_parsing": "write the date as YYYY-MM-DD",
    "date_parsing": "write the date as YYYY-MM-DD",
    "date_type": "write the date as YYYY-MM-DD",
    "datetime_from_date_parsing": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_type": _MOMENT,
    "decimal_max_digits": "use at most {max_digits} digits",
    "decimal_max_places": "use at most {decimal_places} decimal places",
    "decimal_parsing": _AMOUNT,
    "decimal_type": _AMOUNT,
    "dict_type": "send a JSON object",
    "enum": "use {expected}",
    "extra_forbidden": "remove the field or check its spelling",
    "finite_number": "JSON has no NaN and no infinity: leave the field out",
    "float_parsing": "write a number",
    "float_type": "write a number",
    "greater_than": "use more than {gt}",
    "greater_than_equal": "use {ge} or more",
    "guard_mild": "write review or escalate",
    "int_from_float": "write a whole number",
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "less_than": "use less than {lt}",
    "less_than_equal": "use {le} or less",
    "list_type": "send a list, even of one",
    "literal_error": "use {expected}",
    "missing": "add the field",
    "model_attributes_type": "send a JSON object with Content-Type: application/json",
    "model_type": "send a JSON object",
    "name_empty": "write a name with letters or digits, in any script",
    "name_long": "write at most {characters} characters and {words} words",
    "name_missing": "add properties.name with at least one text",
    "not_json": "send JSON: UTF-8, no unpaired surrogates, no NaN",
    "ocid_missing": "add the ocid",
    "one_of": "send one of the two and leave the other out",
    "recursion_depth_exceeded": "nest it less deeply",
    "region": "write its ISO 3166-1 alpha-2 code, such as DE",
    "required": "add what is missing: a policy may ask for more, never for less",
    "rule_open": "name a service, a code, or both",
    "schema_unknown": "use a schema of FollowTheMoney such as Person or Company",
    "scores": "write two numbers from 0 to 1, the lower first",
    "severities": "give points for info, low, medium, high and critical",
    "string_pattern_mismatch": "write it in the form the pattern asks for",
    "string_too_long": "write at most {max_length} characters",
    "string_too_short": "write at least {min_length} characters",
    "string_type": "send a text",
    "string_unicode": "send text in UTF-8, without unpaired surrogates",
    "tuple_type": "send a list, even of one",
    "timezone_aware": "add the offset: Z or +00:00",
    "too_deep": "nest it less deeply",
    "too_far": "use a date of the years 1 to 9999",
    "too_large": "send the number as a text",
    "too_long": "send at most {max_length}",
    "too_short": "send at least {min_length}",
    "union_tag_invalid": "use message, procurement, party or payment",
    "union_tag_not_found": "add kind: message, procurement, party or payment",
}
_OTHERWISE: Final = "see what the field takes at /api/docs"


def _has_nul(item: Mapping[str, Any]) -> bool:
    return bool(item.get("ctx", {}).get("pattern") == NO_NUL)


def message_of(item: Mapping[str, Any]) -> str:
    """Return what is wrong, of an error as `ValidationError.errors` has it."""
    if _has_nul(item):
        return "holds U+0000"
    return _MESSAGES.get(item["type"]) or str(item["msg"]).removeprefix("Value error, ")


def remedy_of(item: Mapping[str, Any]) -> str:
    """Return what to do about an error of pydantic's, its bounds filled in."""
    if _has_nul(item):
        return "leave it out"
    try:
        return _REMEDIES.get(item["type"], _OTHERWISE).format(**item.get("ctx", {}))
    except KeyError:  # a context without what this type has elsewhere
        return _OTHERWISE


def errors_of(error: ValidationError, path: str) -> tuple[FieldError, ...]:
    """Return what is wrong with one item of a batch, each with its remedy."""
    return tuple(
        replace(found, remedy=found.remedy or remedy_of(item))
        for found, item in zip(
            field_errors(error, path=path),
            error.errors(include_url=False, include_input=False),
            strict=True,
        )
    )
