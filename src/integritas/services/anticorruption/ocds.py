"""The structure of OCDS 1.1 releases and records, checked for intake.

What is absent or null is fine: real releases are sparse. What is there must have the
type that the standard gives it, so that nothing is silently left out of a judgement:
https://standard.open-contracting.org/1.1/en/schema/reference/
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from integritas.kernel.errors import FieldError
from integritas.services.anticorruption.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic import JsonValue

    from integritas.kernel.evidence import Procurement

__all__ = ["Chosen", "check_release", "choose_release", "validate_release"]

MAX_ERRORS: Final = 50
_ADDRESS: Final = ("streetAddress", "locality", "region", "postalCode", "countryName")
# Read by a few indicators only: a release is judged without such a field.
_MINOR: Final = frozenset(
    {
        "amendments",
        "awardCriteria",
        "beneficialOwners",
        "contactPoint",
        "directors",
        "documents",
        "implementation",
        "mainProcurementCategory",
        "quantity",
    }
    | {*_ADDRESS}
)

_NAMES: Final = re.compile(r"\w+").findall

_Check: TypeAlias = "Callable[[JsonValue, str], Iterator[FieldError]]"


class Chosen(NamedTuple):
    """The release that stands for a piece of evidence, and its JSON pointer in it."""

    release: Mapping[str, JsonValue]
    pointer: str


def validate_release(content: Procurement) -> tuple[FieldError, ...]:
    """Return what is wrong with a release or record, at most `MAX_ERRORS` things.

    What few indicators read is no reason to refuse a release: it counts as absent.
    Paths begin with `release` or `record`: `release.awards[0].value.amount`.
    """
    found: list[FieldError] = []
    document = dict(content.document)
    record = content.form == "record"
    errors = _record(document) if record else _release(document, "release")
    for error in errors:
        if not _MINOR.isdisjoint(_NAMES(error.path)):
            continue
        found.append(error)
        if len(found) == MAX_ERRORS:
            break
    return tuple(found)


def check_release(release: Mapping[str, JsonValue]) -> tuple[FieldError, ...]:
    """Return what is wrong with a compiled release of a file; paths begin in it."""
    return tuple(
        FieldError(error.path.removeprefix("."), error.message, error.remedy)
        for error in _release(dict(release), "")
    )


def choose_release(content: Procurement) -> Chosen | None:
    """Return the release that tells the present state, None if there is none.

    Of a record that is `compiledRelease`; without one, the release of the latest date
    (the last of equals), where releases are embedded and not only linked.
    """
    if content.form == "release":
        return Chosen(content.document, "")
    compiled = content.document.get("compiledRelease")
    if isinstance(compiled, dict):
        return Chosen(compiled, "/compiledRelease")
    releases = content.document.get("releases")
    latest: tuple[int, Chosen] | None = None
    for position, release in enumerate(releases if isinstance(releases, list) else []):
        if not isinstance(release, dict) or "ocid" not in release:
            continue
        date = release.get("date")
        moment = parse_timestamp(date) if isinstance(date, str) else None
        rank = -1 if moment is None else moment
        if latest is None or rank >= latest[0]:
            latest = (rank, Chosen(release, f"/releases/{position}"))
    return latest[1] if latest else None


# Checks of single values -----------------------------------------------------------


def _text(value: JsonValue, path: str) -> Iterator[FieldError]:
    if not isinstance(value, str):
        yield FieldError(path, f"must be a text, not {_kind(value)}", "quote it")


def _identifier(value: JsonValue, path: str) -> Iterator[FieldError]:
    if isinstance(value, bool) or not isinstance(value, str | int):
        yield FieldError(path, f"must be a text, not {_kind(value)}", "quote it")


def _date(value: JsonValue, path: str) -> Iterator[FieldError]:
    if not isinstance(value, str):
        yield FieldError(path, f"must be a date, not {_kind(value)}", _DATE_REMEDY)
    elif parse_timestamp(value) is None:
        yield FieldError(path, f"{value[:40]!r} is no RFC 3339 date-time", _DATE_REMEDY)


def _amount(value: JsonValue, path: str) -> Iterator[FieldError]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        remedy = "write it without quotes" if isinstance(value, str) else "write 1200.5"
        yield FieldError(path, f"must be a number, not {_kind(value)}", remedy)
    elif isinstance(value, float) and not math.isfinite(value):
        yield FieldError(
            path, f"{value} is no amount", "write a number or leave it out"
        )
    elif value < 0:
        yield FieldError(path, f"{value} is negative", "amounts are zero or more")


def _number(value: JsonValue, path: str) -> Iterator[FieldError]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield FieldError(path, f"must be a number, not {_kind(value)}", "such as 2.5")


def _currency(value: JsonValue, path: str) -> Iterator[FieldError]:
    if not isinstance(value, str) or not value:
        yield FieldError(
            path, f"must be a currency code, not {_kind(value)}", 'such as "EUR"'
        )


def _count(value: JsonValue, path: str) -> Iterator[FieldError]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield FieldError(
            path, f"must be a whole number, not {_kind(value)}", "such as 3"
        )
    elif value < 0:
        yield FieldError(path, f"{value} is negative", "counts are zero or more")
    elif value >= 2**63:
        yield FieldError(path, "is beyond any count", "such as 3")


def _kind(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "an object"


# Checks of what holds values --------------------------------------------------------


def _list(check: _Check) -> _Check:
    def run(value: JsonValue, path: str) -> Iterator[FieldError]:
        if not isinstance(value, list):
            remedy = "put it in brackets: [...]"
            yield FieldError(path, f"must be a list, not {_kind(value)}", remedy)
            return
        for position, item in enumerate(value):
            yield from check(item, f"{path}[{position}]")

    return run


def _object(fields: Mapping[str, _Check], required: tuple[str, ...] = ()) -> _Check:
    def run(value: JsonValue, path: str) -> Iterator[FieldError]:
        if not isinstance(value, dict):
            kind = "null" if value is None else _kind(value)
            yield FieldError(path, f"must be an object, not {kind}", "write {...}")
            return
        for name in required:
            if not (given := value.get(name)):
                what = "is empty" if given == "" else "is missing"
                yield FieldError(f"{path}.{name}", what, f"add {name}")
        for name, item in value.items():
            check = fields.get(name)
            if check is not None and item is not None:
                yield from check(item, f"{path}.{name}")

    return run


_DATE_REMEDY: Final = 'write it with a zone, such as "2026-01-31T17:00:00Z"'

_MONEY: Final = _object({"amount": _amount, "currency": _currency})
_PERIOD: Final = _object({"startDate": _date, "endDate": _date})
_ORGANISATION: Final = _object({"id": _identifier, "name": _text})  # or a person
_ORGANISATIONS: Final = _list(_ORGANISATION)
_DOCUMENTS: Final = _list(_object({"id": _identifier, "documentType": _text}))
_AMENDMENTS: Final = _list(
    _object({"id": _identifier, "date": _date, "rationale": _text})
)
_ITEMS: Final = _list(
    _object(
        {
            "id": _identifier,
            "description": _text,
            "classification": _object({"id": _identifier, "scheme": _text}),
            "quantity": _number,
            "unit": _object({"value": _MONEY}),
        }
    )
)
_TENDER: Final = _object(
    {
        "id": _identifier,
        "title": _text,
        "description": _text,
        "status": _text,
        "procurementMethod": _text,
        "procurementMethodDetails": _text,
        "procurementMethodRationale": _text,
        "mainProcurementCategory": _text,
        "awardCriteria": _text,
        "value": _MONEY,
        "minValue": _MONEY,
        "tenderPeriod": _PERIOD,
        "enquiryPeriod": _PERIOD,
        "awardPeriod": _PERIOD,
        "numberOfTenderers": _count,
        "procuringEntity": _ORGANISATION,
        "tenderers": _ORGANISATIONS,
        "items": _ITEMS,
        "documents": _DOCUMENTS,
        "amendments": _AMENDMENTS,
    }
)
_BID: Final = _object(
    {
        "id": _identifier,
        "date": _date,
        "status": _text,
        "tenderers": _ORGANISATIONS,
        "value": _MONEY,
    }
)
_AWARD: Final = _object(
    {
        "id": _identifier,
        "title": _text,
        "status": _text,
        "date": _date,
        "value": _MONEY,
        "suppliers": _ORGANISATIONS,
        "items": _ITEMS,
        "contractPeriod": _PERIOD,
    }
)
_CONTRACT: Final = _object(
    {
        "id": _identifier,
        "awardID": _identifier,
        "title": _text,
        "status": _text,
        "value": _MONEY,
        "period": _PERIOD,
        "dateSigned": _date,
        "items": _ITEMS,
        "amendments": _AMENDMENTS,
        "implementation": _object(
            {
                "transactions": _list(
                    _object({"id": _identifier, "date": _date, "value": _MONEY})
                )
            }
        ),
    }
)
_PARTY: Final = _object(
    {
        "id": _identifier,
        "name": _text,
        "roles": _list(_text),
        "identifier": _object({"id": _identifier, "scheme": _text}),
        "address": _object(dict.fromkeys(_ADDRESS, _text)),
        "contactPoint": _object(dict.fromkeys(("name", "email", "telephone"), _text)),
        "beneficialOwners": _ORGANISATIONS,
        "directors": _ORGANISATIONS,
    }
)
_RELEASE_FIELDS: Final[Mapping[str, _Check]] = {
    "ocid": _text,
    "id": _identifier,
    "date": _date,
    "tag": _list(_text),
    "language": _text,
    "initiationType": _text,
    "parties": _list(_PARTY),
    "buyer": _ORGANISATION,
    "planning": _object({"budget": _object({"amount": _MONEY})}),
    "tender": _TENDER,
    "bids": _object({"details": _list(_BID)}),
    "awards": _list(_AWARD),
    "contracts": _list(_CONTRACT),
}
_release: Final = _object(_RELEASE_FIELDS, required=("ocid",))
_linked: Final = _object({"url": _text, "date": _date, "tag": _list(_text)})


def _member(value: JsonValue, path: str) -> Iterator[FieldError]:
    """Check one of a record's releases: embedded, or linked by its url."""
    linked = isinstance(value, dict) and "url" in value and "ocid" not in value
    yield from (_linked if linked else _release)(value, path)


_record_fields: Final = _object(
    {"ocid": _text, "compiledRelease": _release, "releases": _list(_member)},
    required=("ocid",),
)


def _record(value: dict[str, JsonValue]) -> Iterator[FieldError]:
    yield from _record_fields(value, "record")
    ocid = value.get("ocid")
    compiled, releases = value.get("compiledRelease"), value.get("releases")
    if not compiled and not releases:
        yield FieldError(
            "record",
            "has no release",
            "add compiledRelease, or releases with one or more",
        )
    if isinstance(compiled, dict) and compiled.get("ocid") not in (None, ocid):
        yield FieldError(
            "record.compiledRelease.ocid",
            "differs from the record's ocid",
            "a record holds one contracting process",
        )
