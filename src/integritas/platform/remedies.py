"""What to do about each kind of error that pydantic finds in a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NO_NUL", "message_of", "remedy_of"]

NO_NUL: Final = r"^[^\x00]*$"
"""The pattern of texts that every database takes."""

_AMOUNT: Final = 'write the amount as a text such as "1200.00"'
_MOMENT: Final = "write it as 2026-01-31T12:00:00Z"
_REMEDIES: Final[Mapping[str, str]] = {
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
    "schema_unknown": "use a schema of FollowTheMoney such as Person or Company",
    "string_pattern_mismatch": "write it in the form the pattern asks for",
    "string_too_long": "write at most {max_length} characters",
    "string_too_short": "write at least {min_length} characters",
    "string_type": "send a text",
    "string_unicode": "send text in UTF-8, without unpaired surrogates",
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
    return "holds U+0000" if _has_nul(item) else str(item["msg"])


def remedy_of(item: Mapping[str, Any]) -> str:
    """Return what to do about an error of pydantic's, its bounds filled in."""
    if _has_nul(item):
        return "leave it out"
    try:
        return _REMEDIES.get(item["type"], _OTHERWISE).format(**item.get("ctx", {}))
    except KeyError:  # a context without what this type has elsewhere
        return _OTHERWISE
