"""What pydantic finds wrong, as field errors: where, what, and what to do about it.

The one place for it: submissions, commands, definitions, policies and requests all say
the same of the same mistake.
"""

from __future__ import annotations

import math
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from integritas.kernel.errors import FieldError
from integritas.kernel.kinds import EvidenceKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import ValidationError

__all__ = ["NO_NUL", "field_error", "field_errors", "not_finite"]

NO_NUL: Final = r"^[^\x00]*$"
"""The pattern of texts that every database takes."""


def field_errors(
    error: ValidationError, *, path: str = "", otherwise: str = ""
) -> tuple[FieldError, ...]:
    """Return everything that is wrong, paths below `path`.

    `otherwise` is the remedy of what has none of its own.
    """
    return tuple(
        field_error(item, path=path, otherwise=otherwise)
        for item in error.errors(include_url=False, include_input=False)
    )


def field_error(
    item: Mapping[str, Any],
    *,
    path: str = "",
    whole: str = "(whole)",
    otherwise: str = "",
) -> FieldError:
    """Return one thing that is wrong, of an error as `ValidationError.errors` has it.

    `whole` names the place if no field is to blame.
    """
    return FieldError(
        path=_dotted(path, _place(item)) or whole,
        message=_message(item),
        remedy=_remedy(item) or otherwise,
    )


def _message(item: Mapping[str, Any]) -> str:
    if _has_nul(item):
        return "holds U+0000"
    said = str(item["msg"]).removeprefix("Value error, ")
    return _MESSAGES.get(item["type"]) or said.replace("Tuple should", "List should")


def _remedy(item: Mapping[str, Any]) -> str:
    """Return what to do about it, bounds filled in; empty if nobody knows."""
    if _has_nul(item):
        return "leave it out"
    kind, name = item["type"], "".join(map(str, item["loc"][-1:]))
    remedy = _OF_FIELDS.get((name, kind)) or _REMEDIES.get(kind, "")
    try:
        return remedy.format(**item.get("ctx", {}))
    except KeyError:  # a context without what this type has elsewhere
        return ""


def _has_nul(item: Mapping[str, Any]) -> bool:
    return bool(item.get("ctx", {}).get("pattern") == NO_NUL)


# Where ----------------------------------------------------------------------------

_KIND_ERRORS: Final = frozenset(("union_tag_invalid", "union_tag_not_found"))
_JSON_TAGS: Final = frozenset(("dict", "list"))  # pydantic's marks within a JsonValue
_TAGS: Final = frozenset(kind.value for kind in EvidenceKind)
_PATH_LIMIT: Final = 300  # a name that somebody made up may be long


def _place(item: Mapping[str, Any]) -> tuple[int | str, ...]:
    """Return where an error of pydantic lies: checks of a whole may name a part."""
    location: tuple[int | str, ...] = tuple(item["loc"])
    if item["type"] in _KIND_ERRORS:
        return (*location, "kind")
    if item["type"] == "recursion_depth_exceeded":  # of the field, not of its depths
        return tuple(takewhile(lambda part: part not in _JSON_TAGS, location))
    part = item.get("ctx", {}).get("at", "")
    return (*location, *str(part).split(".")) if part else location


def _dotted(path: str, location: Sequence[int | str]) -> str:
    """Return `evidence[0].raw` for ("evidence", 0, "message", "raw")."""
    text = path
    before: int | str = 0 if path else ""
    for part in location:
        # Behind an index (or an item's path) this is the discriminator's value.
        tag, before = isinstance(before, int) and part in _TAGS, part
        if tag:
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    text = text.removeprefix(".")
    return text if len(text) <= _PATH_LIMIT else text[: _PATH_LIMIT - 1] + "…"


# What, and what to do ---------------------------------------------------------------

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
    "json_invalid": "send well-formed JSON in UTF-8",
    "less_than": "use less than {lt}",
    "less_than_equal": "use {le} or less",
    "list_type": "send a list, even of one",
    "literal_error": "use {expected}",
    "missing": "add the field",
    "model_attributes_type": "send a JSON object",
    "model_type": "send a JSON object",
    "name_empty": "write a name with letters or digits, in any script",
    "name_long": "write at most {characters} characters and {words} words",
    "name_missing": "add properties.name with at least one text",
    "not_finite": "leave the field out, or write null",
    "nobody": "fill one of names, accounts, emails and identifiers",
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
    "string_too_short": "write {min_length} or more characters",
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

_OF_FIELDS: Final[Mapping[tuple[str, str], str]] = {
    ("amount", "greater_than_equal"): (
        "swap debtor and creditor instead of a negative amount"
    ),
}
"""What to do where the field says more than the kind of error."""


def not_finite(document: object) -> str | None:
    """Return the path of the first number that is none, in the order of the text."""
    waiting: list[tuple[str, object]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, float) and not math.isfinite(value):
            return path or "(whole)"
        below: list[tuple[str, object]] = []
        if isinstance(value, dict):
            dot = f"{path}." if path else ""
            below = [(f"{dot}{name}", item) for name, item in value.items()]
        elif isinstance(value, list):
            below = [(f"{path}[{at}]", item) for at, item in enumerate(value)]
        waiting += reversed(below)
    return None
